# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: region_spec
version_added: 0.1.0
short_description: Refuse an inventory that cannot become a region
description:
  - Reads the variables of all stacks of the inventory, also of those that C(--limit) leaves out, and holds them against
    the roles' argument specifications and against the rules between variables. Address ranges must not overlap, names
    must be there, zones must belong to the region.
  - Fails with all problems at once. Each has the variable's path, its file and line, what is wrong and what would be
    right.
  - Runs on the controller and asks nothing of AWS.
author: Cloister contributors (@cloister)
options:
  group:
    description: The inventory group whose hosts are stacks.
    type: str
    default: stacks
attributes:
  action:
    description: Its work is done on the controller.
    support: full
  check_mode:
    description: It never changes anything.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
"""

EXAMPLES = r"""
- name: Ensure the inventory describes a region that can be
  cloister.aws.region_spec:
  run_once: true
"""

RETURN = r"""
stacks:
  description: The stacks that were looked at.
  type: list
  elements: str
  returned: success
  sample: [network, identity]
needs:
  description: What the region asks of AWS, for M(cloister.aws.region_preflight).
  type: dict
  returned: success
  sample:
    zones: [us-west-2a, us-west-2b]
    vpcs: 1
    nat_gateways_by_zone: {us-west-2a: 1}
    elastic_ips: 1
    security_groups: 4
    rules_per_security_group: 3
vpc_ranges:
  description: All ranges of each VPC by its name, as the inventory has them.
  type: dict
  returned: success
  sample: {main: [10.0.0.0/16]}
node_roles:
  description: The roles of the region's machines that playbooks/configure_nodes.yml configures.
  type: list
  elements: str
  returned: success
  sample: [operator, vllm]
node_kits:
  description: The roles of this collection that nodes get, by their own role, as playbooks/configure_nodes.yml says.
  type: dict
  returned: success
  sample: {operator: [node_base, operator_tools]}
"""
