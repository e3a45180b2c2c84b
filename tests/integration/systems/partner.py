"""System 3's region, looked at by its parts: its addresses, its load balancer, its proxies, and who reaches what."""

from __future__ import annotations

import typing as t
from datetime import UTC, datetime

from ansible_collections.cloister.aws.plugins.module_utils import _x509
from ansible_collections.cloister.aws.plugins.module_utils.reachability import names
from ansible_collections.cloister.aws.plugins.module_utils.reachability.flow import Internet
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import Region as Seen
from ansible_collections.cloister.aws.plugins.module_utils.reachability.vantage import Vantage, vantage_of

from tests.integration.systems.built import Built, Thing

PARTNER, STRANGER = Internet("203.0.113.70"), Internet("198.51.100.7")
NAME = "partner.app.example.com"
PARTS = ("edge-a", "edge-c")


def addresses(one: Built) -> dict[str, str]:
    """The public addresses of the Elastic IPs, by logical name."""
    found = one.described("describe_addresses", "Addresses")
    return {part: str(found[part]["PublicIp"]) for part in PARTS}


def balancer(one: Built, name: str = "edge") -> Thing:
    found = one.client("elbv2").describe_load_balancers(Names=[f"static-ip-{name}"])["LoadBalancers"]
    return t.cast("Thing", found[0])


def stands_at(one: Built) -> set[str]:
    """The allocation ids of the addresses that the load balancer stands at."""
    places = [place for zone in balancer(one)["AvailabilityZones"] for place in zone["LoadBalancerAddresses"]]
    return {str(place["AllocationId"]) for place in places}


def allocations(one: Built) -> set[str]:
    """The allocation ids of the addresses that partners list."""
    found = one.described("describe_addresses", "Addresses")
    return {str(found[part]["AllocationId"]) for part in PARTS}


def listeners(one: Built, name: str = "edge") -> dict[int, Thing]:
    arn = balancer(one, name)["LoadBalancerArn"]
    found = one.client("elbv2").describe_listeners(LoadBalancerArn=arn)["Listeners"]
    return {int(listener["Port"]): listener for listener in found}


def group(one: Built, name: str) -> Thing:
    return t.cast("Thing", one.client("elbv2").describe_target_groups(Names=[f"static-ip-{name}"])["TargetGroups"][0])


def attributes(one: Built, name: str) -> dict[str, str]:
    """The attributes of a target group."""
    arn = group(one, name)["TargetGroupArn"]
    said = one.client("elbv2").describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    return {item["Key"]: item["Value"] for item in said}


def targets(one: Built, name: str) -> dict[str, str]:
    """States of the targets of a group that do not drain, by id."""
    arn = group(one, name)["TargetGroupArn"]
    found = one.client("elbv2").describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    states = {said["Target"]["Id"]: said["TargetHealth"]["State"] for said in found}
    return {target: state for target, state in states.items() if state != "draining"}


def proxies(one: Built, pool: str = "proxy") -> dict[str, Thing]:
    """The machines of a pool that run, by id."""
    asked = {"tag:cloister:part": pool, "tag:cloister:region": "static-ip", "instance-state-name": "running"}
    filters = [{"Name": name, "Values": [value]} for name, value in asked.items()]
    found = one.ec2.describe_instances(Filters=filters)["Reservations"]
    return {machine["InstanceId"]: machine for reservation in found for machine in reservation["Instances"]}


def proxy(one: Built) -> Vantage:
    """Where requests of a proxy come from."""
    machine = next(iter(proxies(one).values()))
    faces = [face["NetworkInterfaceId"] for face in machine["NetworkInterfaces"]]
    return vantage_of(one.ec2.describe_network_interfaces(NetworkInterfaceIds=faces)["NetworkInterfaces"][0])


def certificate(one: Built) -> str:
    """The ARN of a certificate for the name, brought by hand."""
    now, key = datetime.now(UTC), _x509.new_key("EC_prime256v1")
    made = _x509.issue(key, _x509.root(key, "Office", 30, (), now), [NAME], 20, "EC_prime256v1", now)
    said = {"Certificate": made.certificate, "PrivateKey": made.private_key, "CertificateChain": made.chain}
    return str(one.client("acm").import_certificate(**said)["CertificateArn"])


def resolved(one: Built, name: str = NAME) -> set[str]:
    """What a name means to anybody on the internet."""
    answer = names.resolve(Seen(one.snapshot), None, name)
    return {str(place.address).partition("/")[0] for place in answer.places}
