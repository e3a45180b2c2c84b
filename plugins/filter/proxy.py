# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Filters of the role ``proxy``; the work is in module_utils."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._proxy import (
    certificate_entries,
    faults,
    node_sites,
    trusts,
)


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {
            "proxy_faults": faults,
            "proxy_certificates": certificate_entries,
            "proxy_node_sites": node_sites,
            "proxy_trusts": trusts,
        }
