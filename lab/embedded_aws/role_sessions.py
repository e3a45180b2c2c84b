# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a role's session may do: the calls of a function are held against the policies of its role.

Only sessions that this server gave out are: a person's keys may do everything. Conditions are taken as met, and a
call that names no ARN is asked for its action alone.
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.backend_lock import BACKEND
from lab.embedded_aws.call import Call
from lab.embedded_aws.errors import error
from lab.embedded_aws.http_server import Answer

# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
PREFIXES = {"monitoring": "cloudwatch", "tagging": "tag"}
NEVER_REFUSED = frozenset({"sts:GetCallerIdentity"})
# Errors of EC2 and of the query protocol have names of their own.
CODES = {"ec2": "UnauthorizedOperation", "query": "AccessDenied", "rest-xml": "AccessDenied"}


def refuse(call: Call, account: str, role_arn: str | None) -> Answer | None:
    """The refusal of a call that the session's role does not allow; None for all others."""
    if role_arn is None or call.name in NEVER_REFUSED:
        return None
    action = f"{PREFIXES.get(call.service, call.service)}:{call.action}"
    with BACKEND:
        granted = _granted(account, role_arn, action, [one for one in call.named() if one.startswith("arn:")])
    if granted:
        return None
    who = role_arn.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/")
    why = f"because no identity-based policy allows the {action} action"
    message = f"User: {who} is not authorized to perform: {action} {why}"
    return error(call, CODES.get(call.protocol, "AccessDeniedException"), message, 403)


def _granted(account: str, role_arn: str, action: str, arns: list[str]) -> bool:
    from moto.iam.models import iam_backends

    from lab.embedded_aws.truth.ecs.grants import allowed, allows

    backend: t.Any = iam_backends[account][role_arn.split(":")[1]]
    if not arns:
        return allows(backend, role_arn, action)
    return any(allowed(backend, role_arn, action, arn) for arn in arns)
