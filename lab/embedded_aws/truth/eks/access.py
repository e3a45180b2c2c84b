# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Access entries: who may use the cluster, and with which of EKS's policies.

https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html and
https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAccessEntry.html, _AssociateAccessPolicy
"""

from __future__ import annotations

import dataclasses
import datetime
import re
import typing as t

from lab.embedded_aws.truth.eks.base import (
    Backend,
    Body,
    Response,
    Tags,
    action,
    answer,
    arn,
    bad_request,
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

# https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
POLICIES = (
    "AmazonAIOpsAssistantPolicy", "AmazonARCRegionSwitchScalingPolicy", "AmazonEKSAdminPolicy",
    "AmazonEKSAdminViewPolicy", "AmazonEKSAutoNodePolicy", "AmazonEKSClusterAdminPolicy", "AmazonEKSEditPolicy",
    "AmazonEKSSecretReaderPolicy", "AmazonEKSViewPolicy",
)  # fmt: skip
ADMIN = "AmazonEKSClusterAdminPolicy"
PRINCIPAL = re.compile(r"arn:[\w-]+:iam::(\d{12}):(role|user)/([\w+=,.@/-]+)")
USERNAMES = {
    "EC2_LINUX": "system:node:{{EC2PrivateDNSName}}", "EC2_WINDOWS": "system:node:{{EC2PrivateDNSName}}",
    "FARGATE_LINUX": "system:node:{{SessionName}}", "HYBRID_LINUX": "system:node:{{SessionName}}",
    "EC2": "system:node:{{EC2PrivateDNSName}}",
}  # fmt: skip
GROUPS = {
    "EC2_LINUX": ["system:nodes"], "EC2_WINDOWS": ["eks:kube-proxy-windows", "system:nodes"],
    "FARGATE_LINUX": ["system:bootstrappers", "system:node-proxier", "system:nodes"],
    "HYBRID_LINUX": ["system:nodes"], "EC2": ["system:nodes"],
}  # fmt: skip
RESERVED = ("system:", "eks:", "aws:", "amazon:", "iam:")


@dataclasses.dataclass(eq=False)
class Entry:
    """An entry; `policies` are the scope and times of each policy by its ARN."""

    cluster: Cluster
    principal: str
    kind: str
    username: str
    groups: list[str]
    tags: Tags
    policies: dict[str, Body] = dataclasses.field(default_factory=dict)
    uuid: str = dataclasses.field(default_factory=new_uuid)
    created: datetime.datetime = dataclasses.field(default_factory=now)
    modified: datetime.datetime = dataclasses.field(default_factory=now)
    gone: bool = False

    @property
    def name(self) -> str:
        return self.principal

    @property
    def arn(self) -> str:
        kind, account, name = _parts(self.principal)
        path = f"access-entry/{self.cluster.name}/{kind}/{account}/{name.rpartition('/')[2]}/{self.uuid}"
        return arn(self.cluster.backend, path)

    @property
    def set(self) -> list[t.Any]:
        """What is set of it, for its fingerprint."""
        return [self.kind, self.username, self.groups, {key: one["accessScope"] for key, one in self.policies.items()}]


def view(entry: Entry) -> Body:
    return {
        "clusterName": entry.cluster.name, "principalArn": entry.principal, "kubernetesGroups": entry.groups,
        "accessEntryArn": entry.arn, "createdAt": entry.created, "modifiedAt": entry.modified,
        "tags": dict(entry.tags), "username": entry.username, "type": entry.kind,
    }  # fmt: skip


def _parts(principal: str) -> tuple[str, str, str]:
    """(role or user, account, path and name) of a principal's ARN."""
    match = PRINCIPAL.fullmatch(principal)
    if match is None:
        invalid("The principalArn parameter format is not valid")
    return match[2], match[1], match[3]


def _check_principal(backend: Backend, principal: str) -> None:
    """A principal of this account must be there: EKS keeps its unique id."""
    from moto.iam.models import iam_backends

    kind, account, name = _parts(principal)
    if name.startswith("aws-service-role/"):
        invalid("The caller is not allowed to modify access entries with a principalArn value of a Service Linked Role")
    iam = iam_backends[backend.account_id][backend.partition]
    known = iam.roles.values() if kind == "role" else iam.users.values()
    if account == backend.account_id and principal not in {one.arn for one in known}:
        invalid("The specified principalArn is invalid: invalid principal.")


def _username(principal: str, kind: str, given: str | None) -> str:
    if kind != "STANDARD":
        if given and given != USERNAMES[kind]:
            invalid(f"A username cannot be given to an access entry of type {kind}")
        return USERNAMES[kind]
    if given:
        if given.startswith(RESERVED):
            invalid(f"The username must not begin with any of: {', '.join(RESERVED)}")
        if "{{SessionName" in given and ":" not in given.partition("{{SessionName")[0]:
            invalid("The username must have a colon before {{SessionName}}")
        return given
    what, account, name = _parts(principal)
    if what == "user":
        return principal
    partition = principal.split(":")[1]
    return f"arn:{partition}:sts::{account}:assumed-role/{name.rpartition('/')[2]}/{{{{SessionName}}}}"


