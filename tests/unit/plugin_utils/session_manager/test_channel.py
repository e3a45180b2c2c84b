"""The order of a session: numbers, acknowledgements, what is sent again, and when a node counts as gone."""

from __future__ import annotations

import itertools

import pytest
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager import codec
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager.channel import (
    EARLY,
    FIRST_WAIT_SECONDS,
    ONCE_MORE_SECONDS,
    RESENT_AT_ONCE,
    WINDOW,
    Channel,
    cut,
)
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager.errors import EndedError, SilentError
from hypothesis import given
from hypothesis import strategies as st


def data(sequence: int, payload: bytes = b"x") -> bytes:
    return codec.encode(codec.OUTPUT, sequence, codec.DATA, payload)


def acknowledged(raw: bytes) -> bytes:
    return codec.acknowledgement(codec.decode(raw))


def taken(channel: Channel) -> list[codec.Message]:
    """What the channel wants sent, which then is."""
    raw, channel.outgoing = channel.outgoing, []
    return [codec.decode(one) for one in raw]


def test_what_is_sent_is_numbered_from_zero() -> None:
    channel = Channel(30)
    for payload in (b"a", b"b", b"c"):
        channel.send(codec.DATA, payload, 0)
    assert [(one.kind, one.sequence, one.payload) for one in taken(channel)] == [
        (codec.INPUT, 0, b"a"),
        (codec.INPUT, 1, b"b"),
        (codec.INPUT, 2, b"c"),
    ]


@given(st.permutations(range(8)), st.lists(st.integers(0, 7), max_size=8))
def test_messages_come_in_order_and_once_however_they_arrive(order: list[int], again: list[int]) -> None:
    channel, came = Channel(30), []
    for sequence in [*order, *again]:
        came += [one.sequence for one in channel.receive(data(sequence), 0)]
    assert came == list(range(8))


def test_each_message_is_acknowledged_each_time_it_comes() -> None:
    channel = Channel(30)
    for sequence in (0, 0, 2):
        channel.receive(data(sequence), 0)
    told = [codec.document(one)["AcknowledgedMessageSequenceNumber"] for one in taken(channel)]
    assert told == [0, 0, 2]


def test_what_cannot_be_held_back_is_not_acknowledged() -> None:
    channel = Channel(30)
    for sequence in range(1, EARLY + 1):
        channel.receive(data(sequence), 0)
    channel.outgoing.clear()
    channel.receive(data(EARLY + 1), 0)
    assert channel.outgoing == []
    # The missing one is always taken.
    assert len(channel.receive(data(0), 0)) == EARLY + 1


def test_what_is_not_acknowledged_is_sent_again_and_again_more_rarely() -> None:
    channel = Channel(30)
    channel.send(codec.DATA, b"x", 0)
    taken(channel)
    sent = []
    for tick in range(100):
        channel.due(tick * 0.1)
        sent += [tick * 0.1 for _ in taken(channel)]
    pauses = [after - before for before, after in itertools.pairwise(sent)]
    assert sent[0] == pytest.approx(FIRST_WAIT_SECONDS)
    assert pauses[0] == pytest.approx(2 * FIRST_WAIT_SECONDS, abs=0.11)
    assert pauses[-1] == pytest.approx(8 * FIRST_WAIT_SECONDS, abs=0.11)


def test_of_many_only_some_are_sent_again_at_once() -> None:
    channel = Channel(30)
    for _ in range(RESENT_AT_ONCE * 2):
        channel.send(codec.DATA, b"x", 0)
    taken(channel)
    channel.due(1)
    assert [one.sequence for one in taken(channel)] == list(range(RESENT_AT_ONCE))


def test_what_is_acknowledged_is_not_sent_again() -> None:
    channel = Channel(30)
    channel.send(codec.DATA, b"x", 0)
    channel.send(codec.DATA, b"y", 0)
    channel.receive(acknowledged(channel.outgoing[0]), 0.1)
    taken(channel)
    channel.due(5)
    assert [one.sequence for one in taken(channel)] == [1]


