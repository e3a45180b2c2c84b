# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filters of the role ``operator``; the work is in module_utils."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._operator import Host, doors, pool


def operator_pools(host: Host) -> list[dict[str, t.Any]]:
    """Return ``operator_host`` as the list of pools that the modules of pools take."""
    return [pool(host)]


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"operator_pools": operator_pools, "operator_doors": doors}
