# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sessions to one port: the handshake, what passes, and how they end."""

from __future__ import annotations

import json
import socket
import typing as t
from pathlib import Path

import pytest

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.lab.sessions.peer import DISCONNECT, OUTPUT, REQUEST, RESPONSE, TERMINATE, Peer

Session = t.Any


def test_the_agent_says_what_the_session_is_for_and_data_passes_both_ways(session: Session, echo: int) -> None:
    peer = session(portNumber=echo)
    (asked,) = peer.shake_hands()["RequestedClientActions"]
    assert asked["ActionType"] == "SessionType"
    assert asked["ActionParameters"] == {"SessionType": "Port", "Properties": {"portNumber": str(echo)}}
    assert peer.kinds[0] == "start_publication"
    peer.send(OUTPUT, b"hello")
    assert peer.read(5) == b"HELLO"


def test_the_first_message_alone_begins_the_stream(session: Session, echo: int) -> None:
    peer = session(portNumber=echo)
    first = peer.next(REQUEST)
    assert (first.sequence, first.flags) == (0, 1)
    peer.send(RESPONSE, json.dumps({"ClientVersion": peer.version, "ProcessedClientActions": []}).encode())
    second = peer.next()
    assert (second.sequence, second.flags) == (1, 0)


def test_much_data_comes_whole_and_in_order_in_pieces_of_a_kilobyte(session: Session, echo: int) -> None:
    peer = session(portNumber=echo)
    peer.shake_hands()
    said = b"".join(b"line %06d\n" % number for number in range(40_000))
    for start in range(0, len(said), 1024):
        peer.send(OUTPUT, said[start : start + 1024])
    assert peer.read(len(said)) == said.upper()
    peer.settle()


def test_the_session_ends_with_the_connection_after_its_last_words(
    session: Session, echo: int, aws: EmbeddedAws
) -> None:
    peer = session(portNumber=echo)
    peer.shake_hands()
    peer.send(OUTPUT, b"good bye")
    assert peer.read(8) == b"GOOD BYE"
    assert peer.end()["Output"] == ""
    (row,) = aws.sessions()
    assert (row["status"], row["connections"]) == ("Terminated", 1)


def test_a_client_ends_it_by_a_flag(session: Session, echo: int) -> None:
    peer = session(portNumber=echo)
    peer.shake_hands()
    peer.flag(TERMINATE)
    assert peer.end()["SessionId"] == session.started["SessionId"]


def test_a_port_where_nothing_listens_is_told(session: Session) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        peer = session(portNumber=taken.getsockname()[1])
        peer.shake_hands()
        assert "Unable to connect to specified port" in peer.end()["Output"]


def test_a_client_that_cannot_do_what_is_asked_is_told_why_it_ends(session: Session, echo: int) -> None:
    peer = session(portNumber=echo)
    peer.next(REQUEST)
    failed = {"ActionType": "SessionType", "ActionStatus": 3, "Error": "no such thing"}
    peer.send(RESPONSE, json.dumps({"ClientVersion": "1", "ProcessedClientActions": [failed]}).encode())
    assert peer.end()["Output"] == "SessionType failed on client with status 3 error: no such thing"


@pytest.mark.parametrize("version", ["1.1.61.0", "1.2.650.0"])
def test_a_forwarded_port_takes_one_connection_after_the_other_without_multiplexing(
    session: Session, aws: EmbeddedAws, echo: int, version: str
) -> None:
    if version != "1.1.61.0":
        aws.channel_fault(agent_version="3.0.196.0")
    peer = session("AWS-StartPortForwardingSession", version, portNumber=echo, localPortNumber=0)
    asked = peer.shake_hands()["RequestedClientActions"][0]["ActionParameters"]["Properties"]
    assert asked == {"portNumber": str(echo), "type": "LocalPortForwarding", "localPortNumber": "0"}
    for _ in range(2):
        peer.send(OUTPUT, b"one bye")
        assert peer.read(7) == b"ONE BYE"
        peer.flag(DISCONNECT)
    peer.send(OUTPUT, b"more")
    assert peer.read(4) == b"MORE"


def test_a_token_opens_its_session_alone_and_only_while_it_lasts(session: Session, echo: int) -> None:
    peer = session(portNumber=echo)
    peer.shake_hands()
    first = session.started
    for wrong in ({**first, "TokenValue": "x"}, {**first, "StreamUrl": first["StreamUrl"].replace("rehearsal-", "x-")}):
        refused = Peer(wrong)
        with pytest.raises(Exception, match="1008"):
            refused.next(seconds=2)
    session.ssm.terminate_session(SessionId=first["SessionId"])
    assert peer.end()["Output"] == ""
    with pytest.raises(Exception, match="1008"):
        Peer(first).next(seconds=2)


def test_a_machine_that_goes_says_nothing_more(session: Session, echo: int, programs: Path) -> None:
    peer = session(portNumber=echo)
    peer.shake_hands()
    peer.send(OUTPUT, b"hello")
    assert peer.read(5) == b"HELLO"
    gone = programs / "docker.gone"
    gone.touch()
    try:
        peer.send(OUTPUT, b"bye")
        assert peer.read(3) == b"BYE"
        with pytest.raises(TimeoutError):
            peer.end(seconds=1.5)
    finally:
        gone.unlink()
