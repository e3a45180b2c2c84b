"""Rules of the house that no linter knows."""

from __future__ import annotations

import ast
import re
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections import amazon

from lab.embedded_aws.truth.public_images import image_id

ROOT = Path(__file__).parents[3]
FOLDERS = ("benchmarks", "inventories", "lab", "meta", "molecule", "playbooks", "plugins", "roles", "tests", "tools")
LONGEST_FILE = 300
LONGEST_FUNCTION = 40
SECRET = re.compile(
    r"password|passphrase|secret_(access_)?key|secret_string|private_key|(access|auth|session)_token", re.I
)
Task = dict[str, t.Any]


def files(*suffixes: str, folders: tuple[str, ...] = FOLDERS) -> list[Path]:
    top = [path for path in ROOT.iterdir() if path.suffix in suffixes and path.is_file() and folders == FOLDERS]
    return sorted(top + [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in suffixes])


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def long_functions(source: str) -> list[str]:
    """Functions that do not fit on a screen; a docstring is not counted."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0]
            docstring = first.end_lineno - first.lineno + 1 if ast.get_docstring(node) and first.end_lineno else 0
            if (node.end_lineno or 0) - node.lineno + 1 - docstring > LONGEST_FUNCTION:
                found.append(node.name)
    return found


def tasks_of(content: t.Any) -> t.Iterator[Task]:
    """All tasks in a task file or a playbook, each with the `no_log` of the blocks around it."""
    for item in content or []:
        children = [
            key for key in ("block", "rescue", "always", "pre_tasks", "tasks", "post_tasks", "handlers") if key in item
        ]
        for key in children:
            for task in tasks_of(item[key]):
                yield {"no_log": item.get("no_log", False)} | task
        if not children and "hosts" not in item and "import_playbook" not in item:
            yield item


def tells_a_secret(task: Task) -> bool:
    """Whether a task handles a secret and may print it."""
    said = yaml.safe_dump({key: value for key, value in task.items() if key not in ("name", "no_log")})
    return bool(SECRET.search(said)) and not task.get("no_log", False)


def test_a_file_can_be_read_in_one_sitting() -> None:
    lengths = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in files(".py", ".yml")}
    assert {path: length for path, length in lengths.items() if length > LONGEST_FILE} == {}


def test_a_function_fits_on_a_screen() -> None:
    long = {name(path): long_functions(path.read_text(encoding="utf-8")) for path in files(".py")}
    assert {path: functions for path, functions in long.items() if functions} == {}


def test_a_long_function_is_found() -> None:
    body = "\n".join("    pass" for _ in range(LONGEST_FUNCTION))
    assert long_functions(f"def long():\n{body}\ndef short():\n    pass\n") == ["long"]


def test_no_arn_names_a_partition_by_hand() -> None:
    """A region in China or GovCloud has another one: it comes from region_partition."""
    sources = files(".py", ".yml", ".j2", ".json", ".md", folders=("inventories", "playbooks", "plugins", "roles"))
    assert [name(path) for path in sources if "arn:aws:" in path.read_text(encoding="utf-8")] == []


def test_a_task_that_handles_a_secret_does_not_print_it() -> None:
    told = {}
    for path in files(".yml", folders=("playbooks", "roles")):
        if path.parent.name in ("handlers", "playbooks", "tasks"):
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
            told[name(path)] = [task.get("name") for task in tasks_of(content) if tells_a_secret(task)]
    assert {path: tasks for path, tasks in told.items() if tasks} == {}


@pytest.mark.parametrize(
    ("tasks", "told"),
    [
        ("- {name: Set it, x.y.user: {password: '{{ a }}'}}", True),
        ("- {name: Set it, x.y.user: {password: '{{ a }}'}, no_log: true}", False),
        ("- {name: Set it, x.y.user: {text: '{{ db_password }}'}, no_log: '{{ db_secure_logging }}'}", False),
        ("- {name: Set it, block: [{name: In it, x.y.user: {password: '{{ a }}'}}]}", True),
        ("- {name: Set it, no_log: true, block: [{name: In it, x.y.user: {password: '{{ a }}'}}]}", False),
        ("- {hosts: all, tasks: [{name: In a play, x.y.user: {private_key: '{{ a }}'}}]}", True),
        ("- {name: Ensure no password is asked for, x.y.user: {state: present}}", False),
    ],
)
def test_a_task_that_tells_a_secret_is_found(tasks: str, told: bool) -> None:
    assert any(tells_a_secret(task) for task in tasks_of(yaml.safe_load(tasks))) is told


def test_module_defaults_reach_exactly_the_modules_that_take_them() -> None:
    """The action group is all modules that share the region's arguments, and no other."""
    modules = (ROOT / "plugins" / "modules").glob("*.py")
    fragment = re.compile(r"^  - cloister\.aws\.region(\.\w+)?$", re.M)
    sharing = [path.stem for path in modules if fragment.search(path.read_text(encoding="utf-8"))]
    groups = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]
    assert groups["region"] == sorted(sharing)


def test_every_stock_collection_is_pinned_to_the_version_in_the_lock() -> None:
    """requirements.yml, for those who install from Galaxy, names what `ansible` in requirements.txt holds."""
    installed = Path(next(iter(amazon.__path__))).parent
    for collection in yaml.safe_load((ROOT / "requirements.yml").read_text(encoding="utf-8"))["collections"]:
        manifest = installed.joinpath(*collection["name"].split("."), "MANIFEST.json").read_text(encoding="utf-8")
        assert yaml.safe_load(manifest)["collection_info"]["version"] == collection["version"], collection["name"]


def test_no_inventory_keeps_images_of_an_embedded_aws() -> None:
    """A run that somebody tried would leave them, and the first one in an account would look for them there."""
    for lock in ROOT.glob("inventories/**/images.lock.yml"):
        for region, images in yaml.safe_load(lock.read_text(encoding="utf-8")).items():
            assert not [path for path, image in images.items() if image["id"] == image_id(region, path)], name(lock)


def test_every_link_in_the_documentation_leads_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "roles").glob("*/README.md")]
    for page in pages:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{name(page)} links to {target}"
