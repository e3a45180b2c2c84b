# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Snapshots of a region's databases, taken now: before a change that people are afraid of.

RDS keeps daily backups by itself, which go with their instance; a snapshot stays until it is deleted.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CreateSnapshot.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner, tag_list
from ansible_collections.cloister.aws.plugins.module_utils._rds import described
from ansible_collections.cloister.aws.plugins.module_utils.kinds.db_instance import SETTLE_SECONDS, DbInstance
from ansible_collections.cloister.aws.plugins.module_utils.kinds.db_snapshot import backup_name

_SNAPSHOT_GONE = "DBSnapshotNotFound"


class Backup(t.TypedDict):
    """A snapshot: the database's logical name, and what RDS calls the snapshot."""

    database: str
    snapshot: str


def back_up(aws: Aws, owner: Owner, names: t.Collection[str], check: bool) -> list[Backup]:
    """Take snapshots of the named databases, of all where none is named, and return when they can be restored."""
    kind = DbInstance(aws, owner)
    standing = {found.part: found for found in kind.find()}
    unknown = sorted(set(names) - set(standing))
    if unknown:
        there = ", ".join(sorted(standing)) or "none"
        raise InputError(f"no database is called {', '.join(unknown)}; the region has {there}")
    chosen = [standing[name] for name in sorted(names or standing)]
    for found in chosen:
        if found.raw["DBInstanceStatus"] != "available":
            raise RegionError(
                f"DB instance {found.part} ({found.id}) is {found.raw['DBInstanceStatus']}, and RDS takes no snapshot "
                "of it; start it or wait until it is available, then run again"
            )
    return each(lambda found: _taken(kind, found, check), chosen)


def _taken(kind: DbInstance, found: Found, check: bool) -> Backup:
    instance = found.raw["DBInstanceIdentifier"]
    name = backup_name(instance)
    if not check:
        said = {"DBSnapshotIdentifier": name, "DBInstanceIdentifier": instance, "Tags": tag_list(found.tags)}
        kind.aws.make("rds", "create_db_snapshot", **said)
        kind.until(f"snapshot {name} of {found.part}", lambda: _whole(kind.aws, name), SETTLE_SECONDS)
    return Backup(database=found.part, snapshot=name)


def _whole(aws: Aws, name: str) -> bool:
    now = described(aws, "describe_db_snapshots", "DBSnapshots", _SNAPSHOT_GONE, DBSnapshotIdentifier=name)
    if now and now["Status"] == "failed":
        raise RegionError(f"RDS could not take the snapshot {name}; its events say why: aws rds describe-events")
    return bool(now and now["Status"] == "available")
