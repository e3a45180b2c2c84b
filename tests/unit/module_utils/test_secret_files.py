# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is written into files of secrets, and that nobody else can read it."""

from __future__ import annotations

import os
import types
import typing as t
from pathlib import Path

import yaml
from ansible_collections.cloister.aws.plugins.module_utils import _secret_files

NODE: t.Any = types.SimpleNamespace(read=lambda _entry: b'a "key": 1')


def test_a_secret_is_written_as_it_is_or_as_yaml_under_a_key() -> None:
    assert _secret_files.content(NODE, {"yaml_key": None}) == b'a "key": 1'
    assert yaml.safe_load(_secret_files.content(NODE, {"yaml_key": "api-key"})) == {"api-key": 'a "key": 1'}


def test_a_file_stands_only_with_its_content_and_for_its_reader_alone(tmp_path: Path) -> None:
    path = str(tmp_path / "key")
    assert not _secret_files.stands(path, b"one", os.getuid())
    _secret_files.write(path, b"one", os.getuid())
    assert _secret_files.stands(path, b"one", os.getuid())
    assert not _secret_files.stands(path, b"two", os.getuid())
    os.chmod(path, 0o440)
    assert not _secret_files.stands(path, b"one", os.getuid())


def test_what_a_killed_run_left_beside_it_is_in_nobodys_way(tmp_path: Path) -> None:
    (tmp_path / "key.new").write_text("half of i", encoding="utf-8")
    _secret_files.write(str(tmp_path / "key"), b"whole", os.getuid())
    assert [(file.name, file.read_bytes()) for file in tmp_path.iterdir()] == [("key", b"whole")]
