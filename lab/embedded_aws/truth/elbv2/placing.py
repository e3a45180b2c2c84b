# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The interfaces a load balancer has in its subnets, their addresses, and their end.

https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/how-elastic-load-balancing-works.html
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.ec2 import addresses, interfaces
from lab.embedded_aws.truth.ec2.base import after
from lab.embedded_aws.truth.ec2.kinds import find
from lab.embedded_aws.truth.elbv2.state import NETWORK, LoadBalancer, Zone


def place(ec2: t.Any, balancer: LoadBalancer, zone: Zone) -> None:
    """Put the load balancer into one zone: an interface, its groups, and its public address."""
    subnet = find(ec2, zone.subnet_id)
    kind = "network_load_balancer" if balancer.type == NETWORK else "interface"
    said = f"ELB {balancer.full_name}"
    eni = interfaces.place(ec2, subnet, kind, said, balancer.security_groups or None, zone.asked_address)
    eni.requester_id = "amazon-elb"
    zone.interface_id, zone.private_address = eni.id, eni.private_ip_address
    if zone.allocation_id:
        ec2.associate_address(eni=eni, allocation_id=zone.allocation_id)
    elif balancer.scheme == "internet-facing":
        eni.public_ip = addresses.next_public(ec2)
    zone.public_address = eni.public_ip


def regroup(ec2: t.Any, balancer: LoadBalancer) -> None:
    """Give the interfaces the load balancer's security groups."""
    for zone in balancer.zones:
        eni = ec2.enis.get(zone.interface_id)
        if eni is not None:
            eni._group_set = [find(ec2, group) for group in balancer.security_groups]


def withdraw(ec2: t.Any, zone: Zone) -> None:
    """Take the interface away, in its time: until then subnet, groups and gateway are in use."""
    after(ec2, "load_balancer_delete", lambda: _gone(ec2, zone))


def _gone(ec2: t.Any, zone: Zone) -> None:
    for address in ec2.addresses:
        if address.eni is not None and address.eni.id == zone.interface_id:
            ec2.disassociate_address(address=address.public_ip)
    interfaces.remove(ec2, zone.interface_id)
