# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a kind of thing in AWS has to say of itself so that the engine can reconcile a set of it.

A kind says how it is found, what of it is compared, and how one is created, changed and deleted. Check mode,
``--diff``, ownership, adoption, refusal of immutable changes, concurrency and retries are the engine's (`_reconcile`).
"""

from __future__ import annotations

import time
import typing as t
from abc import ABC, abstractmethod
from dataclasses import dataclass, field

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, Patience
from ansible_collections.cloister.aws.plugins.module_utils._errors import DeadlineError
from ansible_collections.cloister.aws.plugins.module_utils._owner import KEEP, PART, STACK, Owner, tag_dict, tag_list
from ansible_collections.cloister.aws.plugins.module_utils._waits import pause, waiting

# What a deletion meets while AWS still takes a neighbour down: endpoint and NAT interfaces linger for minutes.
LINGERING = Patience(frozenset({"DependencyViolation", "InvalidIPAddress.InUse", "ResourceInUse"}), seconds=900)


NOT_YET: t.Final = "(cannot be told yet)"
"""The value of a field that AWS neither tells nor lets be set yet: it is not compared."""


@dataclass(frozen=True)
class Found:
    """A thing in AWS that carries ownership tags; ``raw`` is AWS's own description of it."""

    id: str
    tags: t.Mapping[str, str]
    raw: t.Mapping[str, t.Any]

    @property
    def part(self) -> str:
        """The logical name."""
        return self.tags.get(PART, "")

    @property
    def stack(self) -> str:
        """The stack that made it."""
        return self.tags.get(STACK, "")

    @property
    def kept(self) -> bool:
        """Whether it outlives a teardown and its own removal from the inventory unless that is asked for by name."""
        return self.tags.get(KEEP) == "true"


@dataclass(frozen=True)
class Want:
    """A thing as the inventory wants it.

    ``fields`` has the form of `Kind.fields`; what it leaves out is not compared. ``create`` is what only a create
    needs. Values may be known-after-apply markers in check mode.
    """

    part: str
    fields: t.Mapping[str, t.Any]
    create: t.Mapping[str, t.Any] = field(default_factory=dict)
    tags: t.Mapping[str, str] = field(default_factory=dict)


class Kind(ABC):
    """A kind of thing. Subclasses set the class fields and the methods that apply to them."""

    noun: t.ClassVar[str]
    """What a person calls it, such as ``NAT gateway``; unique among kinds."""
    made_by: t.ClassVar[str]
    """The role that makes it, named when it is missing."""
    rank: t.ClassVar[int]
    """Teardown order within a stack: lower goes first; equal ranks go side by side."""
    immutable: t.ClassVar[t.Mapping[str, str]] = {}
    """Fields that AWS cannot change, with what a person does instead."""
    removal_first: t.ClassVar[bool] = False
    """Whether what is no longer listed goes before the new comes (addresses that would collide)."""

    taken_down: bool = False
    """Whether all of its stack goes: machines of the region that still stand on it go before it does."""
    released: t.Collection[str] = ()
    """Words of `_kinds.KEPT` that a person gave for this teardown."""
    adopted: t.Mapping[str, t.Mapping[str, str]] = {}
    """Names that stand for things which others made, as `Names` has them; for kinds that put something into those."""

    def __init__(self, aws: Aws, owner: Owner) -> None:
        self.aws = aws
        self.owner = owner

    @abstractmethod
    def find(self) -> list[Found]:
        """Return all of this kind that the owner owns. One concurrent read; nothing that is being deleted."""

    @abstractmethod
    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return what is compared, in the form of `Want.fields`."""

    @abstractmethod
    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it, tagged in the same call, and return it as made. Do not wait."""

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> Found | None:
        """Change the named fields of a living thing; return what took its place when it had to be replaced."""
        raise AssertionError(f"every field of a {self.noun} is immutable, yet {sorted(changed)} should change")

    @abstractmethod
    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Set these tags, leaving others alone."""

    @abstractmethod
    def delete(self, found: Found) -> None:
        """Delete it; one that is gone already is no error. Return when what it stood on can be deleted too."""

    def vet(self, want: Want, found: Found | None) -> None:
        """Raise `RegionError` for what AWS would refuse later; only reads.

        Called before the first write for what is to be created (``found`` is None) or changed. In check mode
        ``want`` may hold known-after-apply markers.
        """

    def vet_removal(self, found: Found) -> None:
        """Raise `RegionError` for what is no longer listed and must not go; only reads, before the first write."""

    def vet_stay(self, found: Found) -> None:
        """Raise `RegionError` for what a teardown keeps and what stands on things that go with it."""

    def complete(self, found: Found, want: Want) -> None:
        """Do to a new one what needs the others of its set. Called once all of them were made."""

    def settled(self, found: Found) -> bool:
        """Return whether a standing one can be used; one that cannot (its run was killed) is waited for again."""
        return True

    def settle(self, found: Found) -> None:
        """Wait until it can be used. Called for what was created when the module waits."""

    def foreign(self, want: Want) -> str | None:
        """Return the id of something that is not ours and holds the place (name, address) of ``want``."""
        return None

    def renames(self, found: Found, want: Want) -> bool:
        """Return whether ``found``, ours under a name no longer listed, already is ``want``: it only gets new tags."""
        return False

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return what a person or another stack needs beside the id, such as a public address."""
        return {}

    def until(self, what: str, ready: t.Callable[[], bool], seconds: float = 600) -> None:
        """Poll ``ready`` until it is true; raise `DeadlineError` naming ``what`` if never."""
        if ready():
            return
        began = time.monotonic()
        with waiting(what):
            while True:
                if time.monotonic() - began > seconds:
                    raise DeadlineError(f"{what}: still waiting after {seconds:.0f} s; run again to go on from here")
                pause(began)
                if ready():
                    return


