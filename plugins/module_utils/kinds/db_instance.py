# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""DB instances of RDS, called ``<region_name>-<part>``: MySQL or PostgreSQL, private and encrypted.

RDS makes their password and keeps it in Secrets Manager; nobody here ever reads it.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils import _db_settings as settings
from ansible_collections.cloister.aws.plugins.module_utils._aws import Patience
from ansible_collections.cloister.aws.plugins.module_utils._db_offers import is_major, target, vet_class, vet_offer
from ansible_collections.cloister.aws.plugins.module_utils._db_settings import SCHEDULE
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, ImmutableError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import tag_dict, tag_list
from ansible_collections.cloister.aws.plugins.module_utils._rds import (
    Raw,
    aws_name,
    bear_late_neighbours,
    described,
    retag,
)
from ansible_collections.cloister.aws.plugins.module_utils.kinds.db_snapshot import last_name

GONE = "DBInstanceNotFound"
SETTLE_SECONDS = 3600
_DELETING = "deleting"
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html
_READY = ("available", "storage-optimization", "stopped", "stopping")
_HOPELESS = (
    "failed",
    "inaccessible-encryption-credentials",
    "incompatible-network",
    "incompatible-option-group",
    "incompatible-parameters",
    "incompatible-restore",
    "insufficient-capacity",
    "restore-error",
    "storage-full",
)
_BUSY = Patience(frozenset({"InvalidDBInstanceState"}), seconds=SETTLE_SECONDS)
_ANEW = "it holds data: list a second one under a new name, move the data there, then take this one off the list"


