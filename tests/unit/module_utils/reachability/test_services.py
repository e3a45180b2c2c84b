"""Whether a task reaches what it needs before it starts: the endpoints of system 2, their gaps and their groups."""

from __future__ import annotations

import typing as t
from dataclasses import replace

import pytest
from ansible_collections.cloister.aws.plugins.module_utils.reachability.services import (
    blocked_start,
    reach_service,
    start_needs,
)

from tests.unit.module_utils.reachability.building import ACCOUNT, GUARD, OPEN, REGION, Building, entry, rule, us

IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/us/guard:prod-20260701-0930"
NEEDS = ["secretsmanager", "ssm", "ecr.api", "ecr.dkr", "s3", "logs"]
Break = t.Callable[[Building], t.Any]


def nat(made: Building) -> None:
    """A way out for the subnet of guard, and a group that lets it use it."""
    made.nat("main", "public-a", "203.0.113.5")
    made.route("private-a", "nat-main", "0.0.0.0/0")
    made.get("security_groups", "sg-guard")["IpPermissionsEgress"].append(OPEN)


def nat_acl(made: Building) -> t.Any:
    """Entries of the ACL of the NAT gateway's subnet."""
    return made.get("network_acls", "acl-public-a")["Entries"]


def without(made: Building, *services: str) -> None:
    for service in services:
        made.drop("vpc_endpoints", f"vpce-{service.replace('.', '-')}")
        if service == "s3":
            for subnet in ("private-a", "private-b"):
                made.get("route_tables", f"rtb-{subnet}")["Routes"].pop()


def change(made: Building, service: str, **said: t.Any) -> None:
    made.get("vpc_endpoints", f"vpce-{service.replace('.', '-')}").update(said)


def test_2_05_a_task_needs_more_than_three_endpoints() -> None:
    assert start_needs([IMAGE], logs=True) == ["ecr.api", "ecr.dkr", "s3", "logs"]
    assert start_needs([IMAGE], logs=True, secrets=True, parameters=True) == NEEDS


@pytest.mark.parametrize(
    ("image", "needs"),
    [
        (IMAGE, ["ecr.api", "ecr.dkr", "s3"]),
        (IMAGE.replace(":prod-20260701-0930", "@sha256:" + "0" * 64), ["ecr.api", "ecr.dkr", "s3"]),
        ("nginx", ["registry:registry-1.docker.io"]),
        ("library/nginx:1.29", ["registry:registry-1.docker.io"]),
        ("public.ecr.aws/docker/library/nginx:1.29", ["registry:public.ecr.aws"]),
        ("registry.example.com:5000/web", ["registry:registry.example.com"]),
    ],
)
def test_an_image_needs_its_registry(image: str, needs: list[str]) -> None:
    assert start_needs([image]) == needs


def test_a_private_task_starts_with_endpoints_alone() -> None:
    assert blocked_start(us().snapshot, GUARD, NEEDS) == []


def test_a_private_task_starts_with_nat_alone() -> None:
    made = us()
    without(made, *NEEDS)
    nat(made)
    assert blocked_start(made.snapshot, GUARD, NEEDS) == []


