# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Pools: entries of ``pools_defined``, with what AWS says of their images and types, become machines and groups."""

from __future__ import annotations

import time
import typing as t
from dataclasses import dataclass

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError, MissingError
from ansible_collections.cloister.aws.plugins.module_utils._image_lock import read
from ansible_collections.cloister.aws.plugins.module_utils._instance_types import (
    Capacity,
    Offer,
    capacity,
    has_gpu,
    offer,
)
from ansible_collections.cloister.aws.plugins.module_utils._launch_data import Machine
from ansible_collections.cloister.aws.plugins.module_utils._machine_images import (
    MachineImage,
    MachineImages,
    find,
    source,
    stand_ins,
)
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._user_data import faults, rendered
from ansible_collections.cloister.aws.plugins.module_utils.kinds.instance_profile import InstanceProfile
from ansible_collections.cloister.aws.plugins.module_utils.kinds.security_group import SecurityGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.subnet import Subnet
from ansible_collections.cloister.aws.plugins.module_utils.kinds.target_group import TargetGroup

Pool = t.Mapping[str, t.Any]

# Balancers are made beside the pools: their target groups may come a moment later.
TARGET_GROUPS_SECONDS = 60
# An interface of a container is one hop further: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html
HOPS = {"ecs": 2, "plain": 1}


@dataclass(frozen=True)
class Ground:
    """What the pools stand on: their images and types as AWS describes them, and the region's names."""

    images: MachineImages
    offers: t.Mapping[str, Offer]
    names: Names

    def image(self, pool: Pool) -> MachineImage:
        """Return the image of a pool."""
        return self.images.by_source[source(pool["image"])]

    def types(self, pool: Pool) -> list[Offer]:
        """Return what AWS says of a pool's types, in the order in which it lists them."""
        return [self.offers[name] for name in pool["instance_types"]]


def refuse_secrets(pools: t.Iterable[Pool], region_name: str) -> None:
    """Raise for user data that holds a secret or is too long; asks nobody."""
    told = [
        f"pool {pool['name']}: {'; '.join(found)}"
        for pool in pools
        if (found := faults(rendered(pool, region_name, any(map(has_gpu, pool["instance_types"])))))
    ]
    if told:
        raise InputError(
            f"{'. '.join(told)}. User data is read by everyone who may describe an instance: let the machine fetch "
            "what is secret at boot, with its role, from Secrets Manager or Parameter Store"
        )


def look(aws: Aws, names: Names, pools: t.Sequence[Pool], lock_file: str, refresh: bool) -> Ground:
    """Read all that the pools stand on, side by side."""
    sources, instead = [source(pool["image"]) for pool in pools], stand_ins(pool["image"] for pool in pools)
    types = sorted({name for pool in pools for name in pool["instance_types"]})
    kinds = [Subnet, SecurityGroup, *([InstanceProfile] if any(pool["instance_profile"] for pool in pools) else [])]
    reads: list[t.Callable[[], t.Any]] = [
        lambda: find(aws, sources, read(lock_file, aws.region), refresh, lock_file, instead),
        lambda: offers(aws, types),
        *((lambda kind=kind: names.every(kind)) for kind in kinds),
    ]
    images, found, *_read = each(lambda one: one(), reads) if pools else (MachineImages({}, {}, []), {})
    return Ground(images, found, names)


def offers(aws: Aws, types: t.Sequence[str]) -> dict[str, Offer]:
    """Return what AWS says of instance types; one that the region does not have is refused."""
    which = [{"Name": "instance-type", "Values": list(types)}]
    found = [offer(raw) for raw in aws.pages("ec2", "describe_instance_types", "InstanceTypes", Filters=which)]
    there = {one.name: one for one in found}
    missing = [name for name in types if name not in there]
    if missing:
        raise InputError(f"{aws.region} has no instance type {', '.join(missing)}; list types that it offers")
    return there


def machine(pool: Pool, ground: Ground, region_name: str) -> Machine:
    """Return what a machine of a pool is, or raise for what AWS would refuse when the first one starts."""
    image, types, names = ground.image(pool), ground.types(pool), ground.names
    _refuse_misfits(pool, image, types)
    root = {key: value for key, value in pool["root_volume"].items() if value is not None}
    hops = pool["metadata_hop_limit"]
    return {
        "image": image.id,
        "root_device": image.root_device,
        "instance_type": pool["instance_types"][0],
        "instance_profile": names.id(InstanceProfile, pool["instance_profile"]) if pool["instance_profile"] else "",
        "security_groups": names.ids(SecurityGroup, pool["security_groups"]),
        "public_address": pool["exposure"] == "public",
        "hop_limit": HOPS[pool["purpose"]] if hops is None else hops,
        "detailed_monitoring": pool["detailed_monitoring"],
        "root_volume": {"gib": image.snapshot_gib or None, **root},
        "volumes": pool["volumes"],
        "user_data": rendered(pool, region_name, any(one.gpus for one in types)),
        "placement_group": pool["placement_group"],
        "capacity_reservation": pool["capacity_reservation"] or {},
        "tags": {},
    }


def target_groups(pool: Pool, names: Names) -> list[str]:
    """Return the ARNs of a pool's target groups, bearing that they come a moment later."""
    end = time.monotonic() + TARGET_GROUPS_SECONDS
    while True:
        try:
            return names.ids(TargetGroup, pool["target_groups"])
        except MissingError:
            if time.monotonic() > end:
                raise


def sizes(pool: Pool, ground: Ground) -> dict[str, Capacity]:
    """Return what a pool has ``at_least`` and ``at_most``."""
    types, size = ground.types(pool), pool["size"]
    return {"at_least": capacity(size["min"], types), "at_most": capacity(size["max"], types, largest=True)}


def told(size: t.Mapping[str, Capacity]) -> str:
    """Return the capacity of a pool as a person reads it."""
    least, most = size["at_least"], size["at_most"]

    def span(key: t.Literal["vcpus", "gpus", "memory_gib"]) -> str:
        return str(most[key]) if least[key] == most[key] else f"{least[key]} to {most[key]}"

    gpus = f", {span('gpus')} GPU ({most['gpu']})" if most["gpus"] else ""
    return f"{span('vcpus')} vCPU{gpus}, {span('memory_gib')} GiB"


def _refuse_misfits(pool: Pool, image: MachineImage, types: t.Sequence[Offer]) -> None:
    name = f"pool {pool['name']}"
    strangers = [one.name for one in types if image.architecture not in one.architectures]
    if image.architecture and strangers:
        raise InputError(
            f"{name}: the image {image.id} ({image.name}) is made for {image.architecture}, and "
            f"{', '.join(strangers)} is not; list types of that architecture, or name the image for theirs"
        )
    without = [one.name for one in types if not one.gpus]
    if without and len(without) < len(types):
        raise InputError(
            f"{name}: {', '.join(without)} has no GPU and the others have one; make a pool of each, as what runs on "
            "them differs"
        )
    wanted = pool["root_volume"]["gib"]
    if wanted is not None and wanted < image.snapshot_gib:
        raise InputError(
            f"{name}: root_volume.gib is {wanted}, and the image {image.id} needs {image.snapshot_gib} at least"
        )
