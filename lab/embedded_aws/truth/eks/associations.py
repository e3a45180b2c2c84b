# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Pod Identity: which role the pods of a service account get.

https://docs.aws.amazon.com/eks/latest/APIReference/API_CreatePodIdentityAssociation.html
"""

from __future__ import annotations

import dataclasses
import datetime
import secrets
import typing as t

from lab.embedded_aws.truth.eks import roles
from lab.embedded_aws.truth.eks.base import (
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
    not_modelled,
    now,
    page,
    params,
    read_tags,
    same_request,
)
from lab.embedded_aws.truth.eks.cluster import Cluster, cluster_named

ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789"


def _new_id() -> str:
    return "a-" + "".join(secrets.choice(ALPHABET) for _ in range(17))


@dataclasses.dataclass(eq=False)
class Association:
    """A role for a service account; `owner` is the ARN of the add-on that it came with."""

    cluster: Cluster
    namespace: str
    account: str
    role: str
    tags: Tags
    owner: str | None = None
    session_tags: bool = True
    target: str | None = None
    id: str = dataclasses.field(default_factory=_new_id)
    created: datetime.datetime = dataclasses.field(default_factory=now)
    modified: datetime.datetime = dataclasses.field(default_factory=now)
    gone: bool = False

    @property
    def name(self) -> str:
        return f"{self.namespace}/{self.account}"

    @property
    def arn(self) -> str:
        return arn(self.cluster.backend, f"podidentityassociation/{self.cluster.name}/{self.id}")

    @property
    def set(self) -> list[t.Any]:
        """What is set of it, for its fingerprint."""
        return [self.namespace, self.account, self.role, self.session_tags, self.target]


def view(one: Association, whole: bool = True) -> Body:
    shown: Body = {
        "clusterName": one.cluster.name, "namespace": one.namespace, "serviceAccount": one.account,
        "associationArn": one.arn, "associationId": one.id, "ownerArn": one.owner,
    }  # fmt: skip
    if whole:
        shown.update(roleArn=one.role, tags=dict(one.tags), createdAt=one.created, modifiedAt=one.modified,
                     disableSessionTags=not one.session_tags, targetRoleArn=one.target)  # fmt: skip
    return {key: value for key, value in shown.items() if value is not None}


def _check_role(cluster: Cluster, role: str) -> None:
    if not roles.trusts(cluster.backend, role, roles.POD_IDENTITY):
        invalid("Trust policy of the role provided is invalid.")


def _free(cluster: Cluster, namespace: str, account: str, owner: str | None = None) -> None:
    for one in cluster.associations.values():
        if (one.namespace, one.account) == (namespace, account) and (owner is None or one.owner != owner):
            in_use(f"Association already exists: {one.id}")


def _found(response: Response) -> Association:
    given = params(response)
    cluster = cluster_named(response.eks_backend, given["clusterName"])
    one = cluster.associations.get(given["associationId"])
    if one is None:
        missing(f"Association not found: {given['associationId']}")
    return t.cast("Association", one)


@action
def create_pod_identity_association(response: Response) -> t.Any:
    given = params(response)
    cluster = cluster_named(response.eks_backend, given["clusterName"])
    kind = f"association:{cluster.name}"
    made = same_request(cluster.backend, kind, given.get("clientRequestToken"), lambda: _create(cluster, given))
    return answer(association=view(made))


def _create(cluster: Cluster, given: Body) -> Association:
    if given.get("policy"):
        not_modelled("pod identity associations with a session policy")
    if cluster.status == "CREATING":
        bad_request(f"Cluster '{cluster.name}' is not in ACTIVE status")
    _check_role(cluster, given["roleArn"])
    _free(cluster, given["namespace"], given["serviceAccount"])
    made = Association(
        cluster, given["namespace"], given["serviceAccount"], given["roleArn"], read_tags(given.get("tags")),
        session_tags=not given.get("disableSessionTags"), target=given.get("targetRoleArn"),
    )  # fmt: skip
    cluster.associations[made.id] = made
    return made


@action
def describe_pod_identity_association(response: Response) -> t.Any:
    return answer(association=view(_found(response)))


@action
def list_pod_identity_associations(response: Response) -> t.Any:
    given = params(response)
    cluster = cluster_named(response.eks_backend, given["clusterName"])
    rows = [
        view(one, whole=False)
        for one in cluster.associations.values()
        if given.get("namespace") in (None, one.namespace) and given.get("serviceAccount") in (None, one.account)
    ]
    return page(given, rows, "associations")


@action
def update_pod_identity_association(response: Response) -> t.Any:
    given, one = params(response), _found(response)
    if given.get("policy"):
        not_modelled("pod identity associations with a session policy")
    if "roleArn" in given:
        _check_role(one.cluster, given["roleArn"])
        one.role = given["roleArn"]
    if "disableSessionTags" in given:
        one.session_tags = not given["disableSessionTags"]
    if "targetRoleArn" in given:
        one.target = given["targetRoleArn"] or None
    one.modified = now()
    return answer(association=view(one))


@action
def delete_pod_identity_association(response: Response) -> t.Any:
    one = _found(response)
    if one.owner:
        bad_request(f"Association {one.id} is managed by the add-on {one.owner} and cannot be deleted")
    _drop(one)
    return answer(association=view(one))


def _drop(one: Association) -> None:
    one.gone = True
    one.cluster.associations.pop(one.id, None)


def check_owned(cluster: Cluster, given: list[Body], addon: t.Any = None) -> None:
    """Refuse associations that an add-on cannot bring: without trust, or for a service account that has one."""
    for one in given:
        _check_role(cluster, one["roleArn"])
        namespace = addon.offer.namespace if addon is not None else "kube-system"
        _free(cluster, namespace, one["serviceAccount"], addon.arn if addon is not None else None)


def own(addon: t.Any, given: list[Body]) -> None:
    """Let an add-on have these associations and no others."""
    wanted = {one["serviceAccount"]: one["roleArn"] for one in given}
    for one in list(addon.associations):
        if one.account in wanted:
            one.role = wanted.pop(one.account)
        else:
            _drop(one)
    for account, role in wanted.items():
        made = Association(addon.cluster, addon.offer.namespace, account, role, {}, owner=addon.arn)
        addon.cluster.associations[made.id] = made
