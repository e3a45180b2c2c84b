# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Address ranges: reading them as people write them, and finding every two that overlap."""

from __future__ import annotations

import ipaddress
import typing as t
from dataclasses import dataclass

# No VPC may use them: https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html for link-local; the others
# mean something else to every IP stack (RFC 6890).
UNUSABLE = tuple(
    ipaddress.IPv4Network(text) for text in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4")
)
LARGEST, SMALLEST = 16, 28

T = t.TypeVar("T")


@dataclass(frozen=True)
class BadRange:
    """Why a text is no range: what was found, and what would be right."""

    found: str
    right: str


def parse(text: t.Any) -> ipaddress.IPv4Network | BadRange:
    """Return the IPv4 range that a text names, or what is wrong with it."""
    text = str(text)
    if ":" in text:
        return BadRange(f"{text} is not an IPv4 range.", "an IPv4 range such as 10.0.0.0/16")
    if "/" not in text:
        return BadRange(f"{text} has no size.", f"the size after a slash, such as {text}/24")
    try:
        found = ipaddress.IPv4Network(text, strict=False)
    except ValueError as exc:
        return BadRange(f"{text} is not an IPv4 range: {exc}.", "an IPv4 range such as 10.0.0.0/16")
    # Python also reads 10.0.0.0/255.255.0.0, AWS does not.
    if text.rpartition("/")[2] != str(found.prefixlen):
        return BadRange(f"{text} does not end in a size that AWS reads.", str(found))
    if str(found) != text:
        return BadRange(f"{text} is an address inside a range, not a range.", f"{found}, the range it lies in")
    return found


def parse_sized(text: t.Any) -> ipaddress.IPv4Network | BadRange:
    """Like `parse`, for a VPC or a subnet: from /16 to /28, and not where no VPC can be.

    https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html,
    https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
    """
    found = parse(text)
    if isinstance(found, BadRange):
        return found
    if not LARGEST <= found.prefixlen <= SMALLEST:
        return BadRange(
            f"{found} is a /{found.prefixlen}.", f"a size from /{LARGEST} to /{SMALLEST}, all that AWS allows"
        )
    unusable = next((other for other in UNUSABLE if found.overlaps(other)), None)
    if unusable:
        return BadRange(f"{found} lies in {unusable}, which no VPC can use.", "a private range such as 10.0.0.0/16")
    return found


def overlapping(ranges: t.Sequence[tuple[ipaddress.IPv4Network, T]]) -> list[tuple[T, T]]:
    """Return every two of ``ranges`` that overlap, each pair in the order given.

    Two CIDR ranges overlap only if one holds the other, so after sorting by first address the ranges that a range may
    lie in are those still open: the cost is that of the pairs found.
    """
    order = sorted(range(len(ranges)), key=lambda i: (int(ranges[i][0].network_address), ranges[i][0].prefixlen))
    holding: list[int] = []
    pairs = []
    for index in order:
        network = ranges[index][0]
        while holding and ranges[holding[-1]][0].broadcast_address < network.network_address:
            holding.pop()
        pairs += [(min(index, other), max(index, other)) for other in holding]
        holding.append(index)
    return [(ranges[a][1], ranges[b][1]) for a, b in sorted(pairs)]


def free(within: t.Iterable[ipaddress.IPv4Network], taken: t.Iterable[ipaddress.IPv4Network], prefix: int) -> str:
    """Return the first range of a prefix length that is free within others, or an empty string."""
    used, size = list(taken), 1 << (32 - prefix)
    for network in within:
        start, end = int(network.network_address), int(network.broadcast_address) + 1
        while start + size <= end:
            candidate = ipaddress.IPv4Network((start, prefix))
            beyond = [int(other.broadcast_address) + 1 for other in used if candidate.overlaps(other)]
            if not beyond:
                return str(candidate)
            # On to the first aligned place behind what is in the way.
            start = -(-max(beyond) // size) * size
    return ""
