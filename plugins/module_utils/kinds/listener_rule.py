# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules of a listener: which requests go elsewhere than its default action says, the lowest priority asked first.

Part is ``<load balancer>:<port>/<name>``. No two rules of a listener have one priority, yet they may change places: all
that move do so in one call (https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SetRulePriorities.html).
A new one whose priority is still held by one of ours stands last until then.
"""

from __future__ import annotations

import threading
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._doors import Doors
from ansible_collections.cloister.aws.plugins.module_utils._elb import ElbKind
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Want
from ansible_collections.cloister.aws.plugins.module_utils._listener_forms import (
    action_found,
    action_sent,
    conditions_found,
    conditions_sent,
)
from ansible_collections.cloister.aws.plugins.module_utils._once import Once
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner, tag_list

LAST_PRIORITY = 50000


class ListenerRule(ElbKind):
    """A rule.

    Fields: ``priority``, ``conditions``, ``action`` (`_listener_forms`). ``create`` holds ``listener`` (ARN).
    """

    noun = "listener rule"
    made_by = "load_balancers"
    rank = 14
    arn_key = "RuleArn"

    def __init__(self, aws: Aws, owner: Owner) -> None:
        super().__init__(aws, owner)
        self.doors = Doors(aws, owner)
        self._found = False
        self._moves: dict[str, dict[str, int]] = {}
        self._moved = Once()
        self._guard = threading.Lock()

    def find(self) -> list[Found]:
        """Return what the owner owns, on load balancers that it owns; what was read before serves once."""
        self.doors = self.doors.anew() if self._found else self.doors
        self._found = True
        return [found for found in self.doors.rules() if self.owner.owns(found.tags)]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return which requests it means, when it is asked, and what it does."""
        return {
            "priority": int(found.raw["Priority"]),
            "conditions": conditions_found(found.raw["Conditions"]),
            "action": action_found(found.raw["Actions"]),
        }

    def vet(self, want: Want, found: Found | None) -> None:
        """Note who moves: they move together."""
        if found and int(found.raw["Priority"]) != want.fields["priority"]:
            self._move(found, want.fields["priority"])

    def vet_removal(self, found: Found) -> None:
        """Note who makes room, as it goes only when the others stand."""
        self._move(found, self._room(found.raw["ListenerArn"]))

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it, in the last place while another of ours holds its own."""
        listener, priority = want.create["listener"], want.fields["priority"]
        taken = any(int(rule.raw["Priority"]) == priority for rule in self._on(listener))
        answer = self.aws.make(
            "elbv2",
            "create_rule",
            ListenerArn=listener,
            Priority=self._room(listener) if taken else priority,
            Conditions=conditions_sent(want.fields["conditions"]),
            Actions=action_sent(want.fields["action"]),
            Tags=tag_list(tags),
        )
        made = self.made(answer, "Rules", tags)
        made = Found(made.id, tags, {**made.raw, "ListenerArn": listener})
        if taken:
            self._move(made, priority)
        return made

    def complete(self, found: Found, want: Want) -> None:
        """Put it in its place."""
        if found.id in self._moves.get(found.raw["ListenerArn"], {}):
            self._rearrange(found.raw["ListenerArn"])

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Change what it means and does, and put it in its place."""
        said: dict[str, t.Any] = {}
        if "conditions" in changed:
            said["Conditions"] = conditions_sent(want.fields["conditions"])
        if "action" in changed:
            said["Actions"] = action_sent(want.fields["action"])
        if said:
            self.aws.call("elbv2", "modify_rule", RuleArn=found.id, **said)
        if "priority" in changed:
            self._rearrange(found.raw["ListenerArn"])

    def delete(self, found: Found) -> None:
        """Delete it."""
        self.aws.call("elbv2", "delete_rule", RuleArn=found.id, absent_ok=True)

    def foreign(self, want: Want) -> str | None:
        """Return a rule of somebody else that has the priority."""
        for rule in self._on(want.create["listener"]):
            if int(rule.raw["Priority"]) == want.fields["priority"] and not self.owner.owns(rule.tags):
                return rule.id
        return None

    def _on(self, listener: str) -> list[Found]:
        return [rule for rule in self.doors.rules() if rule.raw["ListenerArn"] == listener]

    def _room(self, listener: str) -> int:
        """Return a priority behind all others, another one each time."""
        there = {int(rule.raw["Priority"]) for rule in self._on(listener)}
        with self._guard:
            moves = self._moves.setdefault(listener, {})
            room = next(number for number in range(LAST_PRIORITY, 0, -1) if number not in {*there, *moves.values()})
            moves[f"room {room}"] = room
        return room

    def _move(self, rule: Found, priority: int) -> None:
        with self._guard:
            self._moves.setdefault(rule.raw["ListenerArn"], {})[rule.id] = priority

    def _rearrange(self, listener: str) -> None:
        moves = {arn: priority for arn, priority in self._moves[listener].items() if arn.startswith("arn:")}
        pairs = [{"RuleArn": arn, "Priority": moves[arn]} for arn in sorted(moves)]
        action = "set_rule_priorities"
        self._moved.get(listener, lambda: self.aws.call("elbv2", action, RulePriorities=pairs))
