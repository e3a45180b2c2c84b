# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What it costs a month to let private subnets reach AWS's services: endpoints, NAT, both or neither.

Every line of the bill that the choice changes is an item. What it does not change (data out to the internet, logs,
storage) is not counted. Pure functions; prices are data, with date and source.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

HOURS = 730
"""Of a month, as AWS's own calculator counts."""


class Prices(t.TypedDict):
    """US dollars for an hour or a gigabyte."""

    endpoint_hour: float
    endpoint_gb: float
    nat_hour: float
    nat_gb: float
    address_hour: float
    between_zones_gb: float


# List prices of N. Virginia, which are Oregon's and Ohio's too. An hour of an endpoint is one of it in one zone; the
# first petabyte of a month. A gigabyte between zones is paid on both sides, 0.01 each.
PRICES: Prices = {
    "endpoint_hour": 0.01,
    "endpoint_gb": 0.01,
    "nat_hour": 0.045,
    "nat_gb": 0.045,
    "address_hour": 0.005,
    "between_zones_gb": 0.02,
}
PRICED_AS_OF = "2026-06-01"
PRICED_IN = ("us-east-1", "us-east-2", "us-west-2")
SOURCES = (
    "https://aws.amazon.com/privatelink/pricing/",
    "https://aws.amazon.com/vpc/pricing/",
    "https://aws.amazon.com/ec2/pricing/on-demand/#Data_Transfer",
)


@dataclass(frozen=True)
class Shape:
    """What is built: ``endpoints`` are interface endpoints counted once for each zone they are in, ``gateways`` NAT
    gateways, ``zones`` those that have private subnets."""

    endpoints: int
    gateways: int
    zones: int


@dataclass(frozen=True)
class Traffic:
    """Gigabytes a month: to AWS's services beside S3 and DynamoDB, and to the rest of the world."""

    aws_gb: float
    internet_gb: float = 0.0


@dataclass(frozen=True)
class Item:
    """A line of the bill; ``usd`` is for a month."""

    said: str
    quantity: float
    price: float

    @property
    def usd(self) -> float:
        """The line's sum."""
        return self.quantity * self.price


@dataclass(frozen=True)
class Choice:
    """A way out and its bill; ``lacks`` says what cannot be done with it, "" when all of the traffic gets through."""

    name: str
    items: tuple[Item, ...]
    lacks: str = ""

    @property
    def usd(self) -> float:
        """What it costs a month."""
        return sum(item.usd for item in self.items)


def choices(shape: Shape, traffic: Traffic, prices: Prices) -> dict[str, Choice]:
    """Return every choice by name: ``endpoints``, ``nat``, ``both``, ``none``."""
    everything = traffic.aws_gb + traffic.internet_gb
    gateway = Item("gateway endpoints for S3 and DynamoDB, where image layers lie", 1, 0.0)
    endpoints = (*_endpoints(shape, traffic.aws_gb, prices), gateway)
    closed = "the internet is not reached" if traffic.internet_gb else ""
    found = (
        Choice("endpoints", endpoints, closed),
        Choice("nat", (*_nat(shape, everything, prices), gateway)),
        Choice("both", (*endpoints, *_nat(shape, traffic.internet_gb, prices))),
        Choice("none", (gateway,), "nothing but S3 and DynamoDB is reached" if everything else ""),
    )
    return {choice.name: choice for choice in found}


def cheapest(found: t.Mapping[str, Choice]) -> Choice:
    """Return the cheapest choice that lacks nothing."""
    return min((one for one in found.values() if not one.lacks), key=lambda one: one.usd)


def break_even_gb(shape: Shape, prices: Prices) -> float:
    """Return the GB a month to AWS's services above which endpoints are cheaper than NAT; 0 when they always are.

    With a gateway in each zone, and addresses left out, it is
    (endpoints x 7.3 - gateways x 32.85) / 0.035 at the prices above.
    """
    fixed = sum(item.usd for item in _endpoints(shape, 0, prices)) - sum(item.usd for item in _nat(shape, 0, prices))
    per_gb = prices["nat_gb"] + _far(shape) * prices["between_zones_gb"] - prices["endpoint_gb"]
    if fixed <= 0:
        return 0.0
    return fixed / per_gb if per_gb > 0 else float("inf")


def _endpoints(shape: Shape, gb: float, prices: Prices) -> tuple[Item, ...]:
    return (
        Item("hours of interface endpoints, each in each zone", shape.endpoints * HOURS, prices["endpoint_hour"]),
        Item("GB through interface endpoints", gb, prices["endpoint_gb"]),
    )


def _nat(shape: Shape, gb: float, prices: Prices) -> tuple[Item, ...]:
    return (
        Item("hours of NAT gateways", shape.gateways * HOURS, prices["nat_hour"]),
        Item("hours of their public addresses", shape.gateways * HOURS, prices["address_hour"]),
        Item("GB through NAT gateways", gb, prices["nat_gb"]),
        Item("GB on their way to a NAT gateway in another zone", gb * _far(shape), prices["between_zones_gb"]),
    )


def _far(shape: Shape) -> float:
    """Return the share of traffic that crosses zones, when all zones send alike."""
    return max(shape.zones - shape.gateways, 0) / shape.zones if shape.zones else 0.0
