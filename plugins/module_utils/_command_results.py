# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What came of a command on each node: how it ended, its exit status and output.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetCommandInvocation.html: 24,000 characters of
output and 8,000 of errors are kept; a bucket keeps all.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError

SUCCESS = "Success"
_NEVER_RAN = -1
_COUNTED = ("Failed", "ExecutionTimedOut")
_LINES = 6
_CUT, _TAIL = "---Output truncated---", 4000

_SILENT = "its agent did not answer in time: aws ssm describe-instance-information says when it last did"
_SPARED = "it was not asked, as too many others had failed before"
WHY = {
    "Undeliverable": _SILENT,
    "DeliveryTimedOut": _SILENT,
    "ExecutionTimedOut": "it took longer than it may and was ended",
    "Terminated": _SPARED,
    "NotAsked": _SPARED,
    "Cancelled": "the command was cancelled",
    "AccessDenied": "the caller may not send commands to it",
    "InvalidPlatform": "the document is not for its platform",
}


@dataclass(frozen=True)
class Result:
    """One node's. ``status`` is AWS's detailed one; ``rc`` is None where nothing ran; ``step`` is of the document."""

    id: str
    status: str
    rc: int | None = None
    stdout: str = ""
    stderr: str = ""
    step: str = ""
    command: str = ""
    url: str = ""

    @property
    def ok(self) -> bool:
        """Whether it succeeded."""
        return self.status == SUCCESS

    @property
    def failed(self) -> bool:
        """Whether AWS counts it as an error."""
        return self.status in _COUNTED

    def told(self) -> dict[str, t.Any]:
        """Return it as a module does."""
        return {
            "instance_id": self.id,
            "status": self.status,
            "ok": self.ok,
            "rc": self.rc,
            "stdout": self.stdout,
            "stderr": self.stderr,
            "stdout_lines": self.stdout.splitlines(),
            "step": self.step,
            "command_id": self.command,
            "output_url": self.url,
        }

    def ending(self) -> str:
        """Return in a line how it ended."""
        return f"{self.id}: {self.status}" + (f", exit status {self.rc}" if self.rc is not None else "")

    def lines(self) -> list[str]:
        """Return how it ended, and under it what it said."""
        return [self.ending(), *(f"    {line}" for line in self.stdout.splitlines())]

    def complaint(self) -> str:
        """Return what a person has to know of one that is not as it should be."""
        if self.status in WHY:
            return f"{self.id}: {self.status}, {WHY[self.status]}"
        tail = (self.stderr.strip() or self.stdout.strip()).splitlines()[-_LINES:]
        said = "\n".join(f"    {line}" for line in tail)
        return self.ending() + (f"\n{said}" if said else "")


def results(aws: Aws, command: str) -> list[Result]:
    """Return what came of a command on each of its nodes, by id."""
    rows = aws.pages("ssm", "list_command_invocations", "CommandInvocations", CommandId=command, Details=True)
    return sorted(each(lambda row: result(aws, command, row), rows), key=lambda one: one.id)


def result(aws: Aws, command: str, row: t.Mapping[str, t.Any]) -> Result:
    """Return what came of it on one node, whose row of ListCommandInvocations is given."""
    node, status = row["InstanceId"], str(row.get("StatusDetails") or row["Status"])
    step = _telling(row.get("CommandPlugins") or [])
    if step is None or step.get("ResponseCode", _NEVER_RAN) == _NEVER_RAN:
        return Result(node, status, command=command)
    try:
        said = aws.call("ssm", "get_command_invocation", CommandId=command, InstanceId=node, PluginName=step["Name"])
    except ApiError as exc:
        if exc.code != "InvalidPluginName":
            raise
        # Of a document with one step AWS gives details under no name.
        said = aws.call("ssm", "get_command_invocation", CommandId=command, InstanceId=node)
    return Result(
        node,
        status,
        said.get("ResponseCode"),
        said.get("StandardOutputContent", ""),
        said.get("StandardErrorContent", ""),
        step["Name"],
        command,
        said.get("StandardOutputUrl", ""),
    )


def whole(aws: Aws, one: Result) -> Result:
    """Return it with the end of what it said, which AWS has cut off and a bucket may have."""
    bucket, key = [*urlsplit(one.url).path.lstrip("/").split("/", 1), ""][:2]
    if not one.stdout.rstrip().endswith(_CUT) or not key:
        return one
    try:
        said = aws.call("s3", "get_object", Bucket=bucket, Key=key, Range=f"bytes=-{_TAIL}")["Body"].read()
    except ApiError:
        # The node may not have been let write it.
        return one
    return replace(one, stdout=said.decode(errors="replace"))


def _telling(steps: t.Sequence[t.Mapping[str, t.Any]]) -> t.Mapping[str, t.Any] | None:
    """Return the step that says most: the first that failed, else the one with most output (others were skipped)."""
    bad = [one for one in steps if one.get("Status") != SUCCESS]
    return bad[0] if bad else max(steps, key=lambda one: len(one.get("Output") or ""), default=None)
