# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter ``newest_tag``; the work is in module_utils."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.cloister.aws.plugins.module_utils._tags import newest_tag as newest


def newest_tag(tags: t.Sequence[str], prefix: str | None = None) -> str | None:
    """Return the newest tag of the form ``<prefix>-YYYYMMDD-HHMM``, None when there is none."""
    if isinstance(tags, str) or not all(isinstance(tag, str) for tag in tags):
        raise AnsibleFilterError(f"newest_tag takes a list of tags, and this is {tags!r}")
    return newest(tags, prefix)


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"newest_tag": newest_tag}
