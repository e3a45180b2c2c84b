# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where machines and tasks are put, and what they are told of their network."""

from __future__ import annotations

import socket
import typing as t

import pytest

from lab.nodes import network, places, registry
from lab.nodes.places import Place, Places

ECR = "1.dkr.ecr.us-west-2.amazonaws.com"
TASK = {"vpc": "vpc-1", "vpc_cidr": "10.1.0.0/16", "account": "1", "region": "us-west-2"}


class Docker:
    """A registry that is in networks, and what was asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.told: list[bytes] = []
        self.networks: dict[str, dict[str, str]] = {}
        self.own = True
        monkeypatch.setattr(places, "docker", self.docker)
        monkeypatch.setattr(places, "inspect", lambda *_: {"NetworkSettings": {"Networks": self.networks}})
        monkeypatch.setattr(network, "ensure", lambda *_: self.own)
        monkeypatch.setattr(registry, "start", lambda name, labels: None)
        monkeypatch.setattr(registry, "answer_as", lambda *_: None)
        monkeypatch.setattr(places, "_mirrors", tuple)

    def docker(self, *words: str, stdin: bytes = b"") -> str:
        self.asked.append(words)
        self.told.append(stdin)
        if words[:2] == ("network", "connect"):
            address = next((one.partition("=")[2] for one in words if one.startswith("--ip=")), "172.20.0.2")
            self.networks[words[-2]] = {"IPAddress": address}
        return ""


class Aws:
    def issue(self, names: list[str]) -> dict[str, str]:
        return {"certificate": "", "chain": "", "private_key": names[0]}


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> Docker:
    return Docker(monkeypatch)


def test_a_vpcs_place_has_the_registry_at_an_address_that_nobody_else_can_have(docker: Docker) -> None:
    found = Places(t.cast("t.Any", Aws()), "7.100")
    place = found.of(TASK)
    assert place == found.of(TASK)
    assert place == Place("cloister-vpc-1", "10.1.0.0/16", True, "10.1.0.3", ECR)
    assert docker.asked == [
        ("network", "connect", "--ip=10.1.0.3", "--alias=registry", "cloister-vpc-1", "cloister-registry-7.100")
    ]
    assert place.hosts == ("--add-host=registry:10.1.0.3", f"--add-host={ECR}:10.1.0.3")


def test_where_docker_chose_the_addresses_it_chooses_the_registrys_too(docker: Docker) -> None:
    docker.own = False
    place = Places(t.cast("t.Any", Aws()), "7.100").of(TASK)
    assert (place.own, place.registry) == (False, "172.20.0.2")
    place.settle("machine")
    assert len(docker.asked) == 1


def test_a_machine_asks_its_vpcs_resolver_and_sends_abroad_through_the_plane(
    docker: Docker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "_mirrors", lambda: ("203.0.113.80",))
    Place("cloister-vpc-1", "10.1.0.0/16", True, "10.1.0.3", ECR).settle("machine")
    assert docker.asked[-1][-1] == "10.1.0.2"
    ways = docker.told[-1].decode().splitlines()
    assert "203.0.113.0/24 via 10.1.0.2" in ways
    # Packages come from this machine's own world, even where that has an address of the lab's internet.
    assert ways[-1] == "203.0.113.80/32 via 10.1.0.1"


def test_only_mirrors_within_the_labs_internet_are_gone_around(monkeypatch: pytest.MonkeyPatch) -> None:
    said = dict(zip(places.MIRRORS, ("203.0.113.80", "151.101.2.132"), strict=True))

    def found(host: str, *_: t.Any) -> list[t.Any]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (said[host], 80))]

    monkeypatch.setattr(socket, "getaddrinfo", found)
    places._mirrors.cache_clear()
    assert places._mirrors() == ("203.0.113.80",)
    places._mirrors.cache_clear()


@pytest.mark.parametrize(
    ("region", "host"), [("us-west-2", ECR), ("cn-north-1", "1.dkr.ecr.cn-north-1.amazonaws.com.cn")]
)
def test_ecrs_host_is_the_partitions_own(region: str, host: str) -> None:
    assert registry.ecr_host("1", region) == host