BROKEN: dict[str, tuple[str, str, Break]] = {
    "2.03 there is no endpoint for the registry": (
        "ecr.api", "no-endpoint-and-no-nat", lambda us: without(us, "ecr.api")),
    "2.05 there is no gateway endpoint for image layers": ("s3", "s3-gateway-missing", lambda us: without(us, "s3")),
    "the gateway endpoint is not in the subnet's table": (
        "s3", "gateway-endpoint-not-routed", lambda us: us.get("route_tables", "rtb-private-a")["Routes"].pop()),
    "2.06 the resolver is off": (
        "secretsmanager", "dns-support-off", lambda us: us.get("vpcs", "vpc-main").update(EnableDnsSupport=False)),
    "2.06 host names are off": (
        "secretsmanager", "dns-hostnames-off", lambda us: us.get("vpcs", "vpc-main").update(EnableDnsHostnames=False)),
    "2.07 the endpoints' group is closed": (
        "secretsmanager", "endpoint-group-closed",
        lambda us: us.get("security_groups", "sg-endpoints")["IpPermissions"].clear()),
    "2.07 the endpoints' group lets another range in": (
        "secretsmanager", "endpoint-group-closed",
        lambda us: us.get("security_groups", "sg-endpoints").update(IpPermissions=[rule(443, "10.0.32.0/20")])),
    "2.07 the endpoints' group lets another port in": (
        "secretsmanager", "endpoint-group-closed",
        lambda us: us.get("security_groups", "sg-endpoints").update(IpPermissions=[rule(80, "10.0.0.0/16")])),
    "an endpoint's private name is off": (
        "logs", "endpoint-private-dns-off", lambda us: change(us, "logs", PrivateDnsEnabled=False)),
    "an endpoint is still being made": (
        "logs", "endpoint-not-available", lambda us: change(us, "logs", State="pending")),
    "the task's group lets nothing out to endpoints": (
        "secretsmanager", "egress-closed",
        lambda us: us.get("security_groups", "sg-guard")["IpPermissionsEgress"].pop(1)),
    "the task's group lets nothing out to S3": (
        "s3", "egress-closed", lambda us: us.get("security_groups", "sg-guard")["IpPermissionsEgress"].pop(2)),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_the_first_service_that_is_not_reached_is_named(case: str) -> None:
    service, cause, damage = BROKEN[case]
    made = us()
    damage(made)
    found = blocked_start(made.snapshot, GUARD, NEEDS)
    assert found[0].cause == cause, found[0].told()
    assert reach_service(made.snapshot, GUARD, service).cause == cause
    assert found[0].fix


def test_2_03_the_verdict_names_the_service_the_vpc_and_the_variable() -> None:
    made = us()
    without(made, "ecr.api")
    found = reach_service(made.snapshot, GUARD, "ecr.api")
    assert "main (vpc-main) has no interface endpoint for ecr.api" in found.said
    assert "endpoints_services" in found.fix


def test_a_public_subnet_does_not_help_a_task_without_a_public_address() -> None:
    made = us()
    without(made, "ecr.api")
    made.get("security_groups", "sg-guard")["IpPermissionsEgress"].append(OPEN)
    task = replace(GUARD, subnet_id="subnet-public-a", private_ip="10.0.1.30")
    assert reach_service(made.snapshot, task, "ecr.api").cause == "no-public-ip"
    task = replace(task, public_ip="203.0.113.77")
    assert reach_service(made.snapshot, task, "ecr.api").reached
    made.get("internet_gateways", "igw-main")["Attachments"].clear()
    assert reach_service(made.snapshot, task, "ecr.api").cause == "gateway-detached"


@pytest.mark.parametrize(
    ("cause", "damage"),
    [
        ("nat-not-available", lambda us: us.get("nat_gateways", "nat-main").update(State="failed")),
        ("nat-without-way-out", lambda us: us.get("route_tables", "rtb-public-a")["Routes"].pop()),
        ("nat-without-way-out", lambda us: us.get("nat_gateways", "nat-main").update(ConnectivityType="private")),
        ("acl-closed-in", lambda us: nat_acl(us).insert(0, entry(50, "deny", (443, 443), "10.0.16.0/20"))),
        ("acl-closed-in", lambda us: nat_acl(us).insert(0, entry(50, "deny", cidr="10.0.16.0/20", Egress=True))),
        ("acl-closed-out", lambda us: nat_acl(us).insert(0, entry(50, "deny", (443, 443), Egress=True))),
        ("acl-closed-out", lambda us: nat_acl(us).__setitem__(0, entry(100, "allow", cidr="10.0.0.0/16"))),
        ("blackhole", lambda us: us.get("route_tables", "rtb-private-a")["Routes"][-1].update(State="blackhole")),
    ],
)
def test_a_way_out_that_leads_nowhere_is_named(cause: str, damage: Break) -> None:
    made = us()
    without(made, "ecr.api")
    nat(made)
    damage(made)
    assert reach_service(made.snapshot, GUARD, "ecr.api").cause == cause


def test_a_place_that_is_not_there_yet_is_judged_by_its_subnet() -> None:
    assert blocked_start(us().snapshot, replace(GUARD, private_ip=None), NEEDS) == []


def test_a_registry_outside_of_aws_needs_a_way_out() -> None:
    made = us()
    assert reach_service(made.snapshot, GUARD, "registry:public.ecr.aws").cause == "no-route"
    nat(made)
    assert reach_service(made.snapshot, GUARD, "registry:public.ecr.aws").reached
