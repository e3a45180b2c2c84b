#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: server_certificates
version_added: 0.1.0
short_description: Give a machine the certificates that it shows
description:
  - Hands out certificates with their keys, for machines that end TLS themselves. They are brought, lie in Secrets
    Manager, or are signed by a private CA of the region's own that M(cloister.aws.certificates) made.
  - Each is judged first. One that has ended, that is for other names or whose key is another's is an error.
  - Runs on the controller and not on the machine, which needs no right to any secret. What a private CA signed stays
    until it comes to its end or its names change.
  - It writes nothing, to AWS or to disk. What it returns holds keys, so its task needs C(no_log).
author: Cloister contributors (@cloister)
options:
  region_name:
    description: Name of the region, whose private CAs sign.
    type: str
    default: ""
  certificates:
    description: The certificates.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Logical name.
        type: str
        required: true
      source:
        description: V(imported) brings it along, V(secret) has it in Secrets Manager, V(private_ca) has it signed.
        type: str
        choices: [imported, secret, private_ca]
        required: true
      domains:
        description: Names that it must be for, and that a private CA signs it for.
        type: list
        elements: str
        required: true
      certificate:
        description: The certificate, PEM.
        type: str
      private_key:
        description: Its key, PEM, without a passphrase.
        type: str
      chain:
        description: The certificates that lead from it to its root, PEM, each followed by the one that signed it.
        type: str
        default: ""
      secret:
        description: Name or ARN of a secret that is JSON with C(certificate), C(private_key) and C(chain).
        type: str
      ca:
        description: Name of the private CA.
        type: str
      valid_days:
        description: How long what a private CA signs is valid.
        type: int
        default: 90
      renew_before_days:
        description: How many days before its end it is signed anew.
        type: int
        default: 30
  present:
    description: Certificates that the machine has, PEM, by the name of their file. Those of a private CA may stay.
    type: dict
    default: {}
  trusts:
    description: What the machine believes when it asks others, beside what its system does.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Logical name.
        type: str
        required: true
      cas:
        description: Names of private CAs of the region.
        type: list
        elements: str
        required: true
  warn_days:
    description: How many days before its end a certificate is warned of.
    type: int
    default: 30
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure the node's certificate is signed
  cloister.aws.server_certificates:
    region_name: us
    certificates:
      - {name: infer, source: private_ca, ca: inner, domains: [infer.prod.infer.example.internal]}
  delegate_to: localhost
  become: false
  no_log: true
  register: node_certificates
"""

RETURN = r"""
certificates:
  description: The certificates, in the order they were asked for.
  type: list
  elements: dict
  returned: success
  contains:
    name:
      description: Its logical name.
      type: str
    file:
      description: What its files are called, without a suffix. Another certificate has another one.
      type: str
    certificate:
      description: The certificate and its chain, PEM.
      type: str
    key_in:
      description:
        - Where its key is. V(result) is here, V(inventory) is what was given, V(machine) is where O(present) lay.
      type: str
    private_key:
      description: Its key, PEM, where RV(certificates[].key_in) is V(result).
      type: str
    days_left:
      description: For how many days it is valid.
      type: int
trusts:
  description: What the machine believes, in the order it was asked for.
  type: list
  elements: dict
  returned: success
  contains:
    name:
      description: Its logical name.
      type: str
    file:
      description: What its file is called, without a suffix. Other CAs have another one.
      type: str
    certificates:
      description: The certificates of the CAs, PEM.
      type: str
"""

from dataclasses import asdict
from datetime import UTC, datetime

from ansible.module_utils.common.warnings import warn
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._region_module import connection
from ansible_collections.cloister.aws.plugins.module_utils._server_certificates import Safe

CERTIFICATE = {
    "name": {"type": "str", "required": True},
    "source": {"type": "str", "choices": ["imported", "secret", "private_ca"], "required": True},
    "domains": {"type": "list", "elements": "str", "required": True},
    "certificate": {"type": "str"},
    "private_key": {"type": "str", "no_log": True},
    "chain": {"type": "str", "default": ""},
    "secret": {"type": "str", "no_log": False},
    "ca": {"type": "str"},
    "valid_days": {"type": "int", "default": 90},
    "renew_before_days": {"type": "int", "default": 30},
}
SPEC = {
    "region_name": {"type": "str", "default": ""},
    "certificates": {"type": "list", "elements": "dict", "required": True, "options": CERTIFICATE},
    "present": {"type": "dict", "default": {}},
    "trusts": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "cas": {"type": "list", "elements": "str", "required": True},
        },
    },
    "warn_days": {"type": "int", "default": 30},
}


def main() -> None:
    """Read arguments, get and judge each certificate, warn of those that end, report."""
    module = AnsibleAWSModule(argument_spec=SPEC, supports_check_mode=True)
    p = module.params
    safe = Safe(Aws(connection(module)), p["region_name"], p["present"], datetime.now(UTC))
    try:
        held = [safe.get(entry) for entry in p["certificates"]]
        trusts = [safe.trust(entry) for entry in p["trusts"]]
    except RegionError as exc:
        module.fail_json(msg=str(exc))
    for one in held:
        if one.days_left <= p["warn_days"]:
            warn(f"certificate {one.name} ends in {one.days_left} days; give the proxy another one before")
    told = {"certificates": held, "trusts": trusts}
    module.exit_json(changed=False, **{key: [{**asdict(one), "file": one.file} for one in told[key]] for key in told})


if __name__ == "__main__":
    main()
