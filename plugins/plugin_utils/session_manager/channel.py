# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The order of a session: numbers, acknowledgements, what is sent again, and when the other side counts as gone.

Knows neither sockets nor time: it is given messages and the time, and tells what is to be sent. AWS's own client sends
one message again at a time and waits 1 ms after each; this one sends all that are due and waits for nobody.
"""

from __future__ import annotations

import typing as t
from collections import OrderedDict
from dataclasses import dataclass

from .codec import ACKNOWLEDGE, CLOSED, INPUT, OUTPUT, PAUSE, RESUME, Message, acknowledgement, decode, document, encode
from .errors import EndedError, SilentError

# Both ends of AWS hold back 10,000 messages that came early; a fifth of that is far from it and fills a fast line.
WINDOW = 2000
EARLY = 10_000
# As AWS's own client cuts what it sends; nobody documents that a larger one passes.
PAYLOAD_BYTES = 1024
FIRST_WAIT_SECONDS, LEAST_WAIT_SECONDS, MOST_WAIT_SECONDS = 0.5, 0.2, 2.0
RESENT_AT_ONCE = 64
# What a node is given to acknowledge something once a broken websocket was replaced, late as it may be.
ONCE_MORE_SECONDS = 5.0


@dataclass
class Sent:
    """A message that nobody has acknowledged yet: its bytes, when it was last sent, and how often."""

    raw: bytes
    at: float
    times: int = 1


class Channel:
    """One session's order. ``outgoing`` is what is to be sent next; ``timeout`` how long the node may be silent."""

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self.outgoing: list[bytes] = []
        self.paused = False
        self._next_out = 0
        self._next_in = 0
        self._unacknowledged: OrderedDict[int, Sent] = OrderedDict()
        self._early: dict[int, Message] = {}
        # When the oldest unacknowledged message became that, which is when the node last gave a sign.
        self._waiting_since = 0.0
        # What it is given beyond the timeout, since its websocket was replaced late; once, however often that is.
        self._grace = 0.0
        self._smoothed: float | None = None
        self._variation = 0.0

    @property
    def settled(self) -> bool:
        """Whether all that was sent has been acknowledged."""
        return not self._unacknowledged

    def room(self) -> int:
        """Return how many messages may be sent now."""
        return 0 if self.paused else max(WINDOW - len(self._unacknowledged), 0)

    def send(self, content: int, payload: bytes, now: float) -> None:
        """Send one message, whether there is room or not: who has much to send asks for room first."""
        raw = encode(INPUT, self._next_out, content, payload)
        if not self._unacknowledged:
            self._waiting_since, self._grace = now, 0.0
        self._unacknowledged[self._next_out] = Sent(raw, now)
        self._next_out += 1
        self.outgoing.append(raw)

    def receive(self, raw: bytes, now: float) -> list[Message]:
        """Take one message; return those whose turn it is. Raise `EndedError` when it says that this was all."""
        message = decode(raw)
        if message.kind == OUTPUT:
            return self._ordered(message)
        if message.kind == ACKNOWLEDGE:
            self._acknowledged(int(document(message).get("AcknowledgedMessageSequenceNumber", -1)), now)
        elif message.kind == CLOSED:
            raise EndedError(str(document(message).get("Output") or ""))
        elif message.kind in (PAUSE, RESUME):
            self.paused = message.kind == PAUSE
        return []

    def due(self, now: float) -> float | None:
        """Send again what waited too long; return in how many seconds to ask again, None for no need.

        Raise `SilentError` when nothing was acknowledged for the whole timeout.
        """
        if not self._unacknowledged:
            return None
        if now - self._waiting_since >= self.timeout + self._grace:
            raise SilentError(f"has acknowledged nothing for {self.timeout:.0f} s")
        wait = self._wait()
        # While paused, one message asks whether anybody listens again.
        most = 1 if self.paused else RESENT_AT_ONCE
        oldest = [sent for sent, _turn in zip(self._unacknowledged.values(), range(most), strict=False)]
        for sent in oldest:
            if now - sent.at >= wait * 2 ** min(sent.times - 1, 3):
                sent.at, sent.times = now, sent.times + 1
                self.outgoing.append(sent.raw)
        return wait / 4

    def deadline(self, now: float) -> float:
        """Return until when the node must have given a sign."""
        return self.timeout + (self._waiting_since if self._unacknowledged else now)

    def taken_up(self, now: float) -> None:
        """Send all that is unacknowledged over a new websocket; what was on its way in the old one is lost."""
        self.paused = False
        late = now + ONCE_MORE_SECONDS - self._waiting_since - self.timeout
        self._grace = min(max(self._grace, late), ONCE_MORE_SECONDS)
        self.outgoing = [sent.raw for sent in self._unacknowledged.values()]
        for sent in self._unacknowledged.values():
            sent.at, sent.times = now, sent.times + 1

    def _ordered(self, message: Message) -> list[Message]:
        if message.sequence > self._next_in and len(self._early) >= EARLY:
            # Not acknowledged, so it comes again.
            return []
        self.outgoing.append(acknowledgement(message))
        if message.sequence >= self._next_in:
            self._early[message.sequence] = message
        ready = []
        while self._next_in in self._early:
            ready.append(self._early.pop(self._next_in))
            self._next_in += 1
        return ready

    def _acknowledged(self, sequence: int, now: float) -> None:
        sent = self._unacknowledged.pop(sequence, None)
        if sent is None:
            return
        self._waiting_since, self._grace = now, 0.0
        self.paused = False
        if sent.times == 1:
            # Of what was sent twice nobody knows which one was answered.
            self._measured(now - sent.at)

    def _measured(self, took: float) -> None:
        """Keep the usual time of an answer as TCP does: https://www.rfc-editor.org/rfc/rfc6298"""
        if self._smoothed is None:
            self._smoothed, self._variation = took, took / 2
            return
        self._variation += (abs(self._smoothed - took) - self._variation) / 4
        self._smoothed += (took - self._smoothed) / 8

    def _wait(self) -> float:
        if self._smoothed is None:
            return FIRST_WAIT_SECONDS
        return min(max(self._smoothed + 4 * self._variation, LEAST_WAIT_SECONDS), MOST_WAIT_SECONDS)


def cut(data: bytes) -> t.Iterator[bytes]:
    """Cut what is to be sent into payloads."""
    for start in range(0, len(data), PAYLOAD_BYTES):
        yield data[start : start + PAYLOAD_BYTES]
