# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Updates: changes of a cluster, a node group or an add-on that take their time, one after the other.

https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeUpdate.html
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import typing as t
from collections.abc import Callable

from lab.embedded_aws.truth.eks.base import Body, Response, action, after, answer, missing, new_uuid, now, page, params
from lab.embedded_aws.truth.eks.cluster import Cluster, addon_named, cluster_named, nodegroup_named


@dataclasses.dataclass(eq=False)
class Update:
    """One change; `params` say what it changes, in texts."""

    type: str
    params: Body
    status: str = "InProgress"
    errors: list[Body] = dataclasses.field(default_factory=list)
    id: str = dataclasses.field(default_factory=new_uuid)
    created: datetime.datetime = dataclasses.field(default_factory=now)

    def view(self) -> Body:
        return {
            "id": self.id, "status": self.status, "type": self.type, "createdAt": self.created, "errors": self.errors,
            "params": [{"type": key, "value": _text(value)} for key, value in self.params.items()],
        }  # fmt: skip

    def fail(self, code: str, message: str, ids: list[str] | None = None) -> None:
        self.status = "Failed"
        self.errors.append({"errorCode": code, "errorMessage": message, "resourceIds": ids or []})


def _text(value: t.Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def running(thing: t.Any) -> Update | None:
    """The update that a cluster, node group or add-on is in."""
    return next((one for one in thing.updates.values() if one.status == "InProgress"), None)


def begin(thing: t.Any, cluster: Cluster, update: Update, delay: str, change: Callable[[Update], None]) -> Update:
    """Start an update; `change` is made in its time and may fail it. The thing's status tells of it meanwhile."""
    thing.updates[update.id] = update
    thing.status = "UPDATING"

    def end() -> None:
        if thing.gone or update.status != "InProgress":
            return
        if thing.status == "UPDATING":
            thing.status = "ACTIVE"
        change(update)
        if update.status == "InProgress":
            update.status = "Successful"

    after(cluster.backend, delay, end)
    return update


def _of(cluster: Cluster, given: Body) -> dict[str, Update]:
    """The updates of what a request names: a node group, an add-on, or the cluster itself."""
    if given.get("nodegroupName"):
        return t.cast("dict[str, Update]", nodegroup_named(cluster, given["nodegroupName"]).updates)
    if given.get("addonName"):
        return t.cast("dict[str, Update]", addon_named(cluster, given["addonName"]).updates)
    return t.cast("dict[str, Update]", cluster.updates)


@action
def describe_update(response: Response) -> t.Any:
    given = params(response)
    found = _of(cluster_named(response.eks_backend, given["name"]), given).get(given["updateId"])
    if found is None:
        missing(f"No update found for ID: {given['updateId']}")
    return answer(update=found.view())


@action
def list_updates(response: Response) -> t.Any:
    given = params(response)
    known = _of(cluster_named(response.eks_backend, given["name"]), given)
    return page(given, list(reversed(known)), "updateIds")
