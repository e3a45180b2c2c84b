# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Managed scaling: a provider's Auto Scaling group grows when tasks wait for machines.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-auto-scaling.html
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.ecs import capacity_providers, launching, machines, placement
from lab.embedded_aws.truth.ecs.base import Backend


def scale(backend: Backend) -> bool:
    """Raise the desired capacity of groups that tasks wait for, within their maximum; whether one was."""
    changed = False
    for cluster in backend.clusters.values():
        waiting = launching.waiting(cluster)
        for name in {one.provider for one in waiting if one.provider}:
            provider = capacity_providers.find(backend, name)
            group = provider.scaling_group() if provider is not None and provider.managed_scaling else None
            if group is not None:
                mine = [one for one in waiting if one.provider == name]
                changed = _raise(backend, cluster, group, name, mine) or changed
    return changed


def _raise(backend: Backend, cluster: t.Any, group: t.Any, name: str, waiting: list[t.Any]) -> bool:
    present = sum(1 for one in cluster.instances if one.provider == name)
    wanted = min(int(group.max_size), present + machines_for(backend, group, waiting))
    if wanted <= int(group.desired_capacity or 0):
        return False
    from moto.autoscaling.models import autoscaling_backends

    autoscaling_backends[backend.account_id][backend.region_name].set_desired_capacity(group.name, wanted)
    return True


def machines_for(backend: Backend, group: t.Any, waiting: list[t.Any]) -> int:
    """How many new machines of the group's first type hold the waiting tasks; none when one is too large for it."""
    size = machines.size_of(group.instance_type)
    bins: list[dict[str, int]] = []
    for task in waiting:
        needs = placement.needs(task.definition)
        if any(needs[key] > size[key] for key in needs):
            continue
        room = next((one for one in bins if all(needs[key] <= one[key] for key in needs)), None)
        if room is None:
            room = dict(size)
            bins.append(room)
        for key, amount in needs.items():
            room[key] -= amount
    return len(bins)
