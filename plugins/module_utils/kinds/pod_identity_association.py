# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""EKS Pod Identity: which role the pods of a service account take.

https://docs.aws.amazon.com/eks/latest/APIReference/API_CreatePodIdentityAssociation.html: a service account has one
association in a cluster, and only its role can be changed. Those that an add-on made for itself are none of ours.
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._eks import bear_late_neighbours
from ansible_collections.cloister.aws.plugins.module_utils._eks_inside import Cluster, InCluster, or_none, part_in
from ansible_collections.cloister.aws.plugins.module_utils._errors import OwnershipError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Want
from ansible_collections.cloister.aws.plugins.module_utils._unknown import is_unknown


class PodIdentityAssociation(InCluster):
    """An association; its id is its ARN. Fields: ``service_account`` (``<namespace>/<name>``), ``role`` (ARN)."""

    noun = "pod identity association"
    arn_key = "associationArn"

    def keys(self, cluster: str) -> list[t.Any]:
        """List ids of associations."""
        listed = self.aws.pages("eks", "list_pod_identity_associations", "associations", clusterName=cluster)
        return [one["associationId"] for one in listed]

    def describe(self, cluster: str, key: t.Any) -> Found:
        """Describe one by its id."""
        action = "describe_pod_identity_association"
        return self.wrap(self.aws.call("eks", action, clusterName=cluster, associationId=key)["association"])

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return whose pods, and which role."""
        return {"service_account": _account(found.raw), "role": found.raw["roleArn"]}

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it."""
        namespace, _slash, account = want.fields["service_account"].partition("/")
        said: dict[str, t.Any] = {
            "clusterName": want.create["cluster"],
            "namespace": namespace,
            "serviceAccount": account,
            "roleArn": want.fields["role"],
            "tags": dict(tags),
        }
        answer = bear_late_neighbours(lambda: self.aws.make("eks", "create_pod_identity_association", **said))
        return self.wrap(answer["association"])

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> Found | None:
        """Change its role, or associate another service account before the old one loses the role."""
        if "service_account" in changed:
            made = self.create(want, self.owner.tags_for(want.part, want.tags))
            self.delete(found)
            return made
        said = {**_about(found), "roleArn": want.fields["role"]}
        bear_late_neighbours(lambda: self.aws.call("eks", "update_pod_identity_association", **said))
        return None

    def delete(self, found: Found) -> None:
        """Delete it; pods that run keep what they have until it expires."""
        or_none(lambda: self.aws.call("eks", "delete_pod_identity_association", **_about(found)))

    def foreign(self, want: Want) -> str | None:
        """Refuse a service account that has an association which is not ours."""
        cluster = want.create["cluster"]
        namespace, _slash, account = want.fields["service_account"].partition("/")
        about = {"clusterName": cluster, "namespace": namespace, "serviceAccount": account}
        listing = "list_pod_identity_associations"
        listed = (
            []
            if is_unknown(cluster)
            else or_none(lambda: self.aws.pages("eks", listing, "associations", **about)) or []
        )
        for one in listed:
            there = self.now(cluster, one["associationId"])
            if there and not self.owner.owns(there.tags):
                whose = f"the add-on {one['ownerArn']} has it" if one.get("ownerArn") else "it is not ours"
                raise OwnershipError(
                    f"{want.fields['service_account']} in {cluster} has {there.id} already, and {whose}; take that "
                    "one away, or leave the service account off the list"
                )
        return None

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return whose pods take which role."""
        return {"service_account": _account(found.raw), "role": found.raw["roleArn"]}


def _account(raw: t.Mapping[str, t.Any]) -> str:
    return f"{raw['namespace']}/{raw['serviceAccount']}"


def _about(found: Found) -> dict[str, t.Any]:
    return {"clusterName": found.raw["clusterName"], "associationId": found.raw["associationId"]}


def want(account: t.Mapping[str, t.Any], cluster: Cluster, role: str) -> Want:
    """Return the wish for an entry of ``eks_service_accounts`` that takes its role by pod identity."""
    fields = {"service_account": f"{account['namespace']}/{account['service_account']}", "role": role}
    return Want(part_in(cluster.part, account["name"]), fields, create={"cluster": cluster.name})
