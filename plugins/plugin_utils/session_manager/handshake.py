# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The beginning of a session: what the agent says of itself and asks of its client, and the answer.

https://github.com/aws/session-manager-plugin/blob/mainline/src/message/messageparser.go
"""

from __future__ import annotations

import base64
import json
import typing as t

from .codec import Message, document
from .errors import ProtocolError, SessionError

# A version that AWS has released; agents and AWS look whether it is new enough for what they send.
CLIENT_VERSION = "1.2.707.0"
SHELL, COMMANDS, PORT = "Standard_Stream", ("InteractiveCommands", "NonInteractiveCommands"), "Port"
_SUCCESS, _FAILED, _UNSUPPORTED = 1, 2, 3
# Ports that are shared by several connections, from the first version after this on:
# https://github.com/aws/session-manager-plugin/blob/mainline/src/config/config.go
_LAST_WITHOUT_SHARING = (3, 0, 196, 0)
_LAST_WITH_KEEPALIVE = (3, 1, 1511, 0)


class Cipher(t.Protocol):
    """What encrypts a session; ``key`` is how the agent comes by the same keys."""

    key: bytes

    def encrypt(self, plain: bytes) -> bytes:
        """Return what the agent can decrypt."""

    def decrypt(self, sealed: bytes) -> bytes:
        """Return what the agent encrypted."""


class Agent(t.NamedTuple):
    """What an agent has told: its version, the session's type, and what comes with it."""

    version: tuple[int, ...]
    session: str
    properties: t.Mapping[str, t.Any]
    cipher: Cipher | None

    @property
    def shares_ports(self) -> bool:
        """Whether it carries several connections to a port in one session, by smux."""
        return self.version > _LAST_WITHOUT_SHARING and self.properties.get("type") == "LocalPortForwarding"

    @property
    def expects_keepalive(self) -> bool:
        """Whether it gives connections up that say nothing for a while."""
        return self.version <= _LAST_WITH_KEEPALIVE


def answer(request: Message, make_cipher: t.Callable[[str], Cipher]) -> tuple[Agent, bytes]:
    """Return what the agent told and the payload that answers it.

    ``make_cipher`` is given the KMS key that the agent asks to encrypt with. Raise `ProtocolError` for a request that
    cannot be understood, and `SessionError` for one that cannot be met.
    """
    asked = document(request)
    cipher: Cipher | None = None
    session = ""
    properties: t.Mapping[str, t.Any] = {}
    done = []
    for action in asked.get("RequestedClientActions") or ():
        kind, parameters = action.get("ActionType"), action.get("ActionParameters") or {}
        result: t.Any = None
        if kind == "SessionType":
            session, properties = str(parameters.get("SessionType")), parameters.get("Properties") or {}
        elif kind == "KMSEncryption":
            cipher = make_cipher(str(parameters.get("KMSKeyId")))
            result = {"KMSCipherTextKey": base64.b64encode(cipher.key).decode()}
        else:
            raise SessionError(
                f"The agent asks for {kind}, which this client does not know. Right would be: client: official"
            )
        done.append({"ActionType": kind, "ActionStatus": _SUCCESS, "ActionResult": result, "Error": ""})
    if session not in (SHELL, *COMMANDS, PORT):
        raise ProtocolError(f"wanted a session of a type that is known, found {session or 'none'}")
    said = {"ClientVersion": CLIENT_VERSION, "ProcessedClientActions": done, "Errors": []}
    agent = Agent(_version(str(asked.get("AgentVersion") or "")), session, properties, cipher)
    return agent, json.dumps(said).encode()


def meet(challenge: Message, cipher: Cipher | None) -> bytes:
    """Return the answer to the agent's question whether both ends have the same keys."""
    if cipher is None:
        raise ProtocolError("The agent asks to decrypt before it has asked to encrypt")
    plain = cipher.decrypt(base64.b64decode(str(document(challenge).get("Challenge") or "")))
    return json.dumps({"Challenge": base64.b64encode(cipher.encrypt(plain)).decode()}).encode()


def _version(said: str) -> tuple[int, ...]:
    return tuple(int(part) for part in said.split(".") if part.isdigit())
