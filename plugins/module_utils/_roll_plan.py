# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The order in which a fleet that serves is changed: who goes when, who is left alone, and when nobody may go.

It is made of what load balancers and nodes say now, and of nothing that was written down, so a run that follows one
that was killed goes on where that was.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.cloister.aws.plugins.module_utils._balanced_fleet import Fleet, Machine, Targets
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError, RegionError

OUT, IN_PLACE, MEND = "out", "in place", "mend"
_DOES = {
    OUT: "taken out of service, changed, put back",
    IN_PLACE: "changed where it is",
    MEND: "brought into service",
}


@dataclass(frozen=True)
class Word:
    """What a node says of itself: whether its service is installed, out of service on purpose, and to be changed."""

    there: bool
    failing: bool
    wants: bool


@dataclass(frozen=True)
class Pace:
    """How many at a time: ``out`` of those that serve, ``place`` of those that no load balancer counts on."""

    out: str
    place: str


class Batch(t.TypedDict):
    """Nodes that go together, and how."""

    nodes: list[str]
    way: str


@dataclass
class Plan:
    """Batches in their order, nodes that need nothing, and notes for whoever reads the plan."""

    batches: list[Batch] = field(default_factory=list)
    well: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    gently: bool = True
    """Whether health may fail first: no target group ends connections of a machine that turns unhealthy."""

    def lines(self) -> list[str]:
        """Return the plan as a person reads it."""
        told = [
            f"batch {number}: {', '.join(batch['nodes'])}: {_DOES[batch['way']]}"
            for number, batch in enumerate(self.batches, 1)
        ]
        return told + [f"{one}: as it should be" for one in self.well] + self.notes


def sizes(said: str, total: int, option: str) -> list[int]:
    """Return the sizes of batches that ``said`` names, such as ``1,25%``; the last one counts for all that follow."""
    found = []
    for one in said.split(","):
        number = one.strip().removesuffix("%")
        if not number.isdecimal() or int(number) == 0:
            raise InputError(f"{option} is {said!r}, and {one!r} is no number of nodes. Right would be: 1,25%")
        share = total * int(number) // 100 if one.strip().endswith("%") else int(number)
        found.append(max(1, share))
    return found


