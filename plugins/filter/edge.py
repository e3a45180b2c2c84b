# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter of the role ``edge``; the work is in module_utils."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils import _edge as edge


def edge_parts(variables: t.Mapping[str, t.Any]) -> dict[str, list[dict[str, t.Any]]]:
    """Return load balancers and target groups of an edge, by its variables."""
    return edge.parts(edge.said(variables))


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"edge_parts": edge_parts}
