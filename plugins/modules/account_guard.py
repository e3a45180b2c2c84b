#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: account_guard
version_added: 0.1.0
short_description: Refuse to work in an account that a region is not meant for
description:
  - Asks STS once who the credentials belong to, and fails unless their account is allowed.
  - It comes before anything else is asked of AWS, so a wrong account sees one read and no write.
author: Cloister contributors (@cloister)
options:
  allowed_account_ids:
    description: The accounts that the region may be built in, 12 digits each.
    type: list
    elements: str
    required: true
  partition:
    description: The partition that the credentials must belong to; not looked at when left out.
    type: str
    choices: [aws, aws-cn, aws-us-gov]
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
attributes:
  check_mode:
    description: It never changes anything.
    support: full
  diff_mode:
    description: There is nothing to compare.
    support: none
requirements:
  - boto3 >= 1.35.0
  - botocore >= 1.35.0
"""

EXAMPLES = r"""
- name: Ensure the credentials are those of an allowed account
  cloister.aws.account_guard:
    allowed_account_ids: ["111122223333"]
    region: us-west-2
"""

RETURN = r"""
account:
  description: The account of the credentials.
  type: str
  returned: always, unless AWS does not know the credentials
  sample: "111122223333"
arn:
  description: Who they are.
  type: str
  returned: always, unless AWS does not know the credentials
  sample: arn:{partition}:sts::111122223333:assumed-role/operator/jane
"""

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.cloister.aws.plugins.module_utils._account import caller, guard
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._region_module import connection

ARGUMENTS = {
    "allowed_account_ids": {"type": "list", "elements": "str", "required": True},
    "partition": {"type": "str", "choices": ["aws", "aws-cn", "aws-us-gov"]},
}


def main() -> None:
    """Ask who we are, refuse a stranger, report."""
    module = AnsibleAWSModule(argument_spec=ARGUMENTS, supports_check_mode=True)
    try:
        found = caller(Aws(connection(module)))
    except RegionError as exc:
        module.fail_json(msg=str(exc))
    who = {"account": found.account, "arn": found.arn}
    try:
        guard(found, module.params["allowed_account_ids"], module.params["partition"])
    except InputError as exc:
        module.fail_json(msg=str(exc), **who)
    module.exit_json(changed=False, **who)


if __name__ == "__main__":
    main()
