"""A service model is parsed once, and what one module had to read the next one finds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import typing as t
from pathlib import Path

import ansible
import pytest
from ansible_collections import amazon
from ansible_collections.cloister.aws.plugins.plugin_utils import _warm_boot, _warm_preload

PLUGINS = Path(_warm_boot.__file__).parents[1]
ROOTS = {
    "ansible": str(Path(ansible.__file__).parent),
    "ansible_collections.amazon.aws": f"{next(iter(amazon.__path__))}/aws",
    "ansible_collections.cloister.aws": str(PLUGINS.parent),
}
PRELUDE = f"""
import json, os, sys, threading
sys.path.insert(0, {str(Path(_warm_boot.__file__).parent)!r})
import _warm_boot
roots = {ROOTS!r}
_warm_boot.name_packages(roots)
from ansible_collections.cloister.aws.plugins.plugin_utils import _warm_modules, _warm_preload
before = sorted(os.listdir("/proc/self/fd"))
recorder, loader = _warm_modules.Recorder(), _warm_preload.SharedLoader()
for _step in _warm_preload.essential(recorder, loader, roots): pass
"""
COUNT = """
from botocore.loaders import JSONFileLoader
read, original = [], JSONFileLoader.load_file
def load_file(self, path):
    read.append(path.rpartition("/data/")[2])
    return original(self, path)
JSONFileLoader.load_file = load_file
import boto3
def client(service):
    session = boto3.session.Session(region_name="us-west-2", aws_access_key_id="a", aws_secret_access_key="b")
    return session.client(service)
"""


def in_a_server(code: str, **environ: str) -> t.Any:
    """What the code prints, as JSON, in a process that has loaded what a server loads first."""
    done = subprocess.run(
        [sys.executable, "-c", PRELUDE + code],
        env={**os.environ, **environ},
        capture_output=True,
        check=True,
        text=True,
    )
    return json.loads(done.stdout)


def test_a_client_of_a_service_that_was_read_reads_no_file() -> None:
    code = """
loader.read_service("ec2")
read.clear()
client("ec2").get_paginator("describe_vpcs")
client("ec2").waiter_names
print(json.dumps(read))
"""
    assert in_a_server(COUNT + code) == []


def test_what_a_fork_had_to_read_the_server_can_read_for_the_next() -> None:
    code = """
read_end, write_end = os.pipe()
if os.fork() == 0:
    client("ecs").can_paginate("list_clusters")
    os.write(write_end, json.dumps([read, loader.unknown_services()]).encode())
    os._exit(0)
os.wait()
first, lesson = json.loads(os.read(read_end, 65536))
for service in lesson: loader.read_service(service)
read.clear()
client("ecs").can_paginate("list_clusters")
print(json.dumps({"first": first, "lesson": lesson, "second": read, "left": loader.unknown_services()}))
"""
    told = in_a_server(COUNT + code)
    assert any(name.startswith("ecs/") for name in told["first"])
    assert told["lesson"] == ["ecs"]
    assert told["second"] == []
    assert told["left"] == []


def test_a_service_that_does_not_exist_is_ignored() -> None:
    assert in_a_server("loader.read_service('../no/such'); print(json.dumps(loader.unknown_services()))") == []


def test_sessions_with_models_of_their_own_get_a_loader_of_their_own(tmp_path: Path) -> None:
    code = """
import boto3
theirs = boto3.session.Session()._session.get_component("data_loader")
print(json.dumps(theirs._cache is loader.cache))
"""
    assert in_a_server(code) is True
    assert in_a_server(code, AWS_DATA_PATH=str(tmp_path)) is False


def test_what_is_loaded_leaves_nothing_open_that_forks_would_share() -> None:
    code = """
for _step in _warm_preload.further(recorder, loader, roots): pass
print(json.dumps([before, sorted(os.listdir("/proc/self/fd")), threading.active_count()]))
"""
    before, after, threads = in_a_server(code)
    assert after == before
    assert threads == 1


@pytest.mark.parametrize(
    "name",
    [
        "ansible.module_utils.basic",
        "ansible_collections.amazon.aws.plugins.module_utils.modules",
        "ansible_collections.cloister.aws.plugins.module_utils._aws",
    ],
)
def test_what_most_modules_need_is_recorded_before_the_first_fork(name: str) -> None:
    assert in_a_server(f"print(json.dumps({name!r} in recorder.preloaded))") is True


def test_a_module_that_warns_as_it_is_imported_is_left_to_those_who_need_it(tmp_path: Path) -> None:
    (tmp_path / "ansible_warns.py").write_text(
        "from ansible.module_utils.common import warnings\nwarnings.warn('once')\n"
    )
    code = f"""
sys.path.insert(0, {str(tmp_path)!r})
from ansible.module_utils.common import warnings
_warm_preload._TOPS = _warm_modules._TOPS = ("ansible", "ansible_collections", "ansible_warns")
_warm_preload.import_quietly("ansible_warns")
print(json.dumps(["ansible_warns" in sys.modules, warnings.get_warning_messages()]))
"""
    assert in_a_server(code) == [False, []]


def test_the_names_of_a_collections_module_utils_are_found_in_its_folder(tmp_path: Path) -> None:
    inside = tmp_path / "plugins/module_utils/deep"
    inside.mkdir(parents=True)
    for path in (inside / "__init__.py", inside / "b.py", inside.parent / "a.py", inside.parent / "data.json"):
        path.touch()
    found = _warm_preload.module_utils("ansible_collections.x.y", {"ansible_collections.x.y": str(tmp_path)})
    top = "ansible_collections.x.y.plugins.module_utils"
    assert found == [f"{top}.a", f"{top}.deep.b"]
    assert _warm_preload.module_utils("ansible_collections.no.no", {}) == []
