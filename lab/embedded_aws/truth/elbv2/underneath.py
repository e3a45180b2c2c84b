# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What other services call on moto's backend, over our objects; and its clock.

Their names and parameters are moto's: Auto Scaling, EC2 and ECS call them.
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from lab.embedded_aws.truth.ec2.base import catch_up
from lab.embedded_aws.truth.elbv2 import finding, health, targets, views
from lab.embedded_aws.truth.elbv2.base import Backend, Params, Response, members
from lab.embedded_aws.truth.elbv2.state import LoadBalancer, TargetGroup
from lab.embedded_aws.truth.patching import install

# moto's own makers, which would put objects of its classes beside ours; CloudFormation calls them.
MAKERS = ("create_load_balancer", "create_target_group", "create_listener", "create_rule")


def describe_load_balancers(
    self: Backend, arns: list[str] | None = None, names: list[str] | None = None
) -> list[LoadBalancer]:
    if arns:
        return [finding.load_balancer(self, arn) for arn in arns]
    return [one for one in self.load_balancers.values() if not names or one.name in names]


def describe_target_groups(
    self: Backend,
    load_balancer_arn: str | None = None,
    target_group_arns: list[str] | None = None,
    names: list[str] | None = None,
) -> list[TargetGroup]:
    if target_group_arns:
        return [finding.target_group(self, arn) for arn in target_group_arns]
    found = [one for one in self.target_groups.values() if not names or one.name in names]
    if load_balancer_arn:
        found = [one for one in found if load_balancer_arn in one.load_balancer_arns]
    return found


def register_targets(self: Backend, target_group_arn: str, instances: list[Params]) -> None:
    targets.register(self, target_group_arn, instances)


def deregister_targets(self: Backend, target_group_arn: str, instances: list[Params]) -> None:
    targets.deregister(self, target_group_arn, instances)


def describe_target_health(self: Backend, target_group_arn: str, targets: list[Params] | None = None) -> list[t.Any]:
    """moto's FakeHealthStatus (instance_id, port, status, reason, description) of all targets, or of the named ones."""
    from moto.elbv2.models import FakeHealthStatus

    group = finding.target_group(self, target_group_arn)
    shown = health.shown(self, group, [members(one) for one in targets or []])
    return [
        FakeHealthStatus(
            one["Target"]["Id"],
            one["Target"].get("Port"),
            one.get("HealthCheckPort"),
            one["TargetHealth"]["State"],
            one["TargetHealth"].get("Reason"),
            one["TargetHealth"].get("Description"),
        )
        for one in shown
    ]


def notify_terminate_instances(self: Backend, instance_ids: list[str]) -> None:
    for group in self.target_groups.values():
        gone = [{"Id": target.id} for target in group.targets.values() if target.id in instance_ids]
        targets.deregister(self, group.arn, gone)


def iter_tagged_resources(self: Backend) -> t.Iterator[t.Any]:
    """Load balancers, listeners, rules and target groups, as the tagging API names them; not default rules."""
    from moto.core.resource_tagging import TaggedResource

    for part, one, shown in _things(self):
        more = {"shown": shown, "name": getattr(one, "name", "")}
        yield TaggedResource(one.arn, dict(one.tags), f"elasticloadbalancing:{part}", more)


def _things(self: Backend) -> t.Iterator[tuple[str, t.Any, Params]]:
    """(type in the ARN, thing, all that is set of it): what time alone changes is left out."""
    for balancer in finding.load_balancers(self):
        shown = {**views.load_balancer(balancer), "State": None}
        yield "loadbalancer", balancer, {**shown, "Attributes": balancer.attributes}
    for listener in finding.listeners(self):
        yield "listener", listener, {**views.whole_listener(listener), "Rules": None}
    for rule in finding.rules(self):
        if rule.priority is not None:
            yield "listener-rule", rule, views.rule(rule)
    for group in self.target_groups.values():
        targets = sorted(str(key) for key, target in group.targets.items() if target.gone_at is None)
        shown = {**views.target_group(group), "Attributes": group.attributes, "Targets": targets}
        yield "targetgroup", group, shown


def tag_resource(self: Backend, arn: str, tags: dict[str, str]) -> None:
    finding.anything(self, arn).tags.update(tags)


def untag_resource(self: Backend, arn: str, tag_keys: list[str]) -> None:
    for key in tag_keys:
        finding.anything(self, arn).tags.pop(key, None)


def _refuser(name: str) -> Callable[..., t.NoReturn]:
    def refuse(*_: t.Any, **__: t.Any) -> t.NoReturn:
        raise NotImplementedError(f"load balancing through another service's {name}")

    refuse.__name__ = name
    return refuse


def apply() -> None:
    from moto.elbv2.models import ELBv2Backend
    from moto.elbv2.responses import ELBV2Response

    dispatch = ELBV2Response.call_action

    def call_action(self: Response) -> t.Any:
        catch_up(self.elbv2_backend)
        catch_up(self.elbv2_backend.ec2_backend)
        return dispatch(self)

    ELBV2Response.call_action = call_action
    # Our answers are in AWS's shapes already.
    ELBV2Response.RESPONSE_KEY_PATH_TO_TRANSFORMER = {}
    install(
        ELBv2Backend,
        describe_load_balancers,
        describe_target_groups,
        register_targets,
        deregister_targets,
        describe_target_health,
        notify_terminate_instances,
        iter_tagged_resources,
        tag_resource,
        untag_resource,
        *(_refuser(name) for name in MAKERS),
    )
