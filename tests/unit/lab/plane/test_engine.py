# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""HAProxy is changed as it runs where that can be, and reloaded, with what it knows, where it cannot."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest

from lab.nodes.docker import DockerError
from lab.plane.container import Container
from lab.plane.engine import CONFIG, STATE, Engine

FRAME = "global\n    x\n\nbackend to:a\n    mode tcp\n    # servers\n"
ONE = {"to:a": {"s1": "10.0.0.1:80 check port 80"}}


class Haproxy(Engine):
    """One that notes what it is asked, and has the servers that it was given."""

    def __init__(self, folder: Path) -> None:
        super().__init__(Container("plane", folder, "172.17.0.2"))
        self.asked: list[str] = []
        self.open: set[str] = set()
        self.refusal = ""

    def _talk(self, name: str, command: str) -> str:
        self.asked.append(f"{name.partition('.')[0]}: {command}")
        if command == "reload":
            return "Success=1" if not self.refusal else f"Success=0\n{self.refusal}"
        if command.startswith("add server"):
            return self.refusal or "New server registered."
        if command.startswith("del server"):
            return "Server still has connections attached to it" if self.open else "Server deleted."
        return "state" if command == "show servers state" else ""

    def _start(self) -> None:
        self.asked.append("start")

    def said(self) -> list[str]:
        said, self.asked = self.asked, []
        return said


@pytest.fixture
def haproxy(tmp_path: Path) -> Haproxy:
    made = Haproxy(tmp_path)
    assert made.apply(FRAME, ONE) == ["to:a/s1"]
    assert made.said() == ["start"]
    return made


def config(haproxy: Haproxy) -> str:
    return (haproxy._container.folder / CONFIG).read_text()


def test_servers_are_in_the_configuration_in_their_places(haproxy: Haproxy) -> None:
    assert config(haproxy) == FRAME.replace("# servers", "server s1 10.0.0.1:80 check port 80")


def test_a_new_server_comes_and_an_old_one_goes_without_a_reload(haproxy: Haproxy) -> None:
    assert haproxy.apply(FRAME, {"to:a": {**ONE["to:a"], "s2": "10.0.0.2:80"}}) == ["to:a/s2"]
    assert haproxy.said() == ["admin: add server to:a/s2 10.0.0.2:80", "admin: enable server to:a/s2"]
    assert "server s2" in config(haproxy)
    assert haproxy.apply(FRAME, {"to:a": {"s2": "10.0.0.2:80"}}) == []
    assert haproxy.said()[-1] == "admin: del server to:a/s1"
    assert "server s1" not in config(haproxy)
    assert haproxy.apply(FRAME, {"to:a": {"s2": "10.0.0.2:80"}}) == []
    assert haproxy.said() == []


def test_a_new_server_is_checked_at_once(haproxy: Haproxy) -> None:
    haproxy.apply(FRAME, {"to:a": {**ONE["to:a"], "s2": "10.0.0.2:80 check port 80"}})
    assert haproxy.said()[-1] == "admin: enable health to:a/s2; enable server to:a/s2"


def test_a_server_with_connections_goes_the_next_time(haproxy: Haproxy) -> None:
    haproxy.open = {"s1"}
    haproxy.apply(FRAME, {})
    assert "server s1" in config(haproxy)
    haproxy.open = set()
    haproxy.apply(FRAME, {})
    assert "server s1" not in config(haproxy)


@pytest.mark.parametrize(
    ("frame", "servers"),
    [(FRAME + "# more\n", ONE), (FRAME, {"to:a": {"s1": "10.0.0.1:80 check port 81"}})],
    ids=["another listener", "another option of a server"],
)
def test_what_is_no_matter_of_servers_alone_is_a_reload_that_forgets_nothing(
    haproxy: Haproxy, frame: str, servers: t.Any
) -> None:
    assert haproxy.apply(frame, servers) == []
    assert haproxy.said() == ["admin: show servers state", "master: reload"]
    assert (haproxy._container.folder / STATE).read_text() == "state"


@pytest.mark.parametrize(
    ("frame", "servers", "expected"),
    [(FRAME + "#\n", ONE, "refused a configuration"), (FRAME, {"to:a": {**ONE["to:a"], "s2": "x"}}, "takes no server")],
)
def test_what_haproxy_refuses_is_told(haproxy: Haproxy, frame: str, servers: t.Any, expected: str) -> None:
    haproxy.refusal = "no such thing"
    with pytest.raises(DockerError, match=expected):
        haproxy.apply(frame, servers)
