# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A shell on a terminal of the node, as the user ssm-user, who may become root.

agent/session/plugins/shell/shell_unix.go of AWS's agent; that user and its rights:
https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-getting-started-ssm-user-permissions.html
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import termios

from lab.embedded_aws.sessions.channel import Channel
from lab.embedded_aws.sessions.messages import Flag, Message, Payload
from lab.embedded_aws.sessions.ports import THREADS, flag_of, gone
from lab.embedded_aws.sessions.stream import CHUNK_BYTES

USER = "ssm-user"
# Where the agent lies, and so where its shells begin.
HOME = "/usr/bin"
# As the agent does when its first session starts.
ENSURE_USER = f"""
id {USER} >/dev/null 2>&1 || useradd --create-home {USER} || exit 1
rights=/etc/sudoers.d/ssm-agent-users
[ -e "$rights" ] || [ ! -d /etc/sudoers.d ] || (umask 0337 && echo '{USER} ALL=(ALL) NOPASSWD:ALL' >"$rights")
"""
MARK = "CLOISTER_SESSION"
# Docker leaves what it started when its own process ends, so it is found by its environment.
END_MARKED = f"""
for one in /proc/[0-9]*; do
    if tr '\\0' '\\n' <"$one/environ" 2>/dev/null | grep -qxF "{MARK}=$1"; then kill -HUP "${{one#/proc/}}"; fi
done
"""


async def run(channel: Channel) -> str:
    """Serve the session until the shell or the client ends it; what went wrong, or nothing."""
    loop = asyncio.get_running_loop()
    machine = channel.session.machine
    try:
        made = await loop.run_in_executor(THREADS, machine.run, ["sh", "-c", ENSURE_USER])
    except ConnectionError:
        channel.fall_silent()
        return ""
    if made.rc != 0:
        return f"Unable to start shell: {made.err.decode(errors='replace').strip()}"
    terminal = _Terminal(channel)
    try:
        return await terminal.run()
    finally:
        terminal.close()
        # Not awaited: this runs while the session is cancelled, too.
        THREADS.submit(_end, channel)


def _end(channel: Channel) -> None:
    with contextlib.suppress(ConnectionError):
        channel.session.machine.run(["sh", "-c", END_MARKED, "sh", channel.session.id])


class _Terminal:
    """Our side of a pseudo-terminal; Docker passes its size on."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._ours, theirs = pty.openpty()
        command = ["env", f"--chdir={HOME}", f"{MARK}={channel.session.id}", "TERM=xterm-256color", "sh"]
        self._program = subprocess.Popen(
            # A terminal's size is told to the program that it controls.
            ["setsid", "--ctty", *channel.session.machine.entering(command, USER, terminal=True)],
            stdin=theirs, stdout=theirs, stderr=theirs,
        )  # fmt: skip
        os.close(theirs)

    async def run(self) -> str:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        # A file object of its own for each way: each is closed by its transport.
        said = os.fdopen(os.dup(self._ours), "rb", buffering=0)
        reading, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), said)
        ways = [self._channel.later(self._pump(reader)), self._channel.later(self._take())]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            reading.close()
        if not self._channel.left and await gone(self._channel):
            self._channel.fall_silent()
        return ""

    def close(self) -> None:
        # A shell that talks to a person does not heed a milder signal.
        self._program.kill()
        THREADS.submit(self._program.wait)
        os.close(self._ours)

    async def _pump(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK_BYTES):
                await self._channel.outgoing.write(Payload.OUTPUT, data)

    async def _take(self) -> None:
        """What the client says goes to the terminal, until it says that it wants no more."""
        while not self._channel.left:
            message = await self._channel.incoming.next()
            if message.payload_type == Payload.OUTPUT:
                loop = asyncio.get_running_loop()
                await loop.run_in_executor(THREADS, _write, self._ours, message.payload)
            elif message.payload_type == Payload.SIZE:
                self._resize(message)
            await self._channel.incoming.done()
            if message.payload_type == Payload.FLAG and flag_of(message) is Flag.TERMINATE_SESSION:
                self._channel.left = True

    def _resize(self, message: Message) -> None:
        with contextlib.suppress(ValueError, KeyError, OSError):
            said = message.json()
            size = struct.pack("HHHH", int(said["rows"]), int(said["cols"]), 0, 0)
            fcntl.ioctl(self._ours, termios.TIOCSWINSZ, size)


def _write(descriptor: int, data: bytes) -> None:
    with contextlib.suppress(OSError):
        while data:
            data = data[os.write(descriptor, data) :]
