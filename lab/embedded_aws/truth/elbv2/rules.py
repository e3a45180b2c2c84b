# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules of listeners: made, listed, changed, put in order, deleted.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.elbv2 import views
from lab.embedded_aws.truth.elbv2.actions import read_actions
from lab.embedded_aws.truth.elbv2.base import (
    Backend,
    Params,
    Response,
    action,
    answer,
    done,
    hexadecimal,
    invalid,
    not_modelled,
    paged,
    params,
    refuse,
    within,
)
from lab.embedded_aws.truth.elbv2.conditions import read_conditions
from lab.embedded_aws.truth.elbv2.finding import listener, rule, users_of_group
from lab.embedded_aws.truth.elbv2.state import APPLICATION, Listener, LoadBalancer, Rule, forwarded
from lab.embedded_aws.truth.elbv2.tags import read_tags
from lab.embedded_aws.truth.elbv2.targets import begin_checks

MOST_RULES = 100
PRIORITIES = (1, 50000)


@action
def create_rule(response: Response) -> t.Any:
    backend, given = response.elbv2_backend, params(response)
    one = listener(backend, given["ListenerArn"])
    if one.balancer.type != APPLICATION:
        not_modelled("rules of network load balancers")
    _without_transforms(given)
    within(given, "Priority", *PRIORITIES)
    priority = int(given["Priority"])
    conditions = read_conditions(given["Conditions"])
    actions = read_actions(backend, one.balancer, one.protocol, one.port, given["Actions"])
    _check_priority(one, priority)
    if _count(one.balancer) >= MOST_RULES:
        refuse("TooManyRules", "The maximum number of rules has been reached on this load balancer")
    arn = f"{one.arn.replace(':listener/', ':listener-rule/')}/{hexadecimal()}"
    new = _unused(backend, actions)
    one.rules[arn] = Rule(arn, one, priority, conditions, actions, read_tags(given))
    begin_checks(backend, new)
    return answer(Rules=[views.rule(one.rules[arn])])


def _unused(backend: Backend, actions: list[Params]) -> list[str]:
    """Target groups that nobody led to so far."""
    return [arn for arn in forwarded(actions) if not users_of_group(backend, arn)]


def _check_priority(one: Listener, priority: int) -> None:
    if any(other.priority == priority for other in one.rules.values()):
        refuse("PriorityInUse", f"Priority '{priority}' is currently in use")


def _count(balancer: LoadBalancer) -> int:
    return sum(1 for one in balancer.listeners.values() for each in one.rules.values() if each.priority is not None)


def _without_transforms(given: Params) -> None:
    if given.get("Transforms"):
        not_modelled("transforms of requests")


@action
def describe_rules(response: Response) -> t.Any:
    backend, given = response.elbv2_backend, params(response)
    arns, of = given.get("RuleArns") or [], given.get("ListenerArn")
    if bool(arns) == bool(of):
        invalid("You must specify either listener rule ARNs or a listener ARN")
    found = listener(backend, of).in_order() if of else [rule(backend, arn) for arn in dict.fromkeys(arns)]
    return paged(given, "Rules", found, views.rule)


@action
def modify_rule(response: Response) -> t.Any:
    backend, given = response.elbv2_backend, params(response)
    one = rule(backend, given["RuleArn"])
    if one.priority is None:
        refuse("OperationNotPermitted", f"Default rule '{one.arn}' cannot be modified")
    _without_transforms(given)
    if not (given.get("Conditions") or given.get("Actions") or given.get("ResetTransforms")):
        invalid("Either conditions or actions must be specified")
    of = one.listener
    conditions = read_conditions(given["Conditions"]) if given.get("Conditions") else one.conditions
    actions = one.actions
    if given.get("Actions"):
        actions = read_actions(backend, of.balancer, of.protocol, of.port, given["Actions"])
    new = _unused(backend, actions)
    one.conditions, one.actions = conditions, actions
    begin_checks(backend, new)
    return answer(Rules=[views.rule(one)])


@action
def set_rule_priorities(response: Response) -> t.Any:
    backend, given = response.elbv2_backend, params(response)
    wanted = {rule(backend, one["RuleArn"]).arn: one for one in given["RulePriorities"]}
    chosen = [rule(backend, arn) for arn in wanted]
    if len({one.listener.arn for one in chosen}) != 1:
        invalid("All rules must belong to the same listener")
    for one in wanted.values():
        within(one, "Priority", *PRIORITIES)
    numbers = [int(one["Priority"]) for one in wanted.values()]
    if len(set(numbers)) < len(numbers):
        invalid("A priority was provided multiple times")
    for one in chosen:
        if one.priority is None:
            refuse("OperationNotPermitted", f"Default rule '{one.arn}' cannot be modified")
    taken = {one.priority for one in chosen[0].listener.rules.values() if one.arn not in wanted}
    for number in numbers:
        if number in taken:
            refuse("PriorityInUse", f"Priority '{number}' is currently in use")
    for one, number in zip(chosen, numbers, strict=True):
        one.priority = number
    return answer(Rules=[views.rule(one) for one in chosen])


@action
def delete_rule(response: Response) -> t.Any:
    one = rule(response.elbv2_backend, params(response)["RuleArn"])
    if one.priority is None:
        refuse("OperationNotPermitted", f"Default rule '{one.arn}' cannot be deleted")
    del one.listener.rules[one.arn]
    return done()
