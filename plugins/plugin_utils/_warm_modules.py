# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Give a payload the module_utils that the server has imported, if they are the payload's own.

A payload (AnsiballZ) brings a zip of every module_utils file that its module needs. A preloaded module is
handed out only when the zip holds the very same source under the same name, by size and checksum. When the
zip holds another source for any preloaded name, none is handed out, because preloaded modules refer to each
other; the payload then starts over in a new interpreter, as in a plain run.

A module that is handed out says of itself, in its attributes, its code and its tracebacks, that it lies in
the payload's zip: Ansible reads from such paths who deprecates something, and where a respawned module lies.
"""

from __future__ import annotations

import _imp
import importlib
import importlib.machinery
import os
import pkgutil
import sys
import types
import zipfile
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.abc import Loader, MetaPathFinder
from pathlib import PurePath
from typing import Any, NoReturn

_TOPS = ("ansible", "ansible_collections")
# The controller generates these two for each payload; they are never compared or handed out.
_GENERATED = frozenset({"ansible", "ansible.module_utils"})

Fingerprint = tuple[int, int]


@dataclass
class Preloaded:
    """An imported module: where it would lie in a payload, its source's size and checksum, and its code."""

    module: types.ModuleType
    entry: str
    fingerprint: Fingerprint
    code: types.CodeType
    # Names of its variables that hold a path below the folder it came from, with that path below a zip.
    paths: dict[str, str]


def fingerprint(source: bytes) -> Fingerprint:
    """Size and checksum of a source, as a zip's directory has them."""
    return len(source), zlib.crc32(source)


def is_ansible(name: str) -> bool:
    """Whether a dotted name is Ansible's or a collection's."""
    return name.partition(".")[0] in _TOPS


def forget_ansible() -> None:
    """Let the next import of anything of Ansible's start from nothing."""
    for name in [name for name in sys.modules if is_ansible(name)]:
        del sys.modules[name]


class Recorder(MetaPathFinder):
    """Notes source and code of the module_utils that the server imports; stands before all other finders."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[Fingerprint, types.CodeType]] = {}
        self.preloaded: dict[str, Preloaded] = {}

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """The usual spec, with a loader that takes notes."""
        if not is_ansible(fullname) or fullname in _GENERATED or ".module_utils" not in fullname:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec and isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            spec.loader = _NotingLoader(fullname, spec.loader.path, self._seen)
        return spec

    def collect(self) -> None:
        """Take in what has been imported since the last call and is still there."""
        for name, (print_, code) in self._seen.items():
            module = sys.modules.get(name)
            if module and module.__file__:
                is_package = hasattr(module, "__path__")
                entry = name.replace(".", "/") + ("/__init__.py" if is_package else ".py")
                base = module.__file__.removesuffix(entry)
                self.preloaded[name] = Preloaded(module, entry, print_, code, _paths_below(base, module))
        self._seen.clear()

    def matching(self, payload: dict[str, Fingerprint]) -> dict[str, Preloaded] | None:
        """The modules that `payload` (zip path: fingerprint) also holds; None when it has another source for one."""
        both = {name: found for name, found in self.preloaded.items() if found.entry in payload}
        same = all(payload[found.entry] == found.fingerprint for found in both.values())
        return both if same else None


class PayloadFinder(MetaPathFinder):
    """Answers the payload's imports with preloaded modules; stands before all other finders."""

    def __init__(self, recorder: Recorder, start_over: Callable[[str], NoReturn]) -> None:
        """`start_over` is called with the zip's path when the payload brings sources of its own."""
        self._recorder = recorder
        self._start_over = start_over
        self._asked = False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: types.ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        """Hand out all that fits with the first import; from then on the import goes on as in a plain run."""
        if self._asked or not is_ansible(fullname) or fullname in _GENERATED:
            return None
        self._asked = True
        # The payload puts its zip first before it imports anything of Ansible's.
        zip_path = sys.path[0] if sys.path else ""
        matching = self._recorder.matching(_read_zip(zip_path))
        if matching is None:
            self._start_over(zip_path)
        for name, found in matching.items():
            parent, _dot, leaf = name.rpartition(".")
            move_into(found, zip_path)
            sys.modules[name] = found.module
            setattr(importlib.import_module(parent), leaf, found.module)
        if fullname not in matching:
            return None
        first = matching[fullname]
        spec = first.module.__spec__ = importlib.machinery.ModuleSpec(fullname, _Handover(first, zip_path))
        return spec


def move_into(found: Preloaded, zip_path: str) -> None:
    """Have a module lie in a payload's zip, as far as anybody can tell."""
    module = found.module
    place = os.path.join(zip_path, found.entry)
    is_package = hasattr(module, "__path__")
    # A zip's importers each look into one folder of it; these are the ones that a plain run would have made.
    importer: Any = pkgutil.get_importer(os.path.dirname(os.path.dirname(place) if is_package else place))
    spec = importlib.machinery.ModuleSpec(module.__name__, importer, origin=place, is_package=is_package)
    spec.has_location = True
    if is_package:
        # What else the package holds comes from the payload, as in a plain run.
        module.__path__ = spec.submodule_search_locations = [os.path.dirname(place)]
    module.__spec__, module.__loader__, module.__file__ = spec, importer, place
    module.__dict__.pop("__cached__", None)
    _imp._fix_co_filename(found.code, place)  # type: ignore[attr-defined]
    for name, below in found.paths.items():
        setattr(module, name, type(getattr(module, name))(os.path.join(zip_path, below).rstrip("/")))


class _NotingLoader(importlib.machinery.SourceFileLoader):
    def __init__(self, fullname: str, path: str, seen: dict[str, tuple[Fingerprint, types.CodeType]]) -> None:
        super().__init__(fullname, path)
        self._seen = seen

    def get_code(self, fullname: str) -> types.CodeType | None:
        source = self.get_data(self.path)
        code = super().get_code(fullname)
        if code:
            self._seen[fullname] = (fingerprint(source), code)
        return code


class _Handover(Loader):
    """Hands an imported module to the import system without running it again."""

    def __init__(self, found: Preloaded, zip_path: str) -> None:
        self._found = found
        self._zip = zip_path

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        return self._found.module

    def exec_module(self, module: types.ModuleType) -> None:
        move_into(self._found, self._zip)


def _paths_below(base: str, module: types.ModuleType) -> dict[str, str]:
    """The module's variables that hold `base` or a path of Ansible's below it, relative to it."""
    found = {}
    for name, value in vars(module).items():
        if isinstance(value, (str, PurePath)) and not name.startswith("__"):
            path = os.path.join(value, "")
            below = path.removeprefix(base).rstrip("/")
            if path.startswith(base) and (not below or below.partition("/")[0] in _TOPS):
                found[name] = below
    return found


def _read_zip(path: str) -> dict[str, Fingerprint]:
    try:
        with zipfile.ZipFile(path) as payload:
            return {info.filename: (info.file_size, info.CRC) for info in payload.infolist()}
    except (OSError, zipfile.BadZipFile):
        return {}
