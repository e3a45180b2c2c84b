# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Targets that the inventory lists: addresses, instances, application load balancers.

They carry no tags: a target in a group of ours whose tag says ``listed`` (`TARGETS`) is ours. In all other groups
somebody else registers, such as ECS, and nothing there is looked at. Part is ``<group> <target>:<port>``.
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_TargetDescription.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, Patience, each
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._owner import PART, STACK, Owner
from ansible_collections.cloister.aws.plugins.module_utils.kinds.load_balancer import LoadBalancer
from ansible_collections.cloister.aws.plugins.module_utils.kinds.target_group import TARGETS, TargetGroup

PLACES = ("ip", "instance", "load_balancer")
# A balancer is refused as a target until its listener on that port is known everywhere.
_LISTENER_LATE = Patience(frozenset({"InvalidTarget"}), seconds=60)


class Target(Kind):
    """A registered target; it has no fields. ``create`` holds ``group`` (ARN) and ``target`` as AWS takes it."""

    noun = "target"
    made_by = "load_balancers"
    rank = 12

    def __init__(self, aws: Aws, owner: Owner) -> None:
        super().__init__(aws, owner)
        self.groups: t.Sequence[Found] | None = None
        """The owner's target groups; read when nobody has set them."""

    def find(self) -> list[Found]:
        """Return those that are registered and not leaving."""
        groups = TargetGroup(self.aws, self.owner).find() if self.groups is None else self.groups
        ours = [group for group in groups if group.tags.get(TARGETS) == "listed" and self.owner.owns(group.tags)]
        return [found for listed in each(self._registered, ours) for found in listed]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return nothing."""
        return {}

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Register it; to do so twice is to do so once."""
        group, target = want.create["group"], want.create["target"]
        patience = _LISTENER_LATE if target["Id"].startswith("arn:") else None
        self.aws.call("elbv2", "register_targets", patience=patience, TargetGroupArn=group, Targets=[target])
        return Found(f"{group} {target['Id']}", tags, {"group": group, "target": target})

    def delete(self, found: Found) -> None:
        """Take it out; what it is doing goes on until the group's delay is over."""
        action = "deregister_targets"
        self.aws.call("elbv2", action, absent_ok=True, TargetGroupArn=found.raw["group"], Targets=[found.raw["target"]])

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Do nothing: a target has no tags."""

    def _registered(self, group: Found) -> list[Found]:
        action = "describe_target_health"
        answer = self.aws.call("elbv2", action, absent_ok=True, TargetGroupArn=group.id) or {}
        return [
            self._found(group, one["Target"])
            for one in answer.get("TargetHealthDescriptions", ())
            if one["TargetHealth"]["State"] != "draining"
        ]

    def _found(self, group: Found, target: t.Mapping[str, t.Any]) -> Found:
        name = target["Id"]
        if name.startswith("arn:"):
            name = name.split("/")[2].removeprefix(f"{self.owner.region}-")
        part = _part(group.part, name, target["Port"])
        tags = {**self.owner.tags_for(part), STACK: group.tags[STACK], PART: part}
        said = {key: target[key] for key in ("Id", "Port")}
        return Found(f"{group.id} {target['Id']}", tags, {"group": group.id, "target": said})


def _part(group: str, target: str, port: t.Any) -> str:
    return f"{group} {target}:{port}"


def wants(groups: t.Iterable[t.Mapping[str, t.Any]], names: Names) -> list[Want]:
    """Return the wishes for the targets that entries of ``load_balancers_target_groups`` list."""
    return [_want(group, target, names) for group in groups for target in group["targets"] or ()]


def _want(group: t.Mapping[str, t.Any], target: t.Mapping[str, t.Any], names: Names) -> Want:
    given = [key for key in PLACES if target[key]]
    if len(given) != 1:
        raise InputError(f"a target of group {group['name']}: give exactly one of {', '.join(PLACES)}")
    name, port = target[given[0]], target["port"] or group["port"]
    said = {"Id": names.id(LoadBalancer, name) if given[0] == "load_balancer" else name, "Port": port}
    if target["az"]:
        said["AvailabilityZone"] = target["az"]
    arn = names.id(TargetGroup, group["name"])
    return Want(_part(group["name"], name, port), {}, create={"group": arn, "target": said})
