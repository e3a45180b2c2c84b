# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an account has of load balancing without making it: security policies and quotas.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeSSLPolicies.html and
https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeAccountLimits.html
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.limits import current as limits
from lab.embedded_aws.truth.elbv2.base import Response, action, answer, not_modelled, paged, params, refuse
from lab.embedded_aws.truth.elbv2.finding import load_balancer

QUOTAS = {
    "application-load-balancers": 50, "network-load-balancers": 50, "target-groups": 3000,
    "listeners-per-application-load-balancer": 50, "listeners-per-network-load-balancer": 50,
    "rules-per-application-load-balancer": 100, "target-groups-per-application-load-balancer": 100,
    "target-groups-per-action-on-application-load-balancer": 5, "targets-per-application-load-balancer": 1000,
    "targets-per-network-load-balancer": 3000, "targets-per-availability-zone-per-network-load-balancer": 500,
    "certificates-per-application-load-balancer": 25, "certificates-per-network-load-balancer": 25,
    "condition-values-per-alb-rule": 5, "condition-wildcards-per-alb-rule": 6,
}  # fmt: skip
SET_BY = {
    "application-load-balancers": "load_balancers", "network-load-balancers": "load_balancers",
    "target-groups": "target_groups", "listeners-per-application-load-balancer": "listeners_per_load_balancer",
    "listeners-per-network-load-balancer": "listeners_per_load_balancer",
}  # fmt: skip


@action
def describe_ssl_policies(response: Response) -> t.Any:
    from moto.elbv2.ssl_policies import SSL_POLICIES, build_policy

    given = params(response)
    names = given.get("Names") or list(SSL_POLICIES)
    for name in names:
        if name not in SSL_POLICIES:
            refuse("SSLPolicyNotFound", f"SSL policy '{name}' not found")

    def view(name: str) -> dict[str, t.Any]:
        shown: dict[str, t.Any] = build_policy(name, SSL_POLICIES[name])
        return {**shown, "SupportedLoadBalancerTypes": ["application", "network"]}

    return paged(given, "SslPolicies", list(names), view)


@action
def describe_account_limits(response: Response) -> t.Any:
    """AWS's defaults, but for those that limits() has set."""
    known = {name: limits.most.get(SET_BY.get(name, ""), value) for name, value in QUOTAS.items()}
    return answer(Limits=[{"Name": name, "Max": str(value)} for name, value in known.items()])


@action
def describe_capacity_reservation(response: Response) -> t.Any:
    """None: that capacity is reserved (ModifyCapacityReservation) is not modelled."""
    load_balancer(response.elbv2_backend, params(response)["LoadBalancerArn"])
    return answer(DecreaseRequestsRemaining=2, CapacityReservationState=[])


@action
def modify_capacity_reservation(_: Response) -> t.Any:
    not_modelled("capacity reservations of load balancers")
