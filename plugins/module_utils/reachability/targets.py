# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The targets of a load balancer: registered, let in, healthy.

https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html has whose address a
target sees, https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-security-groups.html that its
groups may name the load balancer's.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ansible_collections.cloister.aws.plugins.module_utils.reachability import admission
from ansible_collections.cloister.aws.plugins.module_utils.reachability.endpoints import Place
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import (
    Region,
    Thing,
    network,
    private_addresses,
    tags_of,
)
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


class _Probe(t.NamedTuple):
    """One target as one interface of the load balancer sees it; ``checks`` says that it is the health check's port."""

    interface: Thing
    place: Place
    port: int
    checks: bool


def _paths(
    region: Region, left: Left, balancer: Thing, group: Thing, registered: t.Sequence[Thing], protocol: str
) -> list[Step]:
    """From every interface of the balancer to every target: the first that is broken, or one that says all are open."""
    probes = [
        _Probe(interface, place, port, checks)
        for interface in region.interfaces_of(balancer)
        for place, port, checks in _places(region, group, registered, str(interface.get("VpcId")))
    ]
    keeps = preserves_client(balancer, group) and not left.over_private_link
    for probe in probes:
        trouble = _between(region, probe, left if keeps and not probe.checks else None, protocol)
        if trouble is not None:
            what = f"health check of {probe.place.said}" if probe.checks else probe.place.said
            said = f"from {region.called('load_balancers', balancer.get('LoadBalancerArn'))} to {what}: {trouble.said}"
            return [broken("target-not-reached", said, trouble.fix, *trouble.evidence)]
    count = len({probe.place.said for probe in probes})
    return [passed("target", f"the load balancer reaches {count} targets")] if probes else []


def _between(region: Region, probe: _Probe, client: Left | None, protocol: str) -> Step | None:
    """Why a target is not reached; ``client`` is whose address it sees when that is not the load balancer's.

    A target's groups may name those of the load balancer either way.
    """
    source = replace(vantage_of(probe.interface), balancer=True, filtered=bool(probe.interface.get("Groups")))
    transport = "tcp" if probe.checks else protocol
    inner = leave(region, source, probe.place, probe.port, transport)
    if client is not None:
        inner = replace(inner, seen_as=replace(inner.seen_as, address=client.seen_as.address))
    steps = list(inner.steps)
    if probe.place.interface is not None:
        where = probe.place.interface
        steps += admission.admit(region, inner, where, probe.place.said, probe.port, transport)
    return next((step for step in steps if not step.ok), None)


def preserves_client(balancer: Thing, group: Thing) -> bool:
    """Return whether targets see the client's own address."""
    if balancer.get("Type") != "network":
        return False
    said = tags_of({"Tags": group.get("Attributes")}).get("preserve_client_ip.enabled")
    if said is not None:
        return str(said).lower() == "true"
    return group.get("TargetType") == "instance" or group.get("Protocol") in ("UDP", "TCP_UDP")


def _places(
    region: Region, group: Thing, registered: t.Sequence[Thing], vpc_id: str
) -> t.Iterator[tuple[Place, int, bool]]:
    """Address and port of every target that has an address, and those of its health check where they differ."""
    for one in registered:
        if (one.get("TargetHealth") or {}).get("State") == "draining":
            continue
        target = one.get("Target") or {}
        identifier, port = str(target.get("Id") or ""), int(target.get("Port") or group.get("Port") or 0)
        said = str(group.get("HealthCheckPort") or "")
        ports = {port: False} | ({int(said): True} if said.isdigit() and int(said) != port else {})
        for address, interface in _addresses(region, identifier, vpc_id):
            name = identifier.rpartition("/")[2]
            for number, checks in ports.items():
                yield Place(network(address), interface, f"target {name}:{number}"), number, checks


def _addresses(region: Region, identifier: str, vpc_id: str) -> t.Iterator[tuple[str, Thing | None]]:
    """Where a target is: an address, an instance, or a load balancer."""
    interfaces: list[Thing] = []
    if identifier.startswith("arn:"):
        interfaces = region.interfaces_of(region.get("load_balancers", identifier) or {})
    elif identifier.startswith("i-"):
        interfaces = [one for one in region.all("network_interfaces") if _is_first_of(one, identifier)]
    elif network(identifier) is not None:
        yield identifier, region.interface_at(identifier, vpc_id)
    for interface in interfaces:
        yield from ((address, interface) for address in private_addresses(interface)[:1])


def _is_first_of(interface: Thing, instance: str) -> bool:
    attachment = interface.get("Attachment") or {}
    return attachment.get("InstanceId") == instance and not attachment.get("DeviceIndex")


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
