# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a machine of a type offers to tasks.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/memory-management.html: the agent registers the memory that
the kernel leaves. How much that is, of each type, is on no page: what we take is 3 % and 60 MiB less.
"""

from __future__ import annotations

import functools
import typing as t


@functools.cache
def size_of(instance_type: str) -> dict[str, int]:
    """CPU units, MiB and GPUs of an instance type, and the interfaces that tasks may have beside its own."""
    from moto.ec2.models.instance_types import INSTANCE_TYPES

    known: dict[str, t.Any] = INSTANCE_TYPES.get(instance_type) or {}
    memory = int((known.get("MemoryInfo") or {}).get("SizeInMiB") or 4096)
    gpus = sum(int(one.get("Count") or 0) for one in (known.get("GpuInfo") or {}).get("Gpus") or [])
    return {
        "CPU": int((known.get("VCpuInfo") or {}).get("DefaultVCpus") or 2) * 1024,
        "MEMORY": int(memory * 0.97) - 60,
        "GPU": gpus,
        "ENI": int((known.get("NetworkInfo") or {}).get("MaximumNetworkInterfaces") or 2) - 1,
    }
