# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Changes of a DB instance: at once, or kept as pending until its maintenance window.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.DBInstance.Modifying.html tells which setting waits. The
window never comes by itself here; whoever asks to apply immediately brings it.
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.ec2.base import after
from lab.embedded_aws.truth.rds import catalogue, instances
from lab.embedded_aws.truth.rds.base import AVAILABLE, MODIFYING, Backend, Instance, Params, clash, ec2_of, wrong_state

# What waits for the window, by its name in PendingModifiedValues.
WAITS = {
    "db_instance_class": "DBInstanceClass", "allocated_storage": "AllocatedStorage", "multi_az": "MultiAZ",
    "engine_version": "EngineVersion", "storage_type": "StorageType", "iops": "Iops",
    "storage_throughput": "StorageThroughput", "backup_retention_period": "BackupRetentionPeriod",
}  # fmt: skip
# Since these never wait, or wait for a restart only.
AT_ONCE = (
    "max_allocated_storage", "preferred_backup_window", "preferred_maintenance_window", "deletion_protection",
    "auto_minor_version_upgrade", "copy_tags_to_snapshot", "enable_iam_database_authentication", "publicly_accessible",
    "ca_certificate_identifier",
)  # fmt: skip


def modify_db_instance(self: Backend, db_instance_identifier: str, given: Params) -> Instance:
    instance = self.describe_db_instances(db_instance_identifier)[0]
    if instance.status != AVAILABLE:
        wrong_state(f"Database instance {db_instance_identifier} is not in available state.")
    _check(self, instance, given)
    for name in AT_ONCE:
        if given.get(name) is not None:
            setattr(instance, name, given[name])
    _groups(instance, given)
    _exports(instance, given.get("cloudwatch_logs_export_configuration") or {})
    if given.get("db_port_number"):
        instance.port = given["db_port_number"]
    if given.get("manage_master_user_password") is not None or given.get("rotate_master_user_password"):
        own = ("manage_master_user_password", "master_user_secret_kms_key_id", "rotate_master_user_password")
        instance.update(**{name: given.get(name) for name in own})
    waiting = {name: given[name] for name in WAITS if _differs(instance, name, given.get(name))}
    if given.get("apply_immediately"):
        _apply(instance, {**_pending(instance), **waiting})
    else:
        instance.pending_modified_values |= {WAITS[name]: value for name, value in waiting.items()}
        # What goes back to what stands is pending no more.
        for name, shown in WAITS.items():
            if given.get(name) is not None and name not in waiting:
                instance.pending_modified_values.pop(shown, None)
    return instance


def _differs(instance: Instance, name: str, value: t.Any) -> bool:
    return value is not None and value != getattr(instance, name)


def _pending(instance: Instance) -> dict[str, t.Any]:
    shown = instance.pending_modified_values
    return {name: shown[key] for name, key in WAITS.items() if key in shown}


def _check(backend: Backend, instance: Instance, given: Params) -> None:
    if given.get("new_db_instance_identifier") or given.get("db_subnet_group_name") or given.get("engine"):
        raise NotImplementedError("rds: another name, network or engine for an instance")
    if given.get("db_instance_class"):
        instances.check_class(given["db_instance_class"])
    storage = {
        name: given.get(name) if given.get(name) is not None else getattr(instance, name, None)
        for name in ("allocated_storage", "iops", "storage_throughput")
    }
    if storage["allocated_storage"] < instance.allocated_storage:
        clash(
            f"Requested storage size ({storage['allocated_storage']}) cannot be less than the current storage size "
            f"({instance.allocated_storage})"
        )
    instances.check_storage(
        given.get("storage_type") or instance.storage_type,
        {**storage, "max_allocated_storage": given.get("max_allocated_storage")},
    )
    instances.check_backups(given.get("backup_retention_period"))
    vpc = instance.db_subnet_group.vpc_id
    instances.check_security_groups(backend, given.get("vpc_security_group_ids") or [], vpc)
    version = _check_version(instance, given)
    instances.check_group(backend, given.get("db_parameter_group_name"), instance.engine, version)


def _check_version(instance: Instance, given: Params) -> str:
    wanted, engine = given.get("engine_version"), instance.engine
    if wanted in (None, instance.engine_version):
        return str(instance.engine_version)
    version = catalogue.newest(engine, wanted)
    target = next(
        (one for one in catalogue.targets(engine, instance.engine_version) if one["EngineVersion"] == version), None
    )
    if target is None:
        clash(f"Cannot upgrade {engine} from {instance.engine_version} to {version}")
    if target["IsMajorVersionUpgrade"] and not given.get("allow_major_version_upgrade"):
        clash("The AllowMajorVersionUpgrade flag must be present when upgrading to a new major version.")
    given["engine_version"] = version
    return version


def _groups(instance: Instance, given: Params) -> None:
    groups, parameter_group = given.get("vpc_security_group_ids"), given.get("db_parameter_group_name")
    ec2 = ec2_of(instance.backend)
    if groups:
        instance.vpc_security_group_ids = groups
        for one in instance.interfaces:
            ec2.enis[one]._group_set = [ec2.get_security_group_from_id(group) for group in groups]
    if parameter_group and parameter_group != instance.db_parameter_group_name:
        instance.db_parameter_group_name, instance.apply_status = parameter_group, "pending-reboot"


def _exports(instance: Instance, given: dict[str, t.Any]) -> None:
    kept = set(instance.enabled_cloudwatch_logs_exports) - set(given.get("DisableLogTypes") or [])
    instance.enabled_cloudwatch_logs_exports = sorted(kept | set(given.get("EnableLogTypes") or []))


def _apply(instance: Instance, waiting: dict[str, t.Any]) -> None:
    instance.pending_modified_values = {}
    if not waiting:
        return

    def done() -> None:
        for name, value in waiting.items():
            setattr(instance, name, value)
        if "engine_version" in waiting:
            instance.apply_status = "in-sync"
        instances.settle_down(instance)
        instance.status = AVAILABLE

    instance.status = MODIFYING
    after(instance.backend, "rds_instance_modify", done)


def apply() -> None:
    from moto.rds.models import RDSBackend

    RDSBackend.modify_db_instance = modify_db_instance
