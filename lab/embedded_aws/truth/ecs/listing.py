# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the tagging API and the list of holdings see of ECS; and moto's own actions that are none of ours."""

from __future__ import annotations

import inspect
import typing as t

from lab.embedded_aws.truth.ecs.base import Backend


def iter_tagged_resources(self: Backend) -> t.Iterator[t.Any]:
    """All that has not ended."""
    from moto.core.resource_tagging import TaggedResource

    for kind, thing in alive(self):
        yield TaggedResource(arn=thing.arn, tags=dict(thing.tags), resource_type=f"ecs:{kind}")


def alive(backend: Backend) -> t.Iterator[tuple[str, t.Any]]:
    """(type, thing) of what exists: tasks and container instances too, until they stop or leave."""
    for cluster in backend.clusters.values():
        if cluster.status != "INACTIVE":
            yield "cluster", cluster
        yield from (("task", one) for one in cluster.tasks)
        yield from (("container-instance", one) for one in cluster.instances)
    yield from (("service", one) for one in backend.services.values() if one.status != "INACTIVE")
    yield from (("capacity-provider", one) for one in backend.capacity_providers.values() if one.status != "INACTIVE")
    for revisions in backend.task_definitions.values():
        yield from (("task-definition", one) for one in revisions.values() if one.status == "ACTIVE")


def drop_the_rest(owner: type) -> None:
    """Let moto's other actions say that they are not modelled: they know nothing of our state."""
    for name, method in inspect.getmembers(owner, inspect.isfunction):
        if (
            method.__qualname__.startswith("EC2ContainerServiceResponse.")
            and name in vars(owner)
            and name != "__init__"
        ):
            setattr(owner, name, _unknown(name))


def _unknown(name: str) -> t.Callable[[t.Any], t.NoReturn]:
    def refuse(_: t.Any) -> t.NoReturn:
        raise NotImplementedError(f"ecs:{name}")

    return refuse
