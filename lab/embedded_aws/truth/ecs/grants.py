# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a role may be taken by tasks, and what its policies let it do; conditions are taken as met.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import fnmatch
import json
import typing as t

from lab.embedded_aws.truth.ecs.base import Backend, Body

PRINCIPAL = "ecs-tasks.amazonaws.com"


def role(backend: Backend, arn: str) -> t.Any:
    """moto's role, None when it is not there."""
    from moto.iam.models import iam_backends

    known = iam_backends[backend.account_id][backend.partition].roles.values()
    return next((one for one in known if one.arn == arn), None)


def assumable(backend: Backend, arn: str) -> bool:
    """Whether the role is there and trusts tasks."""
    found = role(backend, arn)
    return found is not None and PRINCIPAL in json.dumps(_document(found.assume_role_policy_document))


def allowed(backend: Backend, arn: str | None, action: str, resource: str) -> bool:
    """Whether the role's own policies let it do `action` on `resource`; a boundary is left aside."""
    found = role(backend, arn) if arn else None
    if found is None:
        return False
    effects = {one["Effect"] for one in _statements(found) if _covers(one, action, resource)}
    return effects == {"Allow"}


def _statements(found: t.Any) -> t.Iterator[Body]:
    versions = (version for policy in found.managed_policies.values() for version in policy.versions)
    documents = [*found.policies.values(), *(one.document for one in versions if one.is_default)]
    for document in documents:
        statements = _document(document)["Statement"]
        yield from statements if isinstance(statements, list) else [statements]


def _document(given: t.Any) -> Body:
    return t.cast("Body", json.loads(given) if isinstance(given, str) else given)


def _covers(statement: Body, action: str, resource: str) -> bool:
    resources = _listed(statement.get("Resource"))
    return _names(statement, action) and any(
        fnmatch.fnmatchcase(resource, one.replace("[", "[[]")) for one in resources
    )


def _listed(value: t.Any) -> list[str]:
    return list(value) if isinstance(value, list) else [value] if value else []


def allows(backend: Backend, arn: str, action: str) -> bool:
    """Whether the role's own policies let it do `action` on anything."""
    found = role(backend, arn)
    if found is None:
        return False
    named = [one for one in _statements(found) if _names(one, action)]
    return any(one["Effect"] == "Allow" for one in named) and not any(
        one["Effect"] == "Deny" and "*" in _listed(one.get("Resource")) for one in named
    )


def _names(statement: Body, action: str) -> bool:
    return any(fnmatch.fnmatchcase(action.lower(), one.lower()) for one in _listed(statement.get("Action")))
