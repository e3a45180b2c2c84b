# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A port session with any number of connections, as streams of smux within the one channel.

agent/session/plugins/port/port_mux.go of AWS's agent, over version 1 of smux (https://github.com/xtaci/smux): a frame
is version, command, length and stream id (little-endian), then the data. There is no half-closed stream.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct

from lab.embedded_aws.machines import MachineGoneError
from lab.embedded_aws.sessions.channel import Channel
from lab.embedded_aws.sessions.messages import Flag, Payload
from lab.embedded_aws.sessions.ports import dial, flag_of, gone
from lab.embedded_aws.sessions.stream import CHUNK_BYTES

HEAD = struct.Struct("<BBHI")
VERSION = 1
SYN, FIN, PUSH, NOP = range(4)
# What may wait for slow ports, of all streams together; smux's MaxReceiveBuffer.
BUFFER_BYTES = 4 * 1024 * 1024
PROBE_SECONDS = 10.0


async def run(channel: Channel, probes: bool) -> str:
    """Serve the session to its end; what went wrong, or nothing."""
    return await _Server(channel, probes).run()


class Frames:
    """Frames out of bytes that come in pieces."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[tuple[int, int, bytes]]:
        """(command, stream id, data) of each frame that is whole now; ValueError for another version of smux."""
        self._rest += data
        found = []
        while len(self._rest) >= HEAD.size:
            version, command, length, stream = HEAD.unpack_from(self._rest)
            if version != VERSION:
                raise ValueError(f"expected version {VERSION} of smux, got {version}")
            end = HEAD.size + length
            if len(self._rest) < end:
                break
            found.append((command, stream, bytes(self._rest[HEAD.size : end])))
            del self._rest[:end]
        return found


def frame(command: int, stream: int, data: bytes = b"") -> bytes:
    return HEAD.pack(VERSION, command, len(data), stream) + data


class _Stream:
    """One connection: what the client said and its port did not take yet waits in line."""

    def __init__(self, server: _Server, identifier: int) -> None:
        self.server, self.identifier = server, identifier
        self.waiting: asyncio.Queue[bytes | None] = asyncio.Queue()

    async def run(self) -> None:
        """Connect and carry data both ways until either side ends it."""
        channel = self.server.channel
        try:
            reader, writer = await dial(channel)
        except MachineGoneError:
            channel.fall_silent()
            return
        except OSError:
            # As the agent: told to the client, whose other streams live on.
            await channel.outgoing.write(Payload.FLAG, bytes(Flag.CONNECT_TO_PORT_ERROR))
            await self.server.ended(self)
            return
        pump = channel.later(self._pump(reader))
        with contextlib.suppress(OSError):
            while (data := await self.waiting.get()) is not None:
                writer.write(data)
                await writer.drain()
                await self.server.taken(len(data))
        pump.cancel()
        writer.close()
        await self.server.ended(self)

    async def _pump(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK_BYTES - HEAD.size):
                await self.server.say(frame(PUSH, self.identifier, data))
        if await gone(self.server.channel):
            self.server.channel.fall_silent()
        # Before the end of it is told, nothing more of the client's is wanted.
        self.waiting.put_nowait(None)


class _Server:
    def __init__(self, channel: Channel, probes: bool) -> None:
        self.channel = channel
        self._probes = probes
        self._streams: dict[int, _Stream] = {}
        self._buffered = 0
        self._room = asyncio.Condition()

    async def run(self) -> str:
        if self._probes:
            self.channel.later(self._probe())
        frames = Frames()
        while True:
            message = await self.channel.incoming.next()
            if message.payload_type == Payload.FLAG and flag_of(message) is Flag.TERMINATE_SESSION:
                await self.channel.incoming.done()
                self.channel.left = True
                return ""
            if message.payload_type == Payload.OUTPUT:
                try:
                    for command, stream, data in frames.feed(message.payload):
                        await self._obey(command, stream, data)
                except ValueError as wrong:
                    return str(wrong)
            await self.channel.incoming.done()

    async def say(self, data: bytes) -> None:
        await self.channel.outgoing.write(Payload.OUTPUT, data)

    async def taken(self, size: int) -> None:
        """A port took so many bytes; there is room for more."""
        async with self._room:
            self._buffered -= size
            self._room.notify_all()

    async def ended(self, stream: _Stream) -> None:
        """Tell the client that the stream is over, unless it said so itself."""
        while not stream.waiting.empty():
            await self.taken(len(stream.waiting.get_nowait() or b""))
        if self._streams.pop(stream.identifier, None) is not None:
            await self.say(frame(FIN, stream.identifier))

    async def _obey(self, command: int, identifier: int, data: bytes) -> None:
        if command == SYN and identifier not in self._streams:
            stream = self._streams[identifier] = _Stream(self, identifier)
            self.channel.later(stream.run())
        elif command == PUSH and identifier in self._streams:
            async with self._room:
                await self._room.wait_for(lambda: self._buffered < BUFFER_BYTES)
                self._buffered += len(data)
            self._streams[identifier].waiting.put_nowait(data)
        elif command == FIN and identifier in self._streams:
            self._streams.pop(identifier).waiting.put_nowait(None)

    async def _probe(self) -> None:
        """Older agents say something every ten seconds, or the client takes them for gone after thirty."""
        while True:
            await asyncio.sleep(PROBE_SECONDS)
            await self.say(frame(NOP, 0))
