# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which of a list of image tags is the newest, where tags are a prefix and a minute: ``prod-20250714-1752``. Pure."""

from __future__ import annotations

import re
import typing as t
from datetime import datetime

_TAG = re.compile(r"(?P<prefix>.+)-(?P<stamp>\d{8}-\d{4})", re.ASCII)


def newest_tag(tags: t.Iterable[str], prefix: str | None = None) -> str | None:
    """Return the newest ``<prefix>-YYYYMMDD-HHMM`` among ``tags``, None when there is none.

    Without a prefix any will do. What has another form or a date that no calendar has is left out.
    """
    stamped = [(stamp, tag) for tag in tags if (stamp := _stamp(tag, prefix))]
    return max(stamped)[1] if stamped else None


def _stamp(tag: str, prefix: str | None) -> datetime | None:
    said = _TAG.fullmatch(tag)
    if not said or prefix not in (None, said["prefix"]):
        return None
    try:
        return datetime.strptime(said["stamp"], "%Y%m%d-%H%M")
    except ValueError:
        return None
