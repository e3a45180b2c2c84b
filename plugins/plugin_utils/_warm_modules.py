# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Give a payload the module_utils that the server has imported, if they are the payload's own.

A payload (AnsiballZ) brings a zip of every module_utils file that its module needs. A preloaded module is
handed out only when the zip holds the very same source under the same name, by size and checksum. When the
zip holds another source for any preloaded name, none is handed out, because preloaded modules refer to each
other; the payload then imports everything from its zip, as in a plain run.
"""

from __future__ import annotations

import importlib.machinery
import os
import sys
import types
import zipfile
import zlib
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder

# The controller generates these two for each payload; they are never compared or handed out.
_GENERATED = frozenset({"ansible", "ansible.module_utils"})
_TOPS = ("ansible", "ansible_collections")

Fingerprint = tuple[int, int]


def fingerprint(source: bytes) -> Fingerprint:
    """Size and checksum of a source, as a zip's directory has them."""
    return len(source), zlib.crc32(source)


class PreloadedModules:
    """The imported module_utils by the path they have in a payload, with the fingerprint of their source."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[types.ModuleType, str, Fingerprint]] = {}

    def __len__(self) -> int:
        return len(self._found)

    def collect(self) -> None:
        """Take in what has been imported since the last call."""
        for name, module in list(sys.modules.items()):
            if name in self._found or name in _GENERATED or ".module_utils" not in name:
                continue
            if name.partition(".")[0] in _TOPS:
                self._add(name, module)

    def _add(self, name: str, module: types.ModuleType) -> None:
        path = getattr(module, "__file__", None)
        if not path or module.__name__ != name:
            return
        is_package = os.path.basename(path) == "__init__.py"
        with open(path, "rb") as file:
            source = file.read()
        entry = name.replace(".", "/") + ("/__init__.py" if is_package else ".py")
        self._found[name] = (module, entry, fingerprint(source))

    def matching(self, payload: dict[str, Fingerprint]) -> dict[str, tuple[types.ModuleType, str]]:
        """The modules that `payload` (zip path: fingerprint) also holds: all of them the same, or none."""
        both = {name: found for name, found in self._found.items() if found[1] in payload}
        if any(payload[entry] != print_ for _module, entry, print_ in both.values()):
            return {}
        return {name: (module, entry) for name, (module, entry, _print) in both.items()}


class PayloadFinder(MetaPathFinder):
    """Answers the payload's imports with preloaded modules; asked before all other finders."""

    def __init__(self, preloaded: PreloadedModules) -> None:
        self._preloaded = preloaded
        self._matching: dict[str, tuple[types.ModuleType, str]] | None = None
        self._zip = ""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The spec of a preloaded module, or None: then the import goes on as in a plain run."""
        if fullname.partition(".")[0] not in _TOPS or fullname in _GENERATED:
            return None
        if self._matching is None:
            # The payload puts its zip first before it imports anything of Ansible's.
            self._zip = sys.path[0] if sys.path else ""
            self._matching = self._preloaded.matching(_read_zip(self._zip))
        module, entry = self._matching.get(fullname, (None, ""))
        if module is None:
            return None
        origin = os.path.join(self._zip, entry)
        is_package = entry.endswith("/__init__.py")
        spec = importlib.machinery.ModuleSpec(fullname, _Handover(module), origin=origin, is_package=is_package)
        spec.has_location = True
        if is_package:
            spec.submodule_search_locations = [os.path.dirname(origin)]
        return spec


class _Handover(Loader):
    """Hands an imported module to the import system without running it again."""

    def __init__(self, module: types.ModuleType) -> None:
        self._module = module

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return self._module

    def exec_module(self, module: types.ModuleType) -> None:
        spec = module.__spec__
        if spec is None:
            return
        module.__file__ = spec.origin
        if spec.submodule_search_locations is not None:
            # What else the package holds comes from the payload, as in a plain run.
            module.__path__ = spec.submodule_search_locations


def forget_ansible() -> None:
    """Let the next import of anything of Ansible's start from nothing."""
    for name in [name for name in sys.modules if name.partition(".")[0] in _TOPS]:
        del sys.modules[name]


def _read_zip(path: str) -> dict[str, Fingerprint]:
    try:
        with zipfile.ZipFile(path) as payload:
            return {info.filename: (info.file_size, info.CRC) for info in payload.infolist()}
    except (OSError, zipfile.BadZipFile):
        return {}
