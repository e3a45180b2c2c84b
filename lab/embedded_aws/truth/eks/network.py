# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a cluster holds in the account's network: its security group and the interfaces of its control plane.

https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html and .../network-reqs.html. EKS makes two to four
interfaces, each described `Amazon EKS <cluster>`; here they are two, in two zones. A new version's control plane comes
with new ones.
"""

from __future__ import annotations

import secrets
import typing as t

from moto.core.exceptions import ServiceException

from lab.embedded_aws.truth import happenings
from lab.embedded_aws.truth.ec2 import interfaces, tags
from lab.embedded_aws.truth.ec2.base import forget
from lab.embedded_aws.truth.ec2.kinds import find
from lab.embedded_aws.truth.ec2.rules import every_rule, read_rules
from lab.embedded_aws.truth.eks.base import ec2_of
from lab.embedded_aws.truth.eks.cluster import Cluster
from lab.embedded_aws.truth.eks.roles import CLUSTER

INTERFACES = 2
DESCRIPTION = (
    "EKS created security group applied to ENI that is attached to EKS Control Plane master nodes, as well as any "
    "managed workloads."
)


def settle(cluster: Cluster) -> None:
    """Make the cluster's group and interfaces; raises what EC2 refuses."""
    ec2 = ec2_of(cluster.backend)
    find(ec2, cluster.vpc)
    name = f"eks-cluster-sg-{cluster.name}-{secrets.randbelow(9 * 10**8) + 10**8}"
    group = ec2.create_security_group(name, DESCRIPTION, vpc_id=cluster.vpc, force=True)
    own = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group.id}]}]
    group.ingress_rules.extend(read_rules(ec2, group, own, egress=False))
    tags.put(ec2, group.id, {
        "Name": name, f"kubernetes.io/cluster/{cluster.name}": "owned", "aws:eks:cluster-name": cluster.name,
    })  # fmt: skip
    for one in (group, *group.ingress_rules, *group.egress_rules):
        one.made_by = cluster
    cluster.security_group = group.id
    cluster.interfaces = _placed(cluster)


def move(cluster: Cluster) -> None:
    """Make new interfaces where the cluster is to be, then take away those before; raises what EC2 refuses."""
    before = cluster.interfaces
    cluster.interfaces = _placed(cluster)
    _withdraw(cluster, before)


def _placed(cluster: Cluster) -> list[str]:
    ec2 = ec2_of(cluster.backend)
    by_zone: dict[str, t.Any] = {}
    for subnet_id in cluster.network["subnetIds"]:
        subnet = find(ec2, subnet_id)
        by_zone.setdefault(subnet.availability_zone, subnet)
    groups = [str(cluster.security_group), *cluster.network["securityGroupIds"]]
    made: list[t.Any] = []
    try:
        for subnet in list(by_zone.values())[:INTERFACES]:
            made.append(interfaces.place(ec2, subnet, "interface", f"Amazon EKS {cluster.name}", groups))
    except ServiceException:
        for eni in made:
            interfaces.remove(ec2, eni.id)
        raise
    for eni in made:
        eni.requester_id = f"AROA{secrets.token_hex(8).upper()}:AmazonEKS"
        happenings.tell(happenings.INTERFACE_MADE, ec2.account_id, ec2.region_name, eni, CLUSTER)
    return [eni.id for eni in made]


def is_public(ec2: t.Any, subnet: t.Any) -> bool:
    """Whether the subnet's route table, its own or the main one, has a route to an internet gateway."""
    tables = [one for one in ec2.route_tables.values() if one.vpc_id == subnet.vpc_id]
    own = [one for one in tables if subnet.id in one._associations.values()]
    table = next(iter(own or [one for one in tables if one.main_association_id]), None)
    return table is not None and any(str(one.gateway_id).startswith("igw-") for one in table.routes)


def _withdraw(cluster: Cluster, ids: list[str]) -> None:
    ec2 = ec2_of(cluster.backend)
    for one in ids:
        eni = ec2.enis.get(one)
        if eni is not None:
            interfaces.remove(ec2, one)
            happenings.tell(happenings.INTERFACE_GONE, ec2.account_id, ec2.region_name, eni, CLUSTER)


def leave(cluster: Cluster) -> None:
    """Take the interfaces away, and the group unless somebody else still uses it."""
    ec2 = ec2_of(cluster.backend)
    _withdraw(cluster, cluster.interfaces)
    cluster.interfaces = []
    group = ec2.groups.get(cluster.vpc, {}).get(cluster.security_group)
    if group is None or any(group in eni.group_set for eni in ec2.enis.values()) or _named_elsewhere(ec2, group.id):
        return
    ec2.groups[cluster.vpc].pop(group.id)
    for one in [group, *group.ingress_rules, *group.egress_rules]:
        forget(ec2, one.id)


def _named_elsewhere(ec2: t.Any, group_id: str) -> bool:
    return any(rule.source_group.get("GroupId") == group_id and rule.group_id != group_id for rule in every_rule(ec2))
