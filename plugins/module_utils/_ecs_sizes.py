# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Sizes of tasks: what Fargate takes, told before AWS is asked.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
"""

from __future__ import annotations

GIB = 1024
# CPU units (1024 are one vCPU) -> amounts of memory in MiB.
FARGATE: dict[int, tuple[int, ...]] = {
    256: (512, 1 * GIB, 2 * GIB),
    512: tuple(range(1 * GIB, 4 * GIB + 1, GIB)),
    1024: tuple(range(2 * GIB, 8 * GIB + 1, GIB)),
    2048: tuple(range(4 * GIB, 16 * GIB + 1, GIB)),
    4096: tuple(range(8 * GIB, 30 * GIB + 1, GIB)),
    8192: tuple(range(16 * GIB, 60 * GIB + 1, 4 * GIB)),
    16384: tuple(range(32 * GIB, 120 * GIB + 1, 8 * GIB)),
}
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_EphemeralStorage.html
EPHEMERAL_GIB = (21, 200)
# https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
FARGATE_STOP_SECONDS = 120


def fargate_fault(cpu: int | None, memory_mib: int | None) -> tuple[str, str] | None:
    """Return what Fargate does not take of a task's size and what it would take, or None where it takes it."""
    if cpu is None or memory_mib is None:
        return "Fargate needs cpu and memory_mib of the task.", "cpu: 256, memory_mib: 512, or more"
    if cpu not in FARGATE:
        return f"Fargate has no tasks of {cpu} CPU units.", f"one of {', '.join(map(str, FARGATE))} (1024 are one vCPU)"
    amounts = FARGATE[cpu]
    if memory_mib in amounts:
        return None
    if len(amounts) <= 4:
        right = f"one of {', '.join(map(str, amounts))}"
    else:
        right = f"from {amounts[0]} to {amounts[-1]} in steps of {amounts[1] - amounts[0]}"
    holders = [str(units) for units, known in FARGATE.items() if memory_mib in known]
    more = f"; or cpu: {' or '.join(holders)} for {memory_mib} MiB" if holders else ""
    return f"Fargate has no tasks of {cpu} CPU units with {memory_mib} MiB.", f"memory_mib {right}{more}"
