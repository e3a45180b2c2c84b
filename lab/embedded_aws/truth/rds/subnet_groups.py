# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""DB subnet groups: two zones at least, one VPC, in use while an instance stands in them.

https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSubnetGroup.html (and _ModifyDBSubnetGroup,
_DeleteDBSubnetGroup)
"""

from __future__ import annotations

import re
import typing as t

from lab.embedded_aws.limits import current as limits
from lab.embedded_aws.truth.patching import before
from lab.embedded_aws.truth.rds.base import Backend, ec2_of, invalid, refuse, standing_in

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,254}")


def check_creation(self: Backend, subnet_name: str, description: str, subnets: list[t.Any], tags: t.Any) -> None:
    if not NAME.fullmatch(subnet_name) or subnet_name.lower() == "default":
        invalid(f"The parameter DBSubnetGroupName is not a valid identifier: {subnet_name}")
    if not description:
        invalid("The parameter DBSubnetGroupDescription must be provided and must not be blank.")
    if subnet_name in self.subnet_groups:
        refuse("DBSubnetGroupAlreadyExists", f"The DB subnet group '{subnet_name.lower()}' already exists.")
    limits.check(
        "db_subnet_groups", len(self.subnet_groups), "DBSubnetGroupQuotaExceeded",
        "DB subnet group quota exceeded.", service="rds",
    )  # fmt: skip
    _cover(subnets)


def _cover(subnets: list[t.Any]) -> None:
    zones = sorted({subnet.availability_zone for subnet in subnets})
    if len(zones) < 2:
        refuse(
            "DBSubnetGroupDoesNotCoverEnoughAZs",
            "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement. Current AZ coverage: "
            f"{', '.join(zones)}. Add subnets to cover at least 2 AZs.",
        )
    if len({subnet.vpc_id for subnet in subnets}) > 1:
        invalid("The specified subnets are not all in the same VPC.")


def check_change(self: Backend, subnet_name: str, description: t.Any, subnets: list[t.Any]) -> None:
    group = _there(self, subnet_name)
    _cover(subnets)
    if subnets[0].vpc_id != group.vpc_id:
        refuse("InvalidSubnet", "The new subnets are not in the same VPC as the existing subnet group")
    leaving = {one["SubnetIdentifier"] for one in group.subnets} - {subnet.id for subnet in subnets}
    enis = ec2_of(self).enis
    used = {enis[eni].subnet.id for one in standing_in(self, group.name) for eni in one.interfaces if eni in enis}
    if leaving & used:
        refuse(
            "SubnetAlreadyInUse", f"Some of the subnets to be deleted are currently in use: {sorted(leaving & used)}"
        )


def check_deletion(self: Backend, subnet_name: str) -> None:
    group = _there(self, subnet_name)
    users = standing_in(self, group.name)
    if users:
        refuse(
            "InvalidDBSubnetGroupStateFault",
            f"Cannot delete the subnet group '{group.name}' because at least one database instance: "
            f"{users[0].db_instance_identifier} is still using it.",
        )


def _there(backend: Backend, name: str) -> t.Any:
    if name not in backend.subnet_groups:
        refuse("DBSubnetGroupNotFoundFault", f"DB subnet group '{name.lower()}' does not exist.")
    return backend.subnet_groups[name]


def modify_db_subnet_group(self: Backend, subnet_name: str, description: t.Any, subnets: list[t.Any]) -> t.Any:
    """moto takes the group away and gives it back to nobody."""
    group = self.subnet_groups[subnet_name]
    group.subnets = subnets
    group.description = description or group.description
    return group


def apply() -> None:
    from moto.rds.models import RDSBackend

    RDSBackend.modify_db_subnet_group = modify_db_subnet_group
    before(RDSBackend, "create_subnet_group", check_creation)
    before(RDSBackend, "modify_db_subnet_group", check_change)
    before(RDSBackend, "delete_subnet_group", check_deletion)
