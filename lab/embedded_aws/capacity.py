# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How many machines AWS has room for, by instance type and zone; without end until it is set."""

from __future__ import annotations

import typing as t

ANYWHERE = "*"


class Capacity:
    """Most machines of a type in a zone, or in each zone when the zone is `*`."""

    def __init__(self) -> None:
        self.most: dict[str, dict[str, int]] = {}

    def update(self, most: dict[str, t.Any]) -> None:
        """Take {instance type: {zone or *: most}}; a count of None takes the limit away."""
        for kind, zones in most.items():
            if not isinstance(zones, dict):
                raise TypeError(f"{kind}: expected {{zone: most}}, such as {{'us-west-2a': 0}}, not {zones!r}")
            for zone, count in zones.items():
                if count is None:
                    self.most.get(kind, {}).pop(zone, None)
                else:
                    self.most.setdefault(kind, {})[zone] = int(count)

    def clear(self) -> None:
        self.most.clear()

    def has_room(self, kind: str, zone: str, present: int) -> bool:
        """Whether one more machine of `kind` fits in `zone` beside the `present` ones."""
        zones = self.most.get(kind, {})
        most = zones.get(zone, zones.get(ANYWHERE))
        return most is None or present < most


current = Capacity()
