# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Target groups attached to groups, under their old name and as traffic sources.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_AttachTrafficSources.html
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.autoscaling import traffic_links
from lab.embedded_aws.truth.autoscaling.base import Response, action, done, group_of, not_modelled, paged, params


@action
def attach_load_balancer_target_groups(response: Response) -> t.Any:
    _attach(response, params(response)["TargetGroupARNs"])
    return done()


@action
def attach_traffic_sources(response: Response) -> t.Any:
    _attach(response, _sources(response))
    return done()


def _attach(response: Response, arns: list[str]) -> None:
    group = group_of(response)
    traffic_links.check(group.backend, arns, group.vpc)
    traffic_links.attach(group, arns)


@action
def detach_load_balancer_target_groups(response: Response) -> t.Any:
    traffic_links.detach(group_of(response), params(response)["TargetGroupARNs"])
    return done()


@action
def detach_traffic_sources(response: Response) -> t.Any:
    traffic_links.detach(group_of(response), _sources(response))
    return done()


def _sources(response: Response) -> list[str]:
    sources = params(response)["TrafficSources"]
    for one in sources:
        if one.get("Type") not in (None, "elbv2"):
            not_modelled(f"traffic sources of type {one['Type']}")
    return [str(one["Identifier"]) for one in sources]


@action
def describe_load_balancer_target_groups(response: Response) -> t.Any:
    group, given = group_of(response), params(response)
    state = "InService" if group.members else "Added"
    rows = [{"LoadBalancerTargetGroupARN": one, "State": state} for one in group.target_group_arns]
    return paged(given, "LoadBalancerTargetGroups", rows, 100, 100)


@action
def describe_traffic_sources(response: Response) -> t.Any:
    group, given = group_of(response), params(response)
    state = "InService" if group.members else "Added"
    rows = [{"Identifier": one, "Type": "elbv2", "State": state} for one in group.target_group_arns]
    return paged(given, "TrafficSources", rows, 50, 100)