def test_a_slow_line_is_given_its_time() -> None:
    channel = Channel(30)
    for turn in range(8):
        channel.send(codec.DATA, b"x", turn)
        channel.receive(acknowledged(channel.outgoing[-1]), turn + 0.9)
    channel.send(codec.DATA, b"y", 10)
    taken(channel)
    channel.due(10.85)
    assert taken(channel) == []


def test_a_node_that_acknowledges_nothing_is_given_up_in_time() -> None:
    channel = Channel(30)
    channel.send(codec.DATA, b"x", 100)
    channel.due(129.9)
    with pytest.raises(SilentError, match="acknowledged nothing for 30 s"):
        channel.due(130)


def test_a_node_that_acknowledges_slowly_is_not_given_up() -> None:
    channel = Channel(30)
    for _ in range(10):
        channel.send(codec.DATA, b"x", 0)
    sent = channel.outgoing
    for turn, raw in enumerate(sent):
        channel.receive(acknowledged(raw), turn * 20)
        channel.due(turn * 20 + 19)
    assert channel.settled
    assert channel.due(10_000) is None


def test_a_full_window_takes_no_more() -> None:
    channel = Channel(30)
    for _ in range(WINDOW):
        channel.send(codec.DATA, b"x", 0)
    assert channel.room() == 0
    channel.receive(acknowledged(channel.outgoing[0]), 1)
    assert channel.room() == 1


def test_a_pause_holds_back_all_but_a_question_until_it_ends() -> None:
    channel = Channel(30)
    for _ in range(3):
        channel.send(codec.DATA, b"x", 0)
    taken(channel)
    channel.receive(codec.encode(codec.PAUSE, 0, 0, b""), 0)
    assert channel.room() == 0
    channel.due(1)
    assert [one.sequence for one in taken(channel)] == [0]
    channel.receive(codec.encode(codec.RESUME, 0, 0, b""), 2)
    assert channel.room() == WINDOW - 3


def test_an_acknowledgement_ends_a_pause_too() -> None:
    channel = Channel(30)
    channel.send(codec.DATA, b"x", 0)
    sent = channel.outgoing[0]
    channel.receive(codec.encode(codec.PAUSE, 0, 0, b""), 0)
    channel.receive(acknowledged(sent), 1)
    assert channel.room() == WINDOW


def test_a_new_websocket_is_given_all_that_was_not_acknowledged() -> None:
    channel = Channel(30)
    for _ in range(3):
        channel.send(codec.DATA, b"x", 0)
    channel.receive(acknowledged(channel.outgoing[1]), 1)
    channel.outgoing.clear()
    channel.taken_up(2)
    assert [one.sequence for one in taken(channel)] == [0, 2]


def test_a_new_websocket_that_came_late_is_still_given_a_moment() -> None:
    channel = Channel(30)
    channel.send(codec.DATA, b"x", 0)
    channel.taken_up(29)
    channel.due(29 + ONCE_MORE_SECONDS - 0.1)
    with pytest.raises(SilentError):
        channel.due(29 + ONCE_MORE_SECONDS)


def test_websockets_that_are_replaced_again_and_again_do_not_keep_a_dead_node_alive() -> None:
    channel = Channel(5)
    channel.send(codec.DATA, b"x", 0)
    ended = None
    for tick in range(1, 400):
        now = tick * 0.1
        if tick % 25 == 0:
            channel.taken_up(now)
        try:
            channel.due(now)
        except SilentError:
            ended = now
            break
    assert ended is not None
    assert ended <= 5 + ONCE_MORE_SECONDS + 0.1


def test_the_end_says_why() -> None:
    closed = codec.encode(codec.CLOSED, 0, 0, b'{"Output": "the port is closed"}')
    with pytest.raises(EndedError, match="the port is closed"):
        Channel(30).receive(closed, 0)


def test_data_is_cut_as_awss_own_client_cuts_it() -> None:
    assert [len(part) for part in cut(bytes(2500))] == [1024, 1024, 452]
    assert list(cut(b"")) == []
