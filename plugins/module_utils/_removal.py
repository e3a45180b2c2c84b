# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Removal across kinds: what stands on something goes before it, kind by kind in the order of `Kind.rank`.

A module that reconciles one kind cannot take a VPC down while its subnets stand. So a stack of several kinds makes
them first to last without removing anything, and removes last to first here.
"""

from __future__ import annotations

import typing as t
from collections import defaultdict

from ansible_collections.cloister.aws.plugins.module_utils._aws import each, side_by_side
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import (
    Member,
    Outcome,
    by_part,
    leave,
    remove,
    told,
)

Step = t.Callable[[Kind, Member], None]
Doomed = tuple[Kind, Member]


def remove_unlisted(kinds: t.Sequence[Kind], listed: t.Mapping[str, t.Collection[str]], check: bool) -> Outcome:
    """Delete what the owner owns of ``kinds`` and ``listed`` (names by noun) does not name; return only those.

    A rank starts once the one before is gone. What carries ``cloister:keep=true`` stays.
    """
    unlisted = each(lambda kind: _unlisted(kind, listed.get(kind.noun, ())), kinds)
    doomed = [(kind, member) for kind, members in zip(kinds, unlisted, strict=True) for member in members]
    return remove_by_rank(doomed, check)


def remove_by_rank(doomed: t.Sequence[Doomed], check: bool, step: Step = remove) -> Outcome:
    """Take ``step`` with each of ``doomed``, rank by rank; a rank starts once the one before is gone.

    What its kind says must not go stops it before the first write.
    """
    each(lambda pair: told(pair[0], _vet, pair[1]), doomed)
    ranks: dict[int, list[Doomed]] = defaultdict(list)
    for kind, member in doomed:
        ranks[kind.rank].append((kind, member))
    ordered = [ranks[rank] for rank in sorted(ranks)]
    outcome = Outcome([member for batch in ordered for _kind, member in batch])
    for batch in [] if check else ordered:
        # All at once: of a rank, one may not go before another does.
        results = side_by_side(lambda pair: told(pair[0], step, pair[1]), batch, workers=len(batch))
        outcome.errors += [result for result in results if isinstance(result, Exception)]
        if outcome.errors:
            break
    return outcome


def _vet(kind: Kind, member: Member) -> None:
    kind.vet_removal(t.cast(Found, member.found))


def _unlisted(kind: Kind, names: t.Collection[str]) -> list[Member]:
    found = by_part(kind, kind.find())
    return [
        member for part, item in found.items() if part not in names and (member := leave(kind, item)).action == "remove"
    ]
