# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a request comes from: an interface in a subnet, or the internet."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.cloister.aws.plugins.module_utils.reachability.groups import Peer
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import (
    Network,
    Region,
    Thing,
    group_ids,
    network,
    private_addresses,
    public_addresses,
)


@dataclass(frozen=True)
class Vantage:
    """An interface, also one that is only about to be: ``private_ip`` is None then and its subnet's range stands in.

    Not ``filtered`` is what has no security groups at all (a network load balancer may); ``balancer`` says that a load
    balancer sends, from any of its ports.
    """

    vpc_id: str
    subnet_id: str
    security_groups: tuple[str, ...] = ()
    private_ip: str | None = None
    public_ip: str | None = None
    filtered: bool = True
    balancer: bool = False

    def peer(self, region: Region) -> Peer:
        """Return it as others in its VPC and in peered ones see it."""
        cidr = (region.get("subnets", self.subnet_id) or {}).get("CidrBlock")
        where = self.private_ip or f"subnet {region.called('subnets', self.subnet_id)}"
        return Peer(network(self.private_ip or cidr), where, frozenset(self.security_groups))


@dataclass(frozen=True)
class Internet:
    """The internet: all of it, or one address or range of it."""

    address: str = "0.0.0.0/0"

    def range(self) -> Network | None:
        """Return it as a range."""
        return network(self.address)


INTERNET = Internet()


def vantage_of(interface: Thing) -> Vantage:
    """Return the vantage of an interface that stands."""
    private, public = private_addresses(interface), public_addresses(interface)
    return Vantage(
        str(interface.get("VpcId") or ""),
        str(interface.get("SubnetId") or ""),
        group_ids(interface),
        private[0] if private else None,
        public[0] if public else None,
    )
