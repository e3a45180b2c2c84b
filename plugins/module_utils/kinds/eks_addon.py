# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Add-ons of EKS clusters: software of AWS's that EKS installs, updates and watches.

https://docs.aws.amazon.com/eks/latest/userguide/eks-add-ons.html,
https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateAddon.html: an add-on takes one change at a time, and a
role can be given to it and changed, but not taken away.
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._eks import (
    BUSY,
    STANDING,
    asked,
    bear_late_neighbours,
    troubles,
)
from ansible_collections.cloister.aws.plugins.module_utils._eks_addons import (
    ESSENTIAL,
    configuration_text,
    read_configuration,
    vet_configuration,
)
from ansible_collections.cloister.aws.plugins.module_utils._eks_inside import Cluster, InCluster, or_none, part_in
from ansible_collections.cloister.aws.plugins.module_utils._errors import DeadlineError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Want
from ansible_collections.cloister.aws.plugins.module_utils._unknown import is_unknown

_FAILED = ("CREATE_FAILED", "UPDATE_FAILED", "DELETE_FAILED")
_NO_ROOM = "InsufficientNumberOfReplicas"


class EksAddon(InCluster):
    """An add-on; its id is its ARN.

    Fields: ``version``, ``configuration`` (its own settings), ``role`` (ARN or empty), ``state`` (`STANDING`, or how it
    failed). ``create`` holds ``conflicts``: what becomes of settings that somebody changed in the cluster.
    """

    noun = "EKS add-on"
    arn_key = "addonArn"

    wait_seconds: float = 900

    def keys(self, cluster: str) -> list[t.Any]:
        """List names of add-ons."""
        return self.aws.pages("eks", "list_addons", "addons", clusterName=cluster)

    def describe(self, cluster: str, key: t.Any) -> Found:
        """Describe one by its name."""
        return self.wrap(self.aws.call("eks", "describe_addon", clusterName=cluster, addonName=key)["addon"])

    def find(self) -> list[Found]:
        """Return ours that are not on their way out."""
        return [found for found in super().find() if found.raw["status"] != "DELETING"]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return what it is."""
        raw = found.raw
        return {
            "version": raw["addonVersion"],
            "configuration": read_configuration(raw.get("configurationValues")),
            "role": raw.get("serviceAccountRoleArn", ""),
            "state": raw["status"] if raw["status"] in _FAILED else STANDING,
        }

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Install it. One that is on its way out is waited for."""
        cluster, name = want.create["cluster"], want.create["name"]
        there = self.now(cluster, name)
        if there and there.raw["status"] == "DELETING":
            self._outlast(there)
        said = {**_said(want), "resolveConflicts": _installing(want.create["conflicts"])}
        return self.made(cluster, name, want, "create_addon", addonName=name, **said, tags=dict(tags))

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> Found | None:
        """Change it; one that never came to stand, or has a role to lose, is installed anew."""
        lost = "role" in changed and not want.fields["role"]
        if lost or found.raw["status"] in ("CREATE_FAILED", "DELETE_FAILED"):
            self._remove(found, preserve=lost)
            return self.create(want, self.owner.tags_for(want.part, want.tags))
        said = {**_said(want), "resolveConflicts": want.create["conflicts"].upper()}
        bear_late_neighbours(lambda: self.aws.call("eks", "update_addon", patience=BUSY, **_about(found), **said))
        return self.describe(found.raw["clusterName"], found.raw["addonName"])

    def vet(self, want: Want, found: Found | None) -> None:
        """Refuse settings that it does not have."""
        said, version = want.fields["configuration"], want.fields.get("version", "")
        if said and version and not is_unknown([said, version]):
            vet_configuration(self.aws, want.create["name"], version, said)

    def settled(self, found: Found) -> bool:
        """Say whether it does its work, or would if the cluster had a node."""
        status = found.raw["status"]
        if status in _FAILED:
            raise RegionError(f"{found.raw['addonName']} in {found.raw['clusterName']} is {status}: {_issues(found)}")
        return status == "ACTIVE" or (_lacks_room(found) and not self._has_nodes(found.raw["clusterName"]))

    def settle(self, found: Found) -> None:
        """Wait until it does its work."""
        cluster, name = found.raw["clusterName"], found.raw["addonName"]
        last = found

        def ready() -> bool:
            nonlocal last
            last = self.now(cluster, name) or last
            return self.settled(last)

        try:
            self.until(f"add-on {name} of {cluster}", ready, seconds=self.wait_seconds)
        except DeadlineError as exc:
            raise DeadlineError(f"{exc}. It is {last.raw['status']}: {_issues(last)}") from exc

    def delete(self, found: Found) -> None:
        """Remove it; of what pods cannot do without only EKS lets go, and it goes on running."""
        self._remove(found, preserve=found.raw["addonName"] in ESSENTIAL and not self.taken_down)

    def foreign(self, want: Want) -> str | None:
        """Return an add-on of that name which is not ours; of one on its way out the place is free."""
        if is_unknown(want.create["cluster"]):
            return None
        there = self.now(want.create["cluster"], want.create["name"])
        if there is None or self.owner.owns(there.tags) or there.raw["status"] == "DELETING":
            return None
        return there.id

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return its version and how it is."""
        issues = {"issues": troubles(found.raw)} if troubles(found.raw) else {}
        return {"version": found.raw["addonVersion"], "status": found.raw["status"], **issues}

    def _remove(self, found: Found, preserve: bool) -> None:
        about = _about(found)
        or_none(lambda: self.aws.call("eks", "delete_addon", patience=BUSY, **about, preserve=preserve))
        self._outlast(found)

    def _outlast(self, found: Found) -> None:
        cluster, name = found.raw["clusterName"], found.raw["addonName"]

        def gone() -> bool:
            there = self.now(cluster, name)
            if there and there.raw["status"] == "DELETE_FAILED":
                raise RegionError(f"add-on {name} of {cluster} could not be deleted: {_issues(there)}")
            return there is None

        self.until(f"add-on {name} of {cluster} to be gone", gone, seconds=self.wait_seconds)

    def _has_nodes(self, cluster: str) -> bool:
        """Say whether pods have, or soon will have, a place in a cluster."""
        about: dict[str, t.Any] = {"clusterName": cluster}
        if self.aws.pages("eks", "list_fargate_profiles", "fargateProfileNames", **about):
            return True
        names = self.aws.pages("eks", "list_nodegroups", "nodegroups", **about)
        groups = [asked(self.aws, "describe_nodegroup", "nodegroup", **about, nodegroupName=name) for name in names]
        return any(group and group.get("scalingConfig", {}).get("desiredSize", 0) for group in groups)


def _said(want: Want) -> dict[str, t.Any]:
    """Return what an install and an update take alike."""
    fields = want.fields
    return {
        "configurationValues": configuration_text(fields["configuration"]),
        **({"addonVersion": fields["version"]} if fields.get("version") else {}),
        **({"serviceAccountRoleArn": fields["role"]} if fields["role"] else {}),
    }


def _installing(conflicts: str) -> str:
    """Return how an install resolves conflicts; to preserve is an update's."""
    return "NONE" if conflicts == "preserve" else conflicts.upper()


def _about(found: Found) -> dict[str, t.Any]:
    return {"clusterName": found.raw["clusterName"], "addonName": found.raw["addonName"]}


def _lacks_room(found: Found) -> bool:
    issues = found.raw.get("health", {}).get("issues", [])
    return found.raw["status"] == "DEGRADED" and bool(issues) and all(one["code"] == _NO_ROOM for one in issues)


def _issues(found: Found) -> str:
    return troubles(found.raw) or "EKS gives no reason"


def want(addon: t.Mapping[str, t.Any], cluster: Cluster, version: str, role: str) -> Want:
    """Return the wish for an entry of ``eks_addons``; ``role`` is an ARN or empty, ``version`` may be a marker."""
    fields = {"version": version, "configuration": addon["configuration"], "role": role, "state": STANDING}
    made = {"cluster": cluster.name, "name": addon["name"], "conflicts": addon["resolve_conflicts"]}
    return Want(part_in(cluster.part, addon["name"]), fields, create=made)
