# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The report of a run: what became of each stack's things, and what a person needs to know of them."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.cloister.aws.plugins.plugin_utils._report_commands import commands
from ansible_collections.cloister.aws.plugins.plugin_utils._report_needs import Member, needed
from ansible_collections.cloister.aws.plugins.plugin_utils._timeline import Timeline

SIGNS = {"create": "+", "change": "~", "remove": "-"}
DONE = {"create": "created", "change": "changed", "remove": "removed", "keep": "kept"}
PLANNED = {"create": "to create", "change": "to change", "remove": "to remove", "keep": "to keep"}


@dataclass
class Stack:
    """What became of one stack."""

    seconds: float = 0.0
    members: dict[tuple[str, str], Member] = field(default_factory=dict)
    error: str = ""

    def count(self, action: str) -> int:
        """Return how many members met this action."""
        return sum(member["action"] == action for member in self.members.values())


@dataclass
class Report:
    """Gathers members as tasks end; tells them as text (`lines`) or data (`told`)."""

    run_id: str
    began: float
    region: str = ""
    aws_region: str = ""
    check: bool = False
    seconds: float = 0.0
    stacks: dict[str, Stack] = field(default_factory=dict)
    error: str = ""
    """Why the run as a whole failed."""
    timeline: Timeline = field(init=False)

    def __post_init__(self) -> None:
        self.timeline = Timeline(self.began)

    def take(self, host: str, seconds: float, members: t.Iterable[Member], check: bool) -> None:
        """Take in one ended task. A later task may keep what an earlier one made: the stronger action stays.

        So does what only the earlier one shows.
        """
        members = list(members)
        if host in self.stacks:
            self.stacks[host].seconds += seconds
        for member in members:
            stack = self.stacks.setdefault(member["stack"], Stack(seconds if member["stack"] == host else 0.0))
            key = (member["kind"], member["part"])
            known = stack.members.get(key)
            if known:
                member = {**member, "shows": {**known["shows"], **member["shows"]}}
            if known and known["action"] != "keep" and member["action"] == "keep":
                member = {**member, "action": known["action"], "changes": known["changes"]}
            stack.members[key] = member
            self.check = self.check or check

    def failed(self, host: str | None, task: str, message: str) -> None:
        """Take in why a stack, or without one the run, failed; the first reason counts, and the first line of it."""
        holder = self.stacks.setdefault(host, Stack()) if host else self
        holder.error = holder.error or f"{task}: {message.partition(chr(10))[0]}"

    def told(self) -> dict[str, t.Any]:
        """Return the report as plain data."""
        return {
            "region": self.region,
            "aws_region": self.aws_region,
            "run_id": self.run_id,
            "check": self.check,
            "seconds": round(self.seconds, 2),
            "error": self.error,
            "timeline": self.timeline.told(),
            "stacks": {
                name: {
                    "seconds": round(stack.seconds, 2),
                    "error": stack.error,
                    "members": list(stack.members.values()),
                }
                for name, stack in self.stacks.items()
            },
        }

    def lines(self) -> t.Iterator[str]:
        """Yield the report as a person reads it."""
        what = "plan for region" if self.check else "region"
        yield ""
        yield f"{what} {self.region} ({self.aws_region}), run {self.run_id}, {self.seconds:.1f} s"
        if any(stack.members for stack in self.stacks.values()):
            yield from self._table()
        yield from self._changes()
        yield from self._needed()
        yield from self._drawn()
        broken = {name: stack.error for name, stack in self.stacks.items() if stack.error}
        for name, error in broken.items():
            yield f"  {name} is not whole. {error}"
        if self.error and not broken:
            yield f"  The run failed. {self.error}"

    def _table(self) -> t.Iterator[str]:
        words = PLANNED if self.check else DONE
        width = max(len(name) for name in self.stacks)
        yield ""
        yield "  " + " " * width + "".join(f"{words[action]:>11}" for action in DONE) + f"{'seconds':>10}"
        for name, stack in self.stacks.items():
            counts = "".join(f"{stack.count(action):>11}" for action in DONE)
            yield f"  {name:<{width}}{counts}{stack.seconds:>10.1f}"

    def _drawn(self) -> t.Iterator[str]:
        drawing = list(self.timeline.lines(self.stacks))
        if drawing:
            yield ""
            yield from drawing

    def _changes(self) -> t.Iterator[str]:
        for name, stack in self.stacks.items():
            moved = [member for member in stack.members.values() if member["action"] in SIGNS]
            if not moved:
                continue
            yield ""
            yield f"  {name}"
            for member in moved:
                known = "" if str(member["id"]).startswith("(") else f"  {member['id']}"
                yield f"    {SIGNS[member['action']]} {member['kind']} {member['part']}{known}"
                if member["action"] == "change":
                    for change in member["changes"]:
                        yield f"        {change['field']}: {change['before']} -> {change['after']}"

    def _needed(self) -> t.Iterator[str]:
        members = [member for stack in self.stacks.values() for member in stack.members.values()]
        for lines in (list(needed(members)), list(commands(members))):
            if lines and not self.check:
                yield ""
                yield from lines
