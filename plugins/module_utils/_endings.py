# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which certificates come to their end without anybody but a person renewing them. Pure."""

from __future__ import annotations

import typing as t
from datetime import datetime


def endings(certificates: t.Iterable[t.Mapping[str, t.Any]], now: datetime) -> list[str]:
    """Return a note for each of ``{name, expires, renew_before_days}`` that is near its end.

    They are those that somebody brought; ``expires`` is in ISO form. What has expired an inventory cannot hold.
    """
    notes = []
    for one in certificates:
        end = datetime.fromisoformat(one["expires"])
        days = (end - now).days
        if days <= one["renew_before_days"]:
            notes.append(
                f"The certificate {one['name']} was brought by somebody and ends on {end:%Y-%m-%d}, in {days} days. No "
                "run renews it: ask who signed it for another, and put that into certificates_defined"
            )
    return notes
