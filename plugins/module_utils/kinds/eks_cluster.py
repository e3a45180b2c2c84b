# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""EKS clusters, called ``<region_name>-<part>``: the control plane, who may call it, and which Kubernetes it speaks.

https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html. Nobody is let in for having made it: who may
is said by access entries. Add-ons come only as they are listed.
https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterConfig.html: one kind of change at a time.
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils import _eks as eks
from ansible_collections.cloister.aws.plugins.module_utils import _eks_versions as versions
from ansible_collections.cloister.aws.plugins.module_utils._eks_cluster_calls import changes, new, subject
from ansible_collections.cloister.aws.plugins.module_utils._errors import (
    ApiError,
    ImmutableError,
    OwnershipError,
    RegionError,
)
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils.kinds.iam_role import IamRole
from ansible_collections.cloister.aws.plugins.module_utils.kinds.security_group import SecurityGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.subnet import Subnet

_LEAVING, _FAILED = "DELETING", "FAILED"
_ANOTHER = "it is for the life of a cluster; list a cluster of another name in a stack of its own and move over"
# What a cluster holds that keeps it from going: listing, its result, description, its result, the name's parameter.
_TENANTS = (
    ("list_nodegroups", "nodegroups", "describe_nodegroup", "nodegroup", "nodegroupName"),
    (
        "list_fargate_profiles",
        "fargateProfileNames",
        "describe_fargate_profile",
        "fargateProfile",
        "fargateProfileName",
    ),
)


