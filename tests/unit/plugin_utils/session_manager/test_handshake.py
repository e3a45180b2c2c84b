"""What an agent asks at the beginning, and what it is answered."""

from __future__ import annotations

import base64
import json
import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager import codec
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager.encryption import KmsCipher
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager.errors import ProtocolError, SessionError
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager.handshake import Agent, answer, meet

DATA_KEY = bytes(range(64))
FORWARDING = {"portNumber": "80", "type": "LocalPortForwarding"}


def request(version: str, *actions: tuple[str, dict[str, t.Any]]) -> codec.Message:
    asked = [{"ActionType": kind, "ActionParameters": parameters} for kind, parameters in actions]
    payload = json.dumps({"AgentVersion": version, "RequestedClientActions": asked}).encode()
    return codec.decode(codec.encode(codec.OUTPUT, 0, codec.HANDSHAKE_REQUEST, payload))


def session(kind: str, properties: dict[str, t.Any] | None = None) -> tuple[str, dict[str, t.Any]]:
    return ("SessionType", {"SessionType": kind, "Properties": properties})


def met(version: str, *actions: tuple[str, dict[str, t.Any]]) -> tuple[Agent, dict[str, t.Any]]:
    agent, payload = answer(request(version, *actions), lambda key: KmsCipher(DATA_KEY, key.encode()))
    return agent, json.loads(payload)


def test_a_port_is_answered_with_success() -> None:
    agent, told = met("3.3.1611.0", session("Port", {"portNumber": "22"}))
    assert agent == Agent((3, 3, 1611, 0), "Port", {"portNumber": "22"}, None)
    assert told["Errors"] == []
    assert [(one["ActionType"], one["ActionStatus"]) for one in told["ProcessedClientActions"]] == [("SessionType", 1)]


@pytest.mark.parametrize(
    ("version", "properties", "shares", "keepalive"),
    [
        ("3.0.196.0", FORWARDING, False, True),
        ("3.0.197.0", FORWARDING, True, True),
        ("3.1.1511.0", FORWARDING, True, True),
        ("3.1.1512.0", FORWARDING, True, False),
        ("3.3.1611.0", {"portNumber": "22"}, False, False),
    ],
)
def test_what_an_agent_can_is_known_by_its_version(
    version: str, properties: dict[str, t.Any], shares: bool, keepalive: bool
) -> None:
    agent, _told = met(version, session("Port", properties))
    assert (agent.shares_ports, agent.expects_keepalive) == (shares, keepalive)


def test_an_agent_is_given_the_means_to_the_same_keys() -> None:
    agent, told = met("3.3.0.0", ("KMSEncryption", {"KMSKeyId": "a-key"}), session("Standard_Stream"))
    assert agent.cipher is not None
    key = told["ProcessedClientActions"][0]["ActionResult"]["KMSCipherTextKey"]
    assert base64.b64decode(key) == b"a-key"


def test_the_agents_challenge_is_met_with_its_own_words() -> None:
    ours, theirs = KmsCipher(DATA_KEY, b""), KmsCipher(DATA_KEY[32:] + DATA_KEY[:32], b"")
    asked = json.dumps({"Challenge": base64.b64encode(theirs.encrypt(b"are you there")).decode()}).encode()
    challenge = codec.decode(codec.encode(codec.OUTPUT, 1, codec.CHALLENGE_REQUEST, asked))
    said = json.loads(meet(challenge, ours))["Challenge"]
    assert theirs.decrypt(base64.b64decode(said)) == b"are you there"


def test_a_challenge_without_a_key_is_refused() -> None:
    challenge = codec.decode(codec.encode(codec.OUTPUT, 1, codec.CHALLENGE_REQUEST, b'{"Challenge": ""}'))
    with pytest.raises(ProtocolError, match="before it has asked to encrypt"):
        meet(challenge, None)


def test_what_is_not_known_is_refused_by_name() -> None:
    with pytest.raises(SessionError, match=r"The agent asks for Dance, .* client: official"):
        met("3.3.0.0", ("Dance", {}), session("Port"))


@pytest.mark.parametrize("kind", ["", "Plain"])
def test_a_session_of_no_known_type_is_refused(kind: str) -> None:
    with pytest.raises(ProtocolError, match="of a type that is known"):
        met("3.3.0.0", session(kind))
