# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who brings machines to instances: what is made, stopped and taken away when instances come, change and go."""

from __future__ import annotations

import io
import tarfile
import threading
import typing as t

import pytest

from lab.embedded_aws.client import NotRunningError
from lab.nodes import background, follow, gpus, machine_image, node
from lab.nodes.docker import DockerError
from lab.nodes.places import Place

FIRST, SECOND = "i-00000000000000001", "i-00000000000000002"


class Aws:
    """An embedded AWS with instances that a test names, and what it was told."""

    def __init__(self) -> None:
        self.there: dict[str, dict[str, t.Any]] = {}
        self.attached: dict[str, str] = {}
        self.awaited: list[str | None] = []
        self.gone = False
        self.unawaited: set[str] = set()

    def put(self, identifier: str, state: str = "running", **tags: str) -> None:
        tags = tags or {"role": "proxy"}
        self.there[identifier] = {
            "id": identifier, "state": state, "vpc": "vpc-1", "vpc_cidr": "10.1.0.0/16", "address": "10.1.0.9",
            "image": "ami-1", "gpus": 0,
            "tags": {f"cloister:{key}": value for key, value in tags.items()},
        }  # fmt: skip

    def instances(self) -> list[dict[str, t.Any]]:
        if self.gone:
            raise NotRunningError("gone")
        return list(self.there.values())

    def attach(self, instance: str, container: str) -> None:
        self.attached[instance] = container

    def detach(self, instance: str) -> None:
        self.attached.pop(instance, None)

    def authority(self) -> str:
        return "PEM"

    def await_machines(self, tag: str | None, but: t.Collection[str] = ()) -> None:
        if self.gone:
            raise NotRunningError("gone")
        self.awaited.append(tag)
        self.unawaited = set(but)


