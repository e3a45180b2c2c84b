# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter ``declared_entrances``: what an inventory means the internet to find."""

from __future__ import annotations

import typing as t

RUNS_OVER = {"UDP": ["udp"], "TCP_UDP": ["tcp", "udp"], "QUIC": ["udp"], "TCP_QUIC": ["tcp", "udp"]}
"""Listeners' protocols that run over more than TCP."""


def declared_entrances(balancers: t.Iterable[t.Mapping[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Return the listeners with ``exposure: public`` of entries of ``load_balancers_defined``."""
    return [
        {"load_balancer": balancer["name"], "port": listener["port"], "protocol": protocol}
        for balancer in balancers
        for listener in balancer.get("listeners") or ()
        if listener.get("exposure") == "public"
        for protocol in RUNS_OVER.get(listener.get("protocol", ""), ["tcp"])
    ]


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"declared_entrances": declared_entrances}
