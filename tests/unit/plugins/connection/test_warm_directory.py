"""The server's directory is private from its first moment, and only directories of dead servers are swept away."""

from __future__ import annotations

import os
import socket
import stat
import tempfile
from pathlib import Path

import pytest
from ansible_collections.cloister.aws.plugins.plugin_utils import _warm_directory as directory
from ansible_collections.cloister.aws.plugins.plugin_utils._warm_protocol import WarmError


@pytest.fixture
def base(monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tmp of our own, with a path short enough for sockets; the tests' own may be too long."""
    with tempfile.TemporaryDirectory(prefix="w") as path:
        monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
        monkeypatch.setattr(tempfile, "tempdir", path)
        yield Path(path)


def test_a_new_directory_is_ours_alone_and_cannot_be_guessed(base: Path) -> None:
    old = os.umask(0)
    try:
        first, second = directory.make_directory(), directory.make_directory()
    finally:
        os.umask(old)
    found = os.lstat(first)
    assert stat.S_IMODE(found.st_mode) == 0o700
    assert found.st_uid == os.geteuid()
    assert Path(first).parent == base
    assert first != second


def test_the_users_runtime_directory_is_preferred_when_it_is_private(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = base / "runtime"
    runtime.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    assert Path(directory.make_directory()).parent == runtime
    runtime.chmod(0o755)
    assert Path(directory.make_directory()).parent == base


def test_a_path_too_long_for_a_socket_is_not_taken(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = base / ("d" * 90)
    deep.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(deep))
    assert Path(directory.make_directory()).parent == base
    assert not list(deep.iterdir())


def test_when_there_is_no_place_the_message_says_what_was_tried(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(base / "missing"))
    with pytest.raises(WarmError, match=r"wanted a private directory.*missing"):
        directory.make_directory()


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701, 0o1700])
def test_a_directory_open_to_others_is_refused(base: Path, mode: int) -> None:
    path = base / "open"
    path.mkdir()
    path.chmod(mode)
    with pytest.raises(WarmError, match="mode 0700"):
        directory.check_directory(str(path))


def test_a_link_a_file_and_nothing_are_refused(base: Path) -> None:
    good = directory.make_directory()
    (base / "link").symlink_to(good)
    (base / "file").touch(mode=0o700)
    for name in ("link", "file", "nothing"):
        with pytest.raises(WarmError, match="wanted"):
            directory.check_directory(str(base / name))


def test_a_directory_of_another_user_is_refused(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    good = directory.make_directory()
    stranger = os.geteuid() + 1
    monkeypatch.setattr(os, "geteuid", lambda: stranger)
    with pytest.raises(WarmError, match=f"uid {stranger}"):
        directory.check_directory(good)


def test_the_sweep_takes_dead_servers_and_nothing_else(base: Path) -> None:
    dead, living, empty = (Path(directory.make_directory()) for _ in range(3))
    foreign = base / "something-else"
    foreign.mkdir(mode=0o700)
    for path in (dead, foreign):
        with socket.socket(socket.AF_UNIX) as closed:
            closed.bind(str(path / directory.SOCKET))
    with socket.socket(socket.AF_UNIX) as open_one:
        open_one.bind(str(living / directory.SOCKET))
        open_one.listen()
        directory.sweep(str(base))
    assert {path for path in (dead, living, empty, foreign) if path.exists()} == {living, empty, foreign}
