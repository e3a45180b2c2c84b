#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: databases_settled
version_added: 0.1.0
short_description: Wait for the databases of a stack, and remove those of no list
description:
  - Waits until each instance that M(cloister.aws.databases) started serves. One that is stopped is not started.
  - Then removes instances and groups that are no longer listed. An instance leaves a last snapshot; one that carries
    C(cloister:keep=true), as those with deletion protection do, stays.
author: Cloister contributors (@cloister)
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - cloister.aws.databases
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure the database serves
  cloister.aws.databases_settled:
    region_name: kr
    stack: database
    databases:
      - name: main
        engine: mysql
        engine_version: "8.0"
        instance_class: db.t3.micro
        storage: {gib: 20, max_gib: 100}
        database: prod_db
        username: prod
        subnets: [private-a, private-b]
        security_groups: [database]
        parameters: {require_secure_transport: "ON"}
"""

RETURN = r"""
ids:
  description: ARNs by name.
  type: dict
  returned: success
  sample: {main: "arn:aws-cn:rds:cn-north-1:111122223333:db:kr-main"}
members:
  description: >-
    What became of each instance (C(keep)), with where it is reached, and what was removed (C(remove)).
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._databases import Databases
from ansible_collections.cloister.aws.plugins.module_utils._db_arguments import DATABASES
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.db_instance import DbInstance
from ansible_collections.cloister.aws.plugins.module_utils.kinds.db_parameter_group import DbParameterGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.db_subnet_group import DbSubnetGroup

SPEC = {"databases": DATABASES}


def main() -> None:
    """Read arguments, join, report."""
    module = RegionModule(SPEC)
    kinds = (module.kind(DbInstance), module.kind(DbSubnetGroup), module.kind(DbParameterGroup))
    try:
        outcome = Databases(*kinds, module.names, module.check).join(module.params["databases"])
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    module.finish(outcome)


if __name__ == "__main__":
    main()
