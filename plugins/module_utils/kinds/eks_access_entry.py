# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Access entries of EKS clusters: which role or user of IAM may use the Kubernetes API, and for what.

https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html,
https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAccessEntry.html: a principal has one entry in a cluster,
and neither its principal nor its type can be changed.
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Patience, each
from ansible_collections.cloister.aws.plugins.module_utils._eks import GONE
from ansible_collections.cloister.aws.plugins.module_utils._eks_inside import Cluster, InCluster, or_none, part_in
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, InputError, OwnershipError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Want
from ansible_collections.cloister.aws.plugins.module_utils._unknown import is_unknown

STANDARD = "STANDARD"
EVERYWHERE: t.Final = "the whole cluster"
# An entry that was made a moment ago.
_SHOWN_LATE = Patience(frozenset({GONE}), seconds=30)
TYPES = (STANDARD, "EC2_LINUX", "EC2_WINDOWS", "FARGATE_LINUX", "EC2", "HYBRID_LINUX")


class EksAccessEntry(InCluster):
    """An access entry; its id is its ARN.

    Fields: ``principal`` (ARN), ``type``, ``groups`` (of Kubernetes, sorted), ``policies`` (where each holds, by name:
    sorted namespaces or `EVERYWHERE`) and, where one is wanted, ``username``.
    """

    noun = "EKS access entry"
    arn_key = "accessEntryArn"
    immutable: t.ClassVar[t.Mapping[str, str]] = {
        "type": "take the entry off the list, run, and list it again",
    }

    def keys(self, cluster: str) -> list[t.Any]:
        """List the ARNs of principals; a cluster that knows none but those of its config map has none of ours."""
        try:
            return self.aws.pages("eks", "list_access_entries", "accessEntries", clusterName=cluster)
        except ApiError as exc:
            if exc.code != "InvalidRequestException":
                raise
            return []

    def describe(self, cluster: str, key: t.Any) -> Found:
        """Describe the entry of a principal, with its policies."""
        about: dict[str, t.Any] = {"clusterName": cluster, "principalArn": key}
        reads: list[t.Callable[[], t.Any]] = [
            lambda: self.aws.call("eks", "describe_access_entry", **about)["accessEntry"],
            lambda: self.aws.pages("eks", "list_associated_access_policies", "associatedAccessPolicies", **about),
        ]
        raw, policies = each(lambda read: read(), reads)
        return self.wrap({**raw, "policies": policies})

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return who, and what for."""
        raw = found.raw
        return {
            "principal": raw["principalArn"],
            "type": raw.get("type", STANDARD),
            "groups": sorted(raw.get("kubernetesGroups", ())),
            "username": raw.get("username", ""),
            "policies": {one["policyArn"].rpartition("/")[2]: _scope(one) for one in raw.get("policies", ())},
        }

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it, without any policy yet."""
        cluster, principal = want.create["cluster"], want.fields["principal"]
        said = {"principalArn": principal, "type": want.fields["type"], **self._named(want)}
        return self.made(cluster, principal, want, "create_access_entry", **said, tags=dict(tags))

    def complete(self, found: Found, want: Want) -> None:
        """Give it its policies."""
        self._bring(found, want)

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> Found | None:
        """Change groups, name and policies; another principal gets its entry before the old one loses its own."""
        if "principal" in changed:
            made = self.create(want, self.owner.tags_for(want.part, want.tags))
            self.complete(made, want)
            self.delete(found)
            return made
        if {"groups", "username"} & set(changed):
            self.aws.call("eks", "update_access_entry", **_about(found), **self._named(want))
        if "policies" in changed:
            self._bring(found, want)
        return None

    def delete(self, found: Found) -> None:
        """Delete it, and its policies with it."""
        or_none(lambda: self.aws.call("eks", "delete_access_entry", **_about(found)))

    def vet(self, want: Want, found: Found | None) -> None:
        """Refuse policies that EKS does not have."""
        have = self.fields(found)["policies"] if found else {}
        if set(want.fields["policies"]) <= set(have):
            return
        pages = self.aws.pages("eks", "list_access_policies", "accessPolicies")
        known = [policy["name"] for policy in pages]
        missing = [name for name in want.fields["policies"] if name not in known]
        if missing:
            raise InputError(
                f"{self.noun} {want.part}: EKS has no access policy {', '.join(missing)}; there are: "
                f"{', '.join(sorted(known))}"
            )

    def foreign(self, want: Want) -> str | None:
        """Refuse a principal that has an entry which is not ours."""
        cluster, principal = want.create["cluster"], want.fields["principal"]
        if is_unknown([cluster, principal]):
            return None
        there = self.now(cluster, principal)
        if there is None or self.owner.owns(there.tags):
            return None
        raise OwnershipError(
            f"{principal} has an access entry in {cluster} already, which is not ours: EKS makes one for who makes a "
            "cluster and for the role of its nodes. Leave it out of the list, or delete it by hand: aws eks "
            f"delete-access-entry --cluster-name {cluster} --principal-arn {principal}"
        )

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return who it is for, and what Kubernetes calls them."""
        return {"principal": found.raw["principalArn"], "username": found.raw.get("username", "")}

    def _named(self, want: Want) -> dict[str, t.Any]:
        """Return what an entry for people takes; those for nodes are named and grouped by EKS."""
        if want.fields["type"] != STANDARD:
            return {}
        name = want.fields.get("username")
        return {"kubernetesGroups": want.fields["groups"], **({"username": name} if name else {})}

    def _let_go(self, found: Found, arn: str) -> None:
        or_none(lambda: self.aws.call("eks", "disassociate_access_policy", **_about(found), policyArn=arn))

    def _bring(self, found: Found, want: Want) -> None:
        """Associate what is new or elsewhere, then let go of what is not wanted."""
        have, wanted = self.fields(found)["policies"], want.fields["policies"]
        arns = {one["policyArn"].rpartition("/")[2]: one["policyArn"] for one in found.raw.get("policies", ())}
        for name, where in wanted.items():
            if have.get(name) != where:
                scope = {"type": "cluster"} if where == EVERYWHERE else {"type": "namespace", "namespaces": where}
                arn = f"arn:{self.aws.partition}:eks::aws:cluster-access-policy/{name}"
                said = {**_about(found), "policyArn": arn, "accessScope": scope}
                self.aws.call("eks", "associate_access_policy", patience=_SHOWN_LATE, **said)
        for name in sorted(set(have) - set(wanted)):
            self._let_go(found, arns[name])


def _about(found: Found) -> dict[str, t.Any]:
    return {"clusterName": found.raw["clusterName"], "principalArn": found.raw["principalArn"]}


def _scope(policy: t.Mapping[str, t.Any]) -> t.Any:
    scope = policy["accessScope"]
    return EVERYWHERE if scope["type"] == "cluster" else sorted(scope.get("namespaces", ()))


def want(entry: t.Mapping[str, t.Any], cluster: Cluster, principal: str) -> Want:
    """Return the wish for an entry of ``eks_access_entries``; ``principal`` is the ARN that it stands for."""
    name, kind = entry["name"], entry["type"]
    if kind != STANDARD and (entry["groups"] or entry["policies"] or entry["username"]):
        raise InputError(
            f"EKS access entry {name}: EKS itself says what a {kind} may do; leave groups, policies and username out, "
            f"or make it {STANDARD}"
        )
    fields: dict[str, t.Any] = {"principal": principal, "type": kind}
    if kind == STANDARD:
        policies = {one["policy"]: sorted(one["namespaces"]) or EVERYWHERE for one in entry["policies"]}
        if len(policies) < len(entry["policies"]):
            raise InputError(f"EKS access entry {name}: a policy is listed twice; name all of its namespaces at once")
        fields |= {"groups": sorted(entry["groups"]), "policies": policies}
        fields |= {"username": entry["username"]} if entry["username"] else {}
    else:
        fields |= {"policies": {}}
    return Want(part_in(cluster.part, name), fields, create={"cluster": cluster.name})
