# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Clusters that were begun are waited for: until they stand, with the version that they were asked for."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils import _eks as eks
from ansible_collections.cloister.aws.plugins.module_utils._aws import each, side_by_side
from ansible_collections.cloister.aws.plugins.module_utils._errors import MissingError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Member, Outcome, by_part
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_cluster import EksCluster

_VERSION = "VersionUpdate"
_LOOK_AGAIN = (0.2, 0.4, 0.8, 1.6, 3.2)


def settle(kind: EksCluster, wanted: t.Mapping[str, str], check: bool) -> Outcome:
    """Wait for clusters, given with the version that each is to have; in check mode only tell of them."""
    standing = standing_of(kind, wanted, kind.find(), check)
    missing = sorted(set(wanted) - set(standing))
    if missing and not check:
        have = ", ".join(sorted(standing)) or "none"
        raise MissingError(f"region {kind.owner.region} has no EKS cluster {', '.join(missing)} (it has: {have})")
    members = [_member(kind, standing[part]) for part in wanted if part in standing]
    results = [] if check else side_by_side(lambda member: _await(kind, member, wanted[member.part]), members)
    return Outcome(members, [result for result in results if isinstance(result, Exception)])


def standing_of(kind: EksCluster, wanted: t.Collection[str], found: t.Sequence[Found], check: bool) -> dict[str, Found]:
    """Return clusters by name; those wanted are looked for again, about 6 s, as EKS shows a new one late."""
    standing = by_part(kind, found)
    for pause in _LOOK_AGAIN:
        if check or set(wanted) <= set(standing):
            break
        time.sleep(pause)
        standing = by_part(kind, kind.find())
    return standing


def _member(kind: EksCluster, found: Found) -> Member:
    return Member(kind.noun, found.part, found.stack, "keep", found.id, shows=kind.shows(found), found=found)


def _await(kind: EksCluster, member: Member, version: str) -> None:
    found = t.cast(Found, member.found)
    kind.settle(found)
    now = kind.now(found) or found
    member.found, member.shows = now, kind.shows(now)
    if now.raw.get("version") != version:
        raise RegionError(
            f"EKS cluster {member.part} is {now.raw.get('version')} and not {version} as it was asked to become. "
            f"{_why(kind, now)} Remove the cause, then run again"
        )


def _why(kind: EksCluster, found: Found) -> str:
    """Return what EKS says of the newest change of version."""
    name = found.raw["name"]
    ids = kind.aws.pages("eks", "list_updates", "updateIds", name=name)
    updates = each(lambda one: kind.aws.call("eks", "describe_update", name=name, updateId=one)["update"], ids)
    last = max((one for one in updates if one["type"] == _VERSION), key=lambda one: one["createdAt"], default=None)
    if last is None:
        return "EKS was not asked for another version yet."
    return f"The change ended as {last['status']}: {eks.reasons(last)}."
