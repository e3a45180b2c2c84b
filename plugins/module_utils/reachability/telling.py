# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The ways in of a region as text that a person reads."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from ansible_collections.cloister.aws.plugins.module_utils.reachability.declared import Comparison

Entry = t.Mapping[str, t.Any]
MOST_RANGES = 4
HEAD = ("state", "what", "name", "port", "open to", "address")


def table(found: Comparison) -> list[str]:
    """Return a line for every way in and every declared listener that is closed; one line when there is none."""
    rows = [_row(one) for one in found["entrances"]]
    rows += [
        ("closed", "load balancer", one["load_balancer"], f"{one['port']}/{one['protocol']}", "nobody", one["why"])
        for one in found["closed"]
    ]
    if not rows:
        return ["nothing"]
    widths = [max(len(row[column]) for row in (HEAD, *rows)) for column in range(len(HEAD) - 1)]
    return [_line(row, widths) for row in (HEAD, *rows)]


def complaints(found: Comparison) -> list[str]:
    """Return what is said of each undeclared way in: what it is, what opens it, what to do."""
    lines = []
    for one in found["undeclared"]:
        _state, what, name, port, open_to, address = _row(one)
        lines.append(f"{what} {name}, {port}, is open to {open_to} at {address}".rstrip())
        lines += [f"  opened by: {step}" for step in one["path"]]
        lines.append(f"  what to do: {one['advice']}")
    return lines


def _row(one: Entry) -> tuple[str, ...]:
    mark = "declared" if one.get("declared") else "UNDECLARED"
    name = one["part"] or one["id"].rpartition(":loadbalancer/")[2] or one["address"]
    ports = ", ".join(f"{port}/{one['protocol']}" for port in one["ports"]) or "no port"
    where = " ".join(text for text in (one["name"], one["address"] and f"({one['address']})") if text)
    return mark, one["kind"], name, ports, _who(one["open_to"]), where


def _who(ranges: t.Sequence[str]) -> str:
    """The ranges that may come; of a prefix list's many the first ones."""
    more = len(ranges) - MOST_RANGES
    return ", ".join(ranges) if more <= 1 else f"{', '.join(ranges[:MOST_RANGES])} and {more} more"


def _line(row: t.Sequence[str], widths: t.Sequence[int]) -> str:
    return "  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[-1]]).rstrip()
