# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Commands on a region's nodes by Run Command: sent, waited for, cancelled when they are late, and told of.

https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html
"""

from __future__ import annotations

import re
import secrets
import time
import typing as t
from dataclasses import dataclass, field

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._command_nodes import Node, Whom
from ansible_collections.cloister.aws.plugins.module_utils._command_results import Result, results
from ansible_collections.cloister.aws.plugins.module_utils._errors import (
    ApiError,
    DeadlineError,
    InputError,
    UnsureError,
)
from ansible_collections.cloister.aws.plugins.module_utils._waits import pause, waiting

SHELL = "AWS-RunShellScript"
MOST_IDS = 50
"""Nodes that one command takes by id."""
_OPEN = ("Pending", "InProgress", "Delayed", "Cancelling")
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.1, 5.0
_CANCEL_SECONDS = 60
_MOST_COMMENT = 100
_AT_ONCE = re.compile(r"[1-9]\d*|[1-9]\d?%|100%")
_ERRORS = re.compile(r"\d+|\d\d?%|100%")


@dataclass(frozen=True)
class Ask:
    """A command: a document with its parameters, and how it goes to its nodes.

    ``at_once`` and ``errors`` are numbers or percents, as AWS writes them. ``wait_seconds`` 0 is as long as AWS itself
    keeps a command that nobody answers.
    """

    document: str
    parameters: t.Mapping[str, list[str]]
    at_once: str = "50"
    errors: str = "0"
    delivery_seconds: int = 600
    run_seconds: int = 3600
    wait_seconds: float = 0
    comment: str = "cloister"
    bucket: str = ""
    prefix: str = ""
    mark: str = field(default_factory=lambda: secrets.token_hex(4))

    def __post_init__(self) -> None:
        """Raise `InputError` for what AWS would refuse, before anything is asked."""
        if not _AT_ONCE.fullmatch(self.at_once):
            raise InputError(
                f"at_once is {self.at_once!r}. Right would be: a number from 1, or a percentage such as 10%"
            )
        if not _ERRORS.fullmatch(self.errors):
            raise InputError(
                f"max_errors is {self.errors!r}. Right would be: a number from 0, or a percentage such as 5%"
            )
        if not 30 <= self.delivery_seconds <= 2_592_000:
            raise InputError(f"delivery_seconds is {self.delivery_seconds}. Right would be: 30 to 2592000")
        if not 1 <= self.run_seconds <= 172_800:
            raise InputError(f"run_seconds is {self.run_seconds}. Right would be: 1 to 172800, two days")

    def said(self, whom: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
        """Return the arguments of SendCommand."""
        where = {"OutputS3BucketName": self.bucket, "OutputS3KeyPrefix": self.prefix} if self.bucket else {}
        return {
            "DocumentName": self.document,
            "Parameters": dict(self.parameters),
            "MaxConcurrency": self.at_once,
            "MaxErrors": self.errors,
            "TimeoutSeconds": self.delivery_seconds,
            "Comment": self.name,
            **{key: value for key, value in where.items() if value},
            **whom,
        }

    @property
    def name(self) -> str:
        """Its comment in AWS, by which it is found again when the answer that told its id was lost."""
        return f"{self.comment[: _MOST_COMMENT - len(self.mark) - 3]} [{self.mark}]"

    def patience(self, nodes: int) -> float:
        """Return how many seconds it may take on so many nodes."""
        rounds = -(-nodes // max(share(self.at_once, nodes), 1))
        return self.wait_seconds or (self.delivery_seconds + self.run_seconds) * rounds + 60


def parameter_lists(said: t.Mapping[str, t.Any]) -> dict[str, list[str]]:
    """Return parameters as AWS takes them, each a list of texts."""
    return {key: [str(one) for one in (value if isinstance(value, list) else [value])] for key, value in said.items()}


def share(said: str, of: int) -> int:
    """Return a number, or a percentage of ``of``, rounded down as AWS does."""
    return of * int(said[:-1]) // 100 if said.endswith("%") else int(said)


def run(aws: Aws, whom: Whom, nodes: t.Sequence[Node], ask: Ask, whole: bool) -> list[Result]:
    """Send it, wait until it has ended, and return what came of it on each node.

    ``whole`` says that ``nodes`` are all that ``whom`` means: then one command goes to them by their tags, however
    many they are. Else it goes by id, to fifty nodes at a time, and no further once more failed than ``ask`` bears.
    """
    if whole and not whom.ids:
        return _one(aws, ask, {"Targets": whom.targets()}, len(nodes))
    found: list[Result] = []
    ids = [node.id for node in nodes]
    for first in range(0, len(ids), MOST_IDS):
        if sum(one.failed for one in found) > share(ask.errors, len(ids)):
            return found + [Result(one, "NotAsked") for one in ids[first:]]
        some = ids[first : first + MOST_IDS]
        found += _one(aws, ask, {"InstanceIds": some}, len(some))
    return found


def start(aws: Aws, whom: Whom, nodes: t.Sequence[Node], ask: Ask, whole: bool) -> list[str]:
    """Send it and return the ids of its commands, without waiting."""
    if whole and not whom.ids:
        return [_sent(aws, ask, {"Targets": whom.targets()})]
    ids = [node.id for node in nodes]
    return [_sent(aws, ask, {"InstanceIds": ids[first : first + MOST_IDS]}) for first in range(0, len(ids), MOST_IDS)]


def _one(aws: Aws, ask: Ask, whom: t.Mapping[str, t.Any], nodes: int) -> list[Result]:
    command = _sent(aws, ask, whom)
    try:
        _await(aws, command, ask, ask.patience(nodes))
    except BaseException:
        # Whoever waits no longer wants it: a late one, or a run that was interrupted.
        _cancel(aws, command)
        raise
    return results(aws, command)


def _sent(aws: Aws, ask: Ask, whom: t.Mapping[str, t.Any]) -> str:
    """Send it once; when the answer is lost, look whether it is there before it is sent again."""
    began = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 300))
    try:
        return str(aws.make("ssm", "send_command", **ask.said(whom))["Command"]["CommandId"])
    except UnsureError:
        recent = [{"key": "InvokedAfter", "value": began}, {"key": "DocumentName", "value": ask.document}]
        for one in aws.pages("ssm", "list_commands", "Commands", Filters=recent):
            same = {key: list(one.get(key) or []) for key in whom} == {key: list(value) for key, value in whom.items()}
            if one.get("Comment") == ask.name and same:
                return str(one["CommandId"])
        return str(aws.make("ssm", "send_command", **ask.said(whom))["Command"]["CommandId"])


def _await(aws: Aws, command: str, ask: Ask, seconds: float) -> None:
    """Return when it has ended on all nodes."""
    began = time.monotonic()
    with waiting(f"{ask.document} ({command})"):
        while _state(aws, command) in _OPEN:
            if time.monotonic() - began > seconds:
                raise DeadlineError(
                    f"command {command} ({ask.document}) has not ended after {seconds:.0f} s and was cancelled; "
                    f"aws ssm list-command-invocations --command-id {command} says where it hung"
                )
            pause(began, _SHORTEST_PAUSE, _LONGEST_PAUSE)


def _state(aws: Aws, command: str) -> str:
    # A command that was sent a moment ago may not be listed yet.
    found = aws.pages("ssm", "list_commands", "Commands", CommandId=command)
    return str(found[0]["Status"]) if found else "Pending"


def _cancel(aws: Aws, command: str) -> None:
    """Cancel it, and give its nodes a moment to say that they have stopped."""
    try:
        aws.call("ssm", "cancel_command", CommandId=command)
        end = time.monotonic() + _CANCEL_SECONDS
        while _state(aws, command) in _OPEN and time.monotonic() < end:
            time.sleep(_SHORTEST_PAUSE)
    except ApiError:
        # What kept us from waiting is what a person has to know.
        return
