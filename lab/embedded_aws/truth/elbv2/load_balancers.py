# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Load balancers: made, listed, addressed, deleted.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.limits import current as limits
from lab.embedded_aws.truth.ec2.base import after
from lab.embedded_aws.truth.elbv2 import views
from lab.embedded_aws.truth.elbv2.base import (
    Backend,
    Params,
    Response,
    action,
    answer,
    arn,
    at_most,
    done,
    hexadecimal,
    invalid,
    not_modelled,
    one_of,
    paged,
    params,
    refuse,
)
from lab.embedded_aws.truth.elbv2.finding import load_balancer
from lab.embedded_aws.truth.elbv2.load_balancer_attributes import defaults
from lab.embedded_aws.truth.elbv2.naming import check_name, dns_name, hosted_zone
from lab.embedded_aws.truth.elbv2.placing import place, withdraw
from lab.embedded_aws.truth.elbv2.security_groups import read_groups
from lab.embedded_aws.truth.elbv2.state import APPLICATION, NETWORK, LoadBalancer
from lab.embedded_aws.truth.elbv2.subnets import check_addressing, check_room, read_zones
from lab.embedded_aws.truth.elbv2.tags import read_tags
from lab.embedded_aws.truth.elbv2.targets import load_balancer_target

SCHEMES = ("internet-facing", "internal")
ADDRESS_TYPES = ("ipv4", "dualstack", "dualstack-without-public-ipv4")
SHORT = {APPLICATION: "app", NETWORK: "net"}


@action
def create_load_balancer(response: Response) -> t.Any:
    backend, given = response.elbv2_backend, params(response)
    check_name(given["Name"], "Load balancer")
    one_of(given, "Type", (*SHORT, "gateway"))
    one_of(given, "Scheme", SCHEMES)
    one_of(given, "IpAddressType", ADDRESS_TYPES)
    for key in ("CustomerOwnedIpv4Pool", "IpamPools"):
        if given.get(key):
            not_modelled(key)
    if given.get("Type") == "gateway" or given.get("EnablePrefixForIpv6SourceNat") == "on":
        not_modelled("gateway load balancers and IPv6 source NAT")
    wanted = _read(backend, given)
    existing = next((one for one in backend.load_balancers.values() if one.name == wanted.name), None)
    if existing is not None:
        if _settings(existing) != _settings(wanted):
            refuse(
                "DuplicateLoadBalancerName",
                f"A load balancer with the same name '{wanted.name}' exists, but with different settings",
            )
        return answer(LoadBalancers=[views.load_balancer(existing)])
    _begin(backend, wanted)
    return answer(LoadBalancers=[{**views.load_balancer(wanted), "State": {"Code": "provisioning"}}])


def _read(backend: Backend, given: Params) -> LoadBalancer:
    """The load balancer that a request asks for, before it stands anywhere."""
    kind, scheme = given.get("Type") or APPLICATION, given.get("Scheme") or "internet-facing"
    ec2, name, identifier = backend.ec2_backend, given["Name"], hexadecimal()
    zones = read_zones(ec2, given, kind, scheme)
    vpc_id = next(one.vpc_id for one in _subnets(ec2) if one.id == zones[0].subnet_id)
    addressing = given.get("IpAddressType") or "ipv4"
    check_addressing(ec2, zones, addressing, kind, scheme)
    return LoadBalancer(
        name=name, arn=arn(backend, f"loadbalancer/{SHORT[kind]}/{name}/{identifier}"), type=kind, scheme=scheme,
        vpc_id=vpc_id, dns_name=dns_name(name, identifier, backend.region_name, kind, scheme),
        canonical_hosted_zone_id=hosted_zone(backend.region_name, kind), ip_address_type=addressing,
        security_groups=read_groups(ec2, given, kind, vpc_id), zones=zones, attributes=defaults(kind, scheme),
        tags=read_tags(given),
    )  # fmt: skip


def _subnets(ec2: t.Any) -> list[t.Any]:
    return [subnet for zone in ec2.subnets.values() for subnet in zone.values()]


def _settings(balancer: LoadBalancer) -> tuple[t.Any, ...]:
    """What makes a repeated request the same one."""
    places = {(zone.subnet_id, zone.allocation_id, zone.asked_address) for zone in balancer.zones}
    groups = frozenset(balancer.security_groups)
    return balancer.type, balancer.scheme, balancer.ip_address_type, frozenset(places), groups, balancer.tags


def _begin(backend: Backend, balancer: LoadBalancer) -> None:
    ec2 = backend.ec2_backend
    check_room(ec2, balancer.zones, balancer.type, balancer.scheme)
    limits.check(
        "load_balancers",
        len(backend.load_balancers),
        "TooManyLoadBalancers",
        "The maximum number of load balancers has been reached",
        "elbv2",
    )
    for zone in balancer.zones:
        place(ec2, balancer, zone)
    backend.load_balancers[balancer.arn] = balancer

    def ready() -> None:
        balancer.state = "active"

    after(backend, "load_balancer", ready)


@action
def describe_load_balancers(response: Response) -> t.Any:
    backend, given = response.elbv2_backend, params(response)
    arns, names = given.get("LoadBalancerArns") or [], given.get("Names") or []
    if arns and names:
        invalid("Load balancer names and load balancer ARNs cannot be specified at the same time")
    at_most(given, "LoadBalancerArns", 20, "load balancer ARNs")
    at_most(given, "Names", 20, "load balancer names")
    found = list(backend.load_balancers.values())
    if names:
        missing = [one for one in names if one not in {balancer.name for balancer in found}]
        if missing:
            refuse("LoadBalancerNotFound", f"Load balancers '[{', '.join(missing)}]' not found")
        found = [balancer for balancer in found if balancer.name in names]
    if arns:
        found = [load_balancer(backend, one) for one in dict.fromkeys(arns)]
    return paged(given, "LoadBalancers", found, views.load_balancer)


@action
def set_ip_address_type(response: Response) -> t.Any:
    backend, given = response.elbv2_backend, params(response)
    balancer, wanted = load_balancer(backend, given["LoadBalancerArn"]), given["IpAddressType"]
    one_of(given, "IpAddressType", ADDRESS_TYPES)
    check_addressing(backend.ec2_backend, balancer.zones, wanted, balancer.type, balancer.scheme)
    balancer.ip_address_type = wanted
    return answer(IpAddressType=wanted)


@action
def delete_load_balancer(response: Response) -> t.Any:
    backend, wanted = response.elbv2_backend, params(response)["LoadBalancerArn"]
    balancer = backend.load_balancers.get(wanted)
    if balancer is None:
        # AWS lets a repeated request succeed.
        return done()
    if balancer.attributes["deletion_protection.enabled"] == "true":
        refuse(
            "OperationNotPermitted",
            f"Load balancer '{wanted}' cannot be deleted because deletion protection is enabled",
        )
    if _serves_endpoints(backend, wanted) or load_balancer_target(backend, wanted):
        refuse(
            "ResourceInUse",
            f"Load balancer '{wanted}' cannot be deleted because it is currently associated with another service",
        )
    for zone in balancer.zones:
        withdraw(backend.ec2_backend, zone)
    del backend.load_balancers[wanted]
    return done()


def _serves_endpoints(backend: Backend, wanted: str) -> bool:
    """Whether an endpoint service of EC2 leads to it."""
    services = getattr(backend.ec2_backend, "configurations", {})
    return any(wanted in (one.network_load_balancer_arns or []) for one in services.values())
