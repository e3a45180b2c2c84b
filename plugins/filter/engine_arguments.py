# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter ``engine_arguments``; the work is in module_utils."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.cloister.aws.plugins.module_utils._engine_arguments import words
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError


def engine_arguments(settings: t.Mapping[str, t.Any]) -> list[str]:
    """Return settings as words of a command line, as vLLM takes them."""
    try:
        return words(settings)
    except InputError as exc:
        raise AnsibleFilterError(str(exc)) from exc


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"engine_arguments": engine_arguments}
