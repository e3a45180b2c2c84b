# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Elastic IPs: public addresses that outlive what uses them.

An address that partners have allow-listed cannot be had again once it is released, so each is tagged in the call that
allocates it and, unless said otherwise, kept: neither its removal from the inventory nor a teardown releases it.
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Patience
from ansible_collections.cloister.aws.plugins.module_utils._kind import LINGERING, Ec2Kind, Found, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import KEEP

# While AWS still takes apart what a network load balancer held an address with, it answers AuthFailure:
# https://github.com/hashicorp/terraform-provider-aws/pull/1956. Who may not release one is told UnauthorizedOperation.
_HELD = Patience(LINGERING.codes | {"AuthFailure"}, LINGERING.seconds)


class ElasticIp(Ec2Kind):
    """An Elastic IP. It has no fields: an address has nothing to change."""

    noun = "Elastic IP"
    made_by = "network, load_balancers or edge"
    rank = 50
    describe, listed, id_key, tag_type = "describe_addresses", "Addresses", "AllocationId", "elastic-ip"

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return nothing."""
        return {}

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Allocate it, from AWS's addresses or from a pool of one's own."""
        pool = {"PublicIpv4Pool": want.create["pool"]} if want.create["pool"] else {}
        answer = self.aws.make(
            "ec2", "allocate_address", Domain="vpc", TagSpecifications=self.tag_specifications(tags), **pool
        )
        return self.made(answer, tags)

    def delete(self, found: Found) -> None:
        """Release it once nothing uses it."""
        self.aws.call("ec2", "release_address", AllocationId=found.id, absent_ok=True, patience=_HELD)

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return the address."""
        return {"public_ip": found.raw["PublicIp"]}


def want(address: t.Mapping[str, t.Any]) -> Want:
    """Return the wish for an entry {name, keep, pool}."""
    keep = "true" if address["keep"] else "false"
    return Want(address["name"], {}, {"pool": address["pool"]}, {**address["tags"], KEEP: keep})
