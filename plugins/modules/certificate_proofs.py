#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: certificate_proofs
version_added: 0.1.0
short_description: Prove to AWS that the domains of certificates are ours
description:
  - Writes the records by which ACM knows that a domain is ours into the zones named, and waits until the certificates
    are issued. The records stay, because ACM looks for them again at each renewal.
  - A proof that stands there already by somebody else's hand is left to them.
author: Cloister contributors (@cloister)
options:
  certificates:
    description: The certificates that M(cloister.aws.certificates) has asked of ACM, all of the stack's.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Logical name of the certificate.
        type: str
        required: true
      zone:
        description: Logical name of the public hosted zone that its domains lie in.
        type: str
        required: true
  wait_seconds:
    description: How long to wait until all are issued; 0 does not wait.
    type: int
    default: 900
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure AWS has signed what it was asked for
  cloister.aws.certificate_proofs:
    region_name: us
    stack: certificates
    certificates:
      - {name: public, zone: infer.example.com}
"""

RETURN = r"""
ids:
  description: Ids of the zones that hold proofs, and ARNs of the certificates, by name.
  type: dict
  returned: success
members:
  description:
    - What became of the stack's records in each zone; and the certificates, with when each C(expires).
  type: list
  elements: dict
  returned: always
"""

from ansible_collections.cloister.aws.plugins.module_utils._certificate_proofs import Proofs
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.certificate import Certificate
from ansible_collections.cloister.aws.plugins.module_utils.kinds.record import Records

CERTIFICATE = {"name": {"type": "str", "required": True}, "zone": {"type": "str", "required": True}}
SPEC = {
    "certificates": {"type": "list", "elements": "dict", "required": True, "options": CERTIFICATE},
    "wait_seconds": {"type": "int", "default": 900},
}


def main() -> None:
    """Read arguments, write proofs, wait, report."""
    module = RegionModule(SPEC)
    p = module.params
    kind = module.kind(Records)
    proofs = Proofs(module.aws, module.names, kind, p["certificates"], module.check)
    outcome = module.outcome(kind, proofs.wants, beside=False)
    if not module.check and not outcome.errors and p["wait_seconds"]:
        try:
            proofs.wait(p["wait_seconds"])
        except RegionError as exc:
            outcome.errors.append(exc)
    outcome.members += proofs.members(module.kind(Certificate))
    module.finish(outcome)


if __name__ == "__main__":
    main()
