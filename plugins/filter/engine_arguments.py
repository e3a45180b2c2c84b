# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter ``engine_arguments``."""

from __future__ import annotations

import json
import typing as t

from ansible.errors import AnsibleFilterError


def engine_arguments(settings: t.Mapping[str, t.Any]) -> list[str]:
    """Return settings as words of a command line, as vLLM takes them.

    Null and what is empty is left to the engine. A boolean is ``--name`` or ``--no-name``, a list gives several words,
    a mapping is JSON. Raise AnsibleFilterError for a name that is none.
    """
    words: list[str] = []
    for name, value in settings.items():
        flag = str(name).replace("_", "-")
        if not flag.replace("-", "").isalnum() or flag != flag.lower() or flag.startswith("-"):
            raise AnsibleFilterError(f"{name!r} is no name of an argument of vLLM; write it as in max-model-len")
        if value is None or value == "" or value == []:
            continue
        if isinstance(value, bool):
            words.append(f"--{flag}" if value else f"--no-{flag}")
        elif isinstance(value, t.Mapping):
            words += [f"--{flag}", json.dumps(dict(value), sort_keys=True)]
        elif isinstance(value, (list, tuple)):
            words += [f"--{flag}", *map(str, value)]
        else:
            words += [f"--{flag}", str(value)]
    return words


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"engine_arguments": engine_arguments}
