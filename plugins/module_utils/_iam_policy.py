# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""IAM policy documents: made from statements, compared by what they mean, and refused when they allow everything.

Pure functions. A document is compared in canonical form, since IAM gives single strings for lists of one, its own
order, and ARNs for account numbers.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

from __future__ import annotations

import json
import re
import typing as t
from urllib.parse import unquote

VERSION = "2012-10-17"
# Policies whose every action on everything is their purpose.
EVERYTHING_POLICIES = frozenset({"AdministratorAccess"})
_ACCOUNT = re.compile(r"\d{12}")

Document = dict[str, t.Any]
Statement = t.Mapping[str, t.Any]


def document(statements: t.Iterable[Statement]) -> Document:
    """Return the document of statements ``{sid, effect, actions, resources, conditions}``."""
    made = []
    for said in statements:
        statement = {"Effect": said["effect"], "Action": said["actions"], "Resource": said["resources"]}
        made.append({**statement, **_sid(said), **_conditions(said)})
    return canonical({"Version": VERSION, "Statement": made})


def trust(
    services: t.Iterable[str],
    arns: t.Iterable[str],
    conditions: t.Mapping[str, t.Any],
    statements: t.Iterable[Statement],
    partition: str,
) -> Document:
    """Return who may take the role: services and ARNs under ``conditions``, and whole statements for all else.

    ``services`` are short names (``ec2``, ``ecs-tasks``) or whole principals; ``statements`` have the keys ``sid``,
    ``effect``, ``principals`` (by type, such as ``Federated``), ``actions`` and ``conditions``.
    """
    made: list[dict[str, t.Any]] = []
    principals = {"Service": [service_principal(name, partition) for name in services], "AWS": list(arns)}
    for kind, names in principals.items():
        if names:
            statement = {"Effect": "Allow", "Principal": {kind: names}, "Action": "sts:AssumeRole"}
            made.append({**statement, **({"Condition": dict(conditions)} if conditions else {})})
    for said in statements:
        statement = {"Effect": said["effect"], "Principal": said["principals"], "Action": said["actions"]}
        made.append({**statement, **_sid(said), **_conditions(said)})
    return canonical({"Version": VERSION, "Statement": made}, partition)


def service_principal(name: str, partition: str) -> str:
    """Return the principal of a service; EC2's alone has the domain of its partition.

    https://docs.amazonaws.cn/en_us/aws/latest/userguide/iam.html
    """
    if "." in name:
        return name
    return f"{name}.amazonaws.com{'.cn' if name == 'ec2' and partition == 'aws-cn' else ''}"


def policy_arn(name: str, partition: str) -> str:
    """Return the ARN of a managed policy: AWS's own by its name with path, any other by its ARN."""
    return name if name.startswith("arn:") else f"arn:{partition}:iam::aws:policy/{name}"


def canonical(said: str | t.Mapping[str, t.Any], partition: str = "") -> Document:
    """Return a document in the one form in which equal ones are equal."""
    given = json.loads(unquote(said)) if isinstance(said, str) else said
    statements = given.get("Statement", [])
    if isinstance(statements, t.Mapping):
        statements = [statements]
    made = [_canonical_statement(statement, partition) for statement in statements]
    return {"Version": given.get("Version", "2008-10-17"), "Statement": sorted(made, key=_text)}


def text(said: Document) -> str:
    """Return the JSON that is sent; IAM's size limits do not count white space, and there is none outside strings."""
    return json.dumps(said, separators=(",", ":"), sort_keys=True)


def everything(statements: t.Iterable[Statement]) -> list[str]:
    """Return a sentence for each statement that allows every action on every resource."""
    return [
        f"statement {said.get('sid') or number} allows every action on every resource; name what is needed"
        for number, said in enumerate(statements, 1)
        if said.get("effect", "Allow") == "Allow"
        and {"*", "*:*"} & set(said.get("actions", ()))
        and {"*", "arn:*", "arn:*:*:*:*:*"} & set(said.get("resources", ()))
    ]


def faults(role: t.Mapping[str, t.Any]) -> list[str]:
    """Return what makes an entry of ``identity_roles`` unsafe or impossible, a sentence each; needs no AWS."""
    found = [
        f"policy {policy['name']}: {fault}" for policy in role["policies"] for fault in everything(policy["statements"])
    ]
    found += [
        f"managed policy {name} allows every action on every resource; attach what is needed"
        for name in role["managed_policies"]
        if name.rpartition("/")[2] in EVERYTHING_POLICIES
    ]
    if "*" in role["trusted_arns"]:
        found.append("trusted_arns has *, everybody in every account; name accounts or roles")
    for statement in role["trust_statements"]:
        if "*" in _listed(statement["principals"].get("AWS", [])) and not statement["conditions"]:
            found.append("trust_statements lets everybody in every account take it; name principals or give conditions")
    if not (role["trusted_services"] or role["trusted_arns"] or role["trust_statements"]):
        found.append("nobody may take it; give trusted_services, trusted_arns or trust_statements")
    return found


def _sid(said: Statement) -> dict[str, t.Any]:
    return {"Sid": said["sid"]} if said.get("sid") else {}


def _conditions(said: Statement) -> dict[str, t.Any]:
    return {"Condition": said["conditions"]} if said.get("conditions") else {}


def _canonical_statement(statement: Statement, partition: str) -> dict[str, t.Any]:
    made: dict[str, t.Any] = {}
    for key, value in statement.items():
        if key in ("Principal", "NotPrincipal"):
            by_type = {"AWS": "*"} if value == "*" else value
            made[key] = {kind: _principals(names, partition) for kind, names in sorted(by_type.items())}
        elif key == "Condition":
            made[key] = {
                operator: {name: _listed(values) for name, values in sorted(test.items())}
                for operator, test in sorted(value.items())
            }
        else:
            made[key] = value if key in ("Sid", "Effect") else _listed(value)
    return made


def _principals(names: t.Any, partition: str) -> list[str]:
    root = "arn:{}:iam::{}:root"
    return sorted(root.format(partition, name) if _ACCOUNT.fullmatch(name) else name for name in _listed(names))


def _listed(value: t.Any) -> list[str]:
    values = value if isinstance(value, (list, tuple)) else [value]
    return sorted({str(item).lower() if isinstance(item, bool) else str(item) for item in values})


def _text(value: t.Any) -> str:
    return json.dumps(value, sort_keys=True)