class Docker:
    """Containers that are there, and what was done."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.made: list[node.Wanted] = []
        self.there: dict[str, str] = {}
        self.own, self.refusal = True, ""
        self.settled: list[str] = []
        self.put: dict[str, bytes] = {}
        self.gpus: dict[str, int] = {}
        monkeypatch.setattr(Place, "settle", lambda _, container: self.settled.append(container))
        monkeypatch.setattr(gpus, "put", lambda name, _, count: self.gpus.update({name: count}))
        monkeypatch.setattr(node, "up", self.up)
        monkeypatch.setattr(node, "down", lambda name: self.there.pop(name, None))
        monkeypatch.setattr(node, "await_boot", lambda name: None)
        monkeypatch.setattr(follow, "inspect", lambda _, name: {} if name in self.there else None)
        monkeypatch.setattr(follow, "docker", self.docker)

    def of(self, one: dict[str, t.Any]) -> Place:
        return Place("cloister-vpc-1", one["vpc_cidr"], self.own, "10.1.0.3", "1.dkr.ecr.us-west-2.amazonaws.com")

    def up(self, wanted: node.Wanted) -> None:
        if self.refusal:
            raise DockerError(self.refusal)
        self.made.append(wanted)
        self.there[wanted.name] = "running"

    def docker(self, verb: str, name: str, *more: str, stdin: bytes = b"") -> str:
        if verb == "cp":
            self.put[more[0]] = stdin
        else:
            self.there[name] = {"stop": "stopped", "start": "running"}[verb]
        return ""


@pytest.fixture
def region() -> Aws:
    return Aws()


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> Docker:
    return Docker(monkeypatch)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def follower(region: Aws, docker: Docker, said: list[str]) -> follow.Follower:
    return follow.Follower(t.cast("t.Any", region), "7.100", t.cast("t.Any", docker), most=2, tell=said.append)


def test_an_instance_with_a_role_gets_a_machine_at_its_address(
    region: Aws, docker: Docker, follower: follow.Follower
) -> None:
    region.put(FIRST)
    region.put(SECOND, part="gpu")
    follower.look()
    follower.look()
    (made,) = docker.made
    assert (made.name, made.address, made.network) == (f"cloister-{FIRST}", "10.1.0.9", "cloister-vpc-1")
    assert made.labels == ("cloister.lab.server=7.100",)
    assert made.more == ("--add-host=registry:10.1.0.3", "--add-host=1.dkr.ecr.us-west-2.amazonaws.com:10.1.0.3")
    assert made.image == machine_image.IMAGE
    assert docker.settled == [made.name]
    assert region.attached == {FIRST: f"cloister-{FIRST}"}


def test_its_docker_believes_the_registry_that_stands_for_ecr(
    region: Aws, docker: Docker, follower: follow.Follower
) -> None:
    region.put(FIRST)
    follower.look()
    with tarfile.open(fileobj=io.BytesIO(docker.put[f"cloister-{FIRST}:/"])) as archive:
        (member,) = archive.getmembers()
        assert member.name == "etc/docker/certs.d/1.dkr.ecr.us-west-2.amazonaws.com/ca.crt"
        assert t.cast("t.IO[bytes]", archive.extractfile(member)).read() == b"PEM"


def test_a_type_with_gpus_has_as_many_for_show(region: Aws, docker: Docker, follower: follow.Follower) -> None:
    region.put(FIRST)
    region.put(SECOND)
    region.there[SECOND]["gpus"] = 4
    follower.look()
    assert docker.gpus == {f"cloister-{SECOND}": 4}


def test_where_the_addresses_are_taken_it_gets_another_and_that_is_said(
    region: Aws, docker: Docker, follower: follow.Follower, said: list[str]
) -> None:
    docker.own = False
    region.put(FIRST)
    follower.look()
    assert docker.made[0].address == ""
    assert said == [f"{FIRST} (proxy) has a machine at an address of docker's: container cloister-{FIRST}"]


def test_nothing_is_made_before_an_instance_runs(region: Aws, docker: Docker, follower: follow.Follower) -> None:
    region.put(FIRST, "pending")
    region.put(SECOND, "stopped")
    follower.look()
    assert docker.made == []


def test_a_machine_stops_and_starts_with_its_instance(region: Aws, docker: Docker, follower: follow.Follower) -> None:
    region.put(FIRST)
    follower.look()
    region.put(FIRST, "stopped")
    follower.look()
    assert (docker.there, region.attached) == ({f"cloister-{FIRST}": "stopped"}, {})
    region.put(FIRST)
    follower.look()
    assert docker.there == {f"cloister-{FIRST}": "running"}
    assert (list(region.attached), len(docker.made)) == ([FIRST], 1)
    # What it is told of its network is gone when it stops.
    assert docker.settled == [f"cloister-{FIRST}"] * 2


def test_a_machine_goes_with_its_instance_and_another_comes_for_the_next(
    region: Aws, docker: Docker, follower: follow.Follower
) -> None:
    region.put(FIRST)
    follower.look()
    del region.there[FIRST]
    region.put(SECOND)
    follower.look()
    assert list(docker.there) == [f"cloister-{SECOND}"]
    assert list(region.attached) == [SECOND]


def test_there_are_no_more_machines_than_wanted_and_the_rest_is_told_once(
    region: Aws, docker: Docker, follower: follow.Follower, said: list[str]
) -> None:
    follower.most = 1
    region.put(FIRST)
    follower.look()
    region.put(SECOND)
    follower.look()
    follower.look()
    assert list(docker.there) == [f"cloister-{FIRST}"]
    assert said[1:] == [f"{SECOND} gets no machine: 1 run already"]


def test_what_docker_refuses_is_told_once_and_is_no_machine(
    region: Aws, docker: Docker, follower: follow.Follower, said: list[str]
) -> None:
    docker.refusal = "no space left"
    region.put(FIRST)
    follower.look()
    follower.look()
    assert region.unawaited == {FIRST}
    assert (said, region.attached) == ([f"{FIRST} gets no machine: no space left"], {})


def test_machines_are_awaited_until_nobody_brings_any(region: Aws, follower: follow.Follower) -> None:
    follower.begin()
    follower.end()
    assert region.awaited == [follow.ROLE, None]
    region.gone = True
    follower.end()


class Part:
    """Looks as often as it is let, and breaks as it is told."""

    def __init__(self, *breaks: Exception) -> None:
        self.looks, self.breaks = 0, list(breaks)

    def look(self) -> None:
        self.looks += 1
        if self.breaks:
            raise self.breaks.pop(0)


def test_each_looks_on_its_own_until_the_server_is_gone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(background, "LOOK_SECONDS", 0.001)
    refused = [DockerError("no space left")] * 3
    broken, whole = Part(*refused, KeyError("address"), NotRunningError("gone")), Part()
    background.together(whole, broken)
    assert (broken.looks, whole.looks > 0) == (5, True)
    said = capsys.readouterr().out.splitlines()
    assert [line.partition(" ")[2] for line in said] == [
        "Part: DockerError no space left",
        "Part: KeyError 'address'",
        "the embedded AWS is gone, and so is all that stood for it",
    ]


def test_somebody_who_ends_it_waits_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "LOOK_SECONDS", 0.001)
    part = Part()

    def ended(_: float) -> None:
        raise SystemExit

    monkeypatch.setattr(background, "_rest", ended)
    with pytest.raises(SystemExit):
        background.together(part)
    seen = part.looks
    assert not [one for one in threading.enumerate() if one.name == "Part"]
    assert part.looks == seen


@pytest.mark.parametrize(("server", "alive"), [("1.0", False), ("999999999.5", False), ("of-somebody", True)])
def test_what_a_dead_server_left_is_known_by_its_mark(server: str, alive: bool) -> None:
    assert background._alive(server) is alive
