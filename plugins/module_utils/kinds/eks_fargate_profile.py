# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Fargate profiles: which pods of a cluster run without machines of one's own, and in which subnets.

https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html: a profile never changes, and a cluster makes and
deletes one at a time.
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils import _eks as eks
from ansible_collections.cloister.aws.plugins.module_utils._eks_inside import InCluster
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Want

FAILED = "CREATE_FAILED"
_LEAVING = "DELETING"
_ANOTHER = "list a profile of another name beside it, restart its pods, then take this one off the list"


class EksFargateProfile(InCluster):
    """A Fargate profile; its id is its ARN.

    Fields: ``state`` (`_eks.STANDING`, or CREATE_FAILED), ``role``, ``subnets``, ``selectors``.
    """

    noun = "Fargate profile"
    rank = 14
    immutable: t.ClassVar[t.Mapping[str, str]] = dict.fromkeys(("role", "subnets", "selectors"), _ANOTHER)

    def find(self) -> list[Found]:
        """Return what the owner owns and is not on its way out."""
        return [item for item in super().find() if item.raw["status"] != _LEAVING]

    def keys(self, cluster: str) -> list[t.Any]:
        """List names."""
        return self.aws.pages("eks", "list_fargate_profiles", "fargateProfileNames", clusterName=cluster)

    def describe(self, cluster: str, key: t.Any) -> Found:
        """Describe the profile of a name."""
        said = {"clusterName": cluster, "fargateProfileName": key}
        raw = self.aws.call("eks", "describe_fargate_profile", **said)["fargateProfile"]
        return Found(raw["fargateProfileArn"], raw.get("tags") or {}, raw)

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return what it is."""
        raw = found.raw
        return {
            "state": FAILED if raw["status"] == FAILED else eks.STANDING,
            "role": raw["podExecutionRoleArn"],
            "subnets": sorted(raw.get("subnets") or ()),
            "selectors": selectors(raw.get("selectors") or ()),
        }

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it, once no other of the cluster is being made or deleted."""
        said = {
            "clusterName": want.create["cluster"],
            "fargateProfileName": want.create["name"],
            "podExecutionRoleArn": want.fields["role"],
            "subnets": want.fields["subnets"],
            "selectors": want.fields["selectors"],
            "tags": dict(tags),
        }
        raw = eks.in_turn(
            lambda: eks.bear_late_neighbours(lambda: self.aws.make("eks", "create_fargate_profile", **said))
        )["fargateProfile"]
        return Found(raw["fargateProfileArn"], tags, raw)

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> Found:
        """Make one that failed anew."""
        self.delete(found)
        return self.create(want, self.owner.tags_for(want.part, want.tags))

    def settled(self, found: Found) -> bool:
        """Say whether pods can run by it."""
        return bool(found.raw["status"] == "ACTIVE")

    def settle(self, found: Found) -> None:
        """Wait until pods can run by it."""

        def ready() -> bool:
            now = self._again(found)
            if now and now.raw["status"] == FAILED:
                raise RegionError(eks.trouble_of(found.id, now.raw))
            return now is not None and self.settled(now)

        self.until(f"{found.id} to be active", ready, eks.NODES_SECONDS)

    def delete(self, found: Found) -> None:
        """Delete it, once no other of the cluster is being deleted; its pods go with it."""
        try:
            eks.in_turn(lambda: self.aws.call("eks", "delete_fargate_profile", **_about(found)))
        except ApiError as exc:
            if exc.code != eks.GONE:
                raise
        self.until(f"{found.id} to be gone", lambda: self._again(found) is None, eks.NODES_SECONDS)

    def foreign(self, want: Want) -> str | None:
        """Return a profile of that name in the cluster that is not ours."""
        there = self.now(want.create["cluster"], want.create["name"])
        standing = there and there.raw["status"] != _LEAVING and not self.owner.owns(there.tags)
        return there.id if there and standing else None

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return whose pods it takes."""
        return {"namespaces": ", ".join(sorted({one["namespace"] for one in found.raw.get("selectors") or ()}))}

    def _again(self, found: Found) -> Found | None:
        return self.now(found.raw["clusterName"], found.raw["fargateProfileName"])


def _about(found: Found) -> dict[str, t.Any]:
    return {"clusterName": found.raw["clusterName"], "fargateProfileName": found.raw["fargateProfileName"]}


def selectors(said: t.Iterable[t.Mapping[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Return selectors in an order of their own."""
    plain = [{"namespace": one["namespace"], "labels": dict(one.get("labels") or {})} for one in said]
    return sorted(plain, key=lambda one: (one["namespace"], sorted(one["labels"].items())))
