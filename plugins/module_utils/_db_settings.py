# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a DB instance is told to be: its fields as AWS describes them, and as its API is asked for them.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.DBInstance.Modifying.html: some changes wait for the
maintenance window unless they are asked for at once. One that waits counts as made.
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._rds import Raw, major, numbers

SCHEDULE = "cloister:schedule"
# Field, what a create calls it, what AWS's description does; where a change calls it otherwise, `_CHANGE` says so.
_SAME: t.Mapping[str, str] = {
    "class": "DBInstanceClass",
    "storage_gib": "AllocatedStorage",
    "storage_type": "StorageType",
    "iops": "Iops",
    "throughput_mibps": "StorageThroughput",
    "multi_az": "MultiAZ",
    "backup_retention_days": "BackupRetentionPeriod",
    "backup_window": "PreferredBackupWindow",
    "maintenance_window": "PreferredMaintenanceWindow",
    "deletion_protection": "DeletionProtection",
    "minor_upgrades": "AutoMinorVersionUpgrade",
    "public": "PubliclyAccessible",
    "tags_on_snapshots": "CopyTagsToSnapshot",
    "port": "Port",
    "database": "DBName",
    "username": "MasterUsername",
    "encrypted": "StorageEncrypted",
    "kms_key_arn": "KmsKeyId",
    "engine": "Engine",
}
_OTHERWISE_SAID = {
    "max_storage_gib": "MaxAllocatedStorage",
    "security_groups": "VpcSecurityGroupIds",
    "parameter_group": "DBParameterGroupName",
    "subnet_group": "DBSubnetGroupName",
    "logs": "EnableCloudwatchLogsExports",
    "iam_authentication": "EnableIAMDatabaseAuthentication",
}
_CHANGE = {**_SAME, **_OTHERWISE_SAID, "port": "DBPortNumber"}
MANAGED, BY_HAND = "managed by RDS", "set by hand"


def fields(raw: Raw, wanted: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return what an instance is, what waits included; ``wanted`` is its entry of the inventory, where there is one.

    A version is as wanted when it begins so, or is a newer minor one while RDS upgrades those; storage is when it has
    grown by itself within its bound.
    """
    now = {**raw, **(raw.get("PendingModifiedValues") or {})}
    have = {field: now.get(key) for field, key in _SAME.items()}
    most = now.get("MaxAllocatedStorage")
    groups = raw.get("DBParameterGroups") or [{}]
    return {
        **have,
        "version": _version(now, wanted),
        "storage_gib": _storage(have["storage_gib"], wanted),
        "max_storage_gib": most if most and most > (have["storage_gib"] or 0) else 0,
        "port": (raw.get("Endpoint") or {}).get("Port") or raw.get("DbInstancePort") or now.get("Port"),
        "security_groups": sorted(one["VpcSecurityGroupId"] for one in raw.get("VpcSecurityGroups", ())),
        "parameter_group": groups[0].get("DBParameterGroupName"),
        "subnet_group": raw.get("DBSubnetGroup", {}).get("DBSubnetGroupName"),
        "logs": _logs(raw),
        "iam_authentication": now.get("IAMDatabaseAuthenticationEnabled", False),
        "password": MANAGED if raw.get("MasterUserSecret") else BY_HAND,
        "waiting": waiting(raw),
    }


def _version(now: Raw, wanted: t.Mapping[str, t.Any]) -> str:
    have, said = str(now.get("EngineVersion", "")), str(wanted.get("engine_version", ""))
    if not said or have == said or have.startswith(f"{said}."):
        return said or have
    same = major(now["Engine"], have) == major(now["Engine"], said)
    return said if same and wanted.get("minor_upgrades") and numbers(have) > numbers(said) else have


def _storage(have: int | None, wanted: t.Mapping[str, t.Any]) -> int | None:
    said = wanted.get("storage") or {}
    grown = have is not None and said and said["gib"] <= have <= (said.get("max_gib") or 0)
    return int(said["gib"]) if grown else have


def _logs(raw: Raw) -> list[str]:
    """Return the logs that go to CloudWatch, with those that are about to."""
    pending = (raw.get("PendingModifiedValues") or {}).get("PendingCloudwatchLogsExports") or {}
    kept = set(raw.get("EnabledCloudwatchLogsExports") or ()) - set(pending.get("LogTypesToDisable") or ())
    return sorted(kept | set(pending.get("LogTypesToEnable") or ()))


def waiting(raw: Raw) -> list[str]:
    """Return what waits for the maintenance window, as AWS calls it."""
    return sorted(
        (raw.get("PendingModifiedValues") or {}).keys() - {"PendingCloudwatchLogsExports", "MasterUserPassword"}
    )


def created(wanted: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return what a create is asked for; None leaves the choice to AWS."""
    names = {**_SAME, **_OTHERWISE_SAID, "version": "EngineVersion"}
    given = {field: value for field, value in wanted.items() if field in names and value is not None}
    if not given.get("max_storage_gib"):
        given.pop("max_storage_gib", None)
    return {names[field]: value for field, value in given.items()}


def changed(wanted: t.Mapping[str, t.Any], have: t.Mapping[str, t.Any], fields: t.Collection[str]) -> dict[str, t.Any]:
    """Return what a change is asked for: the named fields, and what AWS wants beside them."""
    said = {_CHANGE[field]: wanted[field] for field in fields if field in _CHANGE and field != "logs"}
    if {"storage_type", "iops", "throughput_mibps", "storage_gib"} & set(fields):
        said["AllocatedStorage"] = wanted["storage_gib"]
    if "max_storage_gib" in fields:
        # As much as there is: growth is off. https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.Autoscaling.html
        said["MaxAllocatedStorage"] = wanted["max_storage_gib"] or wanted["storage_gib"]
    if "logs" in fields:
        come, go = set(wanted["logs"]) - set(have["logs"]), set(have["logs"]) - set(wanted["logs"])
        said["CloudwatchLogsExportConfiguration"] = {"EnableLogTypes": sorted(come), "DisableLogTypes": sorted(go)}
    if "password" in fields:
        said["ManageMasterUserPassword"] = True
    return said
