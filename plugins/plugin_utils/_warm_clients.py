# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Clients that the server makes while nobody waits, for forks to find; one costs a module 10 to 20 ms otherwise.

- The server makes what a fork made, from what that fork told when it ended, and the like for services that it knows.
- Only where the keys are given, in the environment or to the module: to get them from elsewhere can take a call, and
  the server makes none. For the same reason a client is made only if botocore asks nobody for its settings.
- A fork finds the clients of its own environment, all of it the same, and of configuration files that nobody has
  changed since; it drops all others, and with them whatever keys they hold, before its module runs.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

_MODULE = "ansible_collections.cloister.aws.plugins.module_utils._clients"
_KEYS = (
    ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
    ("aws_access_key_id", "aws_secret_access_key"),
)
_FILES = (("AWS_CONFIG_FILE", "~/.aws/config"), ("AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials"))
# A run that changes its environment with every task gains nothing; it must not grow the server either.
_MOST_ENVIRONMENTS = 4

Settings = tuple[Any, ...]


class ReadyClients:
    """Clients by the settings they were made with: `learn` and `make_next` in the server, the rest in its forks."""

    def __init__(self) -> None:
        self._made: dict[Settings, Any] = {}
        self._asked: deque[tuple[dict[str, str], Any]] = deque()
        self._seen: set[tuple[Any, ...]] = set()
        self._environ: dict[str, str] = {}
        self._module: Any = None

    def choose(self, environ: Mapping[str, str]) -> None:
        """In a fork: keep what was made for this environment, and nothing else."""
        self._environ = dict(environ)
        self._module = sys.modules.get(_MODULE)
        found = self._made.get(settings(environ))
        self._made.clear()
        self._asked.clear()
        self._seen.clear()
        if self._module and found:
            self._module.adopt(found)

    def lesson(self) -> dict[str, Any]:
        """In a fork that ends: what clients its module had to make, as plain data."""
        made = self._module.clients().made if self._module else []
        if not made:
            return {}
        asks = [[ask.connection.__dict__, ask.service, ask.attempts] for ask in made]
        return {"environ": self._environ, "asks": asks}

    def learn(self, lesson: Mapping[str, Any], services: list[str]) -> None:
        """Note what to make: what that fork made, and the same for these services."""
        module: Any = sys.modules.get(_MODULE)
        environ = dict(lesson.get("environ", {}))
        for said, service, attempts in lesson.get("asks", []) if module else []:
            connection = module.Connection(**said)
            if not keys_are_given(environ, connection):
                continue
            for wanted in (service, *services):
                ask = module.Ask(connection, wanted, attempts if wanted == service else module.ATTEMPTS)
                known = (settings(environ), str(ask))
                if known not in self._seen:
                    self._seen.add(known)
                    self._asked.append((environ, ask))

    def make_next(self) -> bool:
        """Make one client; say whether there was one to make."""
        if not self._asked:
            return False
        environ, ask = self._asked.popleft()
        mine = settings(environ)
        # Whatever is wrong, the module that asks will say so itself.
        with contextlib.suppress(Exception), _environment(environ):
            ready = self._made.pop(mine, None) or sys.modules[_MODULE].Clients()
            if not asks_somebody(ready.session(ask.connection)):
                ready.get(*ask)
            self._made[mine] = ready
        while len(self._made) > _MOST_ENVIRONMENTS:
            del self._made[next(iter(self._made))]
        return True


def settings(environ: Mapping[str, str]) -> Settings:
    """Return all that a client's settings can come from: the environment, and the state of botocore's files."""
    files = []
    for name, usual in _FILES:
        try:
            found = os.stat(os.path.expanduser(environ.get(name) or usual))
            files.append((found.st_ino, found.st_size, found.st_mtime_ns))
        except OSError:
            files.append((0, 0, 0))
    return (*sorted(environ.items()), *files)


def keys_are_given(environ: Mapping[str, str], connection: Any) -> bool:
    """Say whether botocore would use keys of the environment or of the module's arguments, and look no further."""
    return not connection.profile and any(
        all(place.get(name) for name in names)
        for place, names in zip((environ, connection.arguments), _KEYS, strict=True)
    )


def asks_somebody(session: Any) -> bool:
    """Say whether botocore would talk to somebody as it makes a client.

    `defaults_mode = auto` asks the machine for its region, `csm_enabled` opens a socket
    (`botocore.session.Session.create_client`).
    """
    said = session._session.get_config_variable
    return said("defaults_mode") == "auto" or bool(said("csm_enabled"))


@contextlib.contextmanager
def _environment(environ: Mapping[str, str]) -> Iterator[None]:
    """Have another environment for a while; the server has one thread, which reads its own at its start only."""
    mine = dict(os.environ)
    try:
        os.environ.clear()
        os.environ.update(environ)
        yield
    finally:
        os.environ.clear()
        os.environ.update(mine)
