# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Instance types: what their names say without asking AWS, and what AWS says of them.

Names: https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html. What a name does not say for sure
is None: no judgement.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

_TYPE = re.compile(r"(?P<series>[a-z]+)(?P<number>\d+)(?P<options>[a-z]*)(?P<more>(-[a-z0-9]+)*)\.[a-z0-9-]+")
_HIGH_MEMORY = re.compile(r"u(\d*[a-z]*)?-\d+tb\d*\.[a-z0-9-]+")

# Series of names, by what limits them:
# https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html#on-demand-instance-quotas
_BUCKETS = {
    "standard": ("a", "c", "d", "h", "i", "im", "is", "m", "r", "t", "z"),
    "g": ("g", "gr", "vt"),
    "p": ("p",),
}
_GPU = ("g", "gr", "p")
_NO_GPU = (*_BUCKETS["standard"], "vt", "x", "u", "hpc", "inf", "trn", "f", "dl")
# Not in the name: p6e-gb200 carries Grace processors.
_ARM_MORE = ("-gb200", "-gb300")


@dataclass(frozen=True)
class Offer:
    """What a machine of a type has, as DescribeInstanceTypes says. ``gpu`` is the model, empty without one."""

    name: str
    vcpus: int
    memory_mib: int
    architectures: tuple[str, ...]
    gpus: int = 0
    gpu: str = ""
    gpu_maker: str = ""
    gpu_memory_mib: int = 0


class Capacity(t.TypedDict):
    """What machines have together: ``gpu`` names the models."""

    machines: int
    vcpus: int
    gpus: int
    gpu: str
    memory_gib: int


def well_formed(name: str) -> bool:
    """Return whether a name is written like an instance type's."""
    return bool(_TYPE.fullmatch(name) or _HIGH_MEMORY.fullmatch(name))


def has_gpu(name: str) -> bool | None:
    """Return whether a type has GPUs."""
    series = _series(name)
    return True if series in _GPU else False if series in _NO_GPU else None


def architecture(name: str) -> str | None:
    """Return ``arm64`` for Graviton and Grace, ``x86_64`` for the others."""
    match = _TYPE.fullmatch(name)
    if match is None or match["series"] == "mac":
        return "x86_64" if _HIGH_MEMORY.fullmatch(name) else None
    if match["series"] == "a" or "g" in match["options"] or match["more"] in _ARM_MORE:
        return "arm64"
    return "x86_64" if match["series"] in (*_GPU, *_NO_GPU) else None


def bucket(name: str) -> str | None:
    """Return which vCPU quota a type counts for: ``standard``, ``g``, ``p``, or None for one that is not looked at."""
    series = _series(name)
    return next((one for one, members in _BUCKETS.items() if series in members), None)


def offer(raw: t.Mapping[str, t.Any]) -> Offer:
    """Return what AWS says of a type (an element of DescribeInstanceTypes)."""
    gpus: t.Sequence[t.Mapping[str, t.Any]] = (raw.get("GpuInfo") or {}).get("Gpus") or ()
    return Offer(
        raw["InstanceType"],
        raw["VCpuInfo"]["DefaultVCpus"],
        raw["MemoryInfo"]["SizeInMiB"],
        tuple(raw.get("ProcessorInfo", {}).get("SupportedArchitectures", ())),
        sum(gpu.get("Count", 0) for gpu in gpus),
        " + ".join(sorted({str(gpu.get("Name", "")) for gpu in gpus})),
        " + ".join(sorted({str(gpu.get("Manufacturer", "")) for gpu in gpus})),
        (raw.get("GpuInfo") or {}).get("TotalGpuMemoryInMiB", 0),
    )


def capacity(machines: int, offers: t.Sequence[Offer], largest: bool = False) -> Capacity:
    """Return what so many machines have at least, or with ``largest`` at most, whichever of the types they are."""
    pick: t.Callable[[t.Iterable[int]], int] = max if largest else min
    return {
        "machines": machines,
        "vcpus": machines * pick(one.vcpus for one in offers),
        "gpus": machines * pick(one.gpus for one in offers),
        "gpu": " or ".join(dict.fromkeys(one.gpu for one in offers if one.gpu)),
        "memory_gib": machines * pick(one.memory_mib for one in offers) // 1024,
    }


def split(machines: int, on_demand_base: int, on_demand_percent: int) -> tuple[int, int]:
    """Return how many of so many machines are on demand, and how many spot.

    https://docs.aws.amazon.com/autoscaling/ec2/userguide/mixed-instances-groups-set-up-overview.html: what does not
    divide goes to on-demand.
    """
    base = min(machines, on_demand_base)
    above = -(-(machines - base) * on_demand_percent // 100)
    return base + above, machines - base - above


def _series(name: str) -> str:
    match = _TYPE.fullmatch(name)
    return match["series"] if match else "u" if _HIGH_MEMORY.fullmatch(name) else ""
