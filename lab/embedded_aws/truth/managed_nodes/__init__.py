# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Managed nodes: what Systems Manager knows, machines of EC2 (`i-`) and machines from elsewhere (`mi-`)."""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.managed_nodes import hybrid, listing, machines, pings
from lab.embedded_aws.truth.patching import install

Node = pings.Node


def nodes(account: str, region: str) -> t.Iterator[Node]:
    """Every node of an account and region, as DescribeInstanceInformation tells of it."""
    yield from machines.nodes(account, region)
    yield from hybrid.nodes(account, region)


def apply() -> None:
    """Install the actions into moto's Systems Manager."""
    from moto.ssm.models import SimpleSystemManagerBackend
    from moto.ssm.responses import SimpleSystemManagerResponse

    install(SimpleSystemManagerResponse, listing.describe_instance_information, *hybrid.ACTIONS)
    known = "_validate_resource_type_and_id"
    setattr(SimpleSystemManagerBackend, known, hybrid.validator(getattr(SimpleSystemManagerBackend, known)))
