# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What moto's RDS is asked by others, and the little of its instances that AWS tells otherwise."""

from __future__ import annotations

import typing as t

from moto.core.resource_tagging import TaggedResource

from lab.embedded_aws.truth.ec2.base import catch_up
from lab.embedded_aws.truth.patching import install
from lab.embedded_aws.truth.rds.base import AVAILABLE, Backend, Instance, Response, ec2_of

_SHOWN = (
    "db_instance_class", "engine", "engine_version", "allocated_storage", "storage_type", "iops", "storage_throughput",
    "max_allocated_storage", "multi_az", "vpc_security_group_ids", "db_parameter_group_name", "backup_retention_period",
    "preferred_backup_window", "preferred_maintenance_window", "deletion_protection", "auto_minor_version_upgrade",
    "enabled_cloudwatch_logs_exports", "enable_iam_database_authentication", "publicly_accessible", "port", "status",
    "pending_modified_values", "manage_master_user_password", "copy_tags_to_snapshot",
)  # fmt: skip


def endpoint(self: Instance) -> dict[str, t.Any] | None:
    """Where it is reached: known once it has been made."""
    if not self.has_endpoint:
        return None
    return {"Address": self.address, "Port": self.port, "HostedZoneId": "Z2R2ITUGPM61AM"}


def address(self: Instance) -> str:
    suffix = "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"
    return f"{self.db_instance_identifier}.c{self.dbi_resource_id[3:14].lower()}.{self.region}.rds.{suffix}"


def parameter_groups(self: Instance) -> list[dict[str, t.Any]]:
    groups = self.db_parameter_groups()
    return [{"DBParameterGroupName": one.name, "ParameterApplyStatus": self.apply_status} for one in groups]


def save_automated_backup(self: Instance) -> None:
    """The first backup is taken when the instance is made, unless none are kept."""
    if self.backup_retention_period:
        name = f"rds:{self.db_instance_identifier}-{len(self.backend.database_snapshots)}-{self.dbi_resource_id[3:9]}"
        self.backend.create_auto_snapshot(self.db_instance_identifier, name.lower())


def iter_tagged_resources(self: Backend) -> t.Iterator[TaggedResource]:
    catch_up(self)
    for instance in self.databases.values():
        yield _listed("rds:db", instance, [getattr(instance, name, None) for name in _SHOWN])
    for snapshot in self.database_snapshots.values():
        yield _listed("rds:snapshot", snapshot, [snapshot.snapshot_type, snapshot.status])
    for group in self.subnet_groups.values():
        yield _listed(
            "rds:subgrp", group, [group.description, sorted(one["SubnetIdentifier"] for one in group.subnets)]
        )
    for group in self.db_parameter_groups.values():
        if not group.name.startswith("default."):
            yield _listed("rds:pg", group, [group.family, group.description, dict(group.parameters)])


def _listed(kind: str, thing: t.Any, shown: list[t.Any]) -> TaggedResource:
    tags = {tag["Key"]: tag["Value"] for tag in thing.get_tags()}
    return TaggedResource(thing.arn, tags, kind, {"shown": shown, "name": thing.resource_id})


def apply() -> None:
    from moto.rds.models import DBInstance, DBSubnetGroup, RDSBackend
    from moto.rds.responses import RDSResponse

    dispatch = RDSResponse.call_action

    def call_action(self: Response) -> t.Any:
        catch_up(self.backend)
        catch_up(ec2_of(self.backend))
        return dispatch(self)

    RDSResponse.call_action = call_action
    install(RDSBackend, iter_tagged_resources)
    install(DBInstance, save_automated_backup)
    DBInstance.endpoint = property(endpoint)
    DBInstance.address = property(address)
    DBInstance.db_parameter_group_status_list = property(parameter_groups)
    DBInstance.apply_status, DBInstance.status, DBInstance.has_endpoint = "in-sync", AVAILABLE, False
    DBSubnetGroup.db_subnet_group_arn = property(lambda self: self.arn)
