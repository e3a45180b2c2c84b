# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What exists: load balancers with their listeners and rules, target groups with their targets.

moto's backend holds them in `load_balancers` and `target_groups`, by ARN, where its own classes would be. Members that
are written like AWS's own (`conditions`, `actions`, `health_check`, attributes) have the shapes of AWS's answers.
"""

from __future__ import annotations

import dataclasses
import datetime
import itertools
import typing as t

APPLICATION, NETWORK = "application", "network"


_registrations = itertools.count(1)


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def forwarded(actions: list[dict[str, t.Any]]) -> list[str]:
    """ARNs of the target groups that actions forward to."""
    return [
        group["TargetGroupArn"]
        for action in actions
        for group in (action.get("ForwardConfig") or {}).get("TargetGroups", [])
    ]


@dataclasses.dataclass(eq=False)
class Zone:
    """Where a load balancer stands in one Availability Zone: its subnet and the interface it has there."""

    name: str
    subnet_id: str
    interface_id: str = ""
    private_address: str = ""
    public_address: str | None = None
    allocation_id: str | None = None
    asked_address: str | None = None
    """A private address that the request named."""


@dataclasses.dataclass(eq=False)
class Rule:
    """A rule of a listener; priority None makes it the default one."""

    arn: str
    listener: Listener
    priority: int | None
    conditions: list[dict[str, t.Any]]
    actions: list[dict[str, t.Any]]
    tags: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def leads_to(self) -> list[str]:
        """ARNs of the target groups its actions forward to."""
        return forwarded(self.actions)


@dataclasses.dataclass(eq=False)
class Listener:
    """A listener; `certificate` is its default one, `more_certificates` are those for other names."""

    arn: str
    balancer: LoadBalancer
    protocol: str
    port: int
    certificate: str | None = None
    more_certificates: list[str] = dataclasses.field(default_factory=list)
    ssl_policy: str | None = None
    alpn_policy: list[str] = dataclasses.field(default_factory=list)
    mutual_authentication: dict[str, t.Any] | None = None
    attributes: dict[str, str] = dataclasses.field(default_factory=dict)
    rules: dict[str, Rule] = dataclasses.field(default_factory=dict)
    """By ARN, the default one among them."""
    tags: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def default(self) -> Rule:
        return next(rule for rule in self.rules.values() if rule.priority is None)

    def in_order(self) -> list[Rule]:
        """Rules as they are tried: by priority, the default one last."""
        return sorted(self.rules.values(), key=lambda rule: (rule.priority is None, rule.priority or 0))


@dataclasses.dataclass(eq=False)
class LoadBalancer:
    name: str
    arn: str
    type: str
    scheme: str
    vpc_id: str
    dns_name: str
    canonical_hosted_zone_id: str
    ip_address_type: str
    security_groups: list[str]
    zones: list[Zone]
    attributes: dict[str, str]
    private_link_rules: str | None = None
    """EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic: on, off, or None for AWS's default."""
    state: str = "provisioning"
    created_time: datetime.datetime = dataclasses.field(default_factory=now)
    listeners: dict[str, Listener] = dataclasses.field(default_factory=dict)
    tags: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def full_name(self) -> str:
        """What follows loadbalancer/ in the ARN, such as app/web/0123456789abcdef."""
        return self.arn.partition(":loadbalancer/")[2]


@dataclasses.dataclass(eq=False)
class Target:
    """A registered target; `ready_at` is when its first health checks are done, `gone_at` when its draining is.

    `registration` is another number each time that it is registered.
    """

    id: str
    port: int | None
    zone: str | None
    ready_at: float
    gone_at: float | None = None
    registration: int = dataclasses.field(default_factory=lambda: next(_registrations))


@dataclasses.dataclass(eq=False)
class TargetGroup:
    name: str
    arn: str
    target_type: str
    protocol: str | None
    protocol_version: str | None
    port: int | None
    vpc_id: str | None
    ip_address_type: str | None
    health_check: dict[str, t.Any]
    attributes: dict[str, str]
    backend: t.Any
    """moto's backend that holds it."""
    targets: dict[tuple[str, int | None], Target] = dataclasses.field(default_factory=dict)
    """By id and port, those that drain among them."""
    tags: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def load_balancer_arns(self) -> list[str]:
        """Load balancers with a rule that leads here."""
        rules = (
            rule
            for balancer in self.backend.load_balancers.values()
            for listener in balancer.listeners.values()
            for rule in listener.rules.values()
        )
        return list(dict.fromkeys(rule.listener.balancer.arn for rule in rules if self.arn in rule.leads_to))
