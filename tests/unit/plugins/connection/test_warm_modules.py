"""A payload gets a preloaded module only when it brings the very same source itself."""

from __future__ import annotations

import importlib
import importlib.machinery
import inspect
import sys
import typing as t
import zipfile
from pathlib import Path

import pytest
from ansible_collections.cloister.aws.plugins.plugin_utils import _warm_modules as modules

PACKAGE = "ansible_collections.warm.test"
BASE = """\
from pathlib import Path
HERE = Path(__file__).parent
OTHER = "/etc/passwd"
RAN = []
"""
USER = f"""\
from {PACKAGE}.plugins.module_utils import base
def fail():
    raise ValueError("here")
"""
FILES = {"__init__.py": "", "base.py": BASE, "user.py": USER, "unused.py": ""}


class Preloaded(t.NamedTuple):
    recorder: modules.Recorder
    zip: Path


@pytest.fixture
def preloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> t.Iterator[Preloaded]:
    """A collection that was imported from its folder and then forgotten, and a payload that brings the same."""
    before, path, finders = dict(sys.modules), list(sys.path), list(sys.meta_path)
    modules.forget_ansible()
    inside = "ansible_collections/warm/test/plugins/module_utils"
    (tmp_path / inside).mkdir(parents=True)
    zip_path = tmp_path / "payload.zip"
    with zipfile.ZipFile(zip_path, "w") as payload:
        for parent in ("", "/warm", "/warm/test", "/warm/test/plugins"):
            payload.writestr(f"ansible_collections{parent}/__init__.py", "")
        for name, text in FILES.items():
            (tmp_path / inside / name).write_text(text)
            if name != "unused.py":
                payload.writestr(f"{inside}/{name}", text)
    recorder = modules.Recorder()
    sys.meta_path[:] = [recorder, *(finder for finder in finders if finder is importlib.machinery.PathFinder)]
    sys.path.insert(0, str(tmp_path))
    for name in ("user", "unused"):
        importlib.import_module(f"{PACKAGE}.plugins.module_utils.{name}")
    recorder.collect()
    modules.forget_ansible()
    sys.path[0] = str(zip_path)
    sys.meta_path.remove(recorder)
    yield Preloaded(recorder, zip_path)
    sys.path[:], sys.meta_path[:] = path, finders
    modules.forget_ansible()
    sys.modules.update(before)


def run_payload(preloaded: Preloaded) -> t.Any:
    """Import as a payload does; a payload that would start over raises StartedOver."""

    def start_over(zip_path: str) -> t.NoReturn:
        raise StartedOverError(zip_path)

    sys.meta_path.insert(0, modules.PayloadFinder(preloaded.recorder, start_over))
    return importlib.import_module(f"{PACKAGE}.plugins.module_utils.user")


class StartedOverError(Exception):
    """Stands for the new interpreter."""


def test_the_same_source_is_not_run_again(preloaded: Preloaded) -> None:
    preloaded.recorder.preloaded[f"{PACKAGE}.plugins.module_utils.base"].module.RAN.append("before")
    user = run_payload(preloaded)
    assert user.base.RAN == ["before"]
    assert sys.modules[f"{PACKAGE}.plugins.module_utils.base"] is user.base


def test_another_source_starts_the_payload_over(preloaded: Preloaded) -> None:
    with zipfile.ZipFile(preloaded.zip) as old:
        entries = {name: old.read(name) for name in old.namelist()}
    entries["ansible_collections/warm/test/plugins/module_utils/base.py"] += b"# edited\n"
    with zipfile.ZipFile(preloaded.zip, "w") as new:
        for name, data in entries.items():
            new.writestr(name, data)
    with pytest.raises(StartedOverError, match=r"payload\.zip"):
        run_payload(preloaded)


def test_what_the_payload_does_not_bring_it_does_not_get(preloaded: Preloaded) -> None:
    run_payload(preloaded)
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(f"{PACKAGE}.plugins.module_utils.unused")


def test_a_module_lies_in_the_payload_whatever_one_asks_of_it(preloaded: Preloaded) -> None:
    user = run_payload(preloaded)
    inside = preloaded.zip / "ansible_collections/warm/test/plugins/module_utils"
    package = sys.modules[f"{PACKAGE}.plugins.module_utils"]
    assert user.__file__ == user.__spec__.origin == user.fail.__code__.co_filename == str(inside / "user.py")
    assert list(package.__path__) == [str(inside)]
    assert package.user is user
    assert inside == user.base.HERE
    assert user.base.OTHER == "/etc/passwd"
    assert inspect.getsource(user.fail).startswith("def fail():")


def test_a_script_without_a_payload_imports_as_ever(preloaded: Preloaded, tmp_path: Path) -> None:
    sys.path[0] = ""
    with pytest.raises(ModuleNotFoundError):
        run_payload(preloaded)
