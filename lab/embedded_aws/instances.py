# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Instances of every account and region, for who brings machines to them."""

from __future__ import annotations

import sys
import typing as t

from lab.embedded_aws import machines
from lab.embedded_aws.backend_lock import BACKEND


def instances() -> list[dict[str, t.Any]]:
    """Each instance that is not over.

    {id, account, region, state, type, gpus, image, vpc, vpc_cidr, address, tags, container}: `container` is that of the
    machine behind it, None when it has none.
    """
    with BACKEND:
        _let_time_pass()
        return [
            _shown(backend, one)
            for backend in _backends("moto.ec2.models", "ec2_backends")
            for reservation in list(backend.reservations.values())
            for one in reservation.instances
            if one.state not in ("shutting-down", "terminated")
        ]


def _let_time_pass() -> None:
    """Auto Scaling replaces what is gone only when somebody looks."""
    if "lab.embedded_aws.truth.ec2" in sys.modules:
        from lab.embedded_aws.truth.ec2.base import catch_up

        for backend in _backends("moto.ec2.models", "ec2_backends"):
            catch_up(backend)
    if "lab.embedded_aws.truth.autoscaling" in sys.modules:
        from lab.embedded_aws.truth.autoscaling.underneath import tend_all

        for backend in _backends("moto.autoscaling.models", "autoscaling_backends"):
            tend_all(backend)


def _backends(module: str, name: str) -> t.Iterator[t.Any]:
    for regions in list(getattr(sys.modules.get(module), name, {}).values()):
        yield from list(regions.values())


def _shown(backend: t.Any, one: t.Any) -> dict[str, t.Any]:
    from lab.embedded_aws.truth.ec2.base import tags_of
    from lab.embedded_aws.truth.ecs.machines import size_of

    machine, vpc = machines.behind(one.id), backend.vpcs.get(one.vpc_id)
    return {
        "id": one.id, "account": backend.account_id, "region": backend.region_name, "state": one.state,
        "type": one.instance_type, "gpus": size_of(one.instance_type)["GPU"], "image": one.image_id,
        "vpc": one.vpc_id, "vpc_cidr": vpc.cidr_block if vpc else "", "address": one.private_ip,
        "tags": dict(tags_of(backend, one.id)), "container": machine.container if machine else None,
    }  # fmt: skip
