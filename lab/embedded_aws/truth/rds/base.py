# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the RDS truths share: refusing, states, and the clock of slow things."""

from __future__ import annotations

import secrets
import string
import typing as t

from lab.embedded_aws.truth.patching import refuser

Backend = t.Any  # moto's RDSBackend of one account and region
Instance = t.Any  # moto's DBInstance
Response = t.Any  # moto's RDSResponse: params, backend
Params = t.Any  # parameters of a request, under names like db_instance_identifier

refuse = refuser("rds")
AVAILABLE, CREATING, DELETING, MODIFYING = "available", "creating", "deleting", "modifying"


def invalid(message: str) -> t.NoReturn:
    refuse("InvalidParameterValue", message)


def clash(message: str) -> t.NoReturn:
    refuse("InvalidParameterCombination", message)


def wrong_state(message: str) -> t.NoReturn:
    refuse("InvalidDBInstanceState", message)


def resource_id() -> str:
    """What RDS calls an instance for ever, such as db-ABCDEFGHIJKLMNOPQRSTUVWXYZ."""
    return "db-" + "".join(secrets.choice(string.ascii_uppercase) for _ in range(26))


def ec2_of(backend: Backend) -> t.Any:
    """The network in which the region's instances stand."""
    from moto.ec2.models import ec2_backends

    return ec2_backends[backend.account_id][backend.region_name]


def standing_in(backend: Backend, subnet_group: str) -> list[Instance]:
    """The instances in a subnet group."""
    return [one for one in backend.databases.values() if one.db_subnet_group.name == subnet_group]


def led_by(backend: Backend, parameter_group: str) -> list[Instance]:
    """The instances with a parameter group."""
    return [one for one in backend.databases.values() if one.db_parameter_group_name == parameter_group]