@dataclass(frozen=True)
class Planner:
    """Plans for a fleet. ``mends``: what is not well goes first and the others follow; else it stops everything.

    ``sweeps``: nodes that need nothing are gone over too.
    """

    fleet: Fleet
    words: t.Mapping[str, Word]
    pace: Pace
    mends: bool
    sweeps: bool

    def plan(self) -> Plan:
        """Return who goes when; raise `RegionError` when nobody may."""
        strays = self._refuse_strays()
        ids = sorted(self.words)
        away = [one for one in ids if one not in strays and self._away(one)]
        new = [one for one in ids if not self.words[one].there]
        ill = [one for one in ids if self._ill(one) and one not in (*away, *new)]
        short = self._short(new, ill)
        if short and not self.mends:
            raise RegionError(
                "Nothing was changed. The fleet is short already, and a roll would take more away: "
                f"{'; '.join(short)}. See what is wrong there (playbooks/configure.yml begins with nodes that are new "
                "or not well), then run again"
            )
        plan = Plan(gently=not any(one.cuts_unhealthy for node in ids for one in self._led(node)))
        plan.notes += [f"the fleet is short: {one}" for one in short] + self._manner(plan.gently)
        rest = [one for one in ids if one not in (*away, *new, *ill)]
        going = [one for one in rest if self.words[one].wants]
        led = [one for one in going if self._led(one) and one not in strays]
        taken, left = self._taken(led, {*away, *new, *ill})
        self._say_who_stays(plan, left)
        place = [one for one in going if one not in led] + left
        quiet = [one for one in rest if one not in going]
        self._add(plan, MEND, new + ill, self.pace.place, "configure_batches")
        self._add(plan, OUT, away, self.pace.out, "roll_batches")
        plan.batches += [{"nodes": nodes, "way": OUT} for nodes in taken]
        self._add(plan, IN_PLACE, place + (quiet if self.sweeps else []), self.pace.place, "configure_batches")
        plan.well = [] if self.sweeps else quiet
        return plan

    def _add(self, plan: Plan, way: str, nodes: t.Sequence[str], pace: str, option: str) -> None:
        steps, left = sizes(pace, len(self.words), option), list(nodes)
        while left:
            size = steps.pop(0) if len(steps) > 1 else steps[0]
            plan.batches.append({"nodes": left[:size], "way": way})
            left = left[size:]

    def _machine(self, node: str) -> Machine:
        return self.fleet.machines[node]

    def _led(self, node: str) -> list[Targets]:
        return self.fleet.led(self._machine(node))

    def _away(self, node: str) -> bool:
        """Return whether an earlier run, or a person, has taken it out and not put it back."""
        word = self.words[node]
        return word.there and bool(self._led(node)) and (word.failing or self.fleet.out(self._machine(node)))

    def _ill(self, node: str) -> bool:
        return bool(self._led(node)) and not self.fleet.serves(self._machine(node))

    def _short(self, new: t.Collection[str], ill: t.Collection[str]) -> list[str]:
        """Return what the fleet lacks beside what is taken out on purpose, in words."""
        others = [one for one in self.fleet.machines.values() if one.id not in self.words and self.fleet.led(one)]
        unwell = [self._machine(one) for one in ill] + [one for one in others if not self.fleet.serves(one)]
        said = [f"{one} is new, and nothing is installed on it" for one in new if self._led(one)]
        said += [fault for one in unwell for fault in self.fleet.faults(one)]
        lacks = [
            f"pool {pool} lacks {number} machines of what it wants"
            for pool, number in self.fleet.lacking.items()
            if number
        ]
        return said + lacks

    def _refuse_strays(self) -> list[str]:
        """Return nodes in target groups that nobody would know of once they were out; refuse where that is asked."""
        strays = {one: self._machine(one).strays for one in sorted(self.words) if self._machine(one).strays}
        if strays and not self.mends:
            node, groups = next(iter(strays.items()))
            raise InputError(
                f"Nothing was changed. {node} is in target group {', '.join(groups)}, to which its pool is not "
                "attached: once it was taken out, nobody would know that it belongs there. Name the group in "
                "target_groups of the pool"
            )
        return list(strays)

    def _taken(self, nodes: t.Sequence[str], back: t.Collection[str]) -> tuple[list[list[str]], list[str]]:
        """Return batches of nodes that serve, such that all is served always and everywhere; and who cannot go so."""
        steps, left = sizes(self.pace.out, len(self.words), "roll_batches"), list(nodes)
        batches: list[list[str]] = []
        while left:
            size = steps.pop(0) if len(steps) > 1 else steps[0]
            batch: list[str] = []
            for node in left:
                if len(batch) < size and self._spared([*batch, node], back):
                    batch.append(node)
            if not batch:
                return batches, left
            batches.append(batch)
            left = [one for one in left if one not in batch]
        return batches, []

    def _spared(self, batch: t.Collection[str], back: t.Collection[str]) -> bool:
        """Return whether every target group goes on serving without these, in each zone where it has to."""
        # Those that do not serve now are back before the first of these goes.
        machines = [one for one in self.fleet.machines.values() if self.fleet.serves(one) or one.id in back]
        for targets in {one for node in batch for one in self._led(node)}:
            serving = [one for one in machines if targets.arn in one.states]
            left = {one.zone for one in serving if one.id not in batch}
            needed = set() if targets.cross_zone else {self._machine(one).zone for one in batch}
            if not left or not needed <= left:
                return False
        return True

    def _say_who_stays(self, plan: Plan, left: t.Sequence[str]) -> None:
        if not left:
            return
        node = self._machine(left[0])
        groups = ", ".join(one.name for one in self.fleet.led(node))
        why = (
            f"{', '.join(left)} cannot be taken out: nobody else would serve {groups} in {node.zone}. Right would be: "
            "another machine there, or cross_zone of the load balancer"
        )
        if not self.mends:
            raise RegionError(f"Nothing was changed. {why}")
        plan.notes.append(f"{why}. Changed where it is")

    def _manner(self, gently: bool) -> list[str]:
        if gently:
            return []
        cutting = sorted({one.name for node in self.words for one in self._led(node) if one.cuts_unhealthy})
        return [
            f"{', '.join(cutting)} ends connections of machines that turn unhealthy, so each is deregistered before "
            "its health fails"
        ]


def settled(fleet: Fleet, words: t.Mapping[str, Word]) -> bool:
    """Return whether no node that should serve is still in its first health checks."""
    there = [fleet.machines[one] for one, word in words.items() if word.there and not word.failing]
    return not any(state.name == "initial" for one in there for state in one.states.values())
