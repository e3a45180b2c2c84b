# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Clients of botocore: made alike, one for a connection and service, and none twice in a process.

boto3 is imported with the first client: whoever only judges wishes, as the controller does, need not load it.
"""

from __future__ import annotations

import os
import threading
import typing as t
from dataclasses import dataclass, field

ATTEMPTS = 12
WORKERS = 8


@dataclass(frozen=True)
class Connection:
    """How AWS is reached: region, endpoint, and what ``boto3.client`` takes beside them."""

    region: str | None
    endpoint_url: str | None = None
    profile: str | None = None
    arguments: t.Mapping[str, t.Any] = field(default_factory=dict)

    def key(self) -> tuple[t.Any, ...]:
        """Return what tells two connections apart, the environment that botocore reads included."""
        said = tuple(sorted((k, str(v)) for k, v in self.arguments.items()))
        env = tuple(sorted((k, v) for k, v in os.environ.items() if k.startswith("AWS_")))
        return (self.region, self.endpoint_url, self.profile, said, env)


class Ask(t.NamedTuple):
    """What a client is made from."""

    connection: Connection
    service: str
    attempts: int


Reads = t.Mapping[tuple[str, str], t.Collection[str]]


class Clients:
    """Clients and their sessions, by what tells them apart. Safe to share between threads.

    ``reads`` names the members of services' shapes that are read of answers; the others are left out and times stay
    texts, as AWS sent them. botocore looks for each member that it knows in each element of a listing.
    """

    def __init__(self, reads: Reads | None = None) -> None:
        self._reads = reads or {}
        self._lock = threading.Lock()
        self._sessions: dict[tuple[t.Any, ...], t.Any] = {}
        self._clients: dict[tuple[t.Any, ...], t.Any] = {}
        self.made: list[Ask] = []

    def get(self, connection: Connection, service: str, attempts: int = ATTEMPTS) -> t.Any:
        """Return a client, made unless there is one. Raises what botocore raises, such as for a missing profile."""
        key = (*connection.key(), service, attempts)
        with self._lock:
            if key not in self._clients:
                self._clients[key] = _client(self.session(connection), connection, service, attempts)
                self.made.append(Ask(connection, service, attempts))
            return self._clients[key]

    def session(self, connection: Connection) -> t.Any:
        """Return the boto3 session of a connection; its clients share its keys. For one thread at a time."""
        key = connection.key()
        if key not in self._sessions:
            import boto3.session
            import botocore.session

            core = botocore.session.get_session()
            if self._reads:
                _read_less(core, self._reads)
            self._sessions[key] = boto3.session.Session(botocore_session=core, profile_name=connection.profile)
        return self._sessions[key]


def _read_less(core: t.Any, reads: Reads) -> None:
    # What the loader has read once it gives to every client of this session.
    loader = core.get_component("data_loader")
    for (service, shape), members in reads.items():
        known = loader.load_service_model(service, "service-2")["shapes"][shape]["members"]
        for name in known.keys() - set(members):
            del known[name]
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=str)


def _client(session: t.Any, connection: Connection, service: str, attempts: int) -> t.Any:
    from botocore.config import Config

    config = Config(
        retries={"mode": "standard", "total_max_attempts": attempts},
        connect_timeout=10,
        read_timeout=40,
        max_pool_connections=WORKERS * 2,
        user_agent_extra="cloister",
    )
    return session.client(
        service,
        region_name=connection.region,
        endpoint_url=connection.endpoint_url,
        config=config,
        **connection.arguments,
    )


_clients = Clients()


def clients() -> Clients:
    """Return the clients of this process."""
    return _clients


def adopt(ready: Clients) -> None:
    """Take over clients that were made before this process was forked, for what it will ask."""
    global _clients
    ready.made.clear()
    _clients = ready
