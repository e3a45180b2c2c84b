# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is known of one session, and of all of them."""

from __future__ import annotations

import dataclasses
import hmac
import secrets
import threading
import time
import typing as t
from collections.abc import Callable

from lab.embedded_aws.machines import Machine
from lab.embedded_aws.sessions.channel_faults import ChannelFault

# https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_Session.html
CONNECTING, CONNECTED, DISCONNECTED, TERMINATED = "Connecting", "Connected", "Disconnected", "Terminated"
TOKEN_BYTES = 120


@dataclasses.dataclass
class Session:
    """One session. `kind` is the agent's plugin (Port or Standard_Stream), `properties` what it was asked for."""

    id: str
    account: str
    region: str
    target: str
    document: str
    kind: str
    properties: dict[str, str]
    owner: str
    reason: str
    machine: Machine
    fault: ChannelFault
    agent_version: str
    status: str = CONNECTING
    started: float = dataclasses.field(default_factory=time.time)
    ended: float | None = None
    connections: int = 0
    counts: Callable[[], dict[str, int]] = dict
    """Messages so far: sent, resent, delivered, duplicates, and those that faults made lost, doubled, late."""
    tokens: list[str] = dataclasses.field(default_factory=list)

    def new_token(self) -> str:
        """A token that opens this session's channel; all that were given do."""
        # Without a hyphen, or a part of it could be taken for an id.
        token = "AAEAA" + secrets.token_hex(TOKEN_BYTES)
        self.tokens.append(token)
        return token

    def opens(self, token: str) -> bool:
        return not self.over and any(hmac.compare_digest(token.encode(), one.encode()) for one in self.tokens)

    @property
    def over(self) -> bool:
        return self.status == TERMINATED

    def shown(self) -> dict[str, t.Any]:
        """For tests: what became of it."""
        kept = ("id", "region", "target", "document", "status", "owner", "connections")
        return {**{name: getattr(self, name) for name in kept}, "counts": self.counts()}


class Sessions:
    """All sessions of the server, the ended ones included."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._all: dict[str, Session] = {}

    def add(self, session: Session) -> None:
        with self._lock:
            self._all[session.id] = session

    def get(self, identifier: str) -> Session | None:
        return self._all.get(identifier)

    def all(self) -> list[Session]:
        with self._lock:
            return list(self._all.values())

    def clear(self) -> None:
        with self._lock:
            self._all.clear()


current = Sessions()
