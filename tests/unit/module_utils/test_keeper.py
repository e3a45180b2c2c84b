"""The keeper of the lock: it beats while its run lives, and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import typing as t
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.cloister.aws.plugins.module_utils import _keeper
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._process import born, lives

NAME = "us-test"


@pytest.fixture(autouse=True)
def _own_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> t.Iterator[None]:
    monkeypatch.setattr(_keeper.tempfile, "gettempdir", lambda: str(tmp_path))
    yield
    _keeper.stop(NAME)


@pytest.fixture
def run() -> t.Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def start(run: subprocess.Popen[bytes], beat: Callable[[], bool], every: float = 0.1) -> int:
    _keeper.start(NAME, run.pid, born(run.pid), every, beat)
    return int(Path(_keeper.directory(), NAME).read_text())


def soon(true: Callable[[], bool], seconds: float = 10) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if true():
            return True
        time.sleep(0.05)
    return False


def ends(pid: int, seconds: float = 3) -> bool:
    return soon(lambda: not lives(pid, ""), seconds)


def count(file: Path) -> int:
    return len(file.read_text()) if file.exists() else 0


def writing(file: Path, goes_on: bool = True) -> Callable[[], bool]:
    def beat() -> bool:
        with file.open("a") as out:
            out.write(".")
        return goes_on

    return beat


def test_it_beats_while_the_run_lives_and_ends_within_a_second_of_it(
    run: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    keeper = start(run, writing(tmp_path / "beats"))
    assert soon(lambda: count(tmp_path / "beats") >= 3)
    run.kill()
    assert ends(keeper, 1.5)
    assert os.listdir(_keeper.directory()) == []


def test_no_beat_comes_after_it_was_stopped(run: subprocess.Popen[bytes], tmp_path: Path) -> None:
    keeper = start(run, writing(tmp_path / "beats"), every=0.01)
    assert _keeper.stop(NAME)
    beats = count(tmp_path / "beats")
    assert ends(keeper)
    assert count(tmp_path / "beats") == beats
    assert os.listdir(_keeper.directory()) == []


def test_stopping_what_does_not_run_is_no_error() -> None:
    assert not _keeper.stop(NAME)


def test_the_file_of_a_killed_keeper_names_no_process_any_more(run: subprocess.Popen[bytes], tmp_path: Path) -> None:
    keeper = start(run, writing(tmp_path / "beats"))
    os.kill(keeper, 9)
    assert ends(keeper)
    time.sleep(0.3)  # its second thread lets go of the file after its first is a zombie
    Path(_keeper.directory(), NAME).write_text(str(run.pid))
    assert not _keeper.stop(NAME)
    assert run.poll() is None


def test_old_files_of_killed_keepers_are_removed_and_those_of_living_ones_are_not(
    run: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    start(run, writing(tmp_path / "beats"))
    dead, young = (Path(_keeper.directory(), name) for name in ("us-dead", "us-young"))
    dead.write_text("1")
    young.write_text("1")
    for file in (dead, Path(_keeper.directory(), NAME)):
        os.utime(file, (0, 0))
    _keeper.start(f"{NAME}-2", run.pid, born(run.pid), 60, lambda: True)
    assert sorted(os.listdir(_keeper.directory())) == [NAME, f"{NAME}-2", "us-young"]
    _keeper.stop(f"{NAME}-2")


def test_a_second_one_of_the_same_run_leaves_the_first_alone(run: subprocess.Popen[bytes], tmp_path: Path) -> None:
    assert start(run, writing(tmp_path / "first")) == start(run, writing(tmp_path / "second"))
    assert soon(lambda: count(tmp_path / "first") > 1)
    assert not count(tmp_path / "second")


@pytest.mark.parametrize("raises", [False, True])
def test_it_ends_when_the_lock_is_lost_or_cannot_be_reached(
    run: subprocess.Popen[bytes], tmp_path: Path, raises: bool
) -> None:
    def broken() -> bool:
        raise RegionError("expired")

    assert ends(start(run, broken if raises else writing(tmp_path / "beats", goes_on=False)))
    assert run.poll() is None


def test_a_hanging_beat_does_not_keep_it_from_ending(run: subprocess.Popen[bytes]) -> None:
    def hang() -> bool:
        time.sleep(60)
        return True

    keeper = start(run, hang, every=0.01)
    time.sleep(0.2)
    run.kill()
    assert ends(keeper, 1.5)


def test_it_holds_no_pipe_of_the_task_and_has_its_own_session(tmp_path: Path) -> None:
    code = (
        "import os, sys\n"
        "from ansible_collections.cloister.aws.plugins.module_utils import _keeper\n"
        f"_keeper.tempfile.gettempdir = lambda: {str(tmp_path)!r}\n"
        f"_keeper.start({NAME!r}, {os.getpid()}, '', 60, lambda: True)\n"
        "print(os.getsid(0))\n"
    )
    environment = {**os.environ, "PYTHONPATH": "collections"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, timeout=5, check=True, text=True
    )
    keeper = int(Path(_keeper.directory(), NAME).read_text())
    assert lives(keeper, "")
    assert os.getsid(keeper) != int(done.stdout)
    opened = {os.readlink(f"/proc/{keeper}/fd/{name}") for name in os.listdir(f"/proc/{keeper}/fd")}
    assert opened <= {"/dev/null", str(Path(_keeper.directory(), NAME))}


def test_a_directory_that_others_can_enter_is_refused(tmp_path: Path) -> None:
    directory = tmp_path / f"cloister-keepers-{os.geteuid()}"
    directory.mkdir(mode=0o700)
    directory.chmod(0o755)
    with pytest.raises(RegionError, match="directory of ours"):
        _keeper.directory()
    directory.chmod(0o700)


def test_a_name_that_leads_elsewhere_is_refused() -> None:
    with pytest.raises(RegionError, match="cannot name a lock"):
        _keeper.stop("../us")
