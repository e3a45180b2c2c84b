# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every way in that the internet finds: who listens, for whom it is open, and what opens it.

Looked at: internet-facing load balancers, whatever else has a public address (machines, tasks, databases), and services
offered to every AWS account. A kind of its own is a function more in ``LOOKS``. A public NAT gateway is no way in:
https://docs.aws.amazon.com/vpc/latest/userguide/vpc-nat-gateway.html
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.cloister.aws.plugins.module_utils._owner import REGION, STACK
from ansible_collections.cloister.aws.plugins.module_utils.reachability import openings
from ansible_collections.cloister.aws.plugins.module_utils.reachability.balancing import runs_over
from ansible_collections.cloister.aws.plugins.module_utils.reachability.openings import ANYBODY, Opening
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import (
    Region,
    Snapshot,
    Thing,
    part_of,
    public_addresses,
    tags_of,
)

EVERY_ACCOUNT = "every AWS account"


@dataclass(frozen=True)
class Exposed:
    """One way in. ``ports`` are such as ``443``, ``8000-8002`` or ``all``; ``open_to`` are ranges; ``path`` says what
    opens it, from the outside in, with ids. ``region`` and ``stack`` are its owner, "" for a thing of others."""

    address: str
    name: str
    protocol: str
    ports: tuple[str, ...]
    kind: str
    id: str
    part: str
    open_to: tuple[str, ...]
    path: tuple[str, ...]
    region: str = ""
    stack: str = ""

    def told(self) -> dict[str, t.Any]:
        """Return it as plain data."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in vars(self).items()}


def exposed(snapshot: Snapshot) -> list[Exposed]:
    """Return every way in, in order of kind, name, protocol and port."""
    region = Region(snapshot)
    found = [one for look in LOOKS for one in look(region)]
    return sorted(found, key=lambda one: (one.kind, one.part, one.id, one.protocol, one.ports))


def _load_balancers(region: Region) -> t.Iterator[Exposed]:
    """A listener of an internet-facing load balancer, open where the groups and ACLs of its interfaces are."""
    for balancer in region.all("load_balancers"):
        interfaces = region.interfaces_of(balancer)
        if balancer.get("Scheme") != "internet-facing":
            continue
        for listener in balancer.get("Listeners") or ():
            for protocol in runs_over(listener):
                ways = [
                    (interface, opening)
                    for interface in interfaces
                    for opening in openings.of(region, interface)
                    if opening.lets_by(protocol, int(listener.get("Port") or 0))
                ]
                if ways:
                    yield _balancer(balancer, listener, protocol, ways)


def _balancer(balancer: Thing, listener: Thing, protocol: str, ways: t.Sequence[tuple[Thing, Opening]]) -> Exposed:
    addresses = dict.fromkeys(address for interface, _opening in ways for address in public_addresses(interface))
    arn, port = str(balancer.get("LoadBalancerArn")), str(listener.get("Port"))
    said = f"listener {port} ({listener.get('Protocol')}) of internet-facing {balancer.get('LoadBalancerName')}"
    return Exposed(
        address=", ".join(addresses),
        name=str(balancer.get("DNSName") or ""),
        protocol=protocol,
        ports=(port,),
        kind="load balancer",
        id=arn,
        part=part_of(balancer),
        open_to=_ranges(opening for _interface, opening in ways),
        path=(*dict.fromkeys(text for _interface, opening in ways for text in opening.path), said),
        **_owner(balancer),
    )


def _interfaces(region: Region) -> t.Iterator[Exposed]:
    """Whatever has a public address and is neither a load balancer's nor a NAT gateway's."""
    for interface in region.all("network_interfaces"):
        described = str(interface.get("Description") or "")
        if interface.get("InterfaceType") == "nat_gateway" or described.startswith("ELB "):
            continue
        by_protocol: dict[str, list[Opening]] = {}
        for opening in openings.of(region, interface):
            by_protocol.setdefault(opening.protocol, []).append(opening)
        for protocol, found in by_protocol.items():
            yield _interface(region, interface, protocol, found)


def _interface(region: Region, interface: Thing, protocol: str, found: t.Sequence[Opening]) -> Exposed:
    identifier = str(interface.get("NetworkInterfaceId"))
    kind, holder = _holder(interface)
    owner: Thing = region.get("instances", holder) or interface
    return Exposed(
        address=", ".join(dict.fromkeys(opening.address for opening in found)),
        name="",
        protocol="all" if protocol == "-1" else protocol,
        ports=tuple(dict.fromkeys(opening.ports_said for opening in found)),
        kind=kind,
        id=holder or identifier,
        part=part_of(owner),
        open_to=_ranges(found),
        path=tuple(dict.fromkeys(text for opening in found for text in opening.path)),
        **_owner(owner),
    )


def _holder(interface: Thing) -> tuple[str, str]:
    """What holds an interface, and its id where AWS tells it."""
    instance = str((interface.get("Attachment") or {}).get("InstanceId") or "")
    if instance.startswith("i-"):
        return "instance", instance
    described = str(interface.get("Description") or "")
    if described.startswith("arn:") and ":ecs:" in described:
        return "ECS task", ""
    # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_VPC.WorkingWithRDSInstanceinaVPC.html
    return ("database", "") if described == "RDSNetworkInterface" else ("network interface", "")


def _endpoint_services(region: Region) -> t.Iterator[Exposed]:
    """A service over PrivateLink that every account may ask for.

    https://docs.aws.amazon.com/vpc/latest/privatelink/configure-endpoint-service.html
    """
    for service in region.all("endpoint_services"):
        if "*" not in (service.get("AllowedPrincipals") or ()):
            continue
        listeners = [
            listener
            for arn in service.get("NetworkLoadBalancerArns") or ()
            for listener in (region.get("load_balancers", arn) or {}).get("Listeners") or ()
        ]
        asks = "after acceptance" if service.get("AcceptanceRequired") else "without being asked"
        yield Exposed(
            address="",
            name=str(service.get("ServiceName") or ""),
            protocol="tcp",
            ports=tuple(str(one.get("Port")) for one in listeners),
            kind="endpoint service",
            id=str(service.get("ServiceId")),
            part=part_of(service),
            open_to=(EVERY_ACCOUNT,),
            path=(f"its allowed principals are *: {EVERY_ACCOUNT} may connect, {asks}",),
            **_owner(service),
        )


def _owner(thing: Thing) -> dict[str, t.Any]:
    tags = tags_of(thing)
    return {"region": tags.get(REGION, ""), "stack": tags.get(STACK, "")}


def _ranges(found: t.Iterable[Opening]) -> tuple[str, ...]:
    ranges = list(dict.fromkeys(opening.open_to for opening in found))
    return tuple(one for one in ANYBODY if one in ranges) or tuple(sorted(ranges))


LOOKS: list[t.Callable[[Region], t.Iterator[Exposed]]] = [_load_balancers, _interfaces, _endpoint_services]
