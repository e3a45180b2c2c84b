"""Packs of modules are kept for the very sources they were made of, and only in a folder that nobody else can write."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.cloister.aws.plugins.plugin_utils import _payloads
from ansible_collections.cloister.aws.plugins.plugin_utils._payloads import Payloads

OURS = "ansible_collections.cloister.aws.plugins.modules.vpcs-ZIP_DEFLATED-none"
STRANGE = "ansible.legacy.somebodys-ZIP_DEFLATED-none"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    folder.mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder))
    monkeypatch.setattr(_payloads, "_get_collection_path", lambda name: str(tmp_path / name))
    return folder / "cloister" / "payloads"


def run(tmp_path: Path, name: str, *packed: str) -> list[str]:
    """One run of Ansible: what it found packed. It packs the rest itself."""
    local_tmp = tmp_path / name
    local_tmp.mkdir()
    payloads = Payloads(str(local_tmp))
    payloads.restore()
    found = sorted(file.name for file in (local_tmp / "ansiballz_cache").iterdir())
    for pack in packed:
        (local_tmp / "ansiballz_cache" / pack).write_text(f"packed in {name}")
    payloads.keep()
    return found


def test_what_one_run_packs_the_next_finds(tmp_path: Path) -> None:
    assert run(tmp_path, "first", OURS) == []
    assert run(tmp_path, "second") == [OURS]


def test_modules_of_others_are_not_kept_since_their_sources_are_not_in_the_digest(tmp_path: Path) -> None:
    run(tmp_path, "first", STRANGE, f"{OURS}.lock", OURS.replace("-none", "-debugpy"))
    assert run(tmp_path, "second") == []


def test_another_source_finds_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path, "first", OURS)
    monkeypatch.setattr(_payloads, "__version__", "2.99.0")
    assert run(tmp_path, "second") == []


def test_a_change_in_one_file_of_a_collection_changes_the_digest(tmp_path: Path) -> None:
    source = tmp_path / "cloister.aws" / "plugins" / "module_utils" / "_aws.py"
    source.parent.mkdir(parents=True)
    source.write_text("ATTEMPTS = 12\n")
    before = _payloads._digest()
    source.write_text("ATTEMPTS = 13\n")
    assert _payloads._digest() != before


def test_a_folder_that_others_may_write_is_not_used(tmp_path: Path, cache: Path) -> None:
    run(tmp_path, "first", OURS)
    cache.chmod(0o777)
    local_tmp = tmp_path / "second"
    local_tmp.mkdir()
    payloads = Payloads(str(local_tmp))
    payloads.restore()
    payloads.keep()
    assert not (local_tmp / "ansiballz_cache").exists()


def test_only_the_last_few_generations_stay(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        monkeypatch.setattr(_payloads, "__version__", f"2.{number}")
        run(tmp_path, f"run-{number}", OURS)
    assert len(list(cache.iterdir())) == 3
