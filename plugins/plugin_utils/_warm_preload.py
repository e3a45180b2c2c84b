# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a warm server imports and reads before it forks, most needed first, and what it learns later."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import sys
from collections import deque
from collections.abc import Iterator
from typing import Any

from ansible_collections.cloister.aws.plugins.plugin_utils._warm_modules import Recorder, is_ansible

_BASICS = (
    "ansible.module_utils.basic",
    "ansible.module_utils._internal._ansiballz._loader",
    "ansible.module_utils._internal._json._profiles._module_legacy_c2m",
    "ansible.module_utils._internal._json._profiles._module_legacy_m2c",
    # What zipfile reads names with.
    "encodings.cp437",
    "boto3",
    "botocore.client",
    "ansible_collections.amazon.aws.plugins.module_utils.modules",
)
_COLLECTIONS = ("ansible_collections.cloister.aws", "ansible_collections.amazon.aws")
# A run asks who it is before it asks for anything else; the large models are read meanwhile.
_FIRST_SERVICES = ("sts",)
_NEXT_SERVICES = ("ec2", "ssm", "iam", "route53", "logs", "elbv2")


class SharedLoader:
    """One botocore data loader's cache for the server and all its forks, so that each file is parsed once.

    botocore makes a loader per session (`botocore.session.Session._register_data_loader`); ours gives each
    of them the same cache. Sessions with a data path of their own (AWS_DATA_PATH) keep a cache of their own.
    """

    def __init__(self) -> None:
        self.cache: dict[tuple[Any, ...], Any] = {}
        self._services: list[str] = []
        self._session: Any = None
        self._wanted: deque[str] = deque()

    def install(self) -> None:
        """Put the shared cache behind every session that this process or a fork of it makes."""
        session: Any = importlib.import_module("botocore.session")
        create = session.create_loader

        def create_loader(search_path_string: str | None = None) -> Any:
            loader = create(search_path_string)
            if search_path_string is None:
                loader._cache = self.cache
            return loader

        session.create_loader = create_loader

    def read_service(self, service: str) -> None:
        """Read all that a client of `service` (botocore's name for it) needs, by making one and throwing it away.

        A client connects to nothing before its first call.
        """
        if service in self._services:
            return
        self._services.append(service)
        # Whatever is wrong, the module that needs it will say so itself.
        with contextlib.suppress(Exception):
            client = self._any_session().client(service)
            # These two read the models of paginators and waiters.
            client.can_paginate(next(iter(client.meta.method_to_api_mapping)))
            _names = client.waiter_names

    def learn(self, services: list[str]) -> None:
        """Note services to read."""
        self._wanted.extend(map(str, services))

    def read_next(self) -> bool:
        """Read one of them; say whether there was one."""
        if not self._wanted:
            return False
        self.read_service(self._wanted.popleft())
        return True

    def services(self) -> list[str]:
        """The services that were or will be read, those first that were needed first."""
        return [*self._services, *self._wanted]

    def unknown_services(self) -> list[str]:
        """The services that a fork has read and the server had not."""
        read = {key[1] for key in self.cache if key[0] == "load_service_model"}
        return sorted(read.difference(self._services))

    def _any_session(self) -> Any:
        """A session to read with, which takes 7 ms to make. With keys given it looks for none."""
        if self._session is None:
            keys = dict.fromkeys(("aws_access_key_id", "aws_secret_access_key"), "unused")
            session: Any = importlib.import_module("boto3.session")
            self._session = session.Session(region_name="unused", **keys)
        return self._session


def essential(recorder: Recorder, loader: SharedLoader, roots: dict[str, str]) -> Iterator[None]:
    """Load, step by step, what nearly every module needs; the first fork waits for this."""
    sys.meta_path.insert(0, recorder)
    for name in _BASICS:
        import_quietly(name)
        yield
    loader.install()
    for name in module_utils(_COLLECTIONS[0], roots):
        import_quietly(name)
    yield
    for service in _FIRST_SERVICES:
        loader.read_service(service)
    settle(recorder)


def further(recorder: Recorder, loader: SharedLoader, roots: dict[str, str]) -> Iterator[None]:
    """Load the rest in small steps, which the server takes while nobody waits."""
    for service in _NEXT_SERVICES:
        loader.read_service(service)
        yield
    for name in module_utils(_COLLECTIONS[1], roots):
        import_quietly(name)
        yield
    settle(recorder)


def settle(recorder: Recorder) -> None:
    """Make what was loaded ready to be shared: known by its source, and left alone by the garbage collector."""
    recorder.collect()
    gc.freeze()


def import_quietly(name: str) -> None:
    """Import a module unless it cannot be, or leaves warnings behind that would turn up in every result."""
    before = set(sys.modules)
    with contextlib.suppress(Exception):
        importlib.import_module(name)
    if _drop_warnings():
        for new in set(sys.modules) - before:
            if is_ansible(new):
                del sys.modules[new]


def module_utils(collection: str, roots: dict[str, str]) -> list[str]:
    """The dotted names of all module_utils of a collection; none when its folder is not in `roots`."""
    if collection not in roots:
        return []
    top = os.path.join(roots[collection], "plugins", "module_utils")
    names = []
    for folder, _folders, files in os.walk(top):
        relative = os.path.relpath(folder, os.path.dirname(os.path.dirname(top)))
        package = ".".join([collection, *relative.split(os.sep)])
        names += [f"{package}.{file[:-3]}" for file in files if file.endswith(".py") and file != "__init__.py"]
    return sorted(names)


def _drop_warnings() -> bool:
    """Empty Ansible's store of warnings for the module's result; say whether there were any."""
    store = sys.modules.get("ansible.module_utils.common.warnings")
    found = False
    for name in ("_global_warnings", "_global_deprecations"):
        messages = getattr(store, name, None)
        if messages:
            found = True
            messages.clear()
    return found