class DbInstance(Kind):
    """A DB instance; its id is its ARN. Fields: those of `_db_settings.fields`, and ``schedule``.

    ``wanted`` has the entries of the inventory by name: what a version or a size may be is theirs to say.
    """

    noun = "DB instance"
    made_by = "database"
    rank = 16
    immutable: t.ClassVar[t.Mapping[str, str]] = dict.fromkeys(
        ("engine", "database", "username", "encrypted", "kms_key_arn", "subnet_group"), _ANEW
    )

    wanted: t.Mapping[str, t.Mapping[str, t.Any]] = {}

    def find(self) -> list[Found]:
        """Return ours; RDS tells the tags with each."""
        raws = self.aws.pages("rds", "describe_db_instances", "DBInstances")
        found = [_found(raw) for raw in raws if raw.get("DBInstanceStatus") != _DELETING]
        return [item for item in found if self.owner.owns(item.tags)]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return what it is, with what waits for its window."""
        have = settings.fields(found.raw, self.wanted.get(found.part, {}))
        return {**have, "schedule": found.tags.get(SCHEDULE, "")}

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Start it; one of the same name that is on its way out is waited for."""
        name = aws_name(self.owner, want.part)
        self.until(f"the old {name} to be gone", lambda: self._state(name) != _DELETING, SETTLE_SECONDS)
        said = {
            "DBInstanceIdentifier": name,
            "ManageMasterUserPassword": True,
            "Tags": tag_list({**tags, **_calendar(want)}),
            **settings.created(want.fields),
            **want.create.get("secret_key", {}),
        }
        raw = bear_late_neighbours(lambda: self.aws.make("rds", "create_db_instance", **said))["DBInstance"]
        return Found(raw["DBInstanceArn"], {**tags, **_calendar(want)}, raw)

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> Found:
        """Change it, at once or in its window, as the inventory says; what stands meanwhile is told as it is."""
        if "schedule" in changed:
            self._follow(found, want.fields["schedule"])
        said = settings.changed(want.fields, self.fields(found), changed)
        if "version" in changed:
            said["EngineVersion"] = target(self.aws, want, found)
            said["AllowMajorVersionUpgrade"] = is_major(found, said["EngineVersion"])
        if "password" in changed:
            said |= want.create.get("secret_key", {})
        if not said and "waiting" not in changed:
            return found
        said |= {
            "ApplyImmediately": want.create["immediately"],
            "DBInstanceIdentifier": found.raw["DBInstanceIdentifier"],
        }
        answer = bear_late_neighbours(lambda: self.aws.call("rds", "modify_db_instance", patience=_BUSY, **said))
        return Found(found.id, found.tags, answer["DBInstance"])

    def vet(self, want: Want, found: Found | None) -> None:
        """Refuse versions and classes that RDS does not have here, ways between versions that it does not go, and less
        storage.
        """
        if found is None:
            vet_offer(self.aws, want)
            return
        have = self.fields(found)
        if have["version"] != want.fields["version"]:
            target(self.aws, want, found)
        if have["class"] != want.fields["class"]:
            vet_class(self.aws, want, str(found.raw["EngineVersion"]))
        if have["storage_gib"] > want.fields["storage_gib"]:
            raise ImmutableError(
                f"DB instance {want.part} ({found.id}) has {have['storage_gib']} GiB, and RDS takes none back; "
                f"say storage.gib: {have['storage_gib']}, or {_ANEW}"
            )
        if found.raw["DBInstanceStatus"] == "stopped" and have != {**have, **want.fields}:
            raise RegionError(
                f"DB instance {want.part} ({found.id}) is stopped, and RDS changes nothing of it so; start it "
                "(playbooks/start.yml), then run again"
            )

    def vet_removal(self, found: Found) -> None:
        """Refuse while it is protected from deletion and nobody released the region's data."""
        if found.raw["DeletionProtection"] and not self._released("data"):
            raise RegionError(
                f"DB instance {found.part} ({found.id}) is protected from deletion, and nothing of its stack was "
                "touched. Where its data may go: list it with deletion_protection: false, build the region, then take "
                "it away; a teardown takes -e teardown_release_data=true too. A last snapshot is kept either way"
            )

    def vet_stay(self, found: Found) -> None:
        """Refuse a teardown that would leave it standing in a network that goes."""
        self.vet_removal(found)

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Set these tags, leaving others alone."""
        retag(self.aws, found.id, tags)

    def settled(self, found: Found) -> bool:
        """Return whether it serves, or rests because somebody stopped it."""
        return found.raw["DBInstanceStatus"] in _READY and "Endpoint" in found.raw

    def settle(self, found: Found) -> None:
        """Wait until it serves; raise with what RDS says when it never will."""
        name = found.raw["DBInstanceIdentifier"]
        self.until(f"DB instance {found.part} ({found.id})", lambda: self._ready(name), SETTLE_SECONDS)

    def delete(self, found: Found) -> None:
        """Delete it with a last snapshot, and return when it and its interfaces are gone.

        Without a snapshot only where snapshots were released with it.
        """
        name = found.raw["DBInstanceIdentifier"]
        state = self._state(name)
        if state not in (None, _DELETING):
            if found.raw["DeletionProtection"]:
                open_it = {"DBInstanceIdentifier": name, "DeletionProtection": False, "ApplyImmediately": True}
                self.aws.call("rds", "modify_db_instance", patience=_BUSY, **open_it)
            last = (
                {"SkipFinalSnapshot": True}
                if self._released("snapshots")
                else {"FinalDBSnapshotIdentifier": last_name(name)}
            )
            self._delete(name, last)
        self.until(
            f"DB instance {found.part} ({found.id}) to be gone", lambda: self._state(name) is None, SETTLE_SECONDS
        )

    def foreign(self, want: Want) -> str | None:
        """Return the instance of that name when it is not ours."""
        raw = self.now(aws_name(self.owner, want.part))
        if raw is None or raw["DBInstanceStatus"] == _DELETING or self.owner.owns(tag_dict(raw.get("TagList"))):
            return None
        return str(raw["DBInstanceArn"])

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return where it is reached and where its password lies, what waits, and whether a restart does."""
        raw = found.raw
        shown: dict[str, t.Any] = {}
        if raw.get("Endpoint"):
            shown |= {"endpoint": raw["Endpoint"]["Address"], "port": raw["Endpoint"]["Port"]}
        if raw.get("MasterUserSecret"):
            shown["secret"] = raw["MasterUserSecret"]["SecretArn"]
        if settings.waiting(raw):
            shown["waits for its window"] = settings.waiting(raw)
        if any(one.get("ParameterApplyStatus") == "pending-reboot" for one in raw.get("DBParameterGroups", ())):
            shown["restart"] = "needed, for parameters that were changed"
        return shown

    def now(self, name: str) -> Raw | None:
        """Return AWS's description of an instance by its name in AWS, None when there is none."""
        return described(self.aws, "describe_db_instances", "DBInstances", GONE, DBInstanceIdentifier=name)

    def _state(self, name: str) -> str | None:
        raw = self.now(name)
        return None if raw is None else str(raw["DBInstanceStatus"])

    def _released(self, word: str) -> bool:
        return self.taken_down and word in self.released

    def _ready(self, name: str) -> bool:
        raw = self.now(name)
        if raw is None:
            return False
        if raw["DBInstanceStatus"] in _HOPELESS:
            raise RegionError(f"{raw['DBInstanceArn']} is {raw['DBInstanceStatus']}: {self._last_event(name)}")
        return self.settled(_found(raw))

    def _last_event(self, name: str) -> str:
        said: dict[str, t.Any] = {"SourceIdentifier": name, "SourceType": "db-instance", "Duration": 1440}
        events = self.aws.call("rds", "describe_events", **said)["Events"]
        return str(events[-1]["Message"]) if events else "RDS gives no reason"

    def _follow(self, found: Found, schedule: str) -> None:
        """Put the calendar's name on it, or take it off."""
        if schedule:
            self.retag(found, {SCHEDULE: schedule})
        else:
            self.aws.call("rds", "remove_tags_from_resource", ResourceName=found.id, TagKeys=[SCHEDULE])

    def _delete(self, name: str, last: t.Mapping[str, t.Any]) -> None:
        try:
            self.aws.call("rds", "delete_db_instance", patience=_BUSY, DBInstanceIdentifier=name, **last)
        except ApiError as exc:
            if exc.code != GONE:
                raise


def _found(raw: Raw) -> Found:
    return Found(raw["DBInstanceArn"], tag_dict(raw.get("TagList")), raw)


def _calendar(want: Want) -> dict[str, str]:
    return {SCHEDULE: want.fields["schedule"]} if want.fields["schedule"] else {}
