# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""References by name: a stack names what it uses, and its id is found by ownership tags, whoever made it."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._errors import MissingError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import by_part
from ansible_collections.cloister.aws.plugins.module_utils._unknown import unknown

_LOOK_AGAIN = (0.2, 0.4, 0.8, 1.6, 3.2)

Adopted = t.Mapping[str, t.Mapping[str, str]]
Every = t.Callable[[type[Kind]], t.Mapping[str, Found]]


class Names:
    """The names of one region, each kind read once.

    ``adopted`` says which names stand for things that others made and the region only uses:
    ``{"VPC": {"main": "vpc-0abc"}, "subnet": {"private-a": "subnet-0abc"}}``. ``every`` reads all of a kind, by name,
    where others share what is read.
    """

    def __init__(
        self, aws: Aws, region: str, check: bool, adopted: Adopted | None = None, every: Every | None = None
    ) -> None:
        self._aws = aws
        self._owner = Owner(region)
        self._check = check
        self._adopted = adopted or {}
        self._every = every or self._find
        self._read: dict[str, t.Mapping[str, Found]] = {}

    def id(self, kind: type[Kind], part: str) -> str:
        """Return the id of ``part``.

        In check mode what does not exist yet is a known-after-apply marker: the inventory's own check has already
        seen that some stack declares it. Otherwise its absence is `MissingError`, after about 6 s, since tag
        filters show a new thing late.
        """
        if part in self._adopted.get(kind.noun, {}):
            return self._adopted[kind.noun][part]
        found = self.found(kind, part)
        return found.id if found else unknown(kind.noun, part)

    def ids(self, kind: type[Kind], parts: t.Iterable[str]) -> list[str]:
        """Return the ids of several parts, sorted, as AWS keeps most lists as sets."""
        return sorted(self.id(kind, part) for part in parts)

    def read(self, *kinds: type[Kind]) -> None:
        """Read several kinds at once, ahead of their use."""
        each(self.every, kinds)

    def adopted(self, kind: type[Kind], part: str) -> bool:
        """Return whether the name stands for something that others made."""
        return part in self._adopted.get(kind.noun, {})

    def promised(self, kind: type[Kind], part: str) -> bool:
        """Return whether ``part`` is as its stack says only after an apply: in check mode what is ours may be off."""
        return self._check and not self.adopted(kind, part)

    def know(self, kind: type[Kind], found: t.Iterable[Found]) -> None:
        """Take all that the region has of ``kind`` from who has just read it."""
        self._read[kind.noun] = by_part(kind(self._aws, self._owner), found)

    def every(self, kind: type[Kind]) -> t.Mapping[str, Found]:
        """Return all that the region has of ``kind``, by name, whichever stack made it."""
        if kind.noun not in self._read:
            self._read[kind.noun] = self._every(kind)
        return self._read[kind.noun]

    def _find(self, kind: type[Kind]) -> dict[str, Found]:
        made = kind(self._aws, self._owner)
        return by_part(made, made.find())

    def found(self, kind: type[Kind], part: str) -> Found | None:
        """Return what ``part`` names; None only in check mode, for what does not exist yet."""
        for pause in (*_LOOK_AGAIN, None):
            known = self.every(kind)
            if part in known:
                return known[part]
            if self._check:
                return None
            if pause is None:
                break
            del self._read[kind.noun]
            time.sleep(pause)
        have = ", ".join(sorted(self._read[kind.noun])) or "none"
        raise MissingError(
            f"region {self._owner.region} has no {kind.noun} called {part} (it has: {have}); "
            f"{kind.made_by} makes it: run that stack first, or the whole region"
        )
