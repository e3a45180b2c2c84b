# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One session's channel: the websocket that a client has open now, the agent behind it, and what goes wrong between.

A client may lose its connection and come back with a token of ResumeSession; the agent waits meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
import traceback
import typing as t

from websockets.exceptions import ConnectionClosed

from lab.embedded_aws.sessions import messages
from lab.embedded_aws.sessions.channel_faults import CutError, Passage
from lab.embedded_aws.sessions.messages import Message
from lab.embedded_aws.sessions.session import CONNECTED, DISCONNECTED, TERMINATED, Session
from lab.embedded_aws.sessions.stream import TICK_SECONDS, Incoming, Outgoing

# Idle sessions end: https://docs.aws.amazon.com/systems-manager/latest/userguide/session-preferences-timeout.html
IDLE_SECONDS = 20 * 60
# How long the last messages may take to be acknowledged before the channel is closed on them.
LAST_WORDS_SECONDS = 5.0

Socket = t.Any  # websockets' ServerConnection
type Agent = t.Callable[[Channel], t.Awaitable[str]]


class Channel:
    """The two ends' messages, in one event loop."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.left = False
        """The client has said that it wants no more."""
        self.outgoing = Outgoing(self.send)
        self.incoming = Incoming(self.send, session.fault.forgetful)
        self._passage = Passage(session.fault)
        self._socket: Socket | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._agent: asyncio.Task[None] | None = None
        self._away = False
        self._heard = time.monotonic()
        session.counts = self._counts

    async def serve(self, socket: Socket, agent: Agent) -> None:
        """Speak with a client until its connection ends; `agent` is started with the first one."""
        before, self._socket = self._socket, socket
        if before is not None:
            _close(before)
        self._seen(CONNECTED)
        self.outgoing.active.set()
        if self._agent is None:
            self._agent = self.later(self._run(agent))
            self.later(self._tick())
        await self.send(Message(messages.START, 0, b"", flags=messages.ALONE))
        try:
            async for raw in socket:
                if isinstance(raw, bytes):
                    await self._receive(raw)
        except CutError:
            _cut(socket)
        except ConnectionClosed:
            pass
        finally:
            self._left(socket)

    async def send(self, message: Message) -> None:
        """Send a message as well as the way lets it; without a client it is lost."""
        socket = self._socket
        if socket is None or self._away:
            return
        self._heard = time.monotonic()
        try:
            for delay in self._passage.copies("out"):
                if delay:
                    self.later(self._send_late(socket, message, delay))
                else:
                    await self._put(socket, message)
        except CutError:
            _cut(socket)
        if self._passage.pauses():
            self.later(self._pause(socket))

    async def end(self, why: str = "") -> None:
        """Close the channel for good, and tell the client why when something was wrong."""
        if self.session.over:
            return
        if not self.left:
            await self.outgoing.emptied(LAST_WORDS_SECONDS)
        self._seen(TERMINATED)
        socket = self._socket
        if socket is not None:
            await self._put(socket, messages.closed(self.session.id, self.session.target, why))
            _close(socket)
        for task in self._tasks - {asyncio.current_task()}:
            task.cancel()

    def fall_silent(self) -> None:
        """The node is gone: its connection stands, and nobody answers."""
        self._passage.silent = True

    def later(self, work: t.Coroutine[t.Any, t.Any, None]) -> asyncio.Task[None]:
        """Do `work` beside; it ends with the channel."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _run(self, agent: Agent) -> None:
        try:
            why = await agent(self)
        except Exception:  # noqa: BLE001 - the client is told, and the log holds the rest
            traceback.print_exc(file=sys.stderr)
            why = "the agent of the embedded AWS broke down; its log tells where"
        # An agent that is gone ends nothing.
        if not self._passage.silent:
            await self.end(why)

    async def _receive(self, raw: bytes) -> None:
        if self._away:
            return
        self._heard = time.monotonic()
        for delay in self._passage.copies("in"):
            if delay:
                self.later(self._take_late(raw, delay))
            else:
                await self._take(raw)

    async def _take(self, raw: bytes) -> None:
        try:
            message = messages.decode(raw)
            if message.kind == messages.ACKNOWLEDGE:
                await self.outgoing.acknowledged(int(message.json()["AcknowledgedMessageSequenceNumber"]))
            elif message.kind == messages.INPUT:
                await self.incoming.take(message)
        except (ValueError, KeyError) as wrong:
            # As the agent: what cannot be read is logged and left.
            print(f"{self.session.id}: {wrong}", file=sys.stderr)

    async def _take_late(self, raw: bytes, delay: float) -> None:
        await asyncio.sleep(delay)
        await self._take(raw)

    async def _send_late(self, socket: Socket, message: Message, delay: float) -> None:
        await asyncio.sleep(delay)
        await self._put(socket, message)

    async def _put(self, socket: Socket, message: Message) -> None:
        with contextlib.suppress(ConnectionClosed):
            await socket.send(message.encode())

    async def _pause(self, socket: Socket) -> None:
        """The agent is away for a while; what it is sent meanwhile is lost."""
        await self._put(socket, Message(messages.PAUSE, 0, b"", flags=messages.ALONE))
        self._away = True
        self.outgoing.active.clear()
        await asyncio.sleep(self.session.fault.pause_seconds)
        self._away = False
        if self._socket is not None:
            self.outgoing.active.set()
            await self._put(self._socket, Message(messages.START, 0, b"", flags=messages.ALONE))

    async def _tick(self) -> None:
        idle_seconds = self.session.fault.idle_seconds or IDLE_SECONDS
        while not self.session.over:
            await asyncio.sleep(TICK_SECONDS)
            await self.outgoing.resend()
            if time.monotonic() - self._heard > idle_seconds:
                # Beside, since ending cancels what runs here.
                self.later(self.end(f"Session timed out: nothing passed for {idle_seconds:g} seconds"))
                return

    def _left(self, socket: Socket) -> None:
        if self._socket is socket:
            self._socket = None
            self.outgoing.active.clear()
            if not self.session.over:
                self._seen(DISCONNECTED)

    def _seen(self, status: str) -> None:
        self.session.status = status
        if status == TERMINATED:
            self.session.ended = time.time()
        if status == CONNECTED:
            self.session.connections += 1

    def _counts(self) -> dict[str, int]:
        return {
            "sent": self.outgoing.sent, "resent": self.outgoing.resent,
            "delivered": self.incoming.delivered, "duplicates": self.incoming.duplicates, **self._passage.struck,
        }  # fmt: skip


_closing: set[asyncio.Task[None]] = set()


def _close(socket: Socket) -> None:
    """Close a connection, and wait for nobody: a client that is gone would not answer for seconds."""
    task = asyncio.get_running_loop().create_task(socket.close())
    _closing.add(task)
    task.add_done_callback(_closing.discard)


def _cut(socket: Socket) -> None:
    """Drop the connection without a word, as a lost network does."""
    socket.transport.abort()
