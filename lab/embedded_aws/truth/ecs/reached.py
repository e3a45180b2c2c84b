# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Health checks that do not get through: a load balancer's interfaces must reach the task or machine they check.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html
"""

from __future__ import annotations

import dataclasses
import typing as t

from lab.embedded_aws.truth.ecs import network
from lab.embedded_aws.truth.ecs.base import Backend
from lab.embedded_aws.truth.elbv2 import finding
from lab.embedded_aws.truth.elbv2.health import judge
from lab.embedded_aws.verdicts import Verdict

# isort: split
from ansible_collections.cloister.aws.plugins.module_utils.reachability import flow
from ansible_collections.cloister.aws.plugins.module_utils.reachability.vantage import Vantage

# A snapshot tells the health of targets too, which must not ask for a snapshot again.
_asking: list[str] = []


@judge
def reached(backend: Backend, group: t.Any, target: t.Any) -> Verdict | None:
    """Unhealthy when an interface of a load balancer does not reach it; None when that is not what is wrong."""
    address = _address(backend, group, target)
    if _asking or address is None:
        return None
    from moto.ecs.models import ecs_backends

    _asking.append(target.id)
    try:
        seen = network.snapshot_of(ecs_backends[backend.account_id][backend.region_name])
        sources = [one for arn in group.load_balancer_arns for one in _sources(backend, arn)]
        verdicts = [flow.reach(seen, one, address, _port(group, target)) for one in sources]
    finally:
        _asking.pop()
    lost = any(one.judged and not one.reached for one in verdicts)
    return Verdict(False, "Target.Timeout") if lost else None


def _address(backend: Backend, group: t.Any, target: t.Any) -> str | None:
    """Where the checks go: an address that an interface of the VPC has, or a machine's own."""
    if group.target_type == "instance":
        machine = backend.ec2_backend.get_instance_by_id(target.id)
        return machine.private_ip if machine is not None else None
    held = (one.private_ip_address for one in backend.ec2_backend.enis.values() if one.vpc_id == group.vpc_id)
    return target.id if group.target_type == "ip" and target.id in held else None


def _port(group: t.Any, target: t.Any) -> int:
    port = str(group.health_check.get("HealthCheckPort") or "traffic-port")
    return int(target.port if port == "traffic-port" else port)


def _sources(backend: Backend, arn: str) -> t.Iterator[Vantage]:
    """The interfaces of a load balancer."""
    for zone in finding.load_balancer(backend, arn).zones:
        eni = backend.ec2_backend.enis.get(zone.interface_id)
        if eni is not None:
            yield dataclasses.replace(network.vantage_of(eni), balancer=True, filtered=bool(eni.group_set))
