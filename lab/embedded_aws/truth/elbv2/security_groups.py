# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The security groups of load balancers.

https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-security-groups.html: a network load
balancer made without groups can never have any, and one made with groups never loses the last.
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.ec2.security_groups import every
from lab.embedded_aws.truth.elbv2.base import Params, Response, action, answer, misconfigured, one_of, params, refuse
from lab.embedded_aws.truth.elbv2.finding import load_balancer
from lab.embedded_aws.truth.elbv2.placing import regroup
from lab.embedded_aws.truth.elbv2.state import APPLICATION, NETWORK

MOST = 5


def read_groups(ec2: t.Any, given: Params, kind: str, vpc_id: str) -> list[str]:
    """The groups asked for; the VPC's default one for an application load balancer that names none."""
    wanted = list(dict.fromkeys(given.get("SecurityGroups") or []))
    if not wanted:
        if kind == NETWORK:
            return []
        return [group.id for group in every(ec2) if group.vpc_id == vpc_id and group.is_default]
    check_groups(ec2, wanted, vpc_id)
    return wanted


def check_groups(ec2: t.Any, wanted: list[str], vpc_id: str) -> None:
    if len(wanted) > MOST:
        misconfigured("The maximum number of security groups per load balancer has been reached.")
    known = {group.id: group for group in every(ec2)}
    for one in wanted:
        if one not in known:
            refuse("InvalidSecurityGroup", f"The security group '{one}' does not exist")
        if known[one].vpc_id != vpc_id:
            misconfigured("One or more security groups are invalid")


@action
def set_security_groups(response: Response) -> t.Any:
    backend, given = response.elbv2_backend, params(response)
    balancer = load_balancer(backend, given["LoadBalancerArn"])
    key = "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"
    one_of(given, key, ("on", "off"))
    if balancer.type == NETWORK and not balancer.security_groups:
        misconfigured(
            "You cannot set security groups for a Network Load Balancer that was created without security groups"
        )
    if given.get(key) and balancer.type == APPLICATION:
        misconfigured(f"{key} is not supported for load balancers of type 'application'")
    wanted = list(dict.fromkeys(given.get("SecurityGroups") or []))
    if not wanted:
        misconfigured("A load balancer must have at least one security group")
    check_groups(backend.ec2_backend, wanted, balancer.vpc_id)
    balancer.security_groups = wanted
    balancer.private_link_rules = given.get(key) or balancer.private_link_rules
    regroup(backend.ec2_backend, balancer)
    return answer(SecurityGroupIds=wanted, **{key: balancer.private_link_rules})
