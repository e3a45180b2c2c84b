# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Snapshots of databases: the last of those that went, and those that were asked for. They stay until data is released.

Only a snapshot that Cloister took is ours, when it deleted an instance or by `_db_backups`; those that people take are
theirs.
"""

from __future__ import annotations

import typing as t
from datetime import UTC, datetime

from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import KEEP, PART, tag_dict
from ansible_collections.cloister.aws.plugins.module_utils._rds import retag

_LAST, _BACKUP = "-final-", "-backup-"


class DbSnapshot(Kind):
    """A snapshot; its id is its ARN, its name what RDS calls it. No inventory lists one."""

    noun = "DB snapshot"
    made_by = "database"
    rank = 47

    def find(self) -> list[Found]:
        """Return ours, by name and the tags that they have of their instance."""
        raws = self.aws.pages("rds", "describe_db_snapshots", "DBSnapshots", SnapshotType="manual")
        ours = [raw for raw in raws if raw["DBSnapshotIdentifier"].startswith(f"{self.owner.region}-")]
        found = [_found(raw) for raw in ours if _ours(raw["DBSnapshotIdentifier"])]
        return [item for item in found if self.owner.owns(item.tags)]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return nothing: it never changes."""
        return {}

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Do not: one is taken when an instance is deleted, or by a verb of its own."""
        raise AssertionError("no inventory lists a snapshot")

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Set these tags, leaving others alone."""
        retag(self.aws, found.id, tags)

    def delete(self, found: Found) -> None:
        """Delete it: the data is gone for ever."""
        try:
            self.aws.call("rds", "delete_db_snapshot", DBSnapshotIdentifier=found.raw["DBSnapshotIdentifier"])
        except ApiError as exc:
            if exc.code != "DBSnapshotNotFound":
                raise

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return what it is a snapshot of, and how large it is."""
        raw = found.raw
        return {"engine": f"{raw['Engine']} {raw.get('EngineVersion', '')}".strip(), "gib": raw.get("AllocatedStorage")}


def last_name(instance: str) -> str:
    """Return what the last snapshot of an instance, taken now, is called."""
    return f"{instance}{_LAST}{datetime.now(UTC):%Y%m%d-%H%M%S}"


def backup_name(instance: str) -> str:
    """Return what a snapshot of an instance that stays is called, taken now."""
    return f"{instance}{_BACKUP}{datetime.now(UTC):%Y%m%d-%H%M%S}"


def _ours(name: str) -> bool:
    return _LAST in name or _BACKUP in name


def _found(raw: t.Mapping[str, t.Any]) -> Found:
    tags = tag_dict(raw.get("TagList"))
    own = {PART: raw["DBSnapshotIdentifier"], KEEP: "true"} if PART in tags else {}
    return Found(raw["DBSnapshotArn"], {**tags, **own}, raw)
