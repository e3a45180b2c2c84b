"""What a lab's machine imports from a zip is what the zip holds, compiled once."""

from __future__ import annotations

import subprocess
import sys
import typing as t
import zipfile
from pathlib import Path

import pytest

from lab.nodes.image import RECIPE

# Counts what is compiled while a module of the zip is imported.
ASKS = """
import sys, zipimport
sys.path[:0] = [{recipe!r}, {archive!r}]
compiled, compile_ = [], zipimport._compile_source
zipimport._compile_source = lambda path, source: compiled.append(path) or compile_(path, source)
import compiled_zips
compiled_zips.PLACE = {place!r}
import sent
print(sent.WORD, sent.where.__code__.co_filename, len(compiled))
"""


@pytest.fixture
def sent(tmp_path: Path) -> t.Callable[..., list[str]]:
    """Import a module from a zip in a Python of its own: its word, the file that its code names, sources compiled."""

    def of(word: str, archive: str = "first.zip") -> list[str]:
        with zipfile.ZipFile(tmp_path / archive, "w") as made:
            made.writestr("sent.py", f"WORD = {word!r}\ndef where(): pass\n")
        asked = ASKS.format(recipe=str(RECIPE), archive=str(tmp_path / archive), place=str(tmp_path / "kept"))
        return subprocess.run([sys.executable, "-c", asked], check=True, capture_output=True, text=True).stdout.split()

    return of


def test_a_source_is_compiled_once_whatever_zip_it_comes_in(sent: t.Callable[..., list[str]], tmp_path: Path) -> None:
    assert sent("hello") == ["hello", str(tmp_path / "first.zip/sent.py"), "1"]
    assert sent("hello", "second.zip") == ["hello", str(tmp_path / "second.zip/sent.py"), "0"]


def test_another_source_is_another_code(sent: t.Callable[..., list[str]]) -> None:
    assert [sent(word)[0] for word in ("hello", "jello", "hello")] == ["hello", "jello", "hello"]


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"c"])
def test_what_was_damaged_is_compiled_anew(sent: t.Callable[..., list[str]], tmp_path: Path, damage: bytes) -> None:
    sent("hello")
    for kept in (tmp_path / "kept").iterdir():
        kept.write_bytes(damage)
    assert sent("hello")[::2] == ["hello", "1"]


def test_where_nothing_can_be_kept_it_is_compiled(sent: t.Callable[..., list[str]], tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("a file in the way")
    for _ in range(2):
        word, _path, compiled = sent("hello")
        assert (word, compiled == "0") == ("hello", False)
