# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""EKS's own policies, and which of them an access entry has.

https://docs.aws.amazon.com/eks/latest/APIReference/API_AssociateAccessPolicy.html
"""

from __future__ import annotations

import re
import typing as t

from lab.embedded_aws.truth.eks.access import POLICIES, entry_of
from lab.embedded_aws.truth.eks.base import (
    Backend,
    Body,
    Response,
    action,
    answer,
    bad_request,
    invalid,
    missing,
    now,
    page,
    params,
)

NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?\*?|\*[a-z0-9-]+|[a-z0-9-]+\*")


def arn_of(backend: Backend, name: str) -> str:
    return f"arn:{backend.partition}:eks::aws:cluster-access-policy/{name}"


@action
def list_access_policies(response: Response) -> t.Any:
    rows = [{"name": one, "arn": arn_of(response.eks_backend, one)} for one in POLICIES]
    return page(params(response), rows, "accessPolicies")


@action
def associate_access_policy(response: Response) -> t.Any:
    given, entry = params(response), entry_of(response)
    policy = given["policyArn"]
    if policy not in {arn_of(response.eks_backend, one) for one in POLICIES}:
        invalid(f"The policyArn parameter format is not valid: {policy}")
    if entry.kind != "STANDARD":
        bad_request(f"Access policies cannot be associated with an access entry of type {entry.kind}")
    scope = _scope(given["accessScope"])
    before = entry.policies.get(policy)
    moment = now()
    entry.policies[policy] = {
        "accessScope": scope, "associatedAt": before["associatedAt"] if before else moment, "modifiedAt": moment,
    }  # fmt: skip
    shown = {"policyArn": policy, **entry.policies[policy]}
    return answer(clusterName=entry.cluster.name, principalArn=entry.principal, associatedAccessPolicy=shown)


def _scope(given: Body) -> Body:
    kind, namespaces = given.get("type"), list(given.get("namespaces") or [])
    if kind not in ("cluster", "namespace"):
        invalid(f"The accessScope type is not valid: {kind}")
    if kind == "cluster" and namespaces:
        invalid("Namespaces cannot be given with an accessScope of type cluster")
    if kind == "namespace" and not namespaces:
        invalid("At least one namespace must be given with an accessScope of type namespace")
    for one in namespaces:
        if not NAMESPACE.fullmatch(one):
            invalid(f"The namespace is not valid: {one}")
    return {"type": kind, "namespaces": namespaces}


@action
def list_associated_access_policies(response: Response) -> t.Any:
    given, entry = params(response), entry_of(response)
    rows = [{"policyArn": policy, **one} for policy, one in entry.policies.items()]
    result = page(given, rows, "associatedAccessPolicies")
    result.result.update(clusterName=entry.cluster.name, principalArn=entry.principal)
    return result


@action
def disassociate_access_policy(response: Response) -> t.Any:
    given, entry = params(response), entry_of(response)
    if entry.policies.pop(given["policyArn"], None) is None:
        missing("The specified policyArn is not associated with the access entry.")
    return answer()
