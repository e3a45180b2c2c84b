# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who may invoke a function: its own policy.

https://docs.aws.amazon.com/lambda/latest/dg/access-control-resource-based.html
"""

from __future__ import annotations

import fnmatch
import json
import typing as t

from lab.embedded_aws.truth.awslambda.functions import Function, refuse


def check_statement(self: t.Any, raw: str, qualifier: str | None = None) -> None:
    given = json.loads(raw)
    sid = given.get("StatementId")
    if any(one.get("Sid") == sid for one in self.statements):
        refuse(
            "ResourceConflictException",
            f"The statement id ({sid}) provided already exists. Please provide a new statement id, or remove the "
            "existing statement.",
        )


def lets_in(function: Function, service: str, source_arn: str) -> bool:
    """Whether a service may invoke it in the name of a rule or schedule."""
    return any(_covers(one, service, source_arn, function.account_id) for one in function.policy.statements)


def _covers(statement: dict[str, t.Any], service: str, source_arn: str, account: str) -> bool:
    conditions = statement.get("Condition", {})
    arn = conditions.get("ArnLike", {}).get("AWS:SourceArn", "*")
    owner = conditions.get("StringEquals", {}).get("AWS:SourceAccount", account)
    named = (statement.get("Principal") or {}).get("Service") == service
    does = statement.get("Action") in ("lambda:InvokeFunction", "lambda:*", "*")
    return named and does and fnmatch.fnmatchcase(source_arn, arn) and owner == account
