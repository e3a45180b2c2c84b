#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: network_leftovers
version_added: 0.1.0
short_description: Remove what a network no longer lists
description:
  - Removes VPCs, subnets, gateways, route tables, peerings, flow logs and what belongs to them that the stack owns and
    its lists no longer name, in the order in which AWS lets go, which is the other way round from that in which they
    are made.
  - What carries C(cloister:keep=true), such as Elastic IPs, stays.
author: Cloister contributors (@cloister)
options:
  vpcs:
    description: Names of VPCs that stay.
    type: list
    elements: str
    default: []
  vpc_ranges:
    description: Secondary ranges that stay, as VPC and range, such as C(main 10.1.0.0/16).
    type: list
    elements: str
    default: []
  subnets:
    description: Names of subnets that stay.
    type: list
    elements: str
    default: []
  internet_gateways:
    description: Names of internet gateways that stay.
    type: list
    elements: str
    default: []
  elastic_ips:
    description: Names of Elastic IPs that stay.
    type: list
    elements: str
    default: []
  nat_gateways:
    description: Names of NAT gateways that stay.
    type: list
    elements: str
    default: []
  route_tables:
    description: Names of route tables that stay.
    type: list
    elements: str
    default: []
  vpc_peerings:
    description: Names of VPC peerings that stay.
    type: list
    elements: str
    default: []
  flow_logs:
    description: Names of flow logs that stay.
    type: list
    elements: str
    default: []
  log_groups:
    description: Names of log groups that stay.
    type: list
    elements: str
    default: []
  iam_roles:
    description: Names of IAM roles that stay.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure only one VPC and its subnets are left
  cloister.aws.network_leftovers:
    region_name: us
    stack: network
    vpcs: [main]
    subnets: [private-a, private-b]
"""

RETURN = r"""
ids:
  description: Always empty; the names that stay are not read.
  type: dict
  returned: success
  sample: {}
members:
  description: What was removed, or in check mode would be.
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils._removal import remove_unlisted
from ansible_collections.cloister.aws.plugins.module_utils.kinds.elastic_ip import ElasticIp
from ansible_collections.cloister.aws.plugins.module_utils.kinds.flow_log import FlowLog
from ansible_collections.cloister.aws.plugins.module_utils.kinds.iam_role import IamRole
from ansible_collections.cloister.aws.plugins.module_utils.kinds.internet_gateway import InternetGateway
from ansible_collections.cloister.aws.plugins.module_utils.kinds.log_group import LogGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.nat_gateway import NatGateway
from ansible_collections.cloister.aws.plugins.module_utils.kinds.route_table import RouteTable
from ansible_collections.cloister.aws.plugins.module_utils.kinds.subnet import Subnet
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc import Vpc
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc_peering import VpcPeering
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc_range import VpcRange

KINDS = {
    "vpcs": Vpc,
    "vpc_ranges": VpcRange,
    "subnets": Subnet,
    "internet_gateways": InternetGateway,
    "elastic_ips": ElasticIp,
    "nat_gateways": NatGateway,
    "route_tables": RouteTable,
    "vpc_peerings": VpcPeering,
    "flow_logs": FlowLog,
    "log_groups": LogGroup,
    "iam_roles": IamRole,
}


def main() -> None:
    """Read arguments, reconcile, report."""
    module = RegionModule({name: {"type": "list", "elements": "str", "default": []} for name in KINDS})
    listed = {kind.noun: module.params[name] for name, kind in KINDS.items()}
    try:
        outcome = remove_unlisted([module.kind(kind) for kind in KINDS.values()], listed, module.check)
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    module.finish(outcome)


if __name__ == "__main__":
    main()
