# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The targets of a load balancer: registered, let in, healthy.

https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html#client-ip-preservation
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.cloister.aws.plugins.module_utils._owner import tag_dict
from ansible_collections.cloister.aws.plugins.module_utils.reachability import admission
from ansible_collections.cloister.aws.plugins.module_utils.reachability.endpoints import Place
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import Region, Thing, network
from ansible_collections.cloister.aws.plugins.module_utils.reachability.vantage import vantage_of
from ansible_collections.cloister.aws.plugins.module_utils.reachability.verdict import Step, broken, passed
from ansible_collections.cloister.aws.plugins.module_utils.reachability.way import Left, leave


def judge(region: Region, left: Left, balancer: Thing, arn: str, protocol: str) -> list[Step]:
    """Return what stands between a load balancer and the targets of one target group."""
    group, who = region.get("target_groups", arn) or {}, region.called("target_groups", arn)
    registered = list(group.get("Targets") or ())
    if not registered:
        fix = "name the target group in target_groups of a service or pool, and see why that has nothing running"
        return [broken("no-targets", f"nothing is registered in {who}", fix, arn)]
    steps = [passed("target", f"{who} has {len(registered)} targets", arn)]
    steps += _paths(region, left, balancer, group, registered, protocol)
    return [*steps, _health(who, arn, registered)]


def _paths(
    region: Region, left: Left, balancer: Thing, group: Thing, registered: t.Sequence[Thing], protocol: str
) -> list[Step]:
    """From every interface of the balancer to every target: the first that is broken, or one that says all are open."""
    pairs = [
        (interface, place, port)
        for interface in region.interfaces_of(balancer)
        for place, port in _places(region, group, registered, str(interface.get("VpcId")))
    ]
    for interface, place, port in pairs:
        trouble = _between(region, left, balancer, group, interface, place, port, protocol)
        if trouble is not None:
            said = f"from {region.called('load_balancers', balancer.get('LoadBalancerArn'))} to {place.said}:"
            return [broken("target-not-reached", f"{said} {trouble.said}", trouble.fix, *trouble.evidence)]
    return (
        [passed("target", f"the load balancer reaches {len({place for _, place, _ in pairs})} targets")]
        if pairs
        else []
    )


def _between(
    region: Region,
    left: Left,
    balancer: Thing,
    group: Thing,
    interface: Thing,
    place: Place,
    port: int,
    protocol: str,
) -> Step | None:
    """Why a target is not reached from one interface of the balancer."""
    source = replace(vantage_of(interface), balancer=True, filtered=bool(interface.get("Groups")))
    inner = leave(region, source, place, port, protocol)
    if preserves_client(balancer, group):
        inner = replace(inner, seen_as=left.seen_as)
    steps = list(inner.steps)
    if place.interface is not None:
        steps += admission.admit(region, inner, place.interface, place.said, port, protocol)
    return next((step for step in steps if not step.ok), None)


def preserves_client(balancer: Thing, group: Thing) -> bool:
    """Return whether targets see the client's own address."""
    if balancer.get("Type") != "network":
        return False
    said = tag_dict(group.get("Attributes")).get("preserve_client_ip.enabled")
    if said is not None:
        return str(said).lower() == "true"
    return group.get("TargetType") == "instance" or group.get("Protocol") in ("UDP", "TCP_UDP")


def _places(region: Region, group: Thing, registered: t.Sequence[Thing], vpc_id: str) -> t.Iterator[tuple[Place, int]]:
    """Address and port of every target that has an address."""
    for one in registered:
        target = one.get("Target") or {}
        identifier, port = str(target.get("Id") or ""), int(target.get("Port") or group.get("Port") or 0)
        if identifier.startswith("arn:"):
            balancer = region.get("load_balancers", identifier)
            interfaces = region.interfaces_of(balancer) if balancer else []
        elif identifier.startswith("i-"):
            interfaces = [
                found
                for found in region.all("network_interfaces")
                if (found.get("Attachment") or {}).get("InstanceId") == identifier
                and (found.get("Attachment") or {}).get("DeviceIndex", 0) == 0
            ]
        else:
            address = network(identifier)
            if address is not None:
                yield Place(address, region.interface_at(identifier, vpc_id), f"target {identifier}:{port}"), port
            continue
        for interface in interfaces:
            address = network(interface.get("PrivateIpAddress"))
            if address is not None:
                yield Place(address, interface, f"target {identifier.rpartition('/')[2]}:{port}"), port


def _health(who: str, arn: str, registered: t.Sequence[Thing]) -> Step:
    states = [(one.get("TargetHealth") or {}) for one in registered]
    healthy = [one for one in states if one.get("State") == "healthy"]
    if healthy:
        return passed("target", f"{len(healthy)} of {len(states)} targets of {who} are healthy", arn)
    reasons = dict.fromkeys(
        f"{one.get('State', 'unknown')} ({one.get('Description') or one.get('Reason') or 'it says no more'})"
        for one in states
    )
    fix = "see that it answers its health check: path, port and matcher in health_check of the target group"
    return broken("targets-unhealthy", f"no target of {who} is healthy: {', '.join(reasons)}", fix, arn)
