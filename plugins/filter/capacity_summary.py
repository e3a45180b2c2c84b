# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter ``capacity_summary``; the work is in module_utils."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._capacity import PRICES, lines


def capacity_summary(
    stacks: t.Iterable[t.Mapping[str, t.Any]], prices: t.Mapping[str, float] | None = None
) -> list[str]:
    """Return what the variables of a region's stacks come to in machines, volumes and dollars."""
    given = {name: float(price) for name, price in (prices or {}).items()}
    return lines(list(stacks), {**PRICES, **given})


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"capacity_summary": capacity_summary}
