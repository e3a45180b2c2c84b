# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""DB parameter groups: known families and parameters, twenty at a time, in force at once or after a restart.

https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBParameterGroup.html (and _ResetDBParameterGroup,
_DescribeDBParameters)
"""

from __future__ import annotations

import re
import typing as t

from moto.core.responses import ActionResult, PaginatedResult

from lab.embedded_aws.limits import current as limits
from lab.embedded_aws.truth.patching import before, install
from lab.embedded_aws.truth.rds import catalogue
from lab.embedded_aws.truth.rds.base import Backend, Params, Response, clash, invalid, led_by, refuse

NAME = re.compile(r"(?!.*--)[A-Za-z][A-Za-z0-9-]{0,253}[A-Za-z0-9]")
MOST_AT_ONCE = 20
_RANGE = re.compile(r"(-?\d+)-(\d+)")


def check_creation(self: Backend, given: Params) -> None:
    name, family = given["db_parameter_group_name"], given["db_parameter_group_family"]
    if not NAME.fullmatch(name):
        invalid(f"The parameter DBParameterGroupName is not a valid identifier: {name}")
    if family not in catalogue.families():
        invalid(f"ParameterGroupFamily {family} is not a valid parameter group family")
    limits.check(
        "db_parameter_groups", len(_made(self)), "DBParameterGroupQuotaExceeded",
        "DB parameter group quota exceeded.", service="rds",
    )  # fmt: skip


def _made(backend: Backend) -> list[t.Any]:
    return [one for one in backend.db_parameter_groups.values() if not one.name.startswith("default.")]


def check_deletion(self: Backend, db_parameter_group_name: str) -> None:
    group = there(self, db_parameter_group_name)
    if led_by(self, group.name):
        refuse(
            "InvalidDBParameterGroupState",
            f"One or more database instances are still members of this parameter group {group.name}, so the group "
            "cannot be deleted",
        )


def there(backend: Backend, name: str) -> t.Any:
    if name not in backend.db_parameter_groups:
        refuse("DBParameterGroupNotFound", f"DBParameterGroup not found: {name}")
    return backend.db_parameter_groups[name]


def modify_db_parameter_group(self: Response) -> t.Any:
    group = there(self.backend, self.params["DBParameterGroupName"])
    given = [one.original_dict() for one in self.params.get("Parameters", [])]
    if not given or len(given) > MOST_AT_ONCE:
        invalid(f"{len(given)} parameters were given; from 1 to {MOST_AT_ONCE} can be modified in a single request.")
    rows = {name: (kind, allowed) for name, kind, allowed, _ in catalogue.known(group.family)}
    for one in given:
        name, value = one["ParameterName"], str(one.get("ParameterValue", ""))
        if name not in rows:
            invalid(f"Could not find parameter with name: {name}")
        kind, allowed = rows[name]
        if not _takes(allowed, value):
            invalid(f"Invalid parameter value: {value} for: {name} allowed values are: {allowed}")
        if kind == "static" and one.get("ApplyMethod") != "pending-reboot":
            clash("cannot use immediate apply method for static parameter")
        group.parameters[name] = {"ParameterValue": value, "ApplyMethod": one.get("ApplyMethod", "immediate")}
    _spread(self.backend, group, given)
    return ActionResult({"DBParameterGroupName": group.name})


def reset_db_parameter_group(self: Response) -> t.Any:
    group = there(self.backend, self.params["DBParameterGroupName"])
    given = [one.original_dict() for one in self.params.get("Parameters", [])]
    if self.params.get("ResetAllParameters"):
        given = [{"ParameterName": name, "ApplyMethod": "pending-reboot"} for name in group.parameters]
    for one in given:
        group.parameters.pop(one["ParameterName"], None)
    _spread(self.backend, group, given)
    return ActionResult({"DBParameterGroupName": group.name})


def _takes(allowed: str, value: str) -> bool:
    span = _RANGE.fullmatch(allowed)
    if span is None:
        return set(value.split(",")) <= set(allowed.split(","))
    return bool(re.fullmatch(r"-?\d+", value)) and int(span[1]) <= int(value) <= int(span[2])


def _spread(backend: Backend, group: t.Any, given: list[dict[str, t.Any]]) -> None:
    """Instances with the group wait for a restart where a static parameter changed."""
    if any(one.get("ApplyMethod") == "pending-reboot" for one in given):
        for instance in led_by(backend, group.name):
            instance.apply_status = "pending-reboot"


def describe_db_parameters(self: Response) -> t.Any:
    group, source = there(self.backend, self.params["DBParameterGroupName"]), self.params.get("Source")
    shown = []
    for parameter in catalogue.known(group.family):
        said = group.parameters.get(parameter[0])
        shown.append({**catalogue.view(parameter), **({**said, "Source": "user"} if said else {})})
    return PaginatedResult({"Parameters": [one for one in shown if source in (None, one["Source"])]})


def describe_db_parameter_groups(self: Backend, given: Params) -> list[t.Any]:
    name = given.get("db_parameter_group_name")
    return [there(self, name)] if name else list(self.db_parameter_groups.values())


def apply() -> None:
    from moto.rds.models import RDSBackend
    from moto.rds.responses import RDSResponse

    install(RDSResponse, modify_db_parameter_group, reset_db_parameter_group, describe_db_parameters)
    install(RDSBackend, describe_db_parameter_groups)
    before(RDSBackend, "create_db_parameter_group", check_creation)
    before(RDSBackend, "delete_db_parameter_group", check_deletion)
