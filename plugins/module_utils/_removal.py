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
from ansible_collections.cloister.aws.plugins.module_utils._kind import Kind
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import (
    Member,
    Outcome,
    by_part,
    leave,
    remove,
    told,
)


def remove_unlisted(kinds: t.Sequence[Kind], listed: t.Mapping[str, t.Collection[str]], check: bool) -> Outcome:
    """Delete what the owner owns of ``kinds`` and ``listed`` (names by noun) does not name; return only those.

    A rank starts once the one before is gone. What carries ``cloister:keep=true`` stays.
    """
    unlisted = each(lambda kind: _unlisted(kind, listed.get(kind.noun, ())), kinds)
    ranks: dict[int, list[tuple[Kind, Member]]] = defaultdict(list)
    for kind, members in zip(kinds, unlisted, strict=True):
        ranks[kind.rank] += [(kind, member) for member in members]
    ordered = [ranks[rank] for rank in sorted(ranks)]
    outcome = Outcome([member for batch in ordered for _kind, member in batch])
    for batch in [] if check else ordered:
        results = side_by_side(lambda pair: told(pair[0], remove, pair[1]), batch)
        outcome.errors += [result for result in results if isinstance(result, Exception)]
        if outcome.errors:
            break
    return outcome


def _unlisted(kind: Kind, names: t.Collection[str]) -> list[Member]:
    found = by_part(kind, kind.find())
    return [
        member for part, item in found.items() if part not in names and (member := leave(kind, item)).action == "remove"
    ]