class EksCluster(Kind):
    """A cluster; its id is its ARN, its name in AWS ``raw["name"]``.

    Fields: ``state`` (`_eks.STANDING`, or FAILED), ``version``, ``role`` (ARN), ``subnets``, ``security_groups``,
    ``endpoint`` (private, public, public_cidrs), ``logs``, ``secrets_key`` (ARN or empty), ``upgrade_policy``,
    ``deletion_protection``, ``zonal_shift`` and, where the inventory says it, ``service_cidr``.
    """

    noun = "EKS cluster"
    made_by = "eks"
    rank = 16
    immutable: t.ClassVar[t.Mapping[str, str]] = {"role": _ANOTHER, "service_cidr": _ANOTHER}

    ready_seconds: float = eks.CLUSTER_SECONDS
    """How long one is waited for."""

    def find(self) -> list[Found]:
        """Return ours that stand, by name and tags."""
        return [item for item in self._read(eks.clusters(self.aws, self.owner)) if self.owner.owns(item.tags)]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return what it is."""
        raw, vpc = found.raw, found.raw["resourcesVpcConfig"]
        public = vpc.get("endpointPublicAccess", True)
        logging = (raw.get("logging") or {}).get("clusterLogging") or ()
        keys = [one.get("provider", {}).get("keyArn", "") for one in raw.get("encryptionConfig") or ()]
        return {
            "state": _FAILED if raw["status"] == _FAILED else eks.STANDING,
            "version": raw.get("version"),
            "role": raw["roleArn"],
            "subnets": sorted(vpc.get("subnetIds") or ()),
            "security_groups": sorted(vpc.get("securityGroupIds") or ()),
            "endpoint": {
                "private": vpc.get("endpointPrivateAccess", False),
                "public": public,
                "public_cidrs": sorted(vpc.get("publicAccessCidrs") or ()) if public else [],
            },
            "logs": sorted(name for one in logging if one.get("enabled") for name in one.get("types", ())),
            "secrets_key": next(iter(keys), ""),
            "upgrade_policy": (raw.get("upgradePolicy") or {}).get("supportType", "EXTENDED").lower(),
            "deletion_protection": raw.get("deletionProtection", False),
            "zonal_shift": (raw.get("zonalShiftConfig") or {}).get("enabled", False),
            "service_cidr": (raw.get("kubernetesNetworkConfig") or {}).get("serviceIpv4Cidr"),
        }

    def vet(self, want: Want, found: Found | None) -> None:
        """Refuse a version that EKS does not have, a step that it does not take, and a key that it cannot change."""
        have = self.fields(found) if found else {"version": None, "secrets_key": ""}
        if have["version"] != want.fields["version"]:
            versions.vet(self.aws, want.part, found, str(want.fields["version"]))
        if have["secrets_key"] and have["secrets_key"] != want.fields["secrets_key"]:
            raise ImmutableError(
                f"EKS cluster {want.part}: its secrets are encrypted with {have['secrets_key']}, which cannot become "
                f"{want.fields['secrets_key'] or 'none'}; set secrets_key_arn back, or make another cluster"
            )

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it; an old one of that name that is on its way out is waited for."""
        name, fields = eks.aws_name(self.owner, want.part), want.fields
        said = {
            "name": name,
            "tags": dict(tags),
            "roleArn": fields["role"],
            "version": fields["version"],
            **new(want.fields),
        }
        try:
            answer = eks.bear_late_neighbours(lambda: self.aws.make("eks", "create_cluster", **said))
        except ApiError as exc:
            old = eks.asked(self.aws, "describe_cluster", "cluster", name=name) if exc.code == eks.TAKEN else None
            if old is None or old["status"] != _LEAVING:
                raise
            self._await_gone(name)
            answer = self.aws.make("eks", "create_cluster", **said)
        return Found(answer["cluster"]["arn"], tags, answer["cluster"])

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> Found:
        """Change it, one thing after the other; its version last, which is begun and not waited for.

        One that failed is made anew. What runs already, of a killed run's or of a person's, is waited for first.
        """
        if "state" in changed:
            self.delete(found)
            return self.create(want, self.owner.tags_for(want.part, want.tags))
        self._await_ready(found)
        now = self.fields(self.now(found) or found)
        left = {name for name in changed if now[name] != want.fields[name]}
        for action, said in changes(want.fields, left):
            begun = self.aws.call("eks", action, patience=eks.BUSY, **{subject(action): found.raw["name"]}, **said)
            if action != "update_cluster_version":
                self._await_update(found, begun["update"])
        return self.now(found) or found

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Set these tags, leaving others alone."""
        self.aws.call("eks", "tag_resource", resourceArn=found.id, tags=dict(tags))

    def settled(self, found: Found) -> bool:
        """Say whether it stands and nothing of it is being changed."""
        return bool(found.raw["status"] == "ACTIVE")

    def settle(self, found: Found) -> None:
        """Wait until it stands."""
        self._await_ready(found)

    def vet_removal(self, found: Found) -> None:
        """Refuse one that is protected, and one with machines of others in it."""
        if found.raw.get("deletionProtection") and "data" not in self.released:
            raise RegionError(
                f"{found.id} is protected from deletion; list it with deletion_protection: false and build the region, "
                "then take it away. A teardown takes it with -e teardown_release_data=true"
            )
        theirs = [tenant for tenant in self._tenants(found.raw["name"]) if not self.owner.owns(tenant[1])]
        if theirs:
            names = ", ".join(sorted(name for name, _tags in theirs))
            raise OwnershipError(f"{found.id} holds {names}, not this stack's; delete or move that, then run again")

    def delete(self, found: Found) -> None:
        """Delete it, and wait until it has let go of the network."""
        name = found.raw["name"]
        try:
            if found.raw.get("deletionProtection"):
                said: dict[str, t.Any] = {"name": name, "deletionProtection": False}
                begun = self.aws.call("eks", "update_cluster_config", patience=eks.BUSY, **said)
                self._await_update(found, begun["update"])
            self.aws.call("eks", "delete_cluster", name=name, patience=eks.BUSY)
        except ApiError as exc:
            if exc.code != eks.GONE:
                raise
        self._await_gone(name)

    def foreign(self, want: Want) -> str | None:
        """Return a standing cluster of that name that is not ours."""
        found = self._read([eks.aws_name(self.owner, want.part)])
        return found[0].id if found and not self.owner.owns(found[0].tags) else None

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return its version, where its API answers once it does, and whether it is protected from deletion."""
        endpoint = {"endpoint": found.raw["endpoint"]} if found.raw.get("endpoint") else {}
        protected = {"deletion_protection": True} if found.raw.get("deletionProtection") else {}
        return {"version": found.raw.get("version"), **endpoint, **protected}

    def _await_ready(self, found: Found) -> None:
        def ready() -> bool:
            now = self.now(found)
            if now and now.raw["status"] == _FAILED:
                raise RegionError(f"{found.id} failed: {eks.troubles(now.raw) or 'EKS gives no reason'}")
            return now is not None and self.settled(now)

        if not self.settled(found):
            self.until(f"EKS cluster {found.raw['name']} to be active", ready, self.ready_seconds)

    def _await_update(self, found: Found, update: t.Mapping[str, t.Any]) -> None:
        where = {"name": found.raw["name"]}
        what = f"{update.get('type', 'update')} of {found.raw['name']}"
        self.until(what, lambda: eks.finished(self.aws, update, where), eks.UPDATE_SECONDS)

    def _await_gone(self, name: str) -> None:
        self.until(f"EKS cluster {name} to be gone", lambda: not eks.described(self.aws, [name]), eks.CLUSTER_SECONDS)

    def _tenants(self, name: str) -> t.Iterator[tuple[str, t.Mapping[str, str]]]:
        for listing, listed, describing, described, key in _TENANTS:
            try:
                names = self.aws.pages("eks", listing, listed, clusterName=name)
            except ApiError as exc:
                if exc.code != eks.GONE:
                    raise
                return
            for one in names:
                raw = eks.asked(self.aws, describing, described, clusterName=name, **{key: one})
                if raw and raw.get("status") != _LEAVING:
                    yield f"{described} {one}", raw.get("tags") or {}

    def now(self, found: Found) -> Found | None:
        """Return it as it is now; None when it is gone or on its way out."""
        return next(iter(self._read([found.raw["name"]])), None)

    def _read(self, names: t.Sequence[str]) -> list[Found]:
        raws = eks.described(self.aws, names)
        return [Found(raw["arn"], raw.get("tags") or {}, raw) for raw in raws if raw["status"] != _LEAVING]


def want(cluster: t.Mapping[str, t.Any], names: Names) -> Want:
    """Return the wish for an entry of the module ``eks_clusters``."""
    endpoint = cluster["endpoint"]
    cidrs = ["0.0.0.0/0"] if endpoint["open_to_all"] else sorted(endpoint["public_cidrs"])
    fields = {
        "state": eks.STANDING,
        "version": cluster["version"],
        "role": names.id(IamRole, cluster["role"]),
        "subnets": names.ids(Subnet, cluster["subnets"]),
        "security_groups": names.ids(SecurityGroup, cluster["security_groups"]),
        "endpoint": {
            "private": endpoint["private"],
            "public": endpoint["public"],
            "public_cidrs": cidrs if endpoint["public"] else [],
        },
        "logs": sorted(cluster["logs"]),
        "secrets_key": cluster["secrets_key_arn"],
        "upgrade_policy": cluster["upgrade_policy"],
        "deletion_protection": cluster["deletion_protection"],
        "zonal_shift": cluster["zonal_shift"],
    }
    if cluster["service_cidr"]:
        fields["service_cidr"] = cluster["service_cidr"]
    return Want(cluster["name"], fields, tags=dict(cluster["tags"]))