def _groups(kind: str, given: list[str] | None) -> list[str]:
    if kind != "STANDARD":
        if given:
            invalid(f"Kubernetes groups cannot be given to an access entry of type {kind}")
        return list(GROUPS[kind])
    for one in given or []:
        if one.startswith(RESERVED):
            invalid(f"The kubernetes group name {one} is invalid, it cannot start with {one.partition(':')[0]}:")
    return list(given or [])


def of_request(response: Response) -> tuple[Cluster, Body]:
    """The cluster that a request names, once entries count in it, and the request."""
    given = params(response)
    cluster = cluster_named(response.eks_backend, given["clusterName"])
    if not cluster.by_api:
        bad_request("The cluster's authentication mode must be set to one of [API, API_AND_CONFIG_MAP] to perform this "
                    "operation.")  # fmt: skip
    if cluster.status == "CREATING":
        bad_request(f"Cluster '{cluster.name}' is not in ACTIVE status")
    return cluster, given


def entry_of(response: Response) -> Entry:
    cluster, given = of_request(response)
    entry = cluster.access_entries.get(given["principalArn"])
    if entry is None:
        missing("The specified principalArn could not be found. You can view your available access entries with "
                "'list-access-entries'.")  # fmt: skip
    return t.cast("Entry", entry)


@action
def create_access_entry(response: Response) -> t.Any:
    cluster, given = of_request(response)
    kind = f"access:{cluster.name}"
    entry = same_request(cluster.backend, kind, given.get("clientRequestToken"), lambda: _create(cluster, given))
    return answer(accessEntry=view(entry))


def _create(cluster: Cluster, given: Body) -> Entry:
    principal, kind = str(given["principalArn"]), str(given.get("type") or "STANDARD").upper()
    if kind != "STANDARD" and kind not in USERNAMES:
        invalid(f"The type parameter '{kind}' is not valid")
    _check_principal(cluster.backend, principal)
    if principal in cluster.access_entries:
        in_use("The specified access entry resource is already in use on this cluster.")
    username = _username(principal, kind, given.get("username"))
    groups = _groups(kind, given.get("kubernetesGroups"))
    return enter(Entry(cluster, principal, kind, username, groups, read_tags(given.get("tags"))))


def enter(entry: Entry) -> Entry:
    entry.cluster.access_entries[entry.principal] = entry
    return entry


@action
def describe_access_entry(response: Response) -> t.Any:
    return answer(accessEntry=view(entry_of(response)))


@action
def list_access_entries(response: Response) -> t.Any:
    cluster, given = of_request(response)
    policy = given.get("associatedPolicyArn")
    found = [one.principal for one in cluster.access_entries.values() if policy is None or policy in one.policies]
    return page(given, found, "accessEntries")


@action
def update_access_entry(response: Response) -> t.Any:
    given, entry = params(response), entry_of(response)
    if entry.kind != "STANDARD":
        invalid(f"An access entry of type {entry.kind} cannot be updated")
    if "kubernetesGroups" in given:
        entry.groups = _groups(entry.kind, given["kubernetesGroups"])
    if "username" in given:
        entry.username = _username(entry.principal, entry.kind, given["username"])
    entry.modified = now()
    return answer(accessEntry=view(entry))


@action
def delete_access_entry(response: Response) -> t.Any:
    entry = entry_of(response)
    entry.gone = True
    del entry.cluster.access_entries[entry.principal]
    return answer()


def of_nodes(cluster: Cluster, role: str, kind: str = "EC2_LINUX") -> None:
    """The entry that EKS makes for the role of a managed node group or a Fargate profile."""
    if cluster.by_api and role not in cluster.access_entries:
        enter(Entry(cluster, role, kind, USERNAMES[kind], list(GROUPS[kind]), {}))


def begin(cluster: Cluster) -> None:
    """Once entries count, give them to the cluster's creator and to the roles of its nodes."""
    if cluster.creator and cluster.access["bootstrapClusterCreatorAdminPermissions"]:
        creator = Entry(cluster, cluster.creator, "STANDARD", _username(cluster.creator, "STANDARD", None), [], {})
        policy = f"arn:{cluster.backend.partition}:eks::aws:cluster-access-policy/{ADMIN}"
        moment = now()
        scope = {"type": "cluster", "namespaces": []}
        creator.policies[policy] = {"accessScope": scope, "associatedAt": moment, "modifiedAt": moment}
        cluster.access_entries.setdefault(cluster.creator, creator)
    for group in cluster.nodegroups.values():
        of_nodes(cluster, group.role)
