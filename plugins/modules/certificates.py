#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: certificates
version_added: 0.1.0
short_description: Give names their certificates
description:
  - Makes the certificates in ACM that a stack owns be exactly those listed, and the private CAs that sign some of them.
  - Where AWS signs, it is only asked here; M(cloister.aws.certificate_proofs) writes the proof and waits.
  - What a private CA signed is signed anew, with a new key, when it comes to its end or its domains change. It is
    imported under the same ARN, so that listeners keep what they point at. Keys of certificates are never stored.
author: Cloister contributors (@cloister)
options:
  private_cas:
    description:
      - CAs of our own, all of them. The key of one lies in the SSM parameter C(/cloister/<region_name>/ca/<name>/key),
        encrypted, its certificate in C(.../certificate), plain, for whoever shall trust it.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Logical name.
        type: str
        required: true
      common_name:
        description: What its certificate calls it.
        type: str
        required: true
      key_algorithm:
        description: Kind of its key.
        type: str
        choices: [EC_prime256v1, EC_secp384r1]
        default: EC_secp384r1
      valid_days:
        description: For how long it can sign, from when it is made. A living one is not changed by it.
        type: int
        default: 3650
      permitted_domains:
        description: Domains under which alone it may vouch for names. Without any it may vouch for all names.
        type: list
        elements: str
        default: []
      keep:
        description: Whether it stays when it is no longer listed.
        type: bool
        default: true
  certificates:
    description: The certificates, all of them.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Logical name, unique in the region.
        type: str
        required: true
      source:
        description: Who signs it. V(acm) is AWS, V(private_ca) one of O(private_cas), V(imported) somebody else.
        type: str
        choices: [acm, private_ca, imported]
        required: true
      domains:
        description: Names that it is for, the first its common name. An imported one says them itself.
        type: list
        elements: str
        default: []
      zone:
        description: Where the proof goes that M(cloister.aws.certificate_proofs) writes; nothing is done with it here.
        type: str
      key_algorithm:
        description: Kind of its key. V(RSA_2048) is for V(acm) only, and what it takes when nothing is said.
        type: str
        choices: [RSA_2048, EC_prime256v1, EC_secp384r1]
      ca:
        description: The CA that signs it.
        type: str
      valid_days:
        description: How long what our CA signs is valid.
        type: int
        default: 90
      renew_before_days:
        description: How many days before its end what our CA signed is signed anew, and an imported one is warned of.
        type: int
        default: 30
      certificate:
        description: An imported certificate, PEM.
        type: str
      private_key:
        description: Its key, PEM, without a passphrase.
        type: str
      chain:
        description: The certificates that lead from it to its root, PEM, each followed by the one that signed it.
        type: str
        default: ""
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure the region's names have certificates
  cloister.aws.certificates:
    region_name: us
    stack: certificates
    private_cas:
      - {name: inner, common_name: Example inner names, permitted_domains: [prod.infer.example.internal]}
    certificates:
      - {name: public, source: acm, domains: [us.infer.example.com]}
      - {name: inner, source: private_ca, ca: inner, domains: ["*.prod.infer.example.internal"]}
"""

RETURN = r"""
ids:
  description: ARNs of certificates, and paths of the parameters of CAs, by name.
  type: dict
  returned: success
  sample: {public: "arn:aws-cn:acm:cn-north-1:123456789012:certificate/0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f"}
members:
  description:
    - What became of each (C(create), C(change), C(keep), C(remove)), with the fields that changed; none is a secret.
      A certificate shows its C(domains), when it C(expires) and in how many C(days).
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._certificates import Desk
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule

CA = {
    "name": {"type": "str", "required": True},
    "common_name": {"type": "str", "required": True},
    "key_algorithm": {
        "type": "str",
        "choices": ["EC_prime256v1", "EC_secp384r1"],
        "default": "EC_secp384r1",
        "no_log": False,
    },
    "valid_days": {"type": "int", "default": 3650},
    "permitted_domains": {"type": "list", "elements": "str", "default": []},
    "keep": {"type": "bool", "default": True},
}
CERTIFICATE = {
    "name": {"type": "str", "required": True},
    "source": {"type": "str", "choices": ["acm", "private_ca", "imported"], "required": True},
    "domains": {"type": "list", "elements": "str", "default": []},
    "zone": {"type": "str"},
    "key_algorithm": {"type": "str", "choices": ["RSA_2048", "EC_prime256v1", "EC_secp384r1"], "no_log": False},
    "ca": {"type": "str"},
    "valid_days": {"type": "int", "default": 90},
    "renew_before_days": {"type": "int", "default": 30},
    "certificate": {"type": "str"},
    "private_key": {"type": "str", "no_log": True},
    "chain": {"type": "str", "default": ""},
}
SPEC = {
    "private_cas": {"type": "list", "elements": "dict", "default": [], "options": CA},
    "certificates": {"type": "list", "elements": "dict", "required": True, "options": CERTIFICATE},
}


def main() -> None:
    """Read arguments, bring CAs about, then certificates, warn of what ends, report."""
    module = RegionModule(SPEC)
    p = module.params
    try:
        done = Desk(module.aws, module.owner, p["private_cas"], p["certificates"]).bring_about(module.check)
    except RegionError as exc:
        module.ansible.fail_json(msg=str(exc))
    for text in done.warnings:
        module.warn(text)
    module.finish(done.outcome)


if __name__ == "__main__":
    main()
