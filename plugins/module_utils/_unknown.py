# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Known after apply: what stands in check mode for an id that AWS has not given yet.

A marker is a plain string, so that it survives templating and JSON: ``(known after apply: subnet private-a)``.
"""

from __future__ import annotations

import typing as t

_HEAD = "(known after apply: "


def unknown(noun: str, part: str) -> str:
    """Return the marker for the id of ``noun`` ``part``."""
    return f"{_HEAD}{noun} {part})"


def is_unknown(value: t.Any) -> bool:
    """Return whether ``value`` is a marker, or holds one at any depth."""
    if isinstance(value, str):
        return value.startswith(_HEAD)
    if isinstance(value, t.Mapping):
        return any(is_unknown(item) for item in value.values())
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(is_unknown(item) for item in value)
    return False
