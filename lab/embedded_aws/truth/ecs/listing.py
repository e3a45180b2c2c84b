# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the tagging API and the list of holdings see of ECS; and moto's own actions that are none of ours."""

from __future__ import annotations

import inspect
import typing as t

from lab.embedded_aws.truth.ecs.base import Backend


def iter_tagged_resources(self: Backend) -> t.Iterator[t.Any]:
    """All that has not ended, with what is set of it: what time alone changes is left out."""
    from moto.core.resource_tagging import TaggedResource

    for kind, thing, shown in alive(self):
        more = {"shown": shown, "name": getattr(thing, "name", "")}
        yield TaggedResource(thing.arn, dict(thing.tags), f"ecs:{kind}", more)


def alive(backend: Backend) -> t.Iterator[tuple[str, t.Any, t.Any]]:
    """(type, thing, what is set of it): tasks and container instances too, until they stop or leave."""
    for cluster in backend.clusters.values():
        shown = [cluster.settings, cluster.configuration, cluster.service_connect]
        if cluster.status != "INACTIVE":
            yield "cluster", cluster, [*shown, cluster.capacity_providers, cluster.strategy]
        yield from (("task", one, one.definition.arn) for one in cluster.tasks)
        yield from (("container-instance", one, [one.instance_id, one.status]) for one in cluster.instances)
    for service in backend.services.values():
        if service.status != "INACTIVE":
            primary = service.primary
            yield "service", service, [service.desired, service.options, primary.definition.arn, primary.settings]
    for provider in backend.capacity_providers.values():
        if provider.status != "INACTIVE":
            yield "capacity-provider", provider, provider.group
    for revisions in backend.task_definitions.values():
        yield from (("task-definition", one, one.body) for one in revisions.values() if one.status == "ACTIVE")


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
