# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Stream data in both directions: numbered, acknowledged, resent, and delivered in order.

Times and sizes are the agent's own (agent/session/config/config.go); its timeout follows the round trips as TCP's does.
It resends the oldest message alone; we resend all that are overdue, or a session that was cut would take minutes.
"""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Awaitable, Callable

from lab.embedded_aws.sessions.messages import OUTPUT, SYN, Message, acknowledgement

CHUNK_BYTES = 1024
TICK_SECONDS = 0.1
FIRST_TIMEOUT_SECONDS = 0.2
MOST_TIMEOUT_SECONDS = 1.0
GRANULARITY_SECONDS = 0.01
# Unacknowledged messages that a plugin may be ahead by.
WINDOW = 500
# Messages that wait for an earlier one, or for whoever takes them.
CAPACITY = 100_000
RESENT_AT_ONCE = 64

Send = Callable[[Message], Awaitable[None]]


@dataclasses.dataclass(slots=True)
class _Sent:
    message: Message
    when: float
    again: int = 0


class Outgoing:
    """What leaves the agent: each message is kept until the other side has acknowledged it."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._unacknowledged: dict[int, _Sent] = {}
        self._next = 0
        self._changed = asyncio.Condition()
        self._round_trip, self._variation = 0.1, 0.0
        self.timeout_seconds = FIRST_TIMEOUT_SECONDS
        self.active = asyncio.Event()
        """Cleared while nobody listens; what is written then waits."""
        self.resent = 0

    @property
    def sent(self) -> int:
        return self._next

    async def write(self, payload_type: int, payload: bytes) -> None:
        """Send one message as soon as somebody listens and fewer than WINDOW wait for an acknowledgement."""
        await self.active.wait()
        async with self._changed:
            await self._changed.wait_for(lambda: len(self._unacknowledged) < WINDOW)
            message = Message(OUTPUT, self._next, payload, payload_type, SYN if self._next == 0 else 0)
            self._next += 1
            self._unacknowledged[message.sequence] = _Sent(message, time.monotonic())
        await self._send(message)

    async def acknowledged(self, sequence: int) -> None:
        """The other side has this one; a second time says nothing new."""
        async with self._changed:
            known = self._unacknowledged.pop(sequence, None)
            self._changed.notify_all()
        # How long one took that was sent twice, nobody can tell.
        if known is not None and not known.again:
            self._learn(time.monotonic() - known.when)

    async def resend(self) -> None:
        """Send again what is overdue, the oldest first."""
        if not self.active.is_set():
            return
        now = time.monotonic()
        overdue = [one for one in self._unacknowledged.values() if now - one.when > self.timeout_seconds]
        for one in overdue[:RESENT_AT_ONCE]:
            one.when, one.again = now, one.again + 1
            self.resent += 1
            await self._send(one.message)

    async def emptied(self, seconds: float) -> bool:
        """Wait until everything is acknowledged; False when that takes longer."""
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(lambda: not self._unacknowledged)
        except TimeoutError:
            return False
        return True

    def _learn(self, round_trip: float) -> None:
        self._variation += (abs(self._round_trip - round_trip) - self._variation) / 4
        self._round_trip += (round_trip - self._round_trip) / 8
        wanted = self._round_trip + max(GRANULARITY_SECONDS, 4 * self._variation)
        self.timeout_seconds = min(wanted, MOST_TIMEOUT_SECONDS)


class Incoming:
    """What comes to the agent: each message is delivered once and in order, and acknowledged when it was.

    One that comes early is acknowledged at once. One that came before is acknowledged again, unless `forgetful`: AWS's
    agent itself says nothing then.
    """

    def __init__(self, send: Send, forgetful: bool = False) -> None:
        self._send, self._forgetful = send, forgetful
        self._held: dict[int, Message] = {}
        self._early: set[int] = set()
        self._expected = 0
        self._came = asyncio.Event()
        self.duplicates = 0

    @property
    def delivered(self) -> int:
        return self._expected

    async def take(self, message: Message) -> None:
        """Hold a message for `next`; what finds no room is lost, and its sender sends it again."""
        known = message.sequence < self._expected or message.sequence in self._held
        if known:
            self.duplicates += 1
            was_said = message.sequence < self._expected or message.sequence in self._early
            if was_said and not self._forgetful:
                await self._send(acknowledgement(message))
            return
        if len(self._held) >= CAPACITY:
            return
        self._held[message.sequence] = message
        self._came.set()
        if message.sequence > self._expected + len(self._held) - 1:
            self._early.add(message.sequence)
            await self._send(acknowledgement(message))

    async def next(self) -> Message:
        """The next message in order; it stays the next one until `done`."""
        while self._expected not in self._held:
            self._came.clear()
            await self._came.wait()
        return self._held[self._expected]

    async def done(self) -> None:
        """The next message has got where it goes."""
        message = self._held.pop(self._expected)
        self._expected += 1
        if message.sequence in self._early:
            self._early.discard(message.sequence)
        else:
            await self._send(acknowledgement(message))
