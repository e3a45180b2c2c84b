# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a bucket's policy lets a service of AWS do something; the conditions AWS advises are understood.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
"""

from __future__ import annotations

import fnmatch
import typing as t

Statement = t.Mapping[str, t.Any]


def lets_in(
    policy: t.Mapping[str, t.Any], service: str, action: str, resource: str, source_arn: str, account: str
) -> bool:
    """Whether `service`, in the name of `source_arn`, may do `action` on `resource`, by TLS and as the owner likes."""
    known = {
        "aws:sourcearn": source_arn, "aws:sourceaccount": account, "aws:securetransport": "true",
        "s3:x-amz-acl": "bucket-owner-full-control",
    }  # fmt: skip
    effects = {
        one["Effect"]
        for one in _listed(policy["Statement"])
        if _names(one, service) and _does(one, action, resource) and holds(one, known)
    }
    return effects == {"Allow"}


def _names(statement: Statement, service: str) -> bool:
    principal = statement.get("Principal")
    if principal == "*" or (isinstance(principal, dict) and principal.get("AWS") == "*"):
        return True
    return isinstance(principal, dict) and service in _listed(principal.get("Service"))


def _does(statement: Statement, action: str, resource: str) -> bool:
    does = any(fnmatch.fnmatchcase(action.lower(), one.lower()) for one in _listed(statement.get("Action")))
    return does and any(fnmatch.fnmatchcase(resource, one) for one in _listed(statement.get("Resource")))


def holds(statement: Statement, known: t.Mapping[str, str]) -> bool:
    """Whether all its conditions do; one about what is not known here does not."""
    return all(
        _test(operator, known.get(key.lower()), _listed(values))
        for operator, tests in statement.get("Condition", {}).items()
        for key, values in tests.items()
    )


def _test(operator: str, have: str | None, values: list[t.Any]) -> bool:
    if have is None:
        return False
    texts = [str(value).lower() if operator == "Bool" else str(value) for value in values]
    if operator in ("StringLike", "ArnLike", "ArnEquals"):
        return any(fnmatch.fnmatchcase(have, one) for one in texts)
    return operator in ("StringEquals", "Bool") and have in texts


def _listed(value: t.Any) -> list[t.Any]:
    return list(value) if isinstance(value, list) else [value] if value else []
