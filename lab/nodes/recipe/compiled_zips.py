# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Let a lab's machine compile what comes in a zip once.

Ansible sends each module with all that it imports as a zip of sources, which Python's zipimport compiles twice for each
import and keeps nowhere: more than half of what a task costs a machine. Code is the same as without; a source that
differs in a byte is another one. Every Python of the machine loads this as it starts (compiled_zips.pth).
"""

from __future__ import annotations

import _imp
import marshal
import os
import sys
import zipimport

PLACE = "/var/cache/compiled-zips/{}.{}".format(*sys.version_info)

_compile = zipimport._compile_source  # type: ignore[attr-defined]


def _compiled(path: str, source: bytes) -> object:
    kept = f"{PLACE}/{_imp.source_hash(0, source).hex()}"
    try:
        with open(kept, "rb") as file:
            code = marshal.loads(file.read())  # noqa: S302 - root wrote it
        _imp._fix_co_filename(code, path)  # type: ignore[attr-defined]
        return code
    except (OSError, ValueError, EOFError, TypeError):
        code = _compile(path, source)
    try:
        # Whole or not at all.
        os.makedirs(PLACE, exist_ok=True)
        with open(f"{kept}.{os.getpid()}", "wb") as file:
            file.write(marshal.dumps(code))
        os.replace(f"{kept}.{os.getpid()}", kept)
    except OSError:
        pass
    return code


zipimport._compile_source = _compiled  # type: ignore[attr-defined]
