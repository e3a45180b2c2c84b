# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Secrets of containers: from the names of an inventory to the ARNs that ECS reads at the start of a task.

Only descriptions are read here, never what a secret holds.
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html: behind the ARN of a
secret stand the key of a JSON value, a version stage and a version id, each of which may be empty.
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, MissingError
from ansible_collections.cloister.aws.plugins.module_utils._unknown import unknown

Reference = t.Mapping[str, t.Any]
_MOST_NAMES = 50


class Secrets:
    """The secrets and parameters that containers name, each looked up once, all side by side."""

    def __init__(self, aws: Aws, check: bool) -> None:
        self._aws, self._check = aws, check
        self._arns: dict[tuple[str, str], str] = {}
        self.missing: list[str] = []
        """What is not there, with the command that makes it."""

    def read(self, references: t.Iterable[Reference]) -> None:
        """Look all of them up. What is not there is `MissingError`, in check mode only noted."""
        wanted = {_key(reference) for reference in references}
        names = sorted(name for kind, name in wanted if kind == "secret")
        paths = sorted(name for kind, name in wanted if kind == "parameter")
        for name, arn in zip(names, each(self._secret, names), strict=True):
            self._take("secret", name, arn)
        known = self._parameters(paths) if paths else {}
        for path in paths:
            self._take("parameter", path, known.get(path))
        if self.missing and not self._check:
            raise MissingError("; ".join(self.missing))

    def value_from(self, reference: Reference) -> str:
        """Return what ECS is told for a reference {secret, key, stage, version} or {parameter}."""
        kind, name = _key(reference)
        arn = self._arns[kind, name]
        tail = [str(reference.get(part) or "") for part in ("key", "stage", "version")]
        return f"{arn}:{':'.join(tail)}" if kind == "secret" and any(tail) else arn

    def _take(self, kind: str, name: str, arn: str | None) -> None:
        if arn is None:
            self.missing.append(_advice(kind, name))
        self._arns[kind, name] = arn or unknown(kind, name)

    def _secret(self, name: str) -> str | None:
        try:
            answer = self._aws.call("secretsmanager", "describe_secret", SecretId=name)
        except ApiError as exc:
            if exc.code != "ResourceNotFoundException":
                raise
            return None
        return None if answer.get("DeletedDate") else str(answer["ARN"])

    def _parameters(self, paths: t.Sequence[str]) -> dict[str, str]:
        """Return ARNs by name; not every answer of DescribeParameters has them, and they follow from the name."""
        batches = [list(paths[start : start + _MOST_NAMES]) for start in range(0, len(paths), _MOST_NAMES)]
        found = [item["Name"] for batch in batches for item in self._described(batch)]
        account = self._aws.call("sts", "get_caller_identity")["Account"] if found else ""
        head = f"arn:{self._aws.partition}:ssm:{self._aws.region}:{account}:parameter/"
        return {name: f"{head}{name.removeprefix('/')}" for name in found}

    def _described(self, batch: list[str]) -> list[t.Any]:
        named = [{"Key": "Name", "Option": "Equals", "Values": batch}]
        return self._aws.pages("ssm", "describe_parameters", "Parameters", ParameterFilters=named)


def _key(reference: Reference) -> tuple[str, str]:
    kind = "secret" if reference.get("secret") else "parameter"
    return kind, str(reference[kind])


def _advice(kind: str, name: str) -> str:
    if kind == "secret":
        command = f"aws secretsmanager create-secret --name {name} --secret-string file://FILE"
    else:
        command = f"aws ssm put-parameter --type SecureString --name {name} --value file://FILE"
    return f"there is no {kind} {name}, or it is being deleted; make it ({command}) and run again"
