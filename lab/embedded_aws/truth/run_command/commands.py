# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Commands, their invocations on nodes, and what is told of each.

https://docs.aws.amazon.com/systems-manager/latest/userguide/monitor-commands.html has the states.
"""

from __future__ import annotations

import dataclasses
import threading
import time
import typing as t
import uuid

from lab.embedded_aws.truth.run_command.documents import Document, Step

Body = dict[str, t.Any]

# What ListCommandInvocations shows of a plugin's output, and GetCommandInvocation of each stream.
# https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetCommandInvocation.html
MOST_SHOWN, MOST_OUT, MOST_ERR = 2500, 24_000, 8_000
_MORE = "\n---Output truncated---"
CUT = {MOST_SHOWN: _MORE, MOST_OUT: _MORE, MOST_ERR: "\n---Error truncated----"}
ENDED = ("Success", "Cancelled", "TimedOut", "Failed")
COUNTED = ("Failed", "ExecutionTimedOut")
"""Details that count against MaxErrors."""


class Ending(t.NamedTuple):
    """A status with its details, and the response code that goes with it."""

    status: str
    details: str
    code: int = -1


PENDING = Ending("Pending", "Pending")
SUCCESS = Ending("Success", "Success", 0)
UNDELIVERABLE = Ending("Failed", "Undeliverable")
CANCELLED = Ending("Cancelled", "Cancelled")
TERMINATED = Ending("Cancelled", "Terminated")
TIMED_OUT = Ending("TimedOut", "ExecutionTimedOut", 137)


@dataclasses.dataclass
class Plugin:
    """What became of a step on one node; times are seconds since the epoch, 0 before they come."""

    step: Step
    ending: Ending = PENDING
    out: str = ""
    err: str = ""
    began: float = 0.0
    ended: float = 0.0
    urls: tuple[str, str] = ("", "")


@dataclasses.dataclass
class Invocation:
    """A command on one node."""

    node: str
    plugins: list[Plugin]
    ending: Ending = PENDING
    cancelled: bool = False

    @property
    def over(self) -> bool:
        return self.ending.status in ENDED

    def end(self, ending: Ending) -> None:
        """Let it have ended so, and what did not run of it too; once it has ended it stays so."""
        if self.over:
            return
        self.ending = ending
        for plugin in self.plugins:
            if plugin.ending.status not in ENDED:
                plugin.ending = ending


class Command:
    """A command as it was asked for. `lock` guards what threads change of it."""

    def __init__(self, account: str, region: str, document: Document, asked: Body, nodes: t.Sequence[str]) -> None:
        self.id = str(uuid.uuid4())
        self.account, self.region, self.document, self.asked = account, region, document, asked
        self.requested = time.time()
        self.steps = document.told(document.values(asked.get("Parameters") or {}))
        self.invocations = [Invocation(node, [Plugin(step) for step in self.steps]) for node in nodes]
        self.lock = threading.RLock()
        self.cancelling = False

    @property
    def by_targets(self) -> bool:
        return bool(self.asked.get("Targets"))

    @property
    def errors(self) -> int:
        return sum(one.ending.details in COUNTED for one in self.invocations)

    @property
    def most_errors(self) -> int:
        """How many errors it bears; one more and no other node is asked."""
        return self._share(str(self.asked.get("MaxErrors") or "0"))

    @property
    def at_once(self) -> int:
        return max(self._share(str(self.asked.get("MaxConcurrency") or "50")), 1)

    @property
    def timeout_seconds(self) -> int:
        return int(self.asked.get("TimeoutSeconds") or 3600)

    def ending(self) -> Ending:
        """Its own state, from those of its invocations."""
        endings = [one.ending for one in self.invocations]
        if not endings:
            return Ending("Success", "NoInstancesInTag")
        if not all(one.over for one in self.invocations):
            begun = any(ending.status != "Pending" for ending in endings)
            state = "Cancelling" if self.cancelling else "InProgress" if begun else "Pending"
            return Ending(state, state)
        if self.cancelling and CANCELLED in endings:
            return CANCELLED
        if self.errors > self.most_errors:
            late = all(one in (SUCCESS, TIMED_OUT, TERMINATED) for one in endings)
            return TIMED_OUT if late else Ending("Failed", "Failed")
        if all(one == UNDELIVERABLE for one in endings):
            return UNDELIVERABLE
        if any(one not in (SUCCESS, UNDELIVERABLE) for one in endings):
            return Ending("Failed", "Incomplete")
        return SUCCESS

    def _share(self, said: str) -> int:
        if said.endswith("%"):
            return len(self.invocations) * int(said[:-1]) // 100
        return int(said)

    def told(self) -> Body:
        """What ListCommands shows of it."""
        status, details, _ = self.ending()
        over = [one for one in self.invocations if one.over]
        return {
            "CommandId": self.id, "DocumentName": self.document.name, "DocumentVersion": self.document.version,
            "Comment": self.asked.get("Comment", ""), "ExpiresAfter": self.requested + self.timeout_seconds,
            "Parameters": self.asked.get("Parameters") or {}, "InstanceIds": self.asked.get("InstanceIds") or [],
            "Targets": self.asked.get("Targets") or [], "RequestedDateTime": self.requested,
            "Status": status, "StatusDetails": details, "OutputS3Region": self.asked.get("OutputS3Region", ""),
            "OutputS3BucketName": self.asked.get("OutputS3BucketName", ""),
            "OutputS3KeyPrefix": self.asked.get("OutputS3KeyPrefix", ""),
            "MaxConcurrency": str(self.asked.get("MaxConcurrency") or "50"),
            "MaxErrors": str(self.asked.get("MaxErrors") or "0"), "TargetCount": len(self.invocations),
            "CompletedCount": len(over), "ErrorCount": self.errors,
            "DeliveryTimedOutCount": sum(one.ending == UNDELIVERABLE for one in over),
            "ServiceRole": self.asked.get("ServiceRoleArn", ""), "TimeoutSeconds": self.timeout_seconds,
        }  # fmt: skip


def told(command: Command, one: Invocation, details: bool) -> Body:
    """What ListCommandInvocations shows of a command on one node."""
    shown = {
        "CommandId": command.id, "InstanceId": one.node, "InstanceName": "",
        "Comment": command.asked.get("Comment", ""),
        "DocumentName": command.document.name, "DocumentVersion": command.document.version,
        "RequestedDateTime": command.requested, "Status": one.ending.status, "StatusDetails": one.ending.details,
        "StandardOutputUrl": "", "StandardErrorUrl": "", "CommandPlugins": [],
    }  # fmt: skip
    if details:
        shown["CommandPlugins"] = [_plugin(command, plugin) for plugin in one.plugins]
    return shown


def _plugin(command: Command, plugin: Plugin) -> Body:
    both = plugin.out + (f"\n----------ERROR-------\n{plugin.err}" if plugin.err else "")
    return {
        "Name": plugin.step.name, "Status": plugin.ending.status, "StatusDetails": plugin.ending.details,
        "ResponseCode": plugin.ending.code, "Output": cut(both, MOST_SHOWN),
        "ResponseStartDateTime": plugin.began or None, "ResponseFinishDateTime": plugin.ended or None,
        "StandardOutputUrl": plugin.urls[0], "StandardErrorUrl": plugin.urls[1],
        "OutputS3Region": command.region, "OutputS3BucketName": command.asked.get("OutputS3BucketName", ""),
        "OutputS3KeyPrefix": command.asked.get("OutputS3KeyPrefix", ""),
    }  # fmt: skip


def cut(text: str, most: int) -> str:
    """The text, or its beginning with a word about the rest, at most ``most`` characters in all."""
    return text if len(text) <= most else text[: most - len(CUT[most])] + CUT[most]


def store(backend: t.Any) -> dict[str, Command]:
    """The commands of an account and region, by id; emptied with moto's backend."""
    return t.cast("dict[str, Command]", backend.__dict__.setdefault("cloister_commands", {}))
