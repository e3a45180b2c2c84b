# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The script a warm server starts with: it makes the collections importable, then runs the server.

It reads its settings, a JSON object, from standard input; `_warm_start.py` writes them.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import types


def name_packages(roots: dict[str, str]) -> None:
    """Make the packages in `roots` (dotted name: folder) and their parents importable, without their own code.

    Ansible's payloads hold generated, nearly empty packages at these names too.
    """
    for name, folder in roots.items():
        parts = name.split(".")
        for length in range(1, len(parts) + 1):
            package = sys.modules.setdefault(".".join(parts[:length]), types.ModuleType(".".join(parts[:length])))
            package.__path__ = [folder] if length == len(parts) else getattr(package, "__path__", [])
            package.__file__ = os.path.join(folder, "__init__.py") if length == len(parts) else None
            if length > 1:
                setattr(sys.modules[".".join(parts[: length - 1])], parts[length - 1], package)


def main() -> None:
    """Start the server with the settings on standard input."""
    # A script's folder comes first on the path, unless PYTHONSAFEPATH is set; a module's does not.
    if sys.path and os.path.realpath(sys.path[0]) == os.path.dirname(os.path.realpath(__file__)):
        del sys.path[0]
    settings = json.load(sys.stdin)
    name_packages(settings["roots"])
    server = importlib.import_module("ansible_collections.cloister.aws.plugins.plugin_utils._warm_server")
    server.main(settings)


if __name__ == "__main__":
    main()
