# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Databases: entries of ``database_instances`` become a subnet group, a parameter group and an instance each."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from functools import partial

from ansible_collections.cloister.aws.plugins.module_utils._aws import each
from ansible_collections.cloister.aws.plugins.module_utils._db_settings import MANAGED
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._owner import KEEP
from ansible_collections.cloister.aws.plugins.module_utils._rds import family, group_part
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Member, Outcome, by_part, reconcile
from ansible_collections.cloister.aws.plugins.module_utils._removal import remove_unlisted
from ansible_collections.cloister.aws.plugins.module_utils.kinds import db_parameter_group, db_subnet_group
from ansible_collections.cloister.aws.plugins.module_utils.kinds.db_instance import DbInstance
from ansible_collections.cloister.aws.plugins.module_utils.kinds.db_parameter_group import DbParameterGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.db_subnet_group import DbSubnetGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.security_group import SecurityGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.subnet import Subnet

Entry = t.Mapping[str, t.Any]


@dataclass(frozen=True)
class Databases:
    """Makes the databases of an owner, and joins them; with ``check`` only says what that takes."""

    instances: DbInstance
    subnet_groups: DbSubnetGroup
    parameter_groups: DbParameterGroup
    names: Names
    check: bool

    def make(self, entries: t.Sequence[Entry]) -> Outcome:
        """Start what is listed; wait for no instance and remove nothing. Every refusal comes before the first write."""
        self.instances.wanted = {entry["name"]: entry for entry in entries}
        kinds: tuple[Kind, ...] = (self.subnet_groups, self.parameter_groups, self.instances)
        reads: list[t.Callable[[], t.Any]] = [kind.find for kind in kinds]
        reads += [partial(self.names.every, kind) for kind in (Subnet, SecurityGroup) if entries]
        found = each(lambda read: read(), reads)[: len(kinds)]
        wants = [self._subnets(entries), self._parameters(entries), self._instances(entries)]
        works = list(zip(kinds, wants, found, strict=True))
        # What is wrong with an instance is told before what follows from it for its groups.
        planned = each(lambda work: self._bring(*work, check=True), works[::-1])[::-1]
        if self.check:
            return _all(planned)
        made = each(lambda work: self._bring(*work, check=False), works[:2])
        return _all(made if _all(made).errors else [*made, self._bring(*works[2], check=False)])

    def join(self, entries: t.Sequence[Entry]) -> Outcome:
        """Wait for what is listed, then remove what is not, instances first; one that is protected stays."""
        self.instances.wanted = {entry["name"]: entry for entry in entries}
        found = by_part(self.instances, self.instances.find())
        listed = [found[entry["name"]] for entry in entries if entry["name"] in found]
        members = each(self._joined, listed)
        staying = [one for part, one in found.items() if part in self.instances.wanted or one.kept]
        kinds: tuple[Kind, ...] = (self.instances, self.subnet_groups, self.parameter_groups)
        parts = {
            DbInstance.noun: [one.part for one in staying],
            DbSubnetGroup.noun: [*self.instances.wanted, *(one.part for one in staying)],
            DbParameterGroup.noun: [*(_group(entry) for entry in entries), *self._in_use(staying)],
        }
        return _all([Outcome(members), remove_unlisted(kinds, parts, self.check)])

    def _joined(self, found: Found) -> Member:
        if not self.check and not self.instances.settled(found):
            self.instances.settle(found)
            raw = self.instances.now(found.raw["DBInstanceIdentifier"])
            found = Found(found.id, found.tags, raw or found.raw)
        shows = self.instances.shows(found)
        return Member(DbInstance.noun, found.part, found.stack, "keep", found.id, shows=shows, done=True)

    def _in_use(self, staying: t.Iterable[Found]) -> list[str]:
        """Return the parts of groups that instances still have: one that changes its family waits for its window."""
        start = len(f"{self.instances.owner.region}-")
        return [
            group["DBParameterGroupName"][start:] for one in staying for group in one.raw.get("DBParameterGroups") or ()
        ]

    def _bring(self, kind: Kind, wants: t.Sequence[Want], found: t.Sequence[Found], check: bool) -> Outcome:
        return reconcile(kind, wants, check, wait=False, purge=False, found=found)

    def _subnets(self, entries: t.Sequence[Entry]) -> list[Want]:
        return [db_subnet_group.want(one["name"], self.names.ids(Subnet, one["subnets"])) for one in entries]

    def _parameters(self, entries: t.Sequence[Entry]) -> list[Want]:
        return [
            db_parameter_group.want(_group(one), family(one["engine"], one["engine_version"]), one["parameters"])
            for one in entries
        ]

    def _instances(self, entries: t.Sequence[Entry]) -> list[Want]:
        region = self.instances.owner.region
        return [want(one, region, self.names.ids(SecurityGroup, one["security_groups"])) for one in entries]


def _group(entry: Entry) -> str:
    return group_part(entry["name"], entry["engine"], entry["engine_version"])


def _all(outcomes: t.Iterable[Outcome]) -> Outcome:
    outcomes = list(outcomes)
    members = [member for outcome in outcomes for member in outcome.members]
    return Outcome(members, [error for outcome in outcomes for error in outcome.errors])


def want(entry: Entry, region: str, groups: t.Sequence[str]) -> Want:
    """Return the wish for an entry; ``groups`` are ids of security groups. No value is a secret."""
    storage, immediately = entry["storage"], entry["changes"] == "immediately"
    said: dict[str, t.Any] = {
        "engine": entry["engine"],
        "version": str(entry["engine_version"]),
        "class": entry["instance_class"],
        "storage_gib": storage["gib"],
        "storage_type": storage["type"],
        "max_storage_gib": storage["max_gib"] or 0,
        "multi_az": entry["multi_az"],
        "subnet_group": f"{region}-{entry['name']}",
        "security_groups": sorted(groups),
        "parameter_group": f"{region}-{_group(entry)}",
        "username": entry["username"],
        "backup_retention_days": entry["backup_retention_days"],
        "deletion_protection": entry["deletion_protection"],
        "minor_upgrades": entry["minor_upgrades"],
        "logs": sorted(entry["logs"]),
        "iam_authentication": entry["iam_authentication"],
        "public": False,
        "encrypted": True,
        "tags_on_snapshots": True,
        "password": MANAGED,
        "schedule": entry["schedule"],
        **({"waiting": []} if immediately else {}),
    }
    key = entry["secret_kms_key_arn"]
    create = {
        "immediately": immediately,
        "major_upgrade": entry["major_upgrade"],
        "secret_key": {"MasterUserSecretKmsKeyId": key} if key else {},
    }
    tags = {**entry["tags"], KEEP: "true" if entry["deletion_protection"] else "false"}
    return Want(entry["name"], {**said, **_chosen(entry)}, create, tags)


def _chosen(entry: Entry) -> dict[str, t.Any]:
    """Return what AWS chooses unless the inventory does."""
    storage = entry["storage"]
    said = {
        "database": entry["database"],
        "port": entry["port"],
        "iops": storage["iops"],
        "throughput_mibps": storage["throughput_mibps"],
        "kms_key_arn": storage["kms_key_arn"],
        "backup_window": entry["backup_window"],
        "maintenance_window": entry["maintenance_window"],
    }
    return {field: value for field, value in said.items() if value}
