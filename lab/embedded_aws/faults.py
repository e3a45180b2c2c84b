# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The fault layer: throttling, failures, lost connections, latency, expired sessions, kills and hidden ids.

A rule is {action, kind, times, each, applied, code, status, message, seconds}: `action` is "CreateVpc",
"ec2:CreateVpc" or a pattern with `*`; `kind` is error, reset or slow; `times` says how often it strikes (of each
action when `each`, else in all); with `applied` the backend has done the work before the fault strikes.
"""

from __future__ import annotations

import collections
import dataclasses
import fnmatch
import os
import signal
import threading
import time
import typing as t

from lab.embedded_aws.call import Call
from lab.embedded_aws.errors import error, expired
from lab.embedded_aws.hiding import Hiding
from lab.embedded_aws.http_server import Answer, ConnectionCutError

STATUS = {
    "RequestLimitExceeded": 503, "InternalError": 500, "InternalFailure": 500, "InternalServerError": 500,
    "ServiceUnavailable": 503, "Unavailable": 503, "ServiceUnavailableException": 503, "SlowDown": 503,
}  # fmt: skip


@dataclasses.dataclass
class Rule:
    action: str
    kind: t.Literal["error", "reset", "slow"]
    times: int = 1
    each: bool = False
    applied: bool = False
    code: str = "InternalError"
    status: int | None = None
    message: str | None = None
    seconds: float = 0.0
    struck: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)

    def strikes(self, call: Call) -> bool:
        """Whether this call is one of the rule's; counts it."""
        if not matches(self.action, call):
            return False
        key = call.name if self.each else ""
        if self.struck[key] >= self.times:
            return False
        self.struck[key] += 1
        return True


@dataclasses.dataclass
class Kill:
    """SIGKILL for `pid` at the `write`-th matching write from now, before or after it is applied."""

    pid: int
    write: int
    when: t.Literal["before", "after"] = "after"
    action: str = "*"
    seen: int = 0


def matches(pattern: str, call: Call) -> bool:
    """Whether a pattern such as CreateVpc, ec2:*, ec2:Create* names this call."""
    return fnmatch.fnmatchcase(call.name if ":" in pattern else call.action, pattern)


class Faults:
    """All faults now set; each is consulted for every call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.hiding = Hiding()
        self.clear()

    def clear(self) -> None:
        """No faults from now on."""
        with self._lock:
            self._rules: list[Rule] = []
            self._kill: Kill | None = None
            self._latency_seconds = 0.0
            self._expire_after: int | None = None
            self._writes = 0
        self.hiding.clear()

    def add(self, rule: Rule) -> None:
        with self._lock:
            self._rules.append(rule)

    def set_latency(self, milliseconds: float) -> None:
        self._latency_seconds = milliseconds / 1000

    def set_kill(self, kill: Kill | None) -> None:
        with self._lock:
            self._kill = kill

    def expire_after(self, writes: int | None) -> None:
        """Every call after `writes` more writes is refused as coming from an ended session; None ends this."""
        with self._lock:
            self._writes, self._expire_after = 0, writes

    def before(self, call: Call) -> Answer | None:
        """What stands between a call and the backend: an answer instead of it, or None to go on."""
        if self._latency_seconds:
            time.sleep(self._latency_seconds)
        if self._expire_after is not None and self._writes >= self._expire_after:
            return expired(call)
        struck = self._strike(call, applied=False)
        if struck:
            return struck
        hidden = self.hiding.refuse(call)
        if hidden:
            return hidden
        if call.writes:
            self._count_write(call)
        return None

    def after(self, call: Call, answer: Answer, made: list[str]) -> Answer:
        """What becomes of an answer on its way back."""
        self.hiding.made(call, made)
        if call.writes:
            self._kill_if_due(call, "after")
        return self._strike(call, applied=True) or self.hiding.filter(call, answer)

    def _strike(self, call: Call, applied: bool) -> Answer | None:
        with self._lock:
            rule = next((one for one in self._rules if one.applied is applied and one.strikes(call)), None)
        if rule is None:
            return None
        if rule.kind == "reset":
            raise ConnectionCutError
        if rule.kind == "slow":
            time.sleep(rule.seconds)
            return None
        message = rule.message or f"Injected by the fault layer into {call.name}"
        return error(call, rule.code, message, rule.status or STATUS.get(rule.code, 400))

    def _count_write(self, call: Call) -> None:
        with self._lock:
            self._writes += 1
            if self._kill and matches(self._kill.action, call):
                self._kill.seen += 1
        self._kill_if_due(call, "before")

    def _kill_if_due(self, call: Call, when: str) -> None:
        with self._lock:
            kill = self._kill
            due = kill is not None and kill.when == when and kill.seen >= kill.write and matches(kill.action, call)
            if due:
                self._kill = None
        if due and kill is not None:
            os.kill(kill.pid, signal.SIGKILL)
            raise ConnectionCutError
