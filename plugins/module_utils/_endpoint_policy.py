# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Endpoint policies: who may call what through an endpoint, beside what IAM says.

https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
"""

from __future__ import annotations

import json
import typing as t

OPEN = "full access"
"""What stands for AWS's default policy, which lets everything through."""


def canonical(policy: str | t.Mapping[str, t.Any] | None) -> str:
    """Return a form in which two policies that say the same are equal: `OPEN`, or JSON with sorted keys.

    Raise ValueError for what is no JSON.
    """
    document = json.loads(policy) if isinstance(policy, str) and policy else policy
    if not document:
        return OPEN
    statements = document.get("Statement", [])
    statements = [statements] if isinstance(statements, dict) else statements
    if len(statements) == 1 and _lets_everything_through(statements[0]):
        return OPEN
    return json.dumps({**document, "Statement": [_plain(item) for item in statements]}, sort_keys=True)


def trusting(
    accounts: t.Sequence[str] = (), organization: str | None = None, unsigned_actions: t.Sequence[str] = ()
) -> dict[str, t.Any] | None:
    """Return a policy that lets only callers of these accounts, or of an organization, through; None for no limit.

    Through ``unsigned_actions`` anybody comes: they are how a caller gets its first credentials
    (``sts:AssumeRoleWithWebIdentity`` for IRSA), and such a call belongs to no account yet.
    """
    conditions = [("aws:PrincipalAccount", sorted(accounts)), ("aws:PrincipalOrgID", organization)]
    statements: list[dict[str, t.Any]] = [
        {**_everybody("*"), "Condition": {"StringEquals": {key: value}}} for key, value in conditions if value
    ]
    if not statements:
        return None
    if unsigned_actions:
        statements.append(_everybody(sorted(unsigned_actions)))
    return {"Version": "2012-10-17", "Statement": statements}


def _everybody(actions: str | list[str]) -> dict[str, t.Any]:
    return {"Effect": "Allow", "Principal": "*", "Action": actions, "Resource": "*"}


def _lets_everything_through(statement: t.Mapping[str, t.Any]) -> bool:
    plain = _plain(statement)
    plain.pop("Sid", None)
    if plain.get("Principal") == {"AWS": "*"}:
        plain["Principal"] = "*"
    return bool(plain == _everybody("*"))


def _plain(value: t.Any) -> t.Any:
    """A list of one is its member, and the order of a list of words means nothing in a policy."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        items = [_plain(item) for item in value]
        if len(items) == 1:
            return items[0]
        return sorted(items) if all(isinstance(item, str) for item in items) else items
    return value
