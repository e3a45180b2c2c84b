# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Services on ECS: capacity that exists and can run them, sizes Fargate has, roll-overs that can move.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CapacityProviderStrategyItem.html,
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeploymentConfiguration.html,
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-rebalancing.html
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._ecs_sizes import (
    EPHEMERAL_GIB,
    FARGATE_STOP_SECONDS,
    fargate_fault,
)
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, did_you_mean, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules import ecs_containers, ecs_scaling, ecs_ways
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.endpoints import twice
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.names import PART, refer

FARGATE = ("fargate", "fargate_spot")
RESERVED = ("aws", "ecs", "fargate")
# Instance families with NVIDIA GPUs: g4dn, g5, g6e, gr6, p4d, p5en, p6-b200 (g4ad has another maker's).
GPU_TYPE = re.compile(r"(g(?!4ad)[3-9]\w*|gr\d\w*|p[2-9]\w*(-\w+)?)\.\w+")
WEIGHTS, BASES = (0, 1000), (0, 100_000)


def rules(region: Region) -> t.Iterator[Problem]:
    """Clusters have sound names and pools that are there; services fit what they run on."""
    for cluster in region.variables("ecs_cluster"):
        yield from _cluster(cluster, region)
    for service in region.items("ecs_services"):
        home = next((item for item in region.variables("ecs_cluster") if item.stack == service.stack), None)
        yield from _capacity(service, home)
        yield from _size(service)
        yield from _where_it_runs(service)
        yield from _gpus(service, region)
        yield from _rolling(service)
        yield from ecs_scaling.rules(service)
        yield from ecs_containers.rules(service, region)
        yield from ecs_ways.rules(service, home, region)


def runs_on_fargate(service: Item) -> bool:
    """Return whether AWS runs the machines of a service; so it is unless it says otherwise."""
    named = [item.text("provider") for item in service.items("capacity")]
    return any(name in FARGATE for name in named)


def _cluster(cluster: Item, region: Region) -> t.Iterator[Problem]:
    for key in ("name", "namespace"):
        name = cluster.text(key)
        if name and not PART.fullmatch(name):
            right = "lowercase letters, digits and hyphens, with a letter or digit at both ends"
            yield cluster.problem(key, f"{shown(name)} cannot be the name of a cluster or a namespace.", right)
    home = region.shared_item("region_name")
    if home and cluster.get("pools") and str(home.value).startswith(RESERVED):
        found = f"{home.value} begins names of capacity providers, and AWS keeps those with {', '.join(RESERVED)}."
        yield home.problem(None, found, "another region_name, or a cluster without pools")
    yield from _pools(cluster, region)


def _pools(cluster: Item, region: Region) -> t.Iterator[Problem]:
    """The cluster's pools are there, join it, and leave to ECS what ECS does."""
    yield from twice(cluster.child("pools"))
    pools = region.named("pools_defined")
    scaling = cluster.child("managed_scaling")
    protected, managed = scaling.get("termination_protection", False) is True, scaling.get("enabled", True) is True
    if protected and not managed:
        found = "ECS protects machines from being scaled in only where it scales them itself."
        yield scaling.problem("termination_protection", found, "false, or enabled: true")
    for item in cluster.items("pools"):
        if str(item.value) in FARGATE:
            yield item.problem(None, f"{item.value} is no pool.", "fargate: true, and no entry here")
            continue
        yield from refer(item, None, item.value, region, "pools_defined", "pool")
        pool = pools.get(str(item.value))
        if pool and protected and pool.get("scale_in_protection", False) is not True:
            found = f"ECS protects machines with tasks, and pool {item.value} does not protect new ones."
            yield item.problem(None, found, "scale_in_protection: true in pools_defined, or no termination_protection")
        if pool and managed and pool.child("size").get("desired") is not None:
            found = f"ECS moves the number of machines of pool {item.value}, and size.desired would move it back."
            yield item.problem(None, found, "no size.desired, or managed_scaling: {enabled: false}")
        if pool and pool.text("cluster") and pool.text("cluster") != cluster.text("name"):
            found = f"The machines of pool {item.value} join the cluster {pool.text('cluster')}."
            yield item.problem(None, found, f"cluster: {cluster.text('name')} in pools_defined")
        elif pool and pool.text("purpose", "ecs") != "ecs":
            yield item.problem(None, f"The machines of pool {item.value} join no cluster.", "a pool with purpose: ecs")


def _capacity(service: Item, cluster: Item | None) -> t.Iterator[Problem]:
    entries = list(service.items("capacity"))
    names = [entry.text("provider") for entry in entries]
    pools = [str(item.value) for item in cluster.items("pools")] if cluster else []
    for entry, name in zip(entries, names, strict=True):
        if name in FARGATE and cluster and cluster.get("fargate", True) is False:
            yield entry.problem("provider", f"{name} is switched off in the cluster.", "fargate: true in ecs_cluster")
        elif name and name not in FARGATE and name not in pools and cluster and cluster.name:
            right = did_you_mean(name, [*FARGATE, *pools]) or f"one of {', '.join([*FARGATE, *pools])}"
            yield entry.problem("provider", f"The cluster has no pool called {shown(name)}.", right)
        for key, (least, most) in (("weight", WEIGHTS), ("base", BASES)):
            value = entry.get(key, least)
            if isinstance(value, int) and not least <= value <= most:
                yield entry.problem(key, f"{value} is out of range.", f"from {least} to {most}")
    yield from _strategy(service, entries, names)


