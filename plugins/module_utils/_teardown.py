# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Taking down all that a stack owns, whatever the inventory says of it now."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._blockers import blockers, refuse_tenants, told
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, OwnershipError
from ansible_collections.cloister.aws.plugins.module_utils._kind import LINGERING, Found, Kind
from ansible_collections.cloister.aws.plugins.module_utils._kinds import kept_as
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Action, Member, Outcome, remove
from ansible_collections.cloister.aws.plugins.module_utils._removal import remove_by_rank
from ansible_collections.cloister.aws.plugins.module_utils._snapshot import Owned, snapshot


def tear_down(
    aws: Aws, owner: Owner, adopted: t.Mapping[str, t.Mapping[str, str]], release_kept: t.Collection[str], check: bool
) -> Outcome:
    """Delete all that ``owner`` owns, in the order in which AWS lets go; return what went and what stays.

    What carries ``cloister:keep=true`` stays unless ``release_kept`` has the word (`KEPT`) for its kind. Two things of
    one name, which building refuses, both go. Nothing is deleted while an instance of others stands in a subnet.
    """
    members = [(owned.kind, _member(owned, release_kept)) for owned in snapshot(aws, owner, adopted)]
    for kind, _member_of in members:
        kind.taken_down, kind.released = True, release_kept
    kept = [(kind, member) for kind, member in members if member.action == "keep"]
    staying = [member for _kind, member in kept]
    for kind, member in kept:
        kind.vet_stay(t.cast(Found, member.found))
    doomed = [(kind, member) for kind, member in members if member.action == "remove"]
    refuse_tenants(aws, owner.region, [t.cast(Found, member.found) for _kind, member in doomed])
    outcome = remove_by_rank(doomed, check, _remove)
    return Outcome(outcome.members + staying, outcome.errors)


def _member(owned: Owned, release_kept: t.Collection[str]) -> Member:
    kind, found = owned.kind, owned.found
    action: Action = "keep" if found.kept and kept_as(type(kind)) not in release_kept else "remove"
    return Member(kind.noun, found.part, found.stack, action, found.id, shows=kind.shows(found), found=found)


def _remove(kind: Kind, member: Member) -> None:
    """Delete one member; when AWS goes on refusing because of a neighbour, say which."""
    try:
        remove(kind, member)
    except ApiError as exc:
        if exc.code not in LINGERING.codes:
            raise
        found = blockers(kind.aws, kind.owner.region, member.id)
        why = f"what stands on it: {told(found)}" if found else "AWS does not show what stands on it"
        raise OwnershipError(
            f"{member.id} cannot be deleted because of {why}. Remove that where it was made, then run again ({exc})"
        ) from exc
