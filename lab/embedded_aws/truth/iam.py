# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""IAM: names, documents and deletions that AWS refuses and moto would let pass.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html (and _DeletePolicy, _DeleteRole, ...)
"""

from __future__ import annotations

import copy
import functools
import json
import re
import typing as t

from lab.embedded_aws.truth import oidc_providers
from lab.embedded_aws.truth.patching import before, install, refuser

refuse = refuser("iam")

NAME = re.compile(r"[\w+=,.@-]+", re.ASCII)
PATH = re.compile(r"/|/[!-\x7e]+/")
LONGEST = {"roleName": 64, "policyName": 128, "instanceProfileName": 128}


def check_name(parameter: str, name: str, path: str | None = None) -> None:
    """Refuse a name or path AWS would not take."""
    if not NAME.fullmatch(name):
        refuse(
            "ValidationError",
            f"The specified value for {parameter} is invalid. It must contain only alphanumeric characters and/or the "
            "following: +=,.@_-",
        )
    if len(name) > LONGEST[parameter]:
        refuse(
            "ValidationError",
            f"1 validation error detected: Value at '{parameter}' failed to satisfy constraint: Member must have "
            f"length less than or equal to {LONGEST[parameter]}",
        )
    if path and not PATH.fullmatch(path):
        refuse("ValidationError", "The specified value for path is invalid. It must begin and end with /")


def check_boundary(backend: t.Any, arn: str | None) -> None:
    if arn and arn not in {policy.arn for policy in backend.managed_policies.values()}:
        refuse("NoSuchEntity", f"Scope ARN: {arn} does not exist or is not attachable.")


def check_principals(document: str) -> None:
    """A trust policy says who is trusted, and not with what."""
    statements = json.loads(document)["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        if "Principal" not in statement and "NotPrincipal" not in statement:
            refuse("MalformedPolicyDocument", "Missing required field Principal")
        if "Resource" in statement:
            refuse("MalformedPolicyDocument", "Has prohibited field Resource")


def check_trust(_: t.Any, role_name: str, policy_document: str) -> None:
    from moto.iam.policy_validation import IAMTrustPolicyDocumentValidator

    IAMTrustPolicyDocumentValidator(policy_document).validate()
    check_principals(policy_document)


def check_role(
    self: t.Any,
    role_name: str,
    assume_role_policy_document: str,
    path: str | None = None,
    permissions_boundary: str | None = None,
    *_: t.Any,
    **__: t.Any,
) -> None:
    from moto.iam.policy_validation import IAMTrustPolicyDocumentValidator

    check_name("roleName", role_name, path)
    IAMTrustPolicyDocumentValidator(assume_role_policy_document).validate()
    check_principals(assume_role_policy_document)
    check_boundary(self, permissions_boundary)


def check_policy(
    _: t.Any, description: str, path: str, policy_document: str, policy_name: str, *__: t.Any, **___: t.Any
) -> None:
    check_name("policyName", policy_name, path)


def check_profile(_: t.Any, name: str, path: str, *__: t.Any, **___: t.Any) -> None:
    check_name("instanceProfileName", name, path)


def check_put_boundary(self: t.Any, role_name: str, permissions_boundary: str) -> None:
    check_boundary(self, permissions_boundary)


def check_policy_deletion(self: t.Any, policy_arn: str) -> None:
    """A policy in use, or with versions besides its default, stays."""
    policy = next((one for one in self.managed_policies.values() if one.arn == policy_arn), None)
    if policy is None:
        return
    bounded = any(role.permissions_boundary_arn == policy_arn for role in self.roles.values())
    if policy.attachment_count or bounded:
        refuse("DeleteConflict", "Cannot delete a policy attached to entities.")
    if len(policy.versions) > 1:
        refuse(
            "DeleteConflict",
            "This policy has more than one version. Before you delete a policy, you must delete the policy's "
            "versions. The default version is deleted with the policy.",
        )


def check_role_in_profile(self: t.Any, profile_name: str, role_name: str) -> None:
    profile = self.get_instance_profile(profile_name)
    if role_name not in [role.name for role in profile.roles]:
        refuse("NoSuchEntity", f"The role with name {role_name} is not in the instance profile {profile_name}.")


def list_instance_profile_tags(self: t.Any) -> t.Any:
    from moto.core.responses import ActionResult

    profile = self.backend.get_instance_profile(self._get_param("InstanceProfileName"))
    return ActionResult({"Tags": profile.tags, "IsTruncated": False})


def list_instance_profiles(self: t.Any) -> t.Any:
    """moto leaves PathPrefix aside."""
    from moto.core.responses import ActionResult

    prefix = self._get_param("PathPrefix") or "/"
    profiles = sorted(self.backend.get_instance_profiles(), key=lambda one: one.name)
    start, size = int(self._get_param("Marker") or 0), int(self._get_param("MaxItems") or 100)
    found = [one for one in profiles if one.path.startswith(prefix)]
    more = str(start + size) if len(found) > start + size else None
    result = {"InstanceProfiles": found[start : start + size], "IsTruncated": bool(more), "Marker": more}
    return ActionResult(result)


@functools.cache
def _aws_policies(region_name: str) -> list[t.Any]:
    """AWS's own policies of a partition, read once for all accounts."""
    from moto.iam.aws_managed_policies import aws_managed_policies_data
    from moto.iam.models import AWSManagedPolicy

    data = json.loads(aws_managed_policies_data)
    return [AWSManagedPolicy.from_data(name, "aws", region_name, one) for name, one in data.items()]


def _init_aws_policies(self: t.Any) -> list[t.Any]:
    """A copy for each account: it counts its own attachments."""
    policies = [copy.copy(policy) for policy in _aws_policies(self.region_name)]
    for policy in policies:
        policy.account_id = self.account_id
    return policies


def apply() -> None:
    from moto.iam.models import IAMBackend
    from moto.iam.responses import IamResponse

    before(IAMBackend, "create_role", check_role)
    before(IAMBackend, "update_assume_role_policy", check_trust)
    before(IAMBackend, "create_policy", check_policy)
    before(IAMBackend, "create_instance_profile", check_profile)
    before(IAMBackend, "put_role_permissions_boundary", check_put_boundary)
    before(IAMBackend, "delete_policy", check_policy_deletion)
    before(IAMBackend, "remove_role_from_instance_profile", check_role_in_profile)
    install(IamResponse, list_instance_profile_tags, list_instance_profiles)
    install(IAMBackend, _init_aws_policies)
    oidc_providers.apply()
