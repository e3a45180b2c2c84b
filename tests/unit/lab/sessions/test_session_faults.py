# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What goes wrong between a client and a node on demand, and what survives it."""

from __future__ import annotations

import typing as t

import pytest
from websockets.exceptions import ConnectionClosed

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.lab.sessions.peer import OUTPUT, Peer

Session = t.Any
SAID = b"".join(b"line %03d\n" % number for number in range(300))


def talk(peer: Peer, seconds: float = 10) -> bytes:
    """Say it in pieces; what the echo answers."""
    for start in range(0, len(SAID), 100):
        peer.send(OUTPUT, SAID[start : start + 100])
    return peer.read(len(SAID), seconds)


@pytest.mark.parametrize(
    ("fault", "struck"),
    [
        ({"drop_every": 5}, {"lost"}),
        ({"duplicate_every": 2}, {"doubled"}),
        ({"delay_every": 4, "delay_seconds": 0.15}, {"late"}),
        (
            {"drop_every": 7, "duplicate_every": 3, "delay_every": 5, "delay_seconds": 0.1},
            {"lost", "doubled", "late"},
        ),
    ],
)
def test_what_is_dropped_doubled_or_late_comes_whole_and_in_order(
    session: Session, aws: EmbeddedAws, echo: int, fault: dict[str, t.Any], struck: set[str]
) -> None:
    aws.channel_fault(**fault)
    peer = session(portNumber=echo)
    peer.shake_hands()
    assert talk(peer) == SAID.upper()
    peer.settle()
    counts = aws.sessions()[0]["counts"]
    assert {kind for kind in ("lost", "doubled", "late") if counts[kind]} == struck


def test_a_cut_session_goes_on_with_a_new_token_and_loses_nothing(
    session: Session, aws: EmbeddedAws, echo: int
) -> None:
    aws.channel_fault(cut_after=20)
    peer = session(portNumber=echo)
    peer.shake_hands()
    with pytest.raises(ConnectionClosed):
        talk(peer)
    assert aws.sessions()[0]["status"] == "Disconnected"
    peer.resume(session.resumed())
    assert peer.read(len(SAID)) == SAID.upper()
    row = aws.sessions()[0]
    assert (row["status"], row["connections"]) == ("Connected", 2)


def test_an_agent_that_died_leaves_a_connection_where_nobody_answers(
    session: Session, aws: EmbeddedAws, echo: int
) -> None:
    aws.channel_fault(silent_after=10)
    peer = session(portNumber=echo)
    peer.shake_hands()
    with pytest.raises(TimeoutError):
        talk(peer, seconds=1)
    peer.socket.ping().wait(2)
    assert aws.sessions()[0]["status"] == "Connected"


def test_an_agent_may_be_dead_from_the_start(session: Session, aws: EmbeddedAws, echo: int) -> None:
    aws.channel_fault(silent_after=0)
    with pytest.raises(TimeoutError):
        session(portNumber=echo).next(seconds=1)


def test_an_agent_that_is_away_for_a_while_says_so_and_goes_on(session: Session, aws: EmbeddedAws, echo: int) -> None:
    aws.channel_fault(pause_after=10, pause_seconds=0.5)
    peer = session(portNumber=echo)
    peer.shake_hands()
    assert talk(peer) == SAID.upper()
    assert [kind for kind in peer.kinds if "publication" in kind] == [
        "start_publication",
        "pause_publication",
        "start_publication",
    ]


def test_a_session_where_nothing_passes_ends(session: Session, aws: EmbeddedAws, echo: int) -> None:
    aws.channel_fault(idle_seconds=0.5)
    peer = session(portNumber=echo)
    peer.shake_hands()
    assert peer.end()["Output"] == "Session timed out: nothing passed for 0.5 seconds"
    assert "TokenValue" not in session.resumed()


def test_a_session_that_cannot_be_resumed_gives_no_token(session: Session, aws: EmbeddedAws, echo: int) -> None:
    aws.channel_fault(refuse_resume=True)
    session(portNumber=echo).shake_hands()
    resumed = session.resumed()
    assert resumed["SessionId"] == session.started["SessionId"]
    assert "TokenValue" not in resumed


def test_a_forgetful_agent_acknowledges_once(session: Session, aws: EmbeddedAws, echo: int) -> None:
    aws.channel_fault(forgetful=True)
    peer = session(portNumber=echo)
    peer.shake_hands()
    peer.send(OUTPUT, b"hello")
    again = peer.unacknowledged[peer.sent - 1]
    peer.settle()
    before = peer.kinds.count("acknowledge")
    peer.socket.send(again)
    peer.send(OUTPUT, b"world")
    assert peer.read(10) == b"HELLOWORLD"
    peer.settle()
    assert peer.kinds.count("acknowledge") == before + 1
    assert aws.sessions()[0]["counts"]["delivered"] == 3


def test_a_fault_strikes_the_sessions_it_is_meant_for(session: Session, aws: EmbeddedAws, echo: int) -> None:
    aws.channel_fault(target="i-0000*", silent_after=0)
    aws.channel_fault(sessions=1, agent_version="3.0.1.0")
    assert [session(portNumber=echo).shake_hands()["AgentVersion"] for _ in range(2)] == ["3.0.1.0", "3.3.3050.0"]


def test_faults_end_when_they_are_cleared(session: Session, aws: EmbeddedAws, echo: int) -> None:
    aws.channel_fault(silent_after=0)
    aws.clear_faults()
    session(portNumber=echo).shake_hands()


@pytest.mark.parametrize("fault", [{"drop_every": 1}, {"delay_every": -1}, {"drop": 3}])
def test_a_fault_that_cannot_be_is_refused(aws: EmbeddedAws, fault: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(fault))):
        aws.channel_fault(**fault)
