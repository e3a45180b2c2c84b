# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What machines of the usual types have, for counting without asking AWS.

From DescribeInstanceTypes, as the embedded AWS has it too (a test compares). Pods are what fits a node by default:
https://docs.aws.amazon.com/eks/latest/userguide/choosing-instance-type.html: interfaces x (addresses - 1) + 2, and
at most 110 below 30 vCPUs, else 250.
"""

from __future__ import annotations

import typing as t


class Size(t.NamedTuple):
    """What one machine has."""

    vcpus: int
    memory_gib: float
    gpus: int
    gbps: float
    """The most that its network carries, for a while where AWS says "up to"."""
    pods: int


def size_of(instance_type: str) -> Size | None:
    """Return what a type has, or None for a type that is not in the table. A database's class is one, after `db.`."""
    return _SIZES.get(instance_type.removeprefix("db."))


# type, vCPUs, memory in GiB, GPUs, Gbit/s, pods
_TABLE = """
t3.nano 2 0.5 0 5 4
t3.micro 2 1 0 5 4
t3.small 2 2 0 5 11
t3.medium 2 4 0 5 17
t3.large 2 8 0 5 35
t3.xlarge 4 16 0 5 58
t3.2xlarge 8 32 0 5 58
t3a.nano 2 0.5 0 5 4
t3a.micro 2 1 0 5 4
t3a.small 2 2 0 5 8
t3a.medium 2 4 0 5 17
t3a.large 2 8 0 5 35
t3a.xlarge 4 16 0 5 58
t3a.2xlarge 8 32 0 5 58
t4g.nano 2 0.5 0 5 4
t4g.micro 2 1 0 5 4
t4g.small 2 2 0 5 11
t4g.medium 2 4 0 5 17
t4g.large 2 8 0 5 35
t4g.xlarge 4 16 0 5 58
t4g.2xlarge 8 32 0 5 58
m5.large 2 8 0 10 29
m5.xlarge 4 16 0 10 58
m5.2xlarge 8 32 0 10 58
m5.4xlarge 16 64 0 10 110
m5.8xlarge 32 128 0 10 234
m5.12xlarge 48 192 0 12 234
m5.16xlarge 64 256 0 20 250
m5.24xlarge 96 384 0 25 250
m6i.large 2 8 0 12.5 29
m6i.xlarge 4 16 0 12.5 58
m6i.2xlarge 8 32 0 12.5 58
m6i.4xlarge 16 64 0 12.5 110
m6i.8xlarge 32 128 0 12.5 234
m6i.12xlarge 48 192 0 18.75 234
m6i.16xlarge 64 256 0 25 250
m6i.24xlarge 96 384 0 37.5 250
m6i.32xlarge 128 512 0 50 250
m7i.large 2 8 0 12.5 29
m7i.xlarge 4 16 0 12.5 58
m7i.2xlarge 8 32 0 12.5 58
m7i.4xlarge 16 64 0 12.5 110
m7i.8xlarge 32 128 0 12.5 234
m7i.12xlarge 48 192 0 18.75 234
m7i.16xlarge 64 256 0 25 250
m7i.24xlarge 96 384 0 37.5 250
m7i.48xlarge 192 768 0 50 250
m7g.medium 1 4 0 12.5 8
m7g.large 2 8 0 12.5 29
m7g.xlarge 4 16 0 12.5 58
m7g.2xlarge 8 32 0 15 58
m7g.4xlarge 16 64 0 15 110
m7g.8xlarge 32 128 0 15 234
m7g.12xlarge 48 192 0 22.5 234
m7g.16xlarge 64 256 0 30 250
c5.large 2 4 0 10 29
c5.xlarge 4 8 0 10 58
c5.2xlarge 8 16 0 10 58
c5.4xlarge 16 32 0 10 110
c5.12xlarge 48 96 0 12 234
c5.24xlarge 96 192 0 25 250
c6i.large 2 4 0 12.5 29
c6i.xlarge 4 8 0 12.5 58
c6i.2xlarge 8 16 0 12.5 58
c6i.4xlarge 16 32 0 12.5 110
c6i.8xlarge 32 64 0 12.5 234
c6i.12xlarge 48 96 0 18.75 234
c6i.16xlarge 64 128 0 25 250
c6i.24xlarge 96 192 0 37.5 250
c6i.32xlarge 128 256 0 50 250
c7i.large 2 4 0 12.5 29
c7i.xlarge 4 8 0 12.5 58
c7i.2xlarge 8 16 0 12.5 58
c7i.4xlarge 16 32 0 12.5 110
c7i.8xlarge 32 64 0 12.5 234
c7i.12xlarge 48 96 0 18.75 234
c7i.16xlarge 64 128 0 25 250
c7i.24xlarge 96 192 0 37.5 250
c7i.48xlarge 192 384 0 50 250
c7g.medium 1 2 0 12.5 8
c7g.large 2 4 0 12.5 29
c7g.xlarge 4 8 0 12.5 58
c7g.2xlarge 8 16 0 15 58
c7g.4xlarge 16 32 0 15 110
c7g.8xlarge 32 64 0 15 234
c7g.12xlarge 48 96 0 22.5 234
c7g.16xlarge 64 128 0 30 250
r6i.large 2 16 0 12.5 29
r6i.xlarge 4 32 0 12.5 58
r6i.2xlarge 8 64 0 12.5 58
r6i.4xlarge 16 128 0 12.5 110
r6i.8xlarge 32 256 0 12.5 234
r6i.12xlarge 48 384 0 18.75 234
r6i.16xlarge 64 512 0 25 250
r6i.24xlarge 96 768 0 37.5 250
r6i.32xlarge 128 1024 0 50 250
r7i.large 2 16 0 12.5 29
r7i.xlarge 4 32 0 12.5 58
r7i.2xlarge 8 64 0 12.5 58
r7i.4xlarge 16 128 0 12.5 110
r7i.8xlarge 32 256 0 12.5 234
r7i.12xlarge 48 384 0 18.75 234
r7i.16xlarge 64 512 0 25 250
r7i.24xlarge 96 768 0 37.5 250
r7i.48xlarge 192 1536 0 50 250
r7g.medium 1 8 0 12.5 8
r7g.large 2 16 0 12.5 29
r7g.xlarge 4 32 0 12.5 58
r7g.2xlarge 8 64 0 15 58
r7g.4xlarge 16 128 0 15 110
r7g.8xlarge 32 256 0 15 234
r7g.12xlarge 48 384 0 22.5 234
r7g.16xlarge 64 512 0 30 250
g4dn.xlarge 4 16 1 25 29
g4dn.2xlarge 8 32 1 25 29
g4dn.4xlarge 16 64 1 25 29
g4dn.8xlarge 32 128 1 50 58
g4dn.12xlarge 48 192 4 50 234
g4dn.16xlarge 64 256 1 50 58
g5.xlarge 4 16 1 10 58
g5.2xlarge 8 32 1 10 58
g5.4xlarge 16 64 1 25 110
g5.8xlarge 32 128 1 25 234
g5.12xlarge 48 192 4 40 250
g5.16xlarge 64 256 1 25 234
g5.24xlarge 96 384 4 50 250
g5.48xlarge 192 768 8 100 250
g6.xlarge 4 16 1 10 58
g6.2xlarge 8 32 1 10 58
g6.4xlarge 16 64 1 25 110
g6.8xlarge 32 128 1 25 234
g6.12xlarge 48 192 4 40 234
g6.16xlarge 64 256 1 25 250
g6.24xlarge 96 384 4 50 250
g6.48xlarge 192 768 8 100 250
g6e.xlarge 4 32 1 20 58
g6e.2xlarge 8 64 1 20 58
g6e.4xlarge 16 128 1 20 110
g6e.8xlarge 32 256 1 25 234
g6e.12xlarge 48 384 4 100 250
g6e.16xlarge 64 512 1 35 250
g6e.24xlarge 96 768 4 400 250
g6e.48xlarge 192 1536 8 1600 250
p4d.24xlarge 96 1152 8 400 250
p5.4xlarge 16 256 1 100 110
p5.48xlarge 192 2048 8 3200 100
p5e.48xlarge 192 2048 8 3200 100
p5en.48xlarge 192 2048 8 3200 198
p6-b200.48xlarge 192 2048 8 1600 198
"""


def _read(line: str) -> tuple[str, Size]:
    name, vcpus, memory, gpus, gbps, pods = line.split()
    return name, Size(int(vcpus), float(memory), int(gpus), float(gbps), int(pods))


_SIZES = dict(_read(line) for line in _TABLE.strip().splitlines())
