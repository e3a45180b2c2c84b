# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Modules packed for running, kept from one run to the next.

Ansible packs each module with the module_utils it imports, once a run, and forgets them at its end: for the modules of
a region that is about half of what the controller computes (``module_common._find_module_utils``). Packs of our
collections are kept in the user's cache folder instead, under a digest of every source that can be in them, and laid
where Ansible looks for those it packed before. A pack is a pickle, so the folder must be the user's own and closed.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
from pathlib import Path

from ansible import __version__
from ansible.utils.collection_loader._collection_finder import _get_collection_path
from ansible_collections.cloister.aws.plugins.plugin_utils._warm_directory import check_directory
from ansible_collections.cloister.aws.plugins.plugin_utils._warm_protocol import WarmError

COLLECTIONS = ("cloister.aws", "amazon.aws")
_FOLDERS = ("modules", "module_utils")
_GENERATIONS = 3


class Payloads:
    """The packs of one run: `restore` before the first task, `keep` after the last. Neither raises."""

    def __init__(self, local_tmp: str) -> None:
        self._run = Path(local_tmp, "ansiballz_cache")
        self._store: Path | None = None

    def restore(self) -> None:
        """Lay what is kept for these very sources where Ansible looks."""
        with contextlib.suppress(OSError, ValueError, WarmError):
            store = _base() / _digest()
            store.mkdir(mode=0o700, exist_ok=True)
            check_directory(str(store))
            self._run.mkdir(exist_ok=True)
            for pack in store.iterdir():
                _lay(pack, self._run / pack.name)
            os.utime(store)
            self._store = store

    def keep(self) -> None:
        """Take what this run had to pack, and let go of what no sources of today ask for."""
        if self._store is None:
            return
        with contextlib.suppress(OSError):
            for pack in self._run.iterdir():
                if _is_ours(pack.name) and not (self._store / pack.name).exists():
                    _lay(pack, self._store / pack.name)
            generations = sorted(self._store.parent.iterdir(), key=lambda folder: folder.stat().st_mtime)
            for old in generations[:-_GENERATIONS]:
                shutil.rmtree(old, ignore_errors=True)


def _base() -> Path:
    """Return the user's folder for packs, made when missing; raise WarmError when it is not the user's alone."""
    cache = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(cache if os.path.isabs(cache) else Path.home() / ".cache", "cloister", "payloads")
    base.mkdir(mode=0o700, parents=True, exist_ok=True)
    check_directory(str(base))
    return base


def _digest() -> str:
    """Return a digest of all that can be in a pack: Ansible's version and the collections' sources."""
    digest = hashlib.sha256(f"{__version__} {_get_origin()} {sys.version}".encode())
    for collection in COLLECTIONS:
        path = _get_collection_path(collection)
        if path is None:
            raise ValueError(f"{collection} is not installed")
        for folder in _FOLDERS:
            for file in sorted(Path(path, "plugins", folder).rglob("*.py")):
                digest.update(f"\0{collection} {file}\0".encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()[:32]


def _get_origin() -> str:
    """Return where Ansible itself lies and when it was installed: packs hold its module_utils too."""
    init = Path(str(sys.modules["ansible"].__file__))
    return f"{init} {init.stat().st_mtime_ns}"


def _is_ours(name: str) -> bool:
    """Say whether a file of Ansible's cache is a whole pack of our collections, and not of a module_utils debugger."""
    whole = name.endswith("-none")
    return whole and name.startswith(tuple(f"ansible_collections.{collection}." for collection in COLLECTIONS))


def _lay(source: Path, target: Path) -> None:
    """Link a file, or copy it to another file system, whole or not at all."""
    try:
        os.link(source, target)
    except FileExistsError:
        return
    except OSError:
        part = target.with_name(f"{target.name}.{os.getpid()}")
        shutil.copyfile(source, part)
        part.rename(target)
