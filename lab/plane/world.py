# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the plane stands for: the regions of an embedded AWS as one, and its load balancers with their targets."""

from __future__ import annotations

import dataclasses
import typing as t

from lab.embedded_aws import collection  # noqa: F401 - what follows is found by it

# isort: split
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import (
    IDS,
    Region,
    Thing,
    private_addresses,
    public_addresses,
    tags_of,
)

NETWORK = "network"
STANDING = ("active", "active_impaired")
EVERY_ZONE = "all"


@dataclasses.dataclass(frozen=True)
class Foot:
    """A load balancer in one zone: its own address there, and the public one that leads to it."""

    zone: str
    private: str
    public: str | None

    @property
    def addresses(self) -> tuple[str, ...]:
        return (self.private, self.public) if self.public else (self.private,)


@dataclasses.dataclass(frozen=True)
class Balancer:
    """A load balancer that stands; `listeners` have AWS's shape."""

    arn: str
    network: bool
    vpc_id: str
    feet: tuple[Foot, ...]
    groups: tuple[str, ...]
    attributes: dict[str, str]
    listeners: tuple[Thing, ...]

    @property
    def key(self) -> str:
        return key_of(self.arn)

    def foot(self, zone: str) -> Foot:
        """Where it sends from to targets of a zone: its own foot there, or the first one."""
        return next((one for one in self.feet if one.zone == zone), self.feet[0])


@dataclasses.dataclass(frozen=True)
class Target:
    """A registered target with the address it has; `zone` is EVERY_ZONE of what is in none or in all of them."""

    id: str
    port: int
    address: str
    zone: str
    registration: int

    @property
    def name(self) -> str:
        """It as HAProxy's server."""
        return f"{self.id.rpartition('/')[2]}_{self.port}"


@dataclasses.dataclass(frozen=True)
class Group:
    """A target group that a load balancer uses; `check` has AWS's keys, `targets` are those that do not drain."""

    arn: str
    balancer: Balancer
    protocol: str
    version: str
    kind: str
    check: Thing
    attributes: dict[str, str]
    targets: tuple[Target, ...]

    @property
    def key(self) -> str:
        return key_of(self.arn)

    @property
    def cross_zone(self) -> bool:
        """Whether each zone's foot sends to targets of all zones."""
        key = "load_balancing.cross_zone.enabled"
        own = self.attributes.get(key, "use_load_balancer_configuration")
        return (self.balancer.attributes.get(key) if own.startswith("use_") else own) == "true"

    @property
    def keeps_client(self) -> bool:
        """Whether targets see the client's own address."""
        return self.balancer.network and self.attributes.get("preserve_client_ip.enabled") == "true"

    @property
    def check_port(self) -> int | None:
        """None: where requests go."""
        said = str(self.check.get("HealthCheckPort") or "")
        return int(said) if said.isdigit() else None


@dataclasses.dataclass(frozen=True)
class World:
    """All of it. `certificates` are {certificate, private_key, chain} by ARN."""

    region: Region
    balancers: tuple[Balancer, ...]
    groups: tuple[Group, ...]
    certificates: dict[str, dict[str, str]]

    @property
    def vpcs(self) -> dict[str, str]:
        """Ranges of the VPCs that somebody made."""
        return {one["VpcId"]: one["CidrBlock"] for one in self.region.all("vpcs") if not one.get("IsDefault")}


def read(edges: t.Sequence[dict[str, t.Any]]) -> World:
    """The world of all regions that `EmbeddedAws.edges` tells of."""
    region = Region(t.cast("t.Any", _merged([one["snapshot"] for one in edges])))
    numbers = {arn: known for edge in edges for arn, known in edge["registrations"].items()}
    balancers = [_balancer(region, one) for one in region.all("load_balancers")]
    standing = {one.arn: one for one in balancers if one is not None and one.feet}
    groups = [_group(region, one, standing, numbers) for one in region.all("target_groups")]
    certificates = {arn: one for edge in edges for arn, one in edge["certificates"].items()}
    return World(region, tuple(standing.values()), tuple(one for one in groups if one is not None), certificates)


