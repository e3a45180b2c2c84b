# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a role is there and trusts the service that is to take it, and which policies it has.

https://docs.aws.amazon.com/eks/latest/userguide/cluster-iam-role.html (and create-node-role, pod-execution-role)
"""

from __future__ import annotations

import json
import typing as t

from lab.embedded_aws.truth.ecs.grants import role
from lab.embedded_aws.truth.eks.base import Backend, invalid

CLUSTER = "eks.amazonaws.com"
NODE = "ec2.amazonaws.com"
FARGATE = "eks-fargate-pods.amazonaws.com"
POD_IDENTITY = "pods.eks.amazonaws.com"


def trusts(backend: Backend, arn: str, principal: str) -> bool:
    """Whether the role is there and lets `principal` take it; conditions are taken as met."""
    found = role(backend, arn)
    if found is None:
        return False
    document = found.assume_role_policy_document
    return principal in (document if isinstance(document, str) else json.dumps(document))


def check_cluster_role(backend: Backend, arn: str) -> None:
    if not trusts(backend, arn, CLUSTER):
        invalid(f"Role with arn: {arn}, could not be assumed because it does not exist or the trusted entity is not "
                "correct")  # fmt: skip


def policies(backend: Backend, arn: str) -> set[str]:
    """The names of the managed policies that a role has."""
    found: t.Any = role(backend, arn)
    return {str(one).rpartition("/")[2] for one in found.managed_policies} if found is not None else set()
