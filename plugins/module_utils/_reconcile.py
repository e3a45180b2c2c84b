# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The engine: make what is wanted of a kind true, or say in check mode what that would take.

First everything is read and compared and every refusal is raised; only then is the first call made that changes
something. Members are worked on side by side. What goes wrong with one does not stop the others, and is raised at
the end with what was done.
"""

from __future__ import annotations

import time
import typing as t
from collections import defaultdict
from dataclasses import dataclass, field
from functools import partial

from ansible_collections.cloister.aws.plugins.module_utils._aws import each, side_by_side
from ansible_collections.cloister.aws.plugins.module_utils._errors import (
    ImmutableError,
    InputError,
    OwnershipError,
    RegionError,
    UnsureError,
)
from ansible_collections.cloister.aws.plugins.module_utils._kind import NOT_YET, Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._unknown import unknown

Action = t.Literal["create", "change", "keep", "remove"]


@dataclass
class Member:
    """One thing, what is to be done with it and, once done, its id."""

    kind: str
    part: str
    stack: str
    action: Action
    id: str
    changes: list[dict[str, t.Any]] = field(default_factory=list)
    shows: dict[str, t.Any] = field(default_factory=dict)
    done: bool = False
    want: Want | None = field(default=None, repr=False)
    found: Found | None = field(default=None, repr=False)
    fields: list[str] = field(default_factory=list, repr=False)
    retags: dict[str, str] = field(default_factory=dict, repr=False)

    def told(self) -> dict[str, t.Any]:
        """Return what a module returns of it."""
        return {
            "kind": self.kind,
            "part": self.part,
            "stack": self.stack,
            "action": self.action,
            "id": self.id,
            "changes": self.changes,
            "shows": self.shows,
        }


@dataclass
class Outcome:
    """What became of a set."""

    members: list[Member]
    errors: list[Exception] = field(default_factory=list)

    @property
    def changed(self) -> bool:
        """Whether anything was, or in check mode would be, done."""
        return any(member.action != "keep" for member in self.members)

    @property
    def ids(self) -> dict[str, str]:
        """Ids by logical name, of all that stands afterwards."""
        return {member.part: member.id for member in self.members if member.action != "remove"}


def reconcile(
    kind: Kind,
    wants: t.Sequence[Want],
    check: bool,
    wait: bool = True,
    purge: bool = True,
    found: t.Sequence[Found] | None = None,
) -> Outcome:
    """Make ``wants`` the truth for what ``kind``'s owner owns of it; without ``purge`` nothing is removed.

    All are made before any is completed or changed, and all are started before one is waited for. ``found`` is what
    ``kind.find`` has just returned, where that was read already.
    """
    members = plan(kind, wants, purge, found)
    outcome = Outcome(members)
    if check:
        return outcome
    removals = [member for member in members if member.action == "remove"]
    new = [member for member in members if member.action == "create"]
    others = [*new, *(member for member in members if member.action == "change")]
    staying = [member for member in members if member.want] if wait else []
    steps = [(new, _make), (others, _finish), (staying, _settle)]
    steps.insert(0 if kind.removal_first else len(steps), (removals, remove))
    for batch, step in steps:
        results = side_by_side(partial(told, kind, step), batch)
        outcome.errors += [result for result in results if isinstance(result, Exception)]
        if outcome.errors:
            break
    return outcome


def plan(
    kind: Kind, wants: t.Sequence[Want], purge: bool = True, found: t.Sequence[Found] | None = None
) -> list[Member]:
    """Read, compare, and refuse what must be refused, all at once."""
    _refuse_namesakes(kind, wants)
    standing = by_part(kind, kind.find() if found is None else found)
    known = {want.part: standing.pop(want.part) for want in wants if want.part in standing}
    pairs = [(want, known.get(want.part) or _renamed(kind, want, standing)) for want in wants]
    members = each(lambda pair: _compare(kind, *pair), pairs)
    refusals = [text for member in members for text in _refusals(kind, member)]
    if refusals:
        raise ImmutableError("; ".join(refusals))
    if purge:
        members += [leave(kind, found) for found in standing.values()]
    touched = [member for member in members if member.action != "keep"]
    for member, stranger in zip(touched, side_by_side(lambda member: _vet(kind, member), touched), strict=True):
        if isinstance(stranger, Exception):
            raise stranger
        if stranger:
            raise OwnershipError(
                f"{kind.noun} {member.part} cannot be made: {stranger} has its place and is not ours "
                f"(it has no {kind.owner.region} ownership tags); rename ours, or remove it by hand"
            )
    return members


def _refuse_namesakes(kind: Kind, wants: t.Sequence[Want]) -> None:
    parts = [want.part for want in wants]
    twice = sorted({part for part in parts if parts.count(part) > 1})
    if twice:
        raise InputError(f"{kind.noun} {', '.join(twice)}: listed more than once; a name stands for one thing")


def _renamed(kind: Kind, want: Want, leftover: dict[str, Found]) -> Found | None:
    """Take out of ``leftover`` what already is ``want`` under a name that is no longer listed."""
    part = next((part for part, found in leftover.items() if kind.renames(found, want)), None)
    return leftover.pop(part) if part is not None else None


def by_part(kind: Kind, found: t.Iterable[Found]) -> dict[str, Found]:
    """Index by logical name; two of one name are refused, with both ids."""
    groups: dict[str, list[Found]] = defaultdict(list)
    for item in found:
        groups[item.part].append(item)
    for part, items in groups.items():
        if len(items) > 1:
            ids = ", ".join(sorted(item.id for item in items))
            raise OwnershipError(
                f"there are {len(items)} of {kind.noun} {part} in region {kind.owner.region}: {ids}; "
                "decide which is right and delete the other by hand, then run again"
            )
    return {part: items[0] for part, items in groups.items()}


def _compare(kind: Kind, want: Want, found: Found | None) -> Member:
    stack = str(kind.owner.stack)
    if found is None:
        changes = [{"field": key, "before": None, "after": value} for key, value in want.fields.items()]
        return Member(kind.noun, want.part, stack, "create", unknown(kind.noun, want.part), changes, want=want)
    have = kind.fields(found)
    changes = [
        {"field": key, "before": have.get(key), "after": value}
        for key, value in want.fields.items()
        if have.get(key) not in (NOT_YET, value)
    ]
    tags = kind.owner.tags_for(want.part, want.tags)
    retags = {key: value for key, value in tags.items() if found.tags.get(key) != value}
    told = [{"field": f"tag {key}", "before": found.tags.get(key), "after": retags[key]} for key in sorted(retags)]
    action: Action = "change" if changes or told else "keep"
    member = Member(kind.noun, want.part, stack, action, found.id, changes + told, want=want, found=found)
    member.fields, member.retags = [change["field"] for change in changes], retags
    member.shows = kind.shows(found)
    return member


def _vet(kind: Kind, member: Member) -> str | None:
    """Ask the kind what stands against it; return who holds its place."""
    if member.action == "remove":
        kind.vet_removal(t.cast(Found, member.found))
        return None
    want = t.cast(Want, member.want)
    kind.vet(want, member.found)
    return kind.foreign(want) if member.action == "create" else None


def leave(kind: Kind, found: Found) -> Member:
    """Decide on what is ours and no longer listed: it goes, unless it is to be kept."""
    action: Action = "keep" if found.kept else "remove"
    return Member(kind.noun, found.part, found.stack, action, found.id, shows=kind.shows(found), found=found)


def _refusals(kind: Kind, member: Member) -> t.Iterator[str]:
    if member.action == "change":
        for change in member.changes:
            if change["field"] in kind.immutable:
                yield (
                    f"{kind.noun} {member.part} ({member.id}): {change['field']} is {change['before']} and cannot "
                    f"become {change['after']} on a living {kind.noun}; {kind.immutable[change['field']]}"
                )


def told(kind: Kind, step: t.Callable[[Kind, Member], None], member: Member) -> None:
    """Take one step with one member; an error names both."""
    try:
        step(kind, member)
    except RegionError as exc:
        raise RegionError(f"{kind.noun} {member.part}: {exc}") from exc


def _make(kind: Kind, member: Member) -> None:
    found = _create(kind, t.cast(Want, member.want))
    member.id, member.found, member.shows, member.done = found.id, found, kind.shows(found), True


def _finish(kind: Kind, member: Member) -> None:
    if member.action == "create":
        kind.complete(t.cast(Found, member.found), t.cast(Want, member.want))
    else:
        _change(kind, member)
    member.done = True


def _settle(kind: Kind, member: Member) -> None:
    found = t.cast(Found, member.found)
    if member.action == "create" or not kind.settled(found):
        kind.settle(found)


def remove(kind: Kind, member: Member) -> None:
    """Delete one member."""
    kind.delete(t.cast(Found, member.found))
    member.done = True


def _create(kind: Kind, want: Want) -> Found:
    """Create once: after a lost answer, look whether it was carried out before asking again."""
    tags = kind.owner.tags_for(want.part, want.tags)
    for pause in (1.0, 2.0, 4.0, 8.0, None):
        try:
            return kind.create(want, tags)
        except UnsureError:
            if pause is None:
                raise
            time.sleep(pause)
            there = by_part(kind, kind.find()).get(want.part)
            if there:
                return there
    raise AssertionError("unreachable")


def _change(kind: Kind, member: Member) -> None:
    want, found = t.cast(Want, member.want), t.cast(Found, member.found)
    if member.retags:
        kind.retag(found, member.retags)
    if member.fields:
        member.found = kind.update(found, want, member.fields) or found
        member.id, member.shows = member.found.id, kind.shows(member.found)