def with_targets(one: World, more: t.Mapping[str, t.Iterable[Target]]) -> World:
    """The world with more targets in its groups, by these' ARNs."""
    groups = (dataclasses.replace(group, targets=(*group.targets, *more.get(group.arn, ()))) for group in one.groups)
    return dataclasses.replace(one, groups=tuple(groups))


def key_of(arn: str) -> str:
    """A load balancer or target group by a name that HAProxy takes: name and id."""
    return ".".join(arn.rpartition(":")[2].split("/")[-2:])


def _merged(snapshots: t.Sequence[dict[str, t.Any]]) -> dict[str, t.Any]:
    """One snapshot of several regions: ids are unique, and a zone that two regions tell of is one."""
    found: dict[str, t.Any] = {}
    for kind, key in IDS.items():
        by_id = {thing[key]: thing for one in snapshots for thing in one.get(kind) or ()}
        found[kind] = list(by_id.values())
    first = snapshots[0] if snapshots else {}
    return {**found, "region": first.get("region", ""), "partition": first.get("partition", "aws")}


def _balancer(region: Region, one: Thing) -> Balancer | None:
    if (one.get("State") or {}).get("Code", "active") not in STANDING:
        return None
    feet = [
        Foot(_zone(region, interface), private_addresses(interface)[0], next(iter(public_addresses(interface)), None))
        for interface in region.interfaces_of(one)
    ]
    return Balancer(
        arn=one["LoadBalancerArn"], network=one.get("Type") == NETWORK, vpc_id=str(one.get("VpcId")),
        feet=tuple(sorted(feet, key=lambda foot: foot.zone)), groups=tuple(one.get("SecurityGroups") or ()),
        attributes=tags_of({"Tags": one.get("Attributes")}), listeners=tuple(one.get("Listeners") or ()),
    )  # fmt: skip


def _group(
    region: Region, one: Thing, balancers: dict[str, Balancer], numbers: dict[str, dict[str, int]]
) -> Group | None:
    """A target group; None of one that no load balancer uses. AWS lets at most one use it."""
    users = [balancers[arn] for arn in one.get("LoadBalancerArns") or () if arn in balancers]
    if not users:
        return None
    arn = one["TargetGroupArn"]
    found = [_target(region, one, each, numbers.get(arn, {})) for each in one.get("Targets") or ()]
    return Group(
        arn=arn, balancer=users[0], protocol=str(one.get("Protocol")), version=str(one.get("ProtocolVersion") or ""),
        kind=str(one.get("TargetType")), check=one, attributes=tags_of({"Tags": one.get("Attributes")}),
        targets=tuple(target for target in found if target is not None),
    )  # fmt: skip


def _target(region: Region, group: Thing, told: Thing, numbers: dict[str, int]) -> Target | None:
    target, state = told["Target"], (told.get("TargetHealth") or {}).get("State")
    identifier, port = str(target["Id"]), int(target.get("Port") or group.get("Port") or 0)
    if state == "draining":
        return None
    number = numbers.get(f"{identifier}:{port}", 0)
    if identifier.startswith("arn:"):
        interfaces = region.interfaces_of(region.get("load_balancers", identifier) or {})
        address = private_addresses(interfaces[0])[0] if interfaces else ""
        return Target(identifier, port, address, EVERY_ZONE, number) if address else None
    if not identifier.startswith("i-"):
        return Target(identifier, port, identifier, str(target.get("AvailabilityZone") or EVERY_ZONE), number)
    interface = next((one for one in region.all("network_interfaces") if _is_first_of(one, identifier)), None)
    if interface is None:
        return None
    return Target(identifier, port, private_addresses(interface)[0], _zone(region, interface), number)


def _is_first_of(interface: Thing, instance: str) -> bool:
    attachment = interface.get("Attachment") or {}
    return attachment.get("InstanceId") == instance and not attachment.get("DeviceIndex")


def _zone(region: Region, interface: Thing) -> str:
    subnet = region.get("subnets", interface.get("SubnetId")) or {}
    return str(interface.get("AvailabilityZone") or subnet.get("AvailabilityZone") or EVERY_ZONE)
