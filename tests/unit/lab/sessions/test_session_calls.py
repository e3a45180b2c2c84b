# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Session Manager's actions: whom a session may go to, with what, and what is told of sessions."""

from __future__ import annotations

import json
import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.lab.sessions.peer import OUTPUT, Peer

Session = t.Any
SSH = "AWS-StartSSHSession"
REMOTE = "AWS-StartPortForwardingSessionToRemoteHost"


def test_a_session_tells_its_id_a_token_and_where_to_connect(client: t.Any, node: str, aws: EmbeddedAws) -> None:
    started = client("ssm").start_session(Target=node, DocumentName=SSH)
    assert started["SessionId"].startswith("rehearsal-")
    assert 200 < len(started["TokenValue"]) <= 300
    assert started["StreamUrl"].endswith(f"/v1/data-channel/{started['SessionId']}?role=publish_subscribe")
    (write,) = [one for one in aws.writes() if one["action"] == "StartSession"]
    assert (write["named"], write["error"]) == ([node], None)


@pytest.mark.parametrize("why", ["unknown", "without a machine", "offline", "elsewhere"])
def test_a_target_that_is_not_connected_is_refused(
    client: t.Any, node: str, aws: EmbeddedAws, refused: t.Any, why: str
) -> None:
    region, target = "us-west-2", node
    if why == "unknown":
        target = "i-0123456789abcdef0"
    if why == "without a machine":
        aws.detach(node)
    if why == "offline":
        client("iam").detach_role_policy(
            RoleName="node", PolicyArn="arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
        )
    if why == "elsewhere":
        region = "us-east-1"
    ssm = client("ssm", region)
    with refused("TargetNotConnected", f"{target} is not connected."):
        ssm.start_session(Target=target, DocumentName=SSH)
    assert ssm.get_connection_status(Target=target)["Status"] == "notconnected"


@pytest.mark.parametrize(
    ("document", "given", "code", "words"),
    [
        ("AWS-StartNothing", {}, "InvalidDocument", "AWS-StartNothing"),
        (SSH, {"portNumber": ["65536"]}, "InvalidParameters", "portNumber"),
        (SSH, {"portNumber": ["22", "23"]}, "InvalidParameters", "portNumber"),
        (SSH, {"host": ["db"]}, "InvalidParameters", "host is not defined"),
        (REMOTE, {"host": ["db;reboot"]}, "InvalidParameters", "host"),
    ],
)
def test_what_a_document_does_not_take_is_refused(
    client: t.Any, node: str, refused: t.Any, document: str, given: dict[str, list[str]], code: str, words: str
) -> None:
    with refused(code, words):
        client("ssm").start_session(Target=node, DocumentName=document, Parameters=given)


def test_documents_of_other_kinds_and_ones_own_are_not_modelled(client: t.Any, node: str, refused: t.Any) -> None:
    content = json.dumps({"schemaVersion": "1.0", "description": "ours", "sessionType": "Standard_Stream"})
    ssm = client("ssm")
    ssm.create_document(Name="SSM-SessionManagerRunShell", DocumentType="Session", Content=content)
    with refused("NotModelled", "SSM-SessionManagerRunShell"):
        ssm.start_session(Target=node)
    with refused("NotModelled", "AWS-StartInteractiveCommand"):
        ssm.start_session(Target=node, DocumentName="AWS-StartInteractiveCommand")


def test_a_node_with_a_machine_is_connected(client: t.Any, node: str) -> None:
    assert client("ssm").get_connection_status(Target=node)["Status"] == "connected"


