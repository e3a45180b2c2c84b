# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A session to one port of the node, or of a host that the node reaches, with one connection at a time.

agent/session/plugins/port/port_basic.go of AWS's agent: for SSH the session ends with the connection; else the next
data makes a new one.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from concurrent.futures import ThreadPoolExecutor

from lab.embedded_aws.machines import MachineGoneError
from lab.embedded_aws.sessions.channel import Channel
from lab.embedded_aws.sessions.messages import Flag, Message, Payload
from lab.embedded_aws.sessions.stream import CHUNK_BYTES

# As many nodes as a play may connect to at once.
THREADS = ThreadPoolExecutor(32, thread_name_prefix="session")
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def run(channel: Channel, reconnects: bool) -> str:
    """Serve the session to its end; what went wrong, or nothing."""
    return await _Port(channel, reconnects).run()


async def dial(channel: Channel) -> Streams:
    """A connection to where the session leads, made from within the node. OSError when there is none."""
    session = channel.session
    port, host = int(session.properties["portNumber"]), session.properties.get("host") or "localhost"
    loop = asyncio.get_running_loop()
    connected: socket.socket = await loop.run_in_executor(THREADS, session.machine.connect, port, host)
    connected.setblocking(False)
    return await asyncio.open_connection(sock=connected)


async def gone(channel: Channel) -> bool:
    """Whether the node itself is gone, which cuts all that ran through it."""
    loop = asyncio.get_running_loop()
    try:
        await loop.run_in_executor(THREADS, _see_alive, channel)
    except MachineGoneError:
        return True
    return False


def _see_alive(channel: Channel) -> None:
    """MachineGoneError when the container of the session's node does not run."""
    channel.session.machine.run(["true"], timeout=5)


def flag_of(message: Message) -> Flag | None:
    """The flag of a message; None when it has none that is known."""
    with contextlib.suppress(ValueError):
        return Flag(int.from_bytes(message.payload))
    return None


class _Port:
    def __init__(self, channel: Channel, reconnects: bool) -> None:
        self._channel, self._reconnects = channel, reconnects
        self._writer: asyncio.StreamWriter | None = None
        self._over: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def run(self) -> str:
        try:
            await self._connect()
            self._channel.later(self._take())
            return await self._over
        except MachineGoneError:
            self._channel.fall_silent()
            return ""
        except OSError as refused:
            return f"Unable to connect to specified port: {refused}"
        finally:
            self._disconnect()

    async def _connect(self) -> None:
        reader, self._writer = await dial(self._channel)
        self._channel.later(self._pump(reader, self._writer))

    def _disconnect(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """What the port says goes to the client."""
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK_BYTES):
                await self._channel.outgoing.write(Payload.OUTPUT, data)
        if self._writer is not writer:
            return
        self._disconnect()
        if await gone(self._channel):
            self._channel.fall_silent()
        elif not self._reconnects:
            self._finish("")

    async def _take(self) -> None:
        """What the client says goes to the port."""
        while True:
            message = await self._channel.incoming.next()
            if message.payload_type == Payload.OUTPUT:
                await self._say(message.payload)
            await self._channel.incoming.done()
            if message.payload_type == Payload.FLAG:
                self._obey(flag_of(message))

    async def _say(self, data: bytes) -> None:
        try:
            if self._writer is None and self._reconnects:
                await self._connect()
            if self._writer is not None:
                self._writer.write(data)
                await self._writer.drain()
        except OSError as refused:
            self._finish(f"Unable to connect to specified port: {refused}")

    def _obey(self, flag: Flag | None) -> None:
        if flag is Flag.TERMINATE_SESSION:
            self._channel.left = True
            self._finish("")
        elif flag is Flag.DISCONNECT_TO_PORT:
            self._disconnect()

    def _finish(self, why: str) -> None:
        if not self._over.done():
            self._over.set_result(why)