class HeldKind(Kind):
    """A kind that carries no tags and that no listing of its own tells of: it is found in what holds it."""

    holder: t.ClassVar[type[Kind]]
    """The kind that holds it, whose owner owns it too."""

    def find(self) -> list[Found]:
        """Return those in all that the owner owns of the holder."""
        return self.within(self.holder(self.aws, self.owner).find())

    @abstractmethod
    def within(self, holders: t.Iterable[Found]) -> list[Found]:
        """Return those in ``holders``."""

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Do nothing: it has no tags."""

    def tags_in(self, holder: Found, name: str) -> dict[str, str]:
        """Return the tags that the holder would give what is called ``name`` in it."""
        part = f"{holder.part} {name}"
        return {**self.owner.tags_for(part), STACK: holder.tags[STACK], PART: part}


class Ec2Kind(Kind):
    """A kind of the EC2 API: found by tag filters, tagged by CreateTags, created with TagSpecifications."""

    describe: t.ClassVar[str]
    listed: t.ClassVar[str]
    id_key: t.ClassVar[str]
    tag_type: t.ClassVar[str]
    live: t.ClassVar[tuple[str, tuple[str, ...]] | None] = None
    """An EC2 filter (name, values) that leaves out what is being deleted."""

    def find(self) -> list[Found]:
        """Return what the owner owns, by tags."""
        filters = self.owner.filters()
        if self.live:
            filters.append({"Name": self.live[0], "Values": list(self.live[1])})
        found = [self.found(raw) for raw in self.aws.pages("ec2", self.describe, self.listed, Filters=filters)]
        return [item for item in found if self.owner.owns(item.tags)]

    def found(self, raw: t.Mapping[str, t.Any]) -> Found:
        """Wrap AWS's description."""
        return Found(raw[self.id_key], tag_dict(raw.get("Tags")), raw)

    def made(self, raw: t.Mapping[str, t.Any], tags: t.Mapping[str, str]) -> Found:
        """Wrap the answer of a create; not every create repeats the tags."""
        return Found(raw[self.id_key], tags, raw)

    def tag_specifications(self, tags: t.Mapping[str, str]) -> list[dict[str, t.Any]]:
        """Return ``TagSpecifications`` for a create."""
        return [{"ResourceType": self.tag_type, "Tags": tag_list(tags)}]

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Set these tags, leaving others alone."""
        self.aws.call("ec2", "create_tags", Resources=[found.id], Tags=tag_list(tags))
