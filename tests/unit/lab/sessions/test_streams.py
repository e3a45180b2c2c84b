# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Stream data by itself: numbers, acknowledgements, resends, order."""

from __future__ import annotations

import asyncio
import json
import typing as t

import pytest

from lab.embedded_aws.sessions import messages, stream
from lab.embedded_aws.sessions.messages import INPUT, Message, Payload


class Way:
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[Message] = []

    async def __call__(self, message: Message) -> None:
        self.sent.append(message)

    @property
    def acknowledged(self) -> list[int]:
        return [one.json()["AcknowledgedMessageSequenceNumber"] for one in self.sent]


def run(work: t.Coroutine[t.Any, t.Any, None]) -> None:
    async def in_time() -> None:
        async with asyncio.timeout(10):
            await work

    asyncio.run(in_time())


def said(sequence: int) -> Message:
    return Message(INPUT, sequence, b"x", Payload.OUTPUT)


def test_what_comes_early_waits_and_what_comes_again_is_said_to_be_there() -> None:
    async def work() -> None:
        way = Way()
        incoming = stream.Incoming(way)
        for sequence in (2, 0, 0, 2, 1):
            await incoming.take(said(sequence))
        assert way.acknowledged == [2, 2]
        for sequence in range(3):
            assert (await incoming.next()).sequence == sequence
            await incoming.done()
        assert way.acknowledged == [2, 2, 0, 1]
        await incoming.take(said(1))
        assert way.acknowledged == [2, 2, 0, 1, 1]
        assert (incoming.delivered, incoming.duplicates) == (3, 3)

    run(work())


def test_what_finds_no_room_is_not_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "CAPACITY", 2)

    async def work() -> None:
        way = Way()
        incoming = stream.Incoming(way)
        for sequence in (5, 6, 7):
            await incoming.take(said(sequence))
        assert way.acknowledged == [5, 6]

    run(work())


def test_a_plugin_waits_while_too_much_is_on_its_way_or_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "WINDOW", 2)

    async def work() -> None:
        way = Way()
        outgoing = stream.Outgoing(way)
        writing = [asyncio.create_task(outgoing.write(Payload.OUTPUT, b"x")) for _ in range(3)]
        await asyncio.sleep(0.01)
        assert way.sent == []
        outgoing.active.set()
        await asyncio.sleep(0.01)
        assert [one.sequence for one in way.sent] == [0, 1]
        assert not await outgoing.emptied(0.01)
        await outgoing.acknowledged(1)
        await asyncio.gather(*writing)
        assert [one.sequence for one in way.sent] == [0, 1, 2]
        await outgoing.acknowledged(0)
        await outgoing.acknowledged(2)
        assert await outgoing.emptied(1)

    run(work())


def test_what_is_overdue_is_sent_again_and_the_timeout_follows_the_way() -> None:
    async def work() -> None:
        way = Way()
        outgoing = stream.Outgoing(way)
        outgoing.active.set()
        for _ in range(2):
            await outgoing.write(Payload.OUTPUT, b"x")
        await outgoing.resend()
        assert len(way.sent) == 2
        outgoing.timeout_seconds = 0
        await asyncio.sleep(0.01)
        await outgoing.resend()
        assert [one.sequence for one in way.sent] == [0, 1, 0, 1]
        assert way.sent[0].identifier == way.sent[2].identifier
        for _ in range(50):
            await outgoing.write(Payload.OUTPUT, b"x")
            await outgoing.acknowledged(outgoing.sent - 1)
        assert 0 < outgoing.timeout_seconds < stream.FIRST_TIMEOUT_SECONDS

    run(work())


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda raw: raw[:50], "at least 120 bytes, got 50"),
        (lambda raw: raw[:-1], "a payload of 5 bytes, got 4"),
        (lambda raw: raw[:-1] + b"!", "not what its digest says"),
    ],
)
def test_a_damaged_frame_is_no_message(damage: t.Callable[[bytes], bytes], why: str) -> None:
    raw = Message(INPUT, 7, b"hello", Payload.OUTPUT).encode()
    assert messages.decode(raw).payload == b"hello"
    with pytest.raises(ValueError, match=why):
        messages.decode(damage(raw))


def test_a_message_says_what_the_protocol_says() -> None:
    raw = messages.closed("s-1", "i-1", "why").encode()
    found = messages.decode(raw)
    assert (found.kind, found.flags) == ("channel_closed", 3)
    assert json.loads(found.payload) | {"MessageId": "", "CreatedDate": ""} == {
        "MessageType": "channel_closed", "MessageId": "", "DestinationId": "i-1", "SessionId": "s-1",
        "SchemaVersion": 1, "CreatedDate": "", "Output": "why",
    }  # fmt: skip
