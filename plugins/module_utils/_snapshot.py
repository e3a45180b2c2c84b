# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One concurrent read of all that a region, or one stack of it, owns; and the same as plain data."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind
from ansible_collections.cloister.aws.plugins.module_utils._kinds import KINDS, kept_as
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner


@dataclass(frozen=True)
class Owned:
    """A thing of the region, with the kind that can tell of it and delete it."""

    kind: Kind
    found: Found


class Thing(t.TypedDict):
    """A thing of the region as plain data.

    ``kept_as`` is the word of `KEPT` that lets a teardown delete it, empty for what goes without. ``shows`` is what a
    person needs beside the id, such as an address.
    """

    kind: str
    part: str
    id: str
    stack: str
    kept_as: str
    shows: dict[str, t.Any]


class Facts(t.TypedDict):
    """A region as plain data.

    ``by_name`` leads from kind (``nat_gateway``) and name to the thing; ``things`` is all of them in order of stack,
    kind and name; ``stacks`` the same by stack; ``kept`` those that outlive a teardown; ``egress_ips`` the addresses
    by which the world sees what leaves the private subnets.
    """

    by_name: dict[str, dict[str, Thing]]
    things: list[Thing]
    stacks: dict[str, list[Thing]]
    kept: list[Thing]
    egress_ips: list[str]


def snapshot(aws: Aws, owner: Owner, adopted: t.Mapping[str, t.Mapping[str, str]]) -> list[Owned]:
    """Return all that ``owner`` owns, each kind read once, side by side.

    ``adopted`` leads by noun and name to things of others, in which some of it may be (records in a zone).
    """
    kinds = [kind(aws, owner) for kind in KINDS]
    for kind in kinds:
        kind.adopted = adopted
    found = each(lambda kind: kind.find(), kinds)
    return [Owned(kind, item) for kind, items in zip(kinds, found, strict=True) for item in items]


def facts(owned: t.Iterable[Owned]) -> Facts:
    """Return what was read as plain data."""
    things = sorted(each(_told, list(owned)), key=lambda thing: (thing["stack"], thing["kind"], thing["part"]))
    by_name: dict[str, dict[str, Thing]] = {key(kind): {} for kind in KINDS}
    stacks: dict[str, list[Thing]] = {}
    for thing in things:
        by_name[_key(thing["kind"])].setdefault(thing["part"], thing)
        stacks.setdefault(thing["stack"], []).append(thing)
    gateways = by_name["nat_gateway"].values()
    return {
        "by_name": by_name,
        "things": things,
        "stacks": stacks,
        "kept": [thing for thing in things if thing["kept_as"]],
        "egress_ips": sorted(thing["shows"]["public_ip"] for thing in gateways if thing["shows"].get("public_ip")),
    }


def key(kind: type[Kind]) -> str:
    """Return the kind's name as a key of `Facts`: ``nat_gateway`` for ``NAT gateway``."""
    return _key(kind.noun)


def _key(noun: str) -> str:
    return noun.lower().replace(" ", "_")


def _told(owned: Owned) -> Thing:
    kind, found = owned.kind, owned.found
    return {
        "kind": kind.noun,
        "part": found.part,
        "id": found.id,
        "stack": found.stack,
        "kept_as": kept_as(type(kind)) if found.kept else "",
        "shows": kind.shows(found),
    }
