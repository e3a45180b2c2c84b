# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Routes to NAT gateways: apart from their tables, because a gateway takes minutes and all else need not wait for it.

They carry no tags: a route to a NAT gateway in a table of ours is ours.
"""

from __future__ import annotations

import time
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import MissingError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, HeldKind, Want
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils.kinds.nat_gateway import NatGateway, refuse_failed
from ansible_collections.cloister.aws.plugins.module_utils.kinds.route_table import (
    RouteTable,
    delete_route,
    routes,
    write_route,
)


class NatRoute(HeldKind):
    """A route to a NAT gateway, named ``<table> <destination>``. Field: ``nat_gateway`` (id)."""

    noun = "NAT route"
    made_by = "network"
    rank = 10

    holder = RouteTable

    def within(self, holders: t.Iterable[Found]) -> list[Found]:
        """Return those of these tables."""
        return [
            Found(f"{table.id} {to}", self.tags_in(table, to), {"RouteTableId": table.id, "to": to, "target": target})
            for table in holders
            for to, target in routes(table.raw).items()
            if target.startswith("nat-")
        ]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return the gateway, which may be long gone."""
        return {"nat_gateway": found.raw["target"]}

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Write the route."""
        table, to = want.create["table"], want.create["destination"]
        write_route(self.aws, table, to, want.fields["nat_gateway"])
        return Found(f"{table} {to}", tags, {"RouteTableId": table, "to": to, "target": want.fields["nat_gateway"]})

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Lead it to another gateway."""
        write_route(self.aws, found.raw["RouteTableId"], found.raw["to"], want.fields["nat_gateway"])

    def delete(self, found: Found) -> None:
        """Delete the route."""
        delete_route(self.aws, found.raw["RouteTableId"], found.raw["to"])


class Gateways:
    """NAT gateways by name, waited for: a route is only written to one that carries traffic."""

    def __init__(self, aws: Aws, region: str, names: Names, check: bool) -> None:
        self._kind = NatGateway(aws, Owner(region))
        self._names = names
        self._check = check
        self._born = time.monotonic()

    def ids(self, parts: t.Collection[str]) -> dict[str, str]:
        """Return ids by name once all carry traffic (in check mode at once); raise AWS's reason for a failed one."""
        ours = sorted(part for part in parts if not self._names.adopted(NatGateway, part))
        if ours and not self._check:
            self._kind.until(f"NAT gateways {', '.join(ours)}", lambda: self._available(ours))
        return {part: self._names.id(NatGateway, part) for part in parts}

    def _available(self, parts: t.Sequence[str]) -> bool:
        states: dict[str, dict[str, Found]] = {part: {} for part in parts}
        for found in self._kind.all():
            states.get(found.part, {})[found.raw["State"]] = found
        for part, by_state in states.items():
            if not by_state and time.monotonic() > self._born + 10:  # a tag filter shows a new one late
                raise MissingError(f"there is no NAT gateway called {part}; network starts it: run that stack again")
            if "failed" in by_state and not {"pending", "available"} & set(by_state):
                refuse_failed(by_state["failed"])
        return all("available" in by_state for by_state in states.values())


def wants(entries: t.Sequence[t.Mapping[str, t.Any]], names: Names, gateways: Gateways) -> list[Want]:
    """Return the wishes for entries {table, nat_gateway, destination}."""
    ids = gateways.ids({entry["nat_gateway"] for entry in entries})
    return [
        Want(
            f"{entry['table']} {entry['destination']}",
            {"nat_gateway": ids[entry["nat_gateway"]]},
            {"table": names.id(RouteTable, entry["table"]), "destination": entry["destination"]},
        )
        for entry in entries
    ]