def _strategy(service: Item, entries: t.Sequence[Item], names: t.Sequence[str]) -> t.Iterator[Problem]:
    """What ECS asks of the entries together."""
    if isinstance(service.get("capacity"), list) and not entries:
        yield service.problem("capacity", "The service runs on nothing.", "[{provider: fargate}], or a pool")
    if len(set(names)) < len(names):
        yield service.problem("capacity", "A provider is listed twice.", "each once")
    if any(name in FARGATE for name in names) and any(name and name not in FARGATE for name in names):
        found = "Fargate and pools are mixed, which ECS does not take in one service."
        yield service.problem("capacity", found, "fargate and fargate_spot, or pools only")
    if sum(bool(entry.get("base")) for entry in entries) > 1:
        yield service.problem("capacity", "Two entries have a base.", "a base in one entry")
    if entries and all(entry.get("weight", 1) == 0 for entry in entries):
        yield service.problem("capacity", "Every weight is 0, so that no task could run.", "a weight above 0")


def _size(service: Item) -> t.Iterator[Problem]:
    cpu, memory = service.get("cpu"), service.get("memory_mib")
    sound = all(value is None or isinstance(value, int) for value in (cpu, memory))
    if runs_on_fargate(service):
        fault = fargate_fault(cpu, memory) if sound else None
        if fault:
            key = "memory_mib" if cpu is not None and "with" in fault[0] else "cpu"
            yield service.problem(key, *fault)
    elif memory is None:
        for container in service.items("containers"):
            if not container.get("memory_mib") and not container.get("memory_reservation_mib"):
                found = "Neither the task nor the container says how much memory it needs."
                yield container.problem("memory_mib", found, "memory_mib of the service, or of each container")
    for key in ("cpu", "memory_mib"):
        said = [value for one in service.items("containers") if isinstance(value := one.get(key), int)]
        whole = service.get(key)
        if isinstance(whole, int) and sum(said) > whole and (key == "cpu" or max(said) > whole):
            found = (
                f"Its containers ask for {sum(said) if key == 'cpu' else max(said)}, more than the {whole} of the task."
            )
            yield service.problem(key, found, "at least what its containers ask for")


def _where_it_runs(service: Item) -> t.Iterator[Problem]:
    """Options that only Fargate, or only machines of one's own, know."""
    gib = service.get("ephemeral_storage_gib")
    if not runs_on_fargate(service):
        if gib is not None:
            yield service.problem("ephemeral_storage_gib", "Only Fargate has it.", "root_volume of the pool")
        if service.get("assign_public_ip"):
            found = "Tasks on machines of a pool get no public address."
            yield service.problem("assign_public_ip", found, "false, or fargate")
        return
    if isinstance(gib, int) and not EPHEMERAL_GIB[0] <= gib <= EPHEMERAL_GIB[1]:
        right = f"from {EPHEMERAL_GIB[0]} to {EPHEMERAL_GIB[1]}, or nothing for 20"
        yield service.problem("ephemeral_storage_gib", f"Fargate has no disk of {gib} GiB.", right)
    for volume in service.items("volumes"):
        if volume.get("host_path"):
            yield volume.problem("host_path", "Fargate has no machine to share folders with.", "efs, or a pool")
    for container in service.items("containers"):
        if container.get("shared_memory_mib"):
            yield container.problem("shared_memory_mib", "Fargate cannot set /dev/shm.", "a pool, or no such line")
        seconds = container.get("stop_seconds", 0)
        if isinstance(seconds, int) and seconds > FARGATE_STOP_SECONDS:
            found = f"Fargate kills after {FARGATE_STOP_SECONDS} seconds, not {seconds}."
            yield container.problem("stop_seconds", found, f"at most {FARGATE_STOP_SECONDS}")


def _gpus(service: Item, region: Region) -> t.Iterator[Problem]:
    pools = region.named("pools_defined")
    for container in service.items("containers"):
        gpus = container.get("gpus", 0)
        if not isinstance(gpus, int) or gpus == 0:
            continue
        if gpus < 0:
            yield container.problem("gpus", f"{gpus} GPUs.", "a number from 0 on")
        elif runs_on_fargate(service):
            found = "Fargate has no GPUs."
            right = "a pool of GPU machines: capacity: [{provider: <pool>}], with that pool in ecs_cluster.pools"
            yield container.problem("gpus", found, right)
        for entry in service.items("capacity"):
            pool = pools.get(entry.text("provider"))
            types = [str(item.value) for item in pool.items("instance_types")] if pool else []
            without = [name for name in types if not GPU_TYPE.fullmatch(name)]
            if without:
                found = f"Pool {entry.text('provider')} has machines without an NVIDIA GPU: {', '.join(without)}."
                yield entry.problem("provider", found, "a pool of g or p instance types")


def _rolling(service: Item) -> t.Iterator[Problem]:
    said = service.child("deployment")
    least, most = said.get("minimum_percent", 100), said.get("maximum_percent", 200)
    if not (isinstance(least, int) and isinstance(most, int)):
        return
    if not 0 <= least <= 100:
        yield said.problem("minimum_percent", f"{least} is out of range.", "from 0 to 100")
    if not 100 <= most <= 200:
        yield said.problem("maximum_percent", f"{most} is out of range.", "from 100 to 200")
    if least == most == 100:
        found = "With 100 at least and 100 at most no task could be rolled over."
        yield said.problem("minimum_percent", found, "less than 100, or a maximum_percent above 100")
    if most == 100 and service.get("zone_rebalancing", True) is True:
        found = "ECS moves no tasks between zones while no more than those wanted may run."
        yield service.problem("zone_rebalancing", found, "false, or a maximum_percent above 100")
