# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The two ends of a flow as an inventory writes them: ``pool/vllm``, ``subnet/private-a/guard``, a name, an address."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

NAMED = ("pool", "service", "node-group", "operator", "cluster", "database")
"""What has interfaces of its own, so that requests come from it and go to it."""
INTERNET, SUBNET, BALANCER, AWS, HOST = "internet", "subnet", "load-balancer", "aws", "host"
FROM = (
    f"{INTERNET}, {INTERNET}/<range>, {', '.join(f'{kind}/<name>' for kind in NAMED)} or "
    f"{SUBNET}/<name>/<security group>,..."
)
TO = f"a DNS name, an address, {', '.join(f'{kind}/<name>' for kind in (*NAMED, BALANCER))} or {AWS}/<service>"
LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?", re.IGNORECASE)
PART = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
SERVICE = re.compile(r"[a-z0-9]+([.-][a-z0-9]+)*")


@dataclass(frozen=True)
class End:
    """One end: a kind and a logical name; a DNS name or an address of a ``host``, a range of the ``internet``."""

    kind: str
    name: str = ""
    groups: tuple[str, ...] = ()

    @property
    def spelled(self) -> str:
        """It, as an inventory writes it."""
        if self.kind == HOST:
            return self.name
        return "/".join(part for part in (self.kind, self.name, ",".join(self.groups)) if part)


def source(text: str) -> End | None:
    """Return what ``from`` says; None where it is nothing that a request comes from."""
    kind, _slash, rest = text.partition("/")
    if kind == INTERNET and (text == INTERNET or _range(rest)):
        return End(INTERNET, rest)
    if kind == SUBNET:
        name, _slash, listed = rest.partition("/")
        groups = tuple(listed.split(","))
        return End(SUBNET, name, groups) if all(map(PART.fullmatch, (name, *groups))) else None
    return End(kind, rest) if kind in NAMED and PART.fullmatch(rest) else None


def destination(text: str) -> End | None:
    """Return what ``to`` says; None where it is nothing that a request goes to."""
    kind, slash, rest = text.partition("/")
    if not slash:
        return End(HOST, text) if _host(text) else None
    if kind == AWS:
        return End(AWS, rest) if SERVICE.fullmatch(rest) else None
    return End(kind, rest) if kind in (*NAMED, BALANCER) and PART.fullmatch(rest) else None


def _range(text: str) -> bool:
    """Whether it is a range of addresses, or one address."""
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def _host(text: str) -> bool:
    """Whether it is an address, or a DNS name with a dot in it."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        labels = text.removesuffix(".").split(".")
        return len(labels) > 1 and len(text) < 255 and all(map(LABEL.fullmatch, labels)) and not labels[-1].isdigit()
    return True


def clashes(start: End, end: End, port: int) -> list[str]:
    """Return why two ends do not go together; services of AWS are asked on 443, from inside of a VPC."""
    if end.kind != AWS:
        return []
    wrong = [f"{end.spelled} is asked on port 443, not {port}"] if port != 443 else []
    return wrong + ([f"{end.spelled} is judged from inside of a VPC"] if start.kind == INTERNET else [])
