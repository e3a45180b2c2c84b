# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tags of what is there, by ARN.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_TagResource.html
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.ecs import capacity_providers, services, task_definitions
from lab.embedded_aws.truth.ecs.base import (
    Response,
    action,
    answer,
    cluster_of,
    invalid,
    read_tags,
    tag_list,
)


def _tagged(response: Response) -> t.Any:
    """The thing that `resourceArn` names; it has `tags`."""
    backend, path = response.ecs_backend, str(response._get_param("resourceArn")).split(":", 5)[-1]
    kind, _, rest = path.partition("/")
    cluster, _, name = rest.partition("/")
    if kind == "cluster":
        return cluster_of(backend, rest, active=True)
    if kind == "service":
        return services.find(backend, cluster_of(backend, cluster), name)
    if kind == "task-definition":
        return task_definitions.find(backend, rest)
    if kind == "capacity-provider":
        return capacity_providers.required(backend, rest)
    table = {"task": backend.tasks, "container-instance": backend.container_instances}.get(kind, {})
    found = next((one for one in table.get(cluster, {}).values() if one.id == name), None)
    if found is None:
        invalid("Unsupported resource type or invalid resource ARN.")
    return found


@action
def list_tags_for_resource(response: Response) -> t.Any:
    return answer(tags=tag_list(_tagged(response).tags))


@action
def tag_resource(response: Response) -> t.Any:
    thing, given = _tagged(response), read_tags(response)
    if len({**thing.tags, **given}) > 50:
        invalid("The number of tags exceeds the maximum of 50.")
    thing.tags.update(given)
    return answer()


@action
def untag_resource(response: Response) -> t.Any:
    thing = _tagged(response)
    for key in response._get_param("tagKeys") or []:
        thing.tags.pop(key, None)
    return answer()
