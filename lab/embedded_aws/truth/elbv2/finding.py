# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Looking things up, by ARN and by who uses whom, with AWS's not-found errors."""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.elbv2.base import Backend, invalid, refuse
from lab.embedded_aws.truth.elbv2.state import Listener, LoadBalancer, Rule, TargetGroup


def load_balancers(backend: Backend) -> list[LoadBalancer]:
    return list(backend.load_balancers.values())


def listeners(backend: Backend) -> list[Listener]:
    return [listener for balancer in load_balancers(backend) for listener in balancer.listeners.values()]


def rules(backend: Backend) -> list[Rule]:
    return [rule for listener in listeners(backend) for rule in listener.in_order()]


def load_balancer(backend: Backend, arn: str) -> LoadBalancer:
    if ":loadbalancer/" not in arn:
        invalid(f"'{arn}' is not a valid load balancer ARN")
    found = backend.load_balancers.get(arn)
    if found is None:
        refuse("LoadBalancerNotFound", f"Load balancer '{arn}' not found")
    return t.cast("LoadBalancer", found)


def target_group(backend: Backend, arn: str) -> TargetGroup:
    if ":targetgroup/" not in arn:
        invalid(f"'{arn}' is not a valid target group ARN")
    found = backend.target_groups.get(arn)
    if found is None:
        # moto's Auto Scaling catches this class.
        from moto.elbv2.exceptions import TargetGroupNotFoundError

        raise TargetGroupNotFoundError
    return t.cast("TargetGroup", found)


def listener(backend: Backend, arn: str) -> Listener:
    if ":listener/" not in arn:
        invalid(f"'{arn}' is not a valid listener ARN")
    for one in listeners(backend):
        if one.arn == arn:
            return one
    refuse("ListenerNotFound", "One or more listeners not found")


def rule(backend: Backend, arn: str) -> Rule:
    if ":listener-rule/" not in arn:
        invalid(f"'{arn}' is not a valid listener rule ARN")
    for one in rules(backend):
        if one.arn == arn:
            return one
    refuse("RuleNotFound", "One or more rules not found")


def anything(backend: Backend, arn: str) -> t.Any:
    """What a tagged ARN names."""
    for part, find in (
        (":loadbalancer/", load_balancer),
        (":targetgroup/", target_group),
        (":listener/", listener),
        (":listener-rule/", rule),
    ):
        if part in arn:
            return find(backend, arn)
    invalid(f"'{arn}' is not a valid resource ARN")


def users_of_group(backend: Backend, arn: str) -> list[Rule]:
    """The rules that lead to a target group."""
    return [one for one in rules(backend) if arn in one.leads_to]
