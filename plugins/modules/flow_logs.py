#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: flow_logs
version_added: 0.1.0
short_description: Record who talks to whom in a VPC
description:
  - Makes the flow logs that a stack owns be exactly those listed. AWS lets nothing of one be changed, so one that
    differs is replaced; what it wrote stays.
author: Cloister contributors (@cloister)
options:
  flow_logs:
    description: The flow logs, all of them.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Logical name, unique in the region.
        type: str
        required: true
      vpc:
        description: Name of the VPC that is watched.
        type: str
        required: true
      traffic:
        description: Which traffic is recorded.
        type: str
        choices: [accept, reject, all]
        default: reject
      interval_seconds:
        description: How long what belongs together is gathered before it is written.
        type: int
        choices: [60, 600]
        default: 600
      log_group:
        description: Name of the log group to write to.
        type: str
      role:
        description: Name of the IAM role that may write to it.
        type: str
      destination_arn:
        description: Bucket, with or without a folder, to write to instead of a log group.
        type: str
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - cloister.aws.purge
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure refused traffic is on record
  cloister.aws.flow_logs:
    region_name: us
    stack: network
    flow_logs:
      - name: main
        vpc: main
        log_group: flow-logs/main
        role: flow-logs
"""

RETURN = r"""
ids:
  description: Flow log ids by name.
  type: dict
  returned: success
  sample: {main: fl-0a1b2c3d4e5f60718}
members:
  description: What became of each flow log (C(create), C(change), C(keep), C(remove)), with the fields that changed.
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._network_arguments import FLOW_LOGS
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.flow_log import FlowLog, want

SPEC = {
    "flow_logs": FLOW_LOGS,
    "purge": {"type": "bool", "default": True},
}


def main() -> None:
    """Read arguments, reconcile, report."""
    module = RegionModule(SPEC)
    module.reconcile(
        FlowLog, lambda: [want(log, module.names) for log in module.params["flow_logs"]], purge=module.params["purge"]
    )


if __name__ == "__main__":
    main()
