# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Service accounts of a cluster and the IAM roles that their pods take: by token (IRSA) or by pod identity.

https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html (IRSA),
https://docs.aws.amazon.com/eks/latest/userguide/pod-id-role.html (pod identity). Either way a role trusts one service
account of one namespace of one cluster, and nobody else.
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils import _policy_sets
from ansible_collections.cloister.aws.plugins.module_utils._eks_inside import Cluster
from ansible_collections.cloister.aws.plugins.module_utils._kind import Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils._unknown import is_unknown, unknown
from ansible_collections.cloister.aws.plugins.module_utils.kinds import iam_role
from ansible_collections.cloister.aws.plugins.module_utils.kinds.oidc_provider import AUDIENCE, arn_of, host

IRSA, POD_IDENTITY = "irsa", "pod_identity"
POD_PRINCIPAL = "pods.eks.amazonaws.com"

Account = t.Mapping[str, t.Any]


def role_part(cluster: str, name: str) -> str:
    """Return the logical name of the role of a service account."""
    return f"{cluster}-{name}"


def role_arn(cluster: Cluster, name: str, owner: Owner, partition: str) -> str:
    """Return the ARN that the role of a service account has or will have."""
    part = role_part(cluster.part, name)
    if not cluster.known:
        return unknown("IAM role", part)
    return f"arn:{partition}:iam::{cluster.account}:role{iam_role.path(owner)}{iam_role.role_name(owner, part)}"


def trust_of(account: Account, cluster: Cluster, partition: str) -> dict[str, t.Any]:
    """Return the statement by which a role trusts one service account, in the form of ``trust_statements``."""
    namespace, name = account["namespace"], account["service_account"]
    if account["identity"] == POD_IDENTITY:
        return {
            "sid": None,
            "effect": "Allow",
            "principals": {"Service": [POD_PRINCIPAL]},
            "actions": ["sts:AssumeRole", "sts:TagSession"],
            "conditions": {
                "StringEquals": {
                    "aws:RequestTag/eks-cluster-arn": cluster.arn,
                    "aws:RequestTag/kubernetes-namespace": namespace,
                    "aws:RequestTag/kubernetes-service-account": name,
                }
            },
        }
    issuer = host(cluster.issuer)
    said = {f"{issuer}:aud": AUDIENCE, f"{issuer}:sub": f"system:serviceaccount:{namespace}:{name}"}
    return {
        "sid": None,
        "effect": "Allow",
        "principals": {"Federated": [arn_of(cluster, partition)]},
        "actions": ["sts:AssumeRoleWithWebIdentity"],
        "conditions": {"StringEquals": said},
    }


def role_want(account: Account, cluster: Cluster, owner: Owner, place: _policy_sets.Place, boundary: str) -> Want:
    """Return the wish for the role of a service account."""
    known = _policy_sets.rendered(account["policy_set"], place) if account["policy_set"] else _policy_sets.NOTHING
    entry = {
        "name": role_part(cluster.part, account["name"]),
        "reason": account["reason"],
        "trusted_services": [],
        "trusted_arns": [],
        "trust_conditions": {},
        "trust_statements": [trust_of(account, cluster, place.partition)],
        "policies": [*known.policies, *account["policies"]],
        "managed_policies": [*known.managed, *account["managed_policies"]],
        "permissions_boundary": "",
        "session_seconds": account["session_seconds"],
    }
    made = iam_role.want(entry, owner, place.partition, boundary, place.region)
    if is_unknown([cluster.arn, cluster.issuer]):
        # Whom it trusts is known once the cluster is.
        marker = unknown("trust of", entry["name"])
        return Want(made.part, {**made.fields, "trust": marker}, tags=made.tags)
    return made
