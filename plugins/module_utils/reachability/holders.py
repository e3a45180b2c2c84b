# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which interfaces the things of an inventory have. What a snapshot does not tell of itself is in ``held``."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.cloister.aws.plugins.module_utils._owner import REGION
from ansible_collections.cloister.aws.plugins.module_utils.reachability import ends
from ansible_collections.cloister.aws.plugins.module_utils.reachability.clusters import host_of, interfaces_of
from ansible_collections.cloister.aws.plugins.module_utils.reachability.ends import End
from ansible_collections.cloister.aws.plugins.module_utils.reachability.flow import INTERNET, Internet, Source
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import (
    Region,
    Thing,
    part_of,
    private_addresses,
    public_addresses,
    tags_of,
)
from ansible_collections.cloister.aws.plugins.module_utils.reachability.vantage import Vantage, vantage_of

Ids = t.Mapping[str, t.Sequence[str]]


@dataclass(frozen=True)
class Holders:
    """A region by the names of its inventory. ``held`` has interface ids by end, such as ``service/guard``; ``adopted``
    has ids by noun and name of what others made."""

    region: Region
    owner: str
    held: Ids = field(default_factory=dict)
    adopted: t.Mapping[str, t.Mapping[str, str]] = field(default_factory=dict)

    def sources(self, end: End) -> list[Source]:
        """Return where requests of an end come from: one place of each sort, nothing while it is not there."""
        if end.kind == ends.INTERNET:
            return [Internet(end.name) if end.name else INTERNET]
        if end.kind == ends.SUBNET:
            return list(self._place(end))
        sorts: dict[tuple[str, tuple[str, ...]], Source] = {}
        for interface in self.interfaces(end):
            start = vantage_of(interface)
            sorts.setdefault((start.subnet_id, start.security_groups), start)
        return list(sorts.values())

    def destinations(self, end: End, source: Source) -> list[str]:
        """Return the names or addresses of an end, as somebody there asks for it."""
        if end.kind in (ends.HOST, ends.AWS):
            return [end.name]
        if end.kind == ends.BALANCER:
            return [str(one.get("DNSName") or "") for one in self._own("load_balancers", end.name)]
        if end.kind == "cluster":
            names = [host_of(self.region.get("eks_clusters", f"{self.owner}-{end.name}") or {})]
            return [name for name in names if name]
        found = []
        for interface in self.interfaces(end):
            public = public_addresses(interface) if isinstance(source, Internet) else []
            found += public[:1] or private_addresses(interface)[:1]
        return found

    def interfaces(self, end: End) -> list[Thing]:
        """Return the interfaces of a named thing that are there now."""
        if end.kind == "cluster":
            cluster = self.region.get("eks_clusters", f"{self.owner}-{end.name}")
            return interfaces_of(self.region, cluster) if cluster else []
        if end.spelled in self.held:
            found = [self.region.get("network_interfaces", one) for one in self.held[end.spelled]]
            return [one for one in found if one]
        machines = {one["InstanceId"] for one in self._machines(end) if _state(one) == "running"}
        return [
            one
            for one in self.region.all("network_interfaces")
            if (one.get("Attachment") or {}).get("InstanceId") in machines
            and not (one.get("Attachment") or {}).get("DeviceIndex")
        ]

    def _machines(self, end: End) -> list[Thing]:
        if end.kind in ("pool", "operator"):
            return self._own("instances", end.name)
        return [one for one in self.region.all("instances") if self._is_node(tags_of(one), end.name)]

    def _is_node(self, tags: t.Mapping[str, str], group: str) -> bool:
        """Whether EKS tagged a machine as one of a node group of a cluster of ours.

        https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html
        """
        ours = tags.get("eks:cluster-name", "").startswith(f"{self.owner}-")
        return ours and tags.get("eks:nodegroup-name") == group

    def _place(self, end: End) -> t.Iterator[Vantage]:
        subnets = self._ids("subnets", "subnet", "SubnetId", end.name)
        groups = [self._ids("security_groups", "security group", "GroupId", name) for name in end.groups]
        for identifier in subnets[:1]:
            subnet = self.region.get("subnets", identifier) or {}
            if subnet and all(groups):
                yield Vantage(str(subnet["VpcId"]), identifier, tuple(found[0] for found in groups))

    def _ids(self, kind: str, noun: str, key: str, name: str) -> list[str]:
        adopted = self.adopted.get(noun, {}).get(name)
        return [adopted] if adopted else [str(one[key]) for one in self._own(kind, name)]

    def _own(self, kind: str, name: str) -> list[Thing]:
        owned = (one for one in self.region.all(kind) if tags_of(one).get(REGION) == self.owner)
        return [one for one in owned if part_of(one) == name]


def _state(instance: Thing) -> str:
    return str((instance.get("State") or {}).get("Name") or "")
