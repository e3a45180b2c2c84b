# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter ``egress_costs``; the work is in module_utils."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.cloister.aws.plugins.module_utils._egress_cost import PRICES, Prices, Traffic
from ansible_collections.cloister.aws.plugins.module_utils._egress_estimate import chosen, lines
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError


def egress_costs(
    stacks: t.Iterable[t.Mapping[str, t.Any]],
    aws_region: str,
    aws_gb: float = 0,
    internet_gb: float = 0,
    prices: t.Mapping[str, float] | None = None,
) -> list[str]:
    """Return the bills of the ways out that a region may choose."""
    unknown = sorted(set(prices or {}) - set(PRICES))
    if unknown:
        raise AnsibleFilterError(f"there is no price {', '.join(unknown)}; there are: {', '.join(PRICES)}")
    given = t.cast(Prices, {**PRICES, **{name: float(price) for name, price in (prices or {}).items()}})
    try:
        return lines(chosen(stacks), Traffic(float(aws_gb), float(internet_gb)), aws_region, given)
    except (InputError, ValueError) as exc:
        raise AnsibleFilterError(str(exc)) from exc


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"egress_costs": egress_costs}
