# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A stack's look at AWS: each of its kinds is read once, all side by side, and compared with what is wanted.

What the look says is what the stack's steps, taken one after the other, would do. Nothing is written, and whatever one
of the kinds refuses is refused before the first of those steps.
"""

from __future__ import annotations

import copy
import typing as t
from dataclasses import dataclass

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, all_done, side_by_side
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, HeldKind, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._names import Adopted, Names
from ansible_collections.cloister.aws.plugins.module_utils._once import Once
from ansible_collections.cloister.aws.plugins.module_utils._owner import PART, Owner
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Member, Outcome, by_part, leave, plan
from ansible_collections.cloister.aws.plugins.module_utils._removal import remove_by_rank

A = t.TypeVar("A")


class Work(t.NamedTuple):
    """A kind, and what is wanted of it.

    ``wants`` may name other kinds, in no circle. ``named`` says whether names of other stacks are known as well: then
    all that the region has is read, and not the stack's own only.
    """

    kind: type[Kind]
    wants: t.Callable[[], t.Sequence[Want]]
    named: bool = True


@dataclass
class Looked:
    """What is to be done, and whether that is nothing: all stands as it is wanted, and can be used."""

    outcome: Outcome
    settled: bool


class _Read(t.NamedTuple):
    kind: Kind
    found: t.Sequence[Found]


class _Plan(t.NamedTuple):
    kind: Kind
    own: t.Sequence[Found]
    members: t.Sequence[Member]


class Look:
    """One look of one stack. `names` are what its kinds' wishes are to be made with."""

    def __init__(self, aws: Aws, owner: Owner, adopted: Adopted) -> None:
        self._aws, self._owner, self._adopted = aws, owner, adopted
        self._works: dict[type[Kind], Work] = {}
        self._reads, self._plans = Once(), Once()
        self.names = Names(aws, owner.region, check=True, adopted=adopted, every=self._every)

    def take(self, works: t.Sequence[Work], *checks: t.Callable[[], None]) -> Looked:
        """Read and compare all, with ``checks`` beside; raise what any of them refuses."""
        self._works = {work.kind: work for work in works}
        tasks: list[t.Callable[[], t.Any]] = [*checks, *(lambda kind=kind: self._plan(kind) for kind in self._works)]
        all_done(side_by_side(lambda task: task(), tasks, workers=len(tasks)))
        plans = [self._plan(kind) for kind in self._works]
        members = [member for plan in plans for member in plan.members]
        unlisted = [(plan.kind, member) for plan in plans for member in _unlisted(plan)]
        outcome = Outcome(members + remove_by_rank(unlisted, check=True).members)
        standing = [(plan.kind, member.found) for plan in plans for member in plan.members if member.found]
        settled = not outcome.changed and all(kind.settled(found) for kind, found in standing)
        return Looked(outcome, settled)

    def _every(self, kind: type[Kind]) -> t.Mapping[str, Found]:
        """Return all that is known of a kind, by the names it has after this run."""
        read = self._read(kind)
        if kind not in self._works:
            return by_part(read.kind, read.found)
        parts = {member.found.id: member.part for member in self._plan(kind).members if member.found}
        return by_part(read.kind, [_called(found, parts.get(found.id, found.part)) for found in read.found])

    def _plan(self, kind: type[Kind]) -> _Plan:
        return _once(self._plans, kind, lambda: self._compare(kind))

    def _compare(self, kind: type[Kind]) -> _Plan:
        made, found = self._read(kind)
        made = copy.copy(made)  # it keeps what it has read beside
        made.owner = self._owner
        own = [item for item in found if self._owner.owns(item.tags)]
        return _Plan(made, own, plan(made, self._works[kind].wants(), purge=False, found=own))

    def _read(self, kind: type[Kind]) -> _Read:
        return _once(self._reads, kind, lambda: self._find(kind))

    def _find(self, kind: type[Kind]) -> _Read:
        work = self._works.get(kind)
        held = issubclass(kind, HeldKind)
        made = kind(self._aws, self._owner if held or (work and not work.named) else Owner(self._owner.region))
        made.adopted = self._adopted
        if isinstance(made, HeldKind) and made.holder in self._works:
            holders = self._read(made.holder).found
            return _Read(made, made.within(holder for holder in holders if self._owner.owns(holder.tags)))
        return _Read(made, made.find())


def _once(answers: Once, kind: type[Kind], read: t.Callable[[], A]) -> A:
    """Return what was read, or raise the error it ended with, to all who need it."""
    answer: A | Exception = answers.get(kind, lambda: side_by_side(lambda work: work(), [read])[0])
    if isinstance(answer, Exception):
        raise answer
    return answer


def _called(found: Found, part: str) -> Found:
    return found if part == found.part else Found(found.id, {**found.tags, PART: part}, found.raw)


def _unlisted(plan: _Plan) -> t.Iterator[Member]:
    """Yield what goes: what is ours, carries no wish (under another name either) and is not kept."""
    wanted = {member.id for member in plan.members}
    for found in plan.own:
        member = leave(plan.kind, found)
        if found.id not in wanted and member.action == "remove":
            yield member
