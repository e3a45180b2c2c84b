# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a region's inventory comes to: machines, what they have together, volumes, and what an hour of it costs.

Every item is a line of its own, and what has no price is said to have none: a sum never hides what it leaves out.
"""

from __future__ import annotations

import typing as t
from collections import defaultdict
from dataclasses import dataclass, field

from ansible_collections.cloister.aws.plugins.module_utils._instance_sizes import size_of

HOURS = 730
CONTROL_PLANE = "EKS control plane"
# US dollars an hour, and of storage a month and GiB, of N. Virginia on demand. What is not here costs something too:
# https://aws.amazon.com/ec2/pricing/on-demand/, /ebs/pricing/, /rds/mysql/pricing/, /eks/pricing/
PRICES: dict[str, float] = {
    "t3.micro": 0.0104, "t3.small": 0.0208, "t3.medium": 0.0416, "t3.large": 0.0832, "t3.xlarge": 0.1664,
    "m5.large": 0.096, "m5.xlarge": 0.192, "c5.large": 0.085, "c5.xlarge": 0.17,
    "g4dn.xlarge": 0.526, "g5.xlarge": 1.006, "g5.2xlarge": 1.212,
    "db.t3.micro": 0.017, "db.t3.small": 0.034, "db.t3.medium": 0.068,
    CONTROL_PLANE: 0.10,
    "gp3": 0.08, "gp2": 0.10, "database gp3": 0.115, "database gp2": 0.115,
}  # fmt: skip

Variables = t.Mapping[str, t.Any]


@dataclass(frozen=True)
class Machines:
    """Machines of one sort: at least, as wanted, at most. ``copies`` counts a database's standby, which is paid for."""

    name: str
    type: str
    least: int
    wanted: int
    most: int
    volumes: t.Mapping[str, float] = field(default_factory=dict)
    """GiB of each machine by type of volume; without those whose size the image says."""
    copies: int = 1
    nodes: bool = False
    """Whether pods run on them."""

    @property
    def kind_of_volume(self) -> str:
        """What the price of its volumes is called, before their type."""
        return "database " if self.type.startswith("db.") else ""


def machines(stacks: t.Iterable[Variables]) -> list[Machines]:
    """Return what the stacks of a region want, sort by sort."""
    found: list[Machines] = []
    for stack in stacks:
        found += [_sized(f"nodes {group['name']}", group, True) for group in stack.get("eks_node_groups") or ()]
        found += [_sized(f"pool {pool['name']}", pool, False) for pool in stack.get("pools_defined") or ()]
        found += [_database(one) for one in stack.get("database_instances") or ()]
        if host := stack.get("operator_host"):
            kind = host.get("instance_type", "t3.medium")
            found.append(Machines(f"host {host.get('name', 'operator')}", kind, 1, 1, 1))
    return found


def lines(stacks: t.Sequence[Variables], prices: t.Mapping[str, float]) -> list[str]:
    """Return the summary as a person reads it; empty for a region without machines or clusters."""
    found = machines(stacks)
    planes = sum(1 for stack in stacks if stack.get("eks_cluster"))
    if not found and not planes:
        return []
    told = ["Machines, as the inventory wants them", *(_told(one) for one in found)]
    if found:
        told.append(f"  together: {_together(found)}")
    return [*told, *_cost(found, planes, prices)]


def volumes(found: t.Iterable[Machines], paid: bool = False) -> dict[str, float]:
    """Return the GiB that are there to be used, or with ``paid`` those of standbys too, by type of volume."""
    counted: dict[str, float] = defaultdict(float)
    for one in found:
        for kind, gib in one.volumes.items():
            counted[f"{one.kind_of_volume}{kind}"] += gib * one.wanted * (one.copies if paid else 1)
    return {kind: gib for kind, gib in sorted(counted.items()) if gib}


