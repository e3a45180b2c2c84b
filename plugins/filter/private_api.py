# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filters of the role ``private_api``; the work is in module_utils."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils import _private_api as private_api

Entry = dict[str, t.Any]


def private_api_parts(consumers: t.Sequence[Entry], cluster: str, provider: Entry) -> Entry:
    """Return what stands between a cluster's API and its consumers, as modules take it."""
    return private_api.parts(cluster, provider, consumers)


def private_api_functions(target_group: str, cluster: str, region_name: str, sweep_minutes: int) -> Entry:
    """Return what keeps a target group up to date."""
    return private_api.functions(cluster, region_name, target_group, int(sweep_minutes))


def private_api_zones(
    consumers: t.Sequence[Entry], cluster: str, host: str, endpoints: t.Mapping[str, Entry]
) -> list[Entry]:
    """Return the zones in which the API's own name leads to the consumers' endpoints."""
    return private_api.zones(cluster, host, consumers, endpoints)


def private_api_clients(consumers: t.Sequence[Entry]) -> list[Entry]:
    """Return the consumers as the module api_reached takes them."""
    return private_api.clients(consumers)


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        names = (private_api_clients, private_api_functions, private_api_parts, private_api_zones)
        return {one.__name__: one for one in names}
