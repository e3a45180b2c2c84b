# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""With Docker: packets flow through load balancers, names and security groups as the embedded AWS has them."""

from __future__ import annotations

import json
import os
import signal
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from lab.embedded_aws.client import EmbeddedAws
from tests.integration.plane.region import PARTNER, STRANGER, PlaneRegion
from tests.with_docker import need_docker

NAME = "http://partner.infer.example.com"
INNER = "models.infer.example.internal"


@pytest.fixture(scope="module")
def region() -> t.Iterator[PlaneRegion]:
    need_docker("the data plane")
    made = PlaneRegion(EmbeddedAws.start(), f"test.{os.getpid()}")
    try:
        made.build()
        made.begin()
        with ThreadPoolExecutor() as hands:
            list(hands.map(made.start_machine, ("a", "b")))
        groups = ("plain", "proxied", "http")
        made.until(lambda: {one["State"] for name in groups for one in made.health(name).values()} == {"healthy"})
        made.until(lambda: set(made.answering(f"{NAME}/")) == {"a", "b"})
        yield made
    finally:
        made.end()


def test_a_client_reaches_the_machines_and_is_seen_with_its_own_address(region: PlaneRegion) -> None:
    assert set(region.answering(f"{NAME}/")) == {"a", "b"}, "one without a machine behind it gets nothing"
    assert region.asked(f"{NAME}/")["peer"] == PARTNER


def test_whom_no_group_lets_in_hears_nothing(region: PlaneRegion) -> None:
    hears = region.outside("getent", "ahostsv4", "partner.infer.example.com", address=STRANGER)
    assert hears.returncode == 0, "a client that works"
    done = region.outside("curl", "-sS", "--max-time", "3", f"{NAME}/", address=STRANGER)
    assert done.returncode == 28, "dropped, not refused"


def test_the_client_is_named_in_a_proxy_header_where_targets_want_one(region: PlaneRegion) -> None:
    ask = "import socket; print(socket.create_connection(('partner.infer.example.com', 81), 5).recv(999).decode())"
    seen = json.loads(region.outside("python3", "-c", ask).stdout)
    assert seen["told"] == PARTNER
    assert seen["peer"] != PARTNER


def test_an_application_load_balancer_ends_tls_and_goes_by_its_rules(region: PlaneRegion) -> None:
    def curl(*options: str) -> str:
        return region.inside("a", "curl", "-sS", "-w", "%{http_code} %{redirect_url}", *options).stdout.decode()

    answered, _ = json.JSONDecoder().raw_decode(curl(f"https://{INNER}/v1/models"))
    headers = {key.lower(): value for key, value in answered["headers"].items()}
    assert (headers["x-forwarded-for"], headers["x-forwarded-proto"]) == (region.address("a"), "https")
    assert curl("-k", f"https://{INNER}/", "-H", "Host: other.example.com") == "no such host404 "
    assert curl(f"http://{INNER}/x?y=1") == f"301 https://{INNER}:443/x?y=1"


def test_a_network_load_balancer_before_one_for_applications_keeps_the_client(region: PlaneRegion) -> None:
    there = f"{INNER}:443:{region.kept[0]['PublicIp']}"
    done = region.outside("curl", "-sS", "--max-time", "5", "--resolve", there, f"https://{INNER}/")
    assert done.returncode == 0, done.stderr.decode()
    headers = {key.lower(): value for key, value in json.loads(done.stdout)["headers"].items()}
    assert headers["x-forwarded-for"] == PARTNER


def test_a_private_zone_is_heard_in_its_vpc_and_only_while_both_attributes_are_on(region: PlaneRegion) -> None:
    def hears() -> bool:
        return region.inside("a", "getent", "hosts", INNER).returncode == 0

    assert hears()
    assert region.outside("getent", "hosts", INNER).returncode != 0
    with no_private_zones(region):
        region.until(lambda: not hears())
        assert region.inside("a", "getent", "hosts", "partner.infer.example.com").returncode == 0
    region.until(hears)


@contextmanager
def no_private_zones(region: PlaneRegion) -> t.Iterator[None]:
    region.ec2.modify_vpc_attribute(VpcId=region.vpc, EnableDnsHostnames={"Value": False})
    try:
        yield
    finally:
        region.ec2.modify_vpc_attribute(VpcId=region.vpc, EnableDnsHostnames={"Value": True})


def test_an_ill_machine_is_told_of_and_left_out_until_it_is_well(region: PlaneRegion) -> None:
    with ill(region, "a"):
        told = region.until(lambda: (one := region.health("plain")["a"])["State"] == "unhealthy" and one)
        assert (told["Reason"], told["Description"]) == (
            "Target.ResponseCodeMismatch",
            "Health checks failed with these codes: [503]",
        )
        assert set(region.answering(f"{NAME}/")) == {"b"}
        with ill(region, "b"):
            region.until(lambda: region.health("plain")["b"]["State"] == "unhealthy")
            assert set(region.answering(f"{NAME}/")) == {"a", "b"}, "when none is well all are asked"
    region.until(lambda: {region.health("plain")[one]["State"] for one in "ab"} == {"healthy"})


@contextmanager
def ill(region: PlaneRegion, machine: str) -> t.Iterator[None]:
    region.inside(machine, "touch", "/ill")
    try:
        yield
    finally:
        region.inside(machine, "rm", "/ill")


def test_a_stream_outlives_a_deregistration_and_a_new_listener(region: PlaneRegion) -> None:
    group, target = region.groups["plain"], {"Id": region.machines["b"]}
    region.elb.deregister_targets(TargetGroupArn=group, Targets=[target])
    region.until(lambda: set(region.answering(f"{NAME}/", 4)) == {"a"})
    region.elb.register_targets(TargetGroupArn=group, Targets=[target])
    assert region.health("plain")["b"]["State"] == "initial", "it is checked before it is healthy"
    region.until(lambda: region.health("plain")["b"]["State"] == "healthy")

    stream, watching = region.stream(f"{NAME}/stream"), region.watching(f"{NAME}/")
    region.elb.deregister_targets(TargetGroupArn=group, Targets=[{"Id": region.machines["a"]}])
    gone = time.time()
    region.listener_too(82)
    region.until(lambda: set(region.answering(f"{NAME}/")) == {"b"})
    os.killpg(watching.pid, signal.SIGTERM)
    answers = [line.partition(" ") for line in watching.communicate(timeout=10)[0].decode().splitlines()]
    by_a = [float(when) for when, _, told in answers if told and json.loads(told)["name"] == "a"]
    assert max(by_a) - gone > 1, "new connections come for two minutes after a deregistration, two seconds here"
    assert {told for _, _, told in answers[:-1] if not told} == set(), "nobody was turned away"
    said, _ = stream.communicate(timeout=30)
    assert said.decode().split() == [str(number) for number in range(80)]


def test_a_zone_without_a_healthy_target_refuses_and_route_53_leaves_it_out(region: PlaneRegion) -> None:
    region.listener_too(82)
    zone_a, zone_b = (one["PublicIp"] for one in region.kept)
    region.until(lambda: set(region.answering(f"http://{zone_b}:82/", 2)) == {"b"})
    refused = region.outside("curl", "-s", "--max-time", "3", f"http://{zone_a}:82/")
    assert refused.returncode == 7, "without cross-zone each address leads to its own zone"
    hears = ("getent", "ahostsv4", "alive.infer.example.com")
    region.until(lambda: {line.split()[0] for line in region.outside(*hears).stdout.decode().splitlines()} == {zone_b})
