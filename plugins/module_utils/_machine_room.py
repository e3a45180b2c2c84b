# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether AWS can give the machines that pools ask for: types that are offered in their zones, and vCPU quotas.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instance-discovery.html,
https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html. Quotas count vCPUs of running machines,
on demand and spot apart.
"""

from __future__ import annotations

import typing as t
from collections import Counter
from dataclasses import dataclass

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._instance_types import Offer, bucket, offer, split
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner, tag_dict

_STANDING = ["pending", "running", "stopping", "shutting-down"]


class PoolNeed(t.TypedDict):
    """What a pool asks for: ``least`` and ``most`` machines; ``zones`` leads to the names of its subnets there."""

    name: str
    instance_types: list[str]
    least: int
    most: int
    on_demand_base: int
    on_demand_percent: int
    zones: dict[str, list[str]]


@dataclass(frozen=True)
class Machines:
    """What AWS says of types, of where they are offered (zone, type), and of the account's machines."""

    offers: t.Mapping[str, Offer]
    offered: frozenset[tuple[str, str]]
    standing: t.Sequence[t.Mapping[str, t.Any]]


@dataclass(frozen=True)
class Wanted:
    """vCPUs of one quota: what all machines have now, and how many more there will and may be."""

    quota: str
    have: int
    adds: int
    may_add: int


def read(aws: Aws, pools: t.Sequence[PoolNeed]) -> Machines:
    """Read what `problems` and `wanted` compare, side by side; nothing where there is no pool."""
    if not pools:
        return Machines({}, frozenset(), ())
    which = [{"Name": "instance-type", "Values": sorted({name for pool in pools for name in pool["instance_types"]})}]
    states = [{"Name": "instance-state-name", "Values": _STANDING}]
    reads: tuple[tuple[str, str, dict[str, t.Any]], ...] = (
        ("describe_instance_types", "InstanceTypes", {"Filters": which}),
        (
            "describe_instance_type_offerings",
            "InstanceTypeOfferings",
            {"LocationType": "availability-zone", "Filters": which},
        ),
        ("describe_instances", "Reservations", {"Filters": states}),
    )
    types, offerings, reservations = each(lambda one: aws.pages("ec2", one[0], one[1], **one[2]), reads)
    return Machines(
        {raw["InstanceType"]: offer(raw) for raw in types},
        frozenset((raw["Location"], raw["InstanceType"]) for raw in offerings),
        [one for reservation in reservations for one in reservation["Instances"]],
    )


def problems(pools: t.Iterable[PoolNeed], machines: Machines) -> tuple[list[str], list[str]]:
    """Say which pools have a zone where none of their types is (problems), and where some are not (notes)."""
    stop, notes = [], []
    for pool in pools:
        for zone, subnets in sorted(pool["zones"].items()):
            missing = [name for name in pool["instance_types"] if (zone, name) not in machines.offered]
            if len(missing) == len(pool["instance_types"]):
                elsewhere = sorted({there for there, name in machines.offered if name in missing})
                stop.append(
                    f"The pool {pool['name']} has machines in {zone} (subnet {', '.join(subnets)}), where AWS offers "
                    f"no {' and no '.join(missing)}. Offered in: {', '.join(elsewhere) or 'no zone here'}; take those "
                    "subnets off the pool, or list further instance_types"
                )
            elif missing:
                notes.append(
                    f"The pool {pool['name']} finds no {', '.join(missing)} in {zone}; its other types are there"
                )
    return stop, notes


def wanted(owner: Owner, pools: t.Iterable[PoolNeed], machines: Machines) -> list[Wanted]:
    """Return the vCPUs that pools add to each quota; what stands of ours is not added again."""
    least, most, have, ours = Counter[str](), Counter[str](), Counter[str](), Counter[str]()
    for pool in pools:
        buckets = {bucket(name) for name in pool["instance_types"]}
        types = [machines.offers[name] for name in pool["instance_types"] if name in machines.offers]
        if len(buckets) != 1 or None in buckets or not types:
            continue
        kind = f"vcpus_{buckets.pop()}"
        for total, machine_count, size in (
            (least, pool["least"], min(one.vcpus for one in types)),
            (most, pool["most"], max(one.vcpus for one in types)),
        ):
            on_demand, spot = split(machine_count, pool["on_demand_base"], pool["on_demand_percent"])
            total[kind] += on_demand * size
            total[f"spot_{kind}"] += spot * size
    for machine in machines.standing:
        kind = _quota(machine)
        have[kind] += _vcpus(machine)
        ours[kind] += _vcpus(machine) if owner.owns(tag_dict(machine.get("Tags"))) else 0
    found = [
        Wanted(kind, have[kind], max(0, least[kind] - ours[kind]), most[kind] - max(least[kind], ours[kind]))
        for kind in sorted(least)
    ]
    return [one for one in found if one.adds]


def _quota(machine: t.Mapping[str, t.Any]) -> str:
    spot = "spot_" if machine.get("InstanceLifecycle") == "spot" else ""
    return f"{spot}vcpus_{bucket(machine.get('InstanceType', ''))}"


def _vcpus(machine: t.Mapping[str, t.Any]) -> int:
    cpu = machine.get("CpuOptions") or {}
    return int(cpu.get("CoreCount", 0)) * int(cpu.get("ThreadsPerCore", 1))
