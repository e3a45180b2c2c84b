# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Fargate profiles: which pods run on machines that nobody sees, made and deleted one at a time.

https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html
"""

from __future__ import annotations

import dataclasses
import datetime
import re
import typing as t

from lab.embedded_aws.limits import current as limits
from lab.embedded_aws.truth.ecs.grants import role as find_role
from lab.embedded_aws.truth.eks import access, roles
from lab.embedded_aws.truth.eks.base import (
    Body,
    Response,
    Tags,
    action,
    after,
    answer,
    arn,
    bad_request,
    ec2_of,
    first,
    in_use,
    invalid,
    missing,
    new_uuid,
    now,
    page,
    params,
    read_tags,
    same_request,
)
from lab.embedded_aws.truth.eks.cluster import Cluster, cluster_named
from lab.embedded_aws.truth.eks.network import is_public

NAME = re.compile(r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}")
MOST_SELECTORS, MOST_LABELS = 5, 5
FULL = "You have reached the maximum number of Fargate profiles for this cluster."


@dataclasses.dataclass(eq=False)
class Profile:
    """A Fargate profile."""

    cluster: Cluster
    name: str
    role: str
    subnets: list[str]
    selectors: list[Body]
    tags: Tags
    status: str = "CREATING"
    uuid: str = dataclasses.field(default_factory=new_uuid)
    created: datetime.datetime = dataclasses.field(default_factory=now)
    gone: bool = False

    @property
    def arn(self) -> str:
        return arn(self.cluster.backend, f"fargateprofile/{self.cluster.name}/{self.name}/{self.uuid}")

    @property
    def set(self) -> list[t.Any]:
        """What is set of it, for its fingerprint."""
        return [self.role, self.subnets, self.selectors]


def view(profile: Profile) -> Body:
    return {
        "fargateProfileName": profile.name, "fargateProfileArn": profile.arn, "clusterName": profile.cluster.name,
        "createdAt": profile.created, "podExecutionRoleArn": profile.role, "subnets": profile.subnets,
        "selectors": profile.selectors, "status": profile.status, "tags": dict(profile.tags),
        "health": {"issues": []},
    }  # fmt: skip


def _named(cluster: Cluster, name: str) -> Profile:
    profile = cluster.fargate_profiles.get(name)
    if profile is None:
        missing(f"No Fargate Profile found with name: {name}.")
    return t.cast("Profile", profile)


def _alone(cluster: Cluster, verb: str, name: str) -> None:
    for one in cluster.fargate_profiles.values():
        if one.status in ("CREATING", "DELETING"):
            in_use(f"Cannot {verb} Fargate Profile {name} because cluster {cluster.name} currently has Fargate profile "
                   f"{one.name} in status {one.status}")  # fmt: skip


@action
def create_fargate_profile(response: Response) -> t.Any:
    given = params(response)
    cluster = cluster_named(response.eks_backend, given["clusterName"])
    kind, token = f"fargate:{cluster.name}", given.get("clientRequestToken")
    known: t.Any = cluster.fargate_profiles.get(given["fargateProfileName"])
    profile = same_request(cluster.backend, kind, token, lambda: _create(cluster, given))
    return answer(fargateProfile=view(profile) if profile is known else first(view(profile)))


def _create(cluster: Cluster, given: Body) -> Profile:
    name = str(given["fargateProfileName"])
    if not NAME.fullmatch(name):
        invalid(f"The Fargate profile name is not valid: {name}")
    if name in cluster.fargate_profiles:
        in_use("A Fargate Profile already exists with this name in this cluster.")
    if cluster.status != "ACTIVE":
        bad_request(f"Cluster '{cluster.name}' is not in ACTIVE status")
    _alone(cluster, "create", name)
    count = len(cluster.fargate_profiles)
    limits.check("eks_fargate_profiles", count, "ResourceLimitExceededException", FULL, "eks")
    _check_role(cluster, given["podExecutionRoleArn"])
    profile = Profile(
        cluster, name, given["podExecutionRoleArn"], _subnets(cluster, list(given.get("subnets") or [])),
        _selectors(given.get("selectors") or []), read_tags(given.get("tags")),
    )  # fmt: skip
    cluster.fargate_profiles[name] = profile
    access.of_nodes(cluster, profile.role, "FARGATE_LINUX")
    after(cluster.backend, "eks_fargate_profile", lambda: _made(profile))
    return profile


def _made(profile: Profile) -> None:
    if profile.status == "CREATING":
        profile.status = "ACTIVE"


def _check_role(cluster: Cluster, role: str) -> None:
    if find_role(cluster.backend, role) is None:
        invalid(f"The role with name {role.rpartition('/')[2]} cannot be found.")
    if not roles.trusts(cluster.backend, role, roles.FARGATE):
        invalid(f"Misconfigured PodExecutionRole Trust Policy; Please add the {roles.FARGATE} Service Principal")


def _subnets(cluster: Cluster, ids: list[str]) -> list[str]:
    """Private ones of the cluster's VPC; all of the cluster's when none is given."""
    ec2 = ec2_of(cluster.backend)
    known = {one.id: one for zone in ec2.subnets.values() for one in zone.values()}
    for one in ids:
        if one not in known:
            invalid(f"The subnet ID '{one}' does not exist (Service: Ec2, Status Code: 400)")
        if known[one].vpc_id != cluster.vpc:
            invalid(f"Subnet {one} is not in the VPC of the cluster: {cluster.vpc}")
        if is_public(ec2, known[one]):
            invalid(f"Subnet {one} provided in Fargate Profile is not a private subnet")
    return ids or [one for one in cluster.network["subnetIds"] if not is_public(ec2, known[one])]


def _selectors(given: list[Body]) -> list[Body]:
    if not given:
        invalid("Fargate Profile requires at least one selector.")
    if len(given) > MOST_SELECTORS:
        invalid(f"Request contains more than {MOST_SELECTORS} selectors")
    for one in given:
        if not one.get("namespace"):
            invalid("Fargate Profile must have at least one selector with at least one namespace value.")
        if len(one.get("labels") or {}) > MOST_LABELS:
            invalid(f"Request contains Selector with more than {MOST_LABELS} Label pairs")
    return [{"namespace": one["namespace"], "labels": dict(one.get("labels") or {})} for one in given]


@action
def describe_fargate_profile(response: Response) -> t.Any:
    given = params(response)
    cluster = cluster_named(response.eks_backend, given["clusterName"])
    return answer(fargateProfile=view(_named(cluster, given["fargateProfileName"])))


@action
def list_fargate_profiles(response: Response) -> t.Any:
    given = params(response)
    cluster = cluster_named(response.eks_backend, given["clusterName"])
    return page(given, sorted(cluster.fargate_profiles), "fargateProfileNames")


@action
def delete_fargate_profile(response: Response) -> t.Any:
    given = params(response)
    cluster = cluster_named(response.eks_backend, given["clusterName"])
    profile = _named(cluster, given["fargateProfileName"])
    _alone(cluster, "delete", profile.name)
    profile.status = "DELETING"
    shown = view(profile)
    after(cluster.backend, "eks_fargate_profile", lambda: _gone(profile))
    return answer(fargateProfile=shown)


def _gone(profile: Profile) -> None:
    profile.gone = True
    cluster = profile.cluster
    cluster.fargate_profiles.pop(profile.name, None)
    entry = cluster.access_entries.get(profile.role)
    used = any(one.role == profile.role for one in cluster.fargate_profiles.values())
    if entry is not None and entry.kind == "FARGATE_LINUX" and not entry.tags and not used:
        del cluster.access_entries[profile.role]
