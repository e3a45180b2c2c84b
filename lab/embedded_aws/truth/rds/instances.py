# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""DB instances: what one may be made of, where it stands, and the minutes until it can be used.

https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
"""

from __future__ import annotations

import functools
import re
import typing as t

from lab.embedded_aws.limits import current as limits
from lab.embedded_aws.truth.ec2 import interfaces
from lab.embedded_aws.truth.ec2.base import after
from lab.embedded_aws.truth.rds import catalogue, parameters
from lab.embedded_aws.truth.rds.base import (
    AVAILABLE,
    CREATING,
    Backend,
    Instance,
    Params,
    clash,
    ec2_of,
    invalid,
    refuse,
    resource_id,
    wrong_state,
)

IDENTIFIER = re.compile(r"(?!.*--)[A-Za-z][A-Za-z0-9-]{0,61}[A-Za-z0-9]")
NAMES = {"mysql": re.compile(r"[A-Za-z][A-Za-z0-9_]{0,63}"), "postgres": re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,62}")}
USERS = {"mysql": re.compile(r"[A-Za-z]\w{0,31}"), "postgres": re.compile(r"[A-Za-z]\w{0,62}")}
RESERVED = {"mysql": {"rdsadmin", "rdsrepladmin", "root"}, "postgres": {"rdsadmin", "admin", "postgresql"}}
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Storage.html
LEAST_GIB = {"gp2": 20, "gp3": 20, "io1": 100, "io2": 100}
MOST_GIB = 65536
GP3_FASTER_FROM_GIB = 400
LONGEST_BACKUP_DAYS = 35


def check(backend: Backend, given: Params) -> None:
    """Refuse what AWS would refuse of a new instance."""
    name, engine = given["db_instance_identifier"], given["engine"]
    if engine not in catalogue.VERSIONS or given.get("db_cluster_identifier"):
        raise NotImplementedError(f"rds: instances of {engine}, or in a cluster")
    if not IDENTIFIER.fullmatch(name):
        invalid("The parameter DBInstanceIdentifier is not a valid identifier.")
    if name in backend.databases:
        refuse("DBInstanceAlreadyExists", "DB instance already exists")
    limits.check(
        "db_instances", len(backend.databases), "InstanceQuotaExceeded", "DB instance quota exceeded", service="rds"
    )
    check_class(given["db_instance_class"])
    _names(given, engine)
    check_storage(given.get("storage_type") or "gp2", given)
    check_backups(given.get("backup_retention_period"))
    _password(given)
    _place(backend, given)
    check_group(
        backend, given.get("db_parameter_group_name"), engine, catalogue.newest(engine, given.get("engine_version"))
    )


def check_class(name: str) -> None:
    if not catalogue.CLASS.fullmatch(name):
        invalid(f"Invalid DB Instance class: {name}")


def _names(given: Params, engine: str) -> None:
    database, user = given.get("db_name"), given.get("master_username")
    if database is not None and not NAMES[engine].fullmatch(database):
        invalid(f"DBName must begin with a letter and contain only alphanumeric characters: {database}")
    if not user:
        invalid("The parameter MasterUsername must be provided and must not be blank.")
    if user.lower() in RESERVED[engine]:
        invalid(f"MasterUsername {user} cannot be used as it is a reserved word used by the engine")
    if not USERS[engine].fullmatch(user):
        invalid("The parameter MasterUsername is not a valid identifier.")


def check_storage(kind: str, given: Params) -> None:
    gib, most = given.get("allocated_storage"), given.get("max_allocated_storage")
    if kind not in LEAST_GIB:
        invalid(f"Invalid storage type: {kind}")
    if gib is None or not LEAST_GIB[kind] <= gib <= MOST_GIB:
        clash(f"Invalid storage size for engine name and storage type {kind}: {gib}")
    if most is not None and most < gib:
        clash("Max storage size must be greater than storage size")
    if kind in ("io1", "io2") and not given.get("iops"):
        clash(f"You must specify Iops for storage type {kind}")
    if kind == "gp2" and (given.get("iops") or given.get("storage_throughput")):
        clash("Invalid Iops or throughput for storage type gp2")
    if kind == "gp3" and gib < GP3_FASTER_FROM_GIB and (given.get("iops") or given.get("storage_throughput")):
        clash(f"You can't specify IOPS or storage throughput for storage size less than {GP3_FASTER_FROM_GIB}")


def check_backups(days: int | None) -> None:
    if days is not None and not 0 <= days <= LONGEST_BACKUP_DAYS:
        invalid(f"Invalid backup retention period: {days}. Must be between 0 and {LONGEST_BACKUP_DAYS}")


def _password(given: Params) -> None:
    managed, own = given.get("manage_master_user_password"), given.get("master_user_password")
    if managed and own:
        clash("You can't specify MasterUserPassword for an instance with ManageMasterUserPassword enabled.")
    if not managed and not own:
        invalid("The parameter MasterUserPassword must be provided and must not be blank.")
    if not managed and given.get("master_user_secret_kms_key_id"):
        clash("You can specify MasterUserSecretKmsKeyId only with ManageMasterUserPassword enabled.")


def _place(backend: Backend, given: Params) -> None:
    name = given.get("db_subnet_group_name")
    if name is None:
        raise NotImplementedError("rds: an instance in the default VPC")
    if name not in backend.subnet_groups:
        refuse("DBSubnetGroupNotFoundFault", f"DB subnet group '{name}' does not exist.")
    if given.get("multi_az") and given.get("availability_zone"):
        clash("Requesting a specific availability zone is not valid for Multi-AZ instances.")
    check_security_groups(backend, given.get("vpc_security_group_ids") or [], backend.subnet_groups[name].vpc_id)


def check_security_groups(backend: Backend, groups: list[str], vpc: str) -> None:
    for group in groups:
        found = ec2_of(backend).get_security_group_from_id(group)
        if found is None:
            invalid(f"Invalid security group , groupId= {group}, groupName=.")
        if found.vpc_id != vpc:
            clash(
                "The DB instance and EC2 security group are in different VPCs. The DB instance is in "
                f"{vpc} and the EC2 security group is in {found.vpc_id}"
            )


def check_group(backend: Backend, name: str | None, engine: str, version: str) -> None:
    """Refuse a parameter group of another family."""
    if name is None or name.startswith("default."):
        return
    group, right = parameters.there(backend, name), catalogue.family(engine, version)
    if group.family != right:
        clash(
            f"The Parameter Group {name} with DBParameterGroupFamily {group.family} cannot be used for this instance. "
            f"Please use a Parameter Group with DBParameterGroupFamily {right}"
        )


def create(make: t.Callable[..., Instance], self: Backend, given: Params) -> Instance:
    """moto's instance, in its subnets, on its way to be used."""
    check(self, given)
    engine = given["engine"]
    given["engine_version"] = catalogue.newest(engine, given.get("engine_version"))
    given.setdefault("port", catalogue.PORTS[engine])
    given.setdefault("license_model", catalogue.LICENSES[engine])
    group = self.subnet_groups[given["db_subnet_group_name"]]
    if not given.get("vpc_security_group_ids"):
        given["vpc_security_group_ids"] = [ec2_of(self).get_default_security_group(group.vpc_id).id]
    instance = make(self, given)
    instance.dbi_resource_id, instance.pending_modified_values = resource_id(), {}
    if instance.storage_encrypted and not given.get("kms_key_id"):
        instance.kms_key_id = f"arn:{self.partition}:kms:{self.region_name}:{self.account_id}:key/aws-rds"
    settle_down(instance)
    instance.status, instance.has_endpoint = CREATING, False
    after(self, "rds_instance", lambda: _ready(instance))
    return instance