def _sized(name: str, said: Variables, nodes: bool) -> Machines:
    size, volume = said["size"], said.get("root_volume") or {}
    wanted = size["min"] if size.get("desired") is None else size["desired"]
    kept = {volume.get("type") or "gp3": float(volume["gib"])} if volume.get("gib") else {}
    for more in said.get("volumes") or ():
        if more.get("gib"):
            kind = more.get("type") or "gp3"
            kept[kind] = kept.get(kind, 0) + more["gib"]
    return Machines(name, said["instance_types"][0], size["min"], wanted, size["max"], kept, nodes=nodes)


def _database(said: Variables) -> Machines:
    storage = said.get("storage") or {}
    kept = {storage.get("type") or "gp3": float(storage["gib"])} if storage.get("gib") else {}
    copies = 2 if said.get("multi_az", True) else 1
    return Machines(f"database {said['name']}", said["instance_class"], 1, 1, 1, kept, copies)


def _told(one: Machines) -> str:
    span = "" if one.least == one.most else f" ({one.least} to {one.most})"
    standby = ", and a standby" if one.copies > 1 else ""
    size = size_of(one.type)
    has = _has(one, one.wanted) if size else "what one has is not known here"
    disks = ", ".join(f"{gib * one.wanted:g} GB {kind}" for kind, gib in one.volumes.items())
    parts = [f"{one.wanted} x {one.type}{span}{standby}", has if one.wanted else "", disks if one.wanted else ""]
    return f"  {one.name:<20} {'; '.join(part for part in parts if part)}"


def _has(one: Machines, count: int) -> str:
    size = size_of(one.type)
    if size is None:
        return ""
    gpus = f", {size.gpus * count} GPUs" if size.gpus else ""
    pods = f", room for {size.pods * count} pods" if one.nodes else ""
    memory = f"{size.memory_gib * count:g} GB"
    return f"{size.vcpus * count} vCPU, {memory}{gpus}, up to {size.gbps:g} Gbps each{pods}"


def _together(found: t.Sequence[Machines]) -> str:
    known = [(one, size) for one in found if (size := size_of(one.type))]
    vcpus = sum(size.vcpus * one.wanted for one, size in known)
    memory = sum(size.memory_gib * one.wanted for one, size in known)
    gpus = sum(size.gpus * one.wanted for one, size in known)
    pods = sum(size.pods * one.wanted for one, size in known if one.nodes)
    disks = [f"{gib:g} GB {kind}" for kind, gib in volumes(found).items()]
    counted = [f"{vcpus} vCPU", f"{memory:g} GB", *([f"{gpus} GPUs"] if gpus else [])]
    return "; ".join([", ".join(counted), *([f"room for {pods} pods"] if pods else []), *disks])


def _cost(found: t.Sequence[Machines], planes: int, prices: t.Mapping[str, float]) -> t.Iterator[str]:
    items: list[tuple[str, str, float]]
    items = [(f"{one.wanted * one.copies} x {one.type}", one.type, one.wanted * one.copies * HOURS) for one in found]
    items += [(f"{planes} x {CONTROL_PLANE}", CONTROL_PLANE, planes * HOURS)] if planes else []
    items = [item for item in items if item[2]]
    disks = [(f"{gib:g} GB of {kind}", kind, gib) for kind, gib in volumes(found, paid=True).items()]
    yield from _bill([*items, *disks], prices)


def _bill(items: t.Sequence[tuple[str, str, float]], prices: t.Mapping[str, float]) -> t.Iterator[str]:
    """Yield what each item costs, the sum, and what has no price."""
    yield f"US dollars a month of {HOURS} hours on demand, at list prices of N. Virginia unless told others"
    for text, name, amount in items:
        yield (
            f"  {prices[name] * amount:>10.2f}  {text}" if name in prices else f"  {'?':>10}  {text}: no price is known"
        )
    whole = sum(prices[name] * amount for _text, name, amount in items if name in prices)
    missing = "" if all(name in prices for _text, name, _amount in items) else ", without what has no price"
    yield f"  {whole:>10.2f}  together{missing}; traffic, load balancers, logs, keys and snapshots are not in it"
