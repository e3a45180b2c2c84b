# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Settings of vLLM as words of its command line. Pure."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError


def words(settings: t.Mapping[str, t.Any]) -> list[str]:
    """Return settings as words of a command line, as vLLM takes them.

    Null and what is empty is left to the engine. A boolean is ``--name`` or ``--no-name``, a list gives several words,
    a mapping is JSON. Raise `InputError` for a name that is none.
    """
    found: list[str] = []
    for name, value in settings.items():
        flag = str(name).replace("_", "-")
        if not flag.replace("-", "").isalnum() or flag != flag.lower() or flag.startswith("-"):
            raise InputError(f"{name!r} is no name of an argument of vLLM; write it as in max-model-len")
        if value is None or value == "" or value == []:
            continue
        if isinstance(value, bool):
            found.append(f"--{flag}" if value else f"--no-{flag}")
        elif isinstance(value, t.Mapping):
            found += [f"--{flag}", json.dumps(dict(value), sort_keys=True)]
        elif isinstance(value, (list, tuple)):
            found += [f"--{flag}", *map(str, value)]
        else:
            found += [f"--{flag}", str(value)]
    return found