def test_a_machine_from_elsewhere_has_sessions_too(client: t.Any, aws: EmbeddedAws, echo: int) -> None:
    trust = {"Effect": "Allow", "Principal": {"Service": "ssm.amazonaws.com"}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    client("iam").create_role(RoleName="office", AssumeRolePolicyDocument=document)
    ssm = client("ssm")
    desk = aws.register("us-west-2", ssm.create_activation(IamRole="office"), "desk", "192.168.0.9")
    aws.attach(desk, "node")
    started = ssm.start_session(Target=desk, DocumentName=SSH, Parameters={"portNumber": [str(echo)]})
    peer = Peer(started)
    peer.shake_hands()
    peer.send(OUTPUT, b"hello")
    assert peer.read(5) == b"HELLO"
    aws.ping(desk, minutes_ago=90)
    assert ssm.get_connection_status(Target=desk)["Status"] == "notconnected"


def test_sessions_are_told_of_while_they_last_and_afterwards(
    client: t.Any, session: Session, node: str, echo: int
) -> None:
    ssm = client("ssm")
    ended = ssm.start_session(Target=node, DocumentName=SSH, Reason="a look")["SessionId"]
    ssm.terminate_session(SessionId=ended)
    session(portNumber=echo).shake_hands()
    (now,) = ssm.describe_sessions(State="Active")["Sessions"]
    assert (now["Status"], now["Target"], now["DocumentName"]) == ("Connected", node, SSH)
    (then,) = ssm.describe_sessions(State="History")["Sessions"]
    assert (then["SessionId"], then["Status"], then["Reason"]) == (ended, "Terminated", "a look")
    assert then["EndDate"] >= then["StartDate"]


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("Target", "{node}", 3),
        ("Target", "i-0123456789abcdef0", 0),
        ("Status", "Connecting", 3),
        ("InvokedAfter", "2020-01-01T00:00:00Z", 3),
        ("InvokedBefore", "2020-01-01T00:00:00Z", 0),
    ],
)
def test_sessions_are_filtered_and_paged(client: t.Any, node: str, key: str, value: str, found: int) -> None:
    ssm = client("ssm")
    made = [ssm.start_session(Target=node, DocumentName=SSH)["SessionId"] for _ in range(3)]
    filters = [{"key": key, "value": value.format(node=node)}]
    pages = ssm.get_paginator("describe_sessions").paginate(
        State="Active", Filters=filters, PaginationConfig={"PageSize": 2}
    )
    seen = [[row["SessionId"] for row in page["Sessions"]] for page in pages]
    assert [len(page) for page in seen] == ([2, 1] if found else [0])
    assert [one for page in seen for one in page] == (made[::-1] if found else [])


def test_a_session_of_nobody_is_not_resumed_nor_ended(
    client: t.Any, other_account: t.Any, node: str, refused: t.Any
) -> None:
    made = client("ssm").start_session(Target=node, DocumentName=SSH)["SessionId"]
    for ssm, identifier in ((client("ssm"), "rehearsal-0123456789abcdef0"), (other_account("ssm"), made)):
        for action in (ssm.resume_session, ssm.terminate_session):
            with refused("DoesNotExistException"):
                action(SessionId=identifier)


@pytest.mark.parametrize("name", ["SSM-SessionManagerRunShell", SSH, "AWS-StartPortForwardingSession", REMOTE])
def test_the_documents_of_sessions_are_there_to_read(client: t.Any, name: str) -> None:
    ssm = client("ssm")
    content = json.loads(ssm.get_document(Name=name)["Content"])
    described = ssm.describe_document(Name=name)["Document"]
    assert described["Owner"] == "Amazon"
    assert described["DocumentType"] == "Session"
    assert {one["Name"] for one in described.get("Parameters", [])} == set(content.get("parameters", {}))


def test_an_accounts_own_documents_are_read_as_ever(client: t.Any, refused: t.Any) -> None:
    ssm = client("ssm")
    ssm.create_document(Name="ours", DocumentType="Command", Content='{"schemaVersion": "2.2"}')
    assert ssm.get_document(Name="ours")["DocumentType"] == "Command"
    with refused("InvalidDocument"):
        ssm.describe_document(Name="nobodys")


def test_a_reset_ends_all_sessions(aws: EmbeddedAws, session: Session, echo: int) -> None:
    peer = session(portNumber=echo)
    peer.shake_hands()
    aws.reset()
    assert peer.end()["Output"] == ""
    assert aws.sessions() == []
