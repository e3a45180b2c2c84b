#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: iam_roles
version_added: 0.1.0
short_description: Keep the IAM roles and instance profiles of a region
description:
  - Makes the IAM roles that a stack owns be exactly those listed, each with exactly its policies, and so the instance
    profiles that hand roles to EC2 instances.
  - A role is called C(<region_name>-<name>) and lives under the path C(/cloister/<region_name>/<stack>/), and so is and
    does its instance profile.
  - Policies are compared by what they mean. One that allows every action on every resource is refused, and so is a
    managed policy that does not exist, before anything is changed.
author: Cloister contributors (@cloister)
options:
  roles:
    description: The roles, all of them.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Logical name, unique in the region.
        type: str
        required: true
      reason:
        description: What it is for; its description in AWS.
        type: str
        required: true
      trusted_services:
        description: AWS services that may take it, such as V(ec2) or V(ecs-tasks), or whole principals.
        type: list
        elements: str
        default: []
      trusted_arns:
        description: Roles, or accounts by number or ARN, that may take it.
        type: list
        elements: str
        default: []
      trust_conditions:
        description: Conditions under which these services and ARNs may take it, in IAM's form.
        type: dict
        default: {}
      trust_statements:
        description: Further trust statements, for what needs other actions or principals, such as an OIDC provider.
        type: list
        elements: dict
        default: []
        suboptions:
          sid:
            description: Name of the statement.
            type: str
          effect:
            description: What it does.
            type: str
            choices: [Allow, Deny]
            default: Allow
          principals:
            description: Who, a list for each type of principal, such as C(Federated).
            type: dict
            required: true
          actions:
            description: What they may do, such as V(sts:AssumeRoleWithWebIdentity).
            type: list
            elements: str
            required: true
          conditions:
            description: Under which conditions, in IAM's form.
            type: dict
            default: {}
      policies:
        description: Inline policies, all of them.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: Name of the policy.
            type: str
            required: true
          statements:
            description: What it says.
            type: list
            elements: dict
            required: true
            suboptions:
              sid:
                description: Name of the statement.
                type: str
              effect:
                description: What it does.
                type: str
                choices: [Allow, Deny]
                default: Allow
              actions:
                description: Actions, such as V(secretsmanager:GetSecretValue).
                type: list
                elements: str
                required: true
              resources:
                description: ARNs, or V(*) for actions that know none.
                type: list
                elements: str
                required: true
              conditions:
                description: Under which conditions, in IAM's form.
                type: dict
                default: {}
      managed_policies:
        description:
          - Managed policies, all of them. AWS's own are named with their path, such as
            V(service-role/AmazonECSTaskExecutionRolePolicy), all others by ARN.
        type: list
        elements: str
        default: []
      permissions_boundary:
        description: Managed policy that bounds it, named likewise; O(permissions_boundary) when not given.
        type: str
        default: ""
      session_seconds:
        description: How long one that takes it may keep it, from 3600 to 43200.
        type: int
        default: 3600
      instance_profile:
        description: Whether EC2 instances take it, through an instance profile of its name.
        type: bool
        default: false
  permissions_boundary:
    description: Managed policy that bounds every role which names none itself. Empty is none.
    type: str
    default: ""
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure the roles are there
  cloister.aws.iam_roles:
    region_name: us
    stack: identity
    roles:
      - name: node
        reason: Every instance, reached and patched through Systems Manager
        trusted_services: [ec2]
        managed_policies: [AmazonSSMManagedInstanceCore]
        instance_profile: true
      - name: guard-task
        reason: What guard may do while it runs
        trusted_services: [ecs-tasks]
        policies:
          - name: webhook-secret
            statements:
              - actions: [secretsmanager:GetSecretValue]
                resources: ["arn:{{ region_partition }}:secretsmanager:us-west-2:111122223333:secret:us/guard/*"]
"""

RETURN = r"""
ids:
  description: ARNs of the roles by logical name.
  type: dict
  returned: success
  sample: {node: "arn:<partition>:iam::111122223333:role/cloister/us/identity/us-node"}
profiles:
  description: Names of the instance profiles in AWS by logical name.
  type: dict
  returned: success
  sample: {node: us-node}
members:
  description:
    - What became of each role and instance profile (C(create), C(change), C(keep), C(remove)), with the fields that
      changed. C(shows) has the C(name) of a role in AWS and the C(arn) of a profile.
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._iam_arguments import ROLES
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.iam_role import IamRole, want
from ansible_collections.cloister.aws.plugins.module_utils.kinds.instance_profile import InstanceProfile
from ansible_collections.cloister.aws.plugins.module_utils.kinds.instance_profile import want as profile


def main() -> None:
    """Read arguments, reconcile roles, then instance profiles, report."""
    module = RegionModule(
        {
            "roles": ROLES,
            "permissions_boundary": {"type": "str", "default": ""},
        }
    )
    listed, owner = module.params["roles"], module.owner
    partition, boundary = module.aws.partition, module.params["permissions_boundary"]
    home = module.aws.region
    names = [role["name"] for role in listed if role["instance_profile"]]

    def profiles(check: bool) -> Outcome:
        return module.outcome(
            module.kind(InstanceProfile), lambda: [profile(name, owner, home) for name in names], check=check
        )

    planned = profiles(check=True)  # what is in the way of a profile is refused before a role is touched
    roles = module.outcome(
        module.kind(IamRole), lambda: [want(role, owner, partition, boundary, home) for role in listed]
    )
    made = planned if module.check or roles.errors or not planned.changed else profiles(check=False)
    both = Outcome(roles.members + (made.members if not roles.errors else []), roles.errors + made.errors)
    module.finish(both, ids=roles.ids, profiles=made.ids)


if __name__ == "__main__":
    main()