def _ready(instance: Instance) -> None:
    if instance.status == CREATING:
        instance.status, instance.has_endpoint = AVAILABLE, True


def settle_down(instance: Instance) -> None:
    """Give it an interface in one zone of its subnets, or in two."""
    ec2, group = ec2_of(instance.backend), instance.db_subnet_group
    by_zone = {subnet.availability_zone: subnet for subnet in reversed(group._subnets)}
    zones = sorted(by_zone)
    taken = getattr(instance, "zones", [])
    wanted = [*taken, *(zone for zone in zones if zone not in taken)][: 2 if instance.multi_az else 1]
    if len(wanted) < 2 and instance.multi_az:
        clash("The DB subnet group does not cover enough zones for Multi-AZ")
    standing = dict(zip(taken, getattr(instance, "interfaces", []), strict=True))
    for zone in set(standing) - set(wanted):
        interfaces.remove(ec2, standing.pop(zone))
    for zone in wanted:
        if zone not in standing:
            eni = interfaces.place(
                ec2, by_zone[zone], "interface", "RDSNetworkInterface", instance.vpc_security_group_ids
            )
            eni.requester_id = "amazon-rds"
            standing[zone] = eni.id
    instance.zones, instance.interfaces = wanted, [standing[zone] for zone in wanted]
    instance.availability_zone = wanted[0]
    instance.secondary_availability_zone = wanted[1] if instance.multi_az else None


def stop(make: t.Callable[..., Instance], self: Backend, db_instance_identifier: str, *more: t.Any) -> Instance:
    instance = self.describe_db_instances(db_instance_identifier)[0]
    if instance.status != AVAILABLE:
        wrong_state(f"Instance {db_instance_identifier} is not in available state.")
    return make(self, db_instance_identifier, *more)


def start(make: t.Callable[..., Instance], self: Backend, db_instance_identifier: str) -> Instance:
    instance = self.describe_db_instances(db_instance_identifier)[0]
    if instance.status != "stopped":
        wrong_state(f"Instance {db_instance_identifier} is not stopped, it cannot be started.")
    return make(self, db_instance_identifier)


def reboot_db_instance(self: Backend, db_instance_identifier: str) -> Instance:
    instance = self.describe_db_instances(db_instance_identifier)[0]
    if instance.status != AVAILABLE:
        wrong_state(f"Instance {db_instance_identifier} is not in available state.")
    instance.apply_status = "in-sync"
    return instance


def apply() -> None:
    from moto.rds.models import RDSBackend

    for name, ours in (("create_db_instance", create), ("stop_db_instance", stop), ("start_db_instance", start)):
        make = getattr(RDSBackend, name)
        setattr(RDSBackend, name, functools.partialmethod(_bound, ours, make))
    RDSBackend.reboot_db_instance = reboot_db_instance


def _bound(
    self: Backend, ours: t.Callable[..., t.Any], make: t.Callable[..., t.Any], *given: t.Any, **more: t.Any
) -> t.Any:
    return ours(make, self, *given, **more)
