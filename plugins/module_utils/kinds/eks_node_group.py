# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Managed node groups: machines that EKS starts, joins to a cluster, and rolls over one after the other.

https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html. Each has a launch template of ours and names
a version of it by number. https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html: another
version of template or Kubernetes replaces every node, pods moved away first as their disruption budgets allow.
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils import _eks as eks
from ansible_collections.cloister.aws.plugins.module_utils import _node_group_calls as calls
from ansible_collections.cloister.aws.plugins.module_utils._eks_inside import InCluster
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Want
from ansible_collections.cloister.aws.plugins.module_utils.functions.resting import RESTING, SCHEDULE, Size, remembered

FAILED = "CREATE_FAILED"
_LEAVING = "DELETING"
_ANOTHER = "list a group of another name beside it, let its pods move there, then take this one off the list"


class EksNodeGroup(InCluster):
    """A node group; its id is its ARN, its name in AWS ``raw["nodegroupName"]``.

    Fields: ``state`` (`_eks.STANDING`, or CREATE_FAILED), ``role``, ``subnets``, ``ami_type``, ``capacity``,
    ``instance_types``, ``size`` (min, max), ``labels``, ``taints``, ``update``, ``repair``, ``version``, ``template``
    (id), ``template_version``, ``schedule`` (the calendar that it follows) and, where the inventory says them,
    ``desired`` and ``release_version``. One that rests has the sizes that it gets when it is started again.
    """

    noun = "EKS node group"
    rank = 14
    immutable: t.ClassVar[t.Mapping[str, str]] = dict.fromkeys(
        ("role", "subnets", "ami_type", "capacity", "instance_types", "template"), _ANOTHER
    )

    roll_seconds: float = 7200
    """How long a roll-over is waited for."""

    def find(self) -> list[Found]:
        """Return what the owner owns and is not on its way out."""
        return [item for item in super().find() if item.raw["status"] != _LEAVING]

    def keys(self, cluster: str) -> list[t.Any]:
        """List names."""
        return self.aws.pages("eks", "list_nodegroups", "nodegroups", clusterName=cluster)

    def describe(self, cluster: str, key: t.Any) -> Found:
        """Describe the group of a name."""
        raw = self.aws.call("eks", "describe_nodegroup", clusterName=cluster, nodegroupName=key)["nodegroup"]
        return Found(raw["nodegroupArn"], raw.get("tags") or {}, raw)

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return what it is."""
        size = remembered(found.tags)
        resting = {"size": {"min": size.least, "max": size.most}, "desired": size.wanted} if size else {}
        return {
            **calls.fields(found.raw),
            "state": FAILED if found.raw["status"] == FAILED else eks.STANDING,
            "schedule": found.tags.get(SCHEDULE, ""),
            **resting,
        }

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it; an old one of that name that is on its way out is waited for."""
        cluster, name = want.create["cluster"], want.create["name"]
        follows = {SCHEDULE: want.fields["schedule"]} if want.fields["schedule"] else {}
        said = {"clusterName": cluster, "nodegroupName": name, "tags": {**tags, **follows}, **calls.new(want.fields)}
        try:
            answer = eks.bear_late_neighbours(lambda: self.aws.make("eks", "create_nodegroup", **said))
        except ApiError as exc:
            old = self.now(cluster, name) if exc.code == eks.TAKEN else None
            if old is None or old.raw["status"] != _LEAVING:
                raise
            self._await_gone(old)
            answer = self.aws.make("eks", "create_nodegroup", **said)
        raw = answer["nodegroup"]
        return Found(raw["nodegroupArn"], tags, raw)

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> Found:
        """Change what nodes keep running for, then roll them over; one that failed is made anew."""
        if "state" in changed:
            self.delete(found)
            return self.create(want, self.owner.tags_for(want.part, want.tags))
        self._await_update_of_others(found)
        size = remembered(found.tags)
        if size:
            changed = self._resting(found, want, size, changed)
        if "schedule" in changed:
            self._follow(found, want.fields["schedule"])
        for action, said in calls.changes(found.raw, want, changed):
            self._change(found, action, said)
        return self._again(found) or found

    def settled(self, found: Found) -> bool:
        """Say whether its nodes have joined."""
        return bool(found.raw["status"] == "ACTIVE")

    def settle(self, found: Found) -> None:
        """Wait until its nodes have joined; raise with EKS's reasons when they do not."""
        what = f"the nodes of {found.raw['nodegroupName']} to join {found.raw['clusterName']}"

        def ready() -> bool:
            now = self._again(found)
            if now and now.raw["status"] in (FAILED, "DEGRADED"):
                raise RegionError(eks.trouble_of(found.id, now.raw))
            return now is not None and self.settled(now)

        self.until(what, ready, eks.NODES_SECONDS)

    def delete(self, found: Found) -> None:
        """Delete it; return when its nodes are gone."""
        try:
            self.aws.call("eks", "delete_nodegroup", patience=eks.BUSY, **_about(found))
        except ApiError as exc:
            if exc.code != eks.GONE:
                raise
        self._await_gone(found)

    def foreign(self, want: Want) -> str | None:
        """Return a group of that name in the cluster that is not ours."""
        there = self.now(want.create["cluster"], want.create["name"])
        standing = there and there.raw["status"] != _LEAVING and not self.owner.owns(there.tags)
        return there.id if there and standing else None

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return how many nodes it has and may have, and what they run."""
        size = found.raw.get("scalingConfig") or {}
        nodes = f"{size.get('desiredSize')} ({size.get('minSize')} to {size.get('maxSize')})"
        return {"nodes": nodes, "release": found.raw.get("releaseVersion", "")}

    def _resting(self, found: Found, want: Want, size: Size, changed: t.Collection[str]) -> t.Collection[str]:
        """Deal with the sizes of a group that rests, and return what else changes.

        Other sizes are those that it gets when it is started. One that no longer follows its calendar, which would
        start it, is started here.
        """
        if not {"size", "desired", "schedule"} & set(changed):
            return changed
        least, most = want.fields["size"]["min"], want.fields["size"]["max"]
        later = Size(least, min(max(want.fields.get("desired", size.wanted), least), most), most)
        if "schedule" in changed:
            said = {"minSize": later.least, "desiredSize": later.wanted, "maxSize": later.most}
            self._change(found, "update_nodegroup_config", {"scalingConfig": said})
            self._untag(found, RESTING)
        else:
            self.retag(found, {RESTING: later.text()})
        return set(changed) - {"size", "desired"}

    def _follow(self, found: Found, schedule: str) -> None:
        """Put the calendar's name on it, or take it off."""
        if schedule:
            self.retag(found, {SCHEDULE: schedule})
        else:
            self._untag(found, SCHEDULE)

    def _untag(self, found: Found, key: str) -> None:
        self.aws.call("eks", "untag_resource", resourceArn=found.id, tagKeys=[key])

    def _change(self, found: Found, action: str, said: t.Mapping[str, t.Any]) -> None:
        begun = self.aws.call("eks", action, patience=eks.BUSY, **_about(found), **said)
        self._await_update(found, begun["update"])

    def _again(self, found: Found) -> Found | None:
        return self.now(found.raw["clusterName"], found.raw["nodegroupName"])

    def _await_update_of_others(self, found: Found) -> None:
        def still() -> bool:
            now = self._again(found)
            return now is None or now.raw["status"] not in ("UPDATING", "CREATING")

        self.until(f"what changes {found.raw['nodegroupName']} already to end", still, self.roll_seconds)

    def _await_update(self, found: Found, update: t.Mapping[str, t.Any]) -> None:
        where = {"name": found.raw["clusterName"], "nodegroupName": found.raw["nodegroupName"]}
        what = f"{update.get('type', 'update')} of {found.raw['nodegroupName']}"
        self.until(what, lambda: eks.finished(self.aws, update, where), self.roll_seconds)

    def _await_gone(self, found: Found) -> None:
        def gone() -> bool:
            now = self._again(found)
            if now and now.raw["status"] == "DELETE_FAILED":
                raise RegionError(eks.trouble_of(found.id, now.raw))
            return now is None

        self.until(f"{found.id} to be gone", gone, eks.NODES_SECONDS)


def _about(found: Found) -> dict[str, t.Any]:
    return {"clusterName": found.raw["clusterName"], "nodegroupName": found.raw["nodegroupName"]}
