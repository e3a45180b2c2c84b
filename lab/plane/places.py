# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where things are in the lab: its internet, the plane in each network, and what everybody has to know of that."""

from __future__ import annotations

import ipaddress

# https://www.rfc-editor.org/rfc/rfc5737: an internet of 254 hosts for clients and services of others.
INTERNET = "203.0.113.0/24"
PARTNER = "203.0.113.70"
# https://www.rfc-editor.org/rfc/rfc2544: Elastic IPs and other public addresses of the embedded AWS.
PUBLIC = "198.18.0.0/15"
# Peered VPCs lie somewhere in these; a VPC's own range is nearer to whoever is in it.
ELSEWHERE = ("10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16")
# https://ip-ranges.amazonaws.com/ip-ranges.json, ROUTE53_HEALTHCHECKS: as whom health checks of addresses come.
CHECKERS, CHECKER = "15.177.0.0/18", "15.177.0.10"
# The label of a client's container.
CLIENT = "cloister.lab.client"


def plane_name(server: str) -> str:
    """The plane's container."""
    return f"cloister-plane-{server}"


def internet_name(server: str) -> str:
    """The network of clients, and of services that belong to others."""
    return f"cloister-internet-{server}"


def client_name(server: str, address: str) -> str:
    """The container of the client at an address."""
    return f"cloister-client-{address.replace('.', '-')}-{server}"


def network_name(vpc_id: str) -> str:
    """The network that has a VPC's addresses."""
    return f"cloister-{vpc_id}"


def name_server(cidr: str) -> str:
    """The plane's address in a network, which is a VPC's resolver as on AWS: the first one and two.

    https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html
    """
    return str(ipaddress.IPv4Network(cidr, strict=False)[2])


def ways(cidr: str, internet: str = INTERNET) -> list[str]:
    """Routes of a machine in a network that has `cidr`, as `ip route replace` takes them: what the plane leads to."""
    own = ipaddress.IPv4Network(cidr)
    others = [one for one in ELSEWHERE if not ipaddress.IPv4Network(one).subnet_of(own)]
    return [f"{one} via {name_server(cidr)}" for one in (internet, PUBLIC, CHECKERS, *others)]
