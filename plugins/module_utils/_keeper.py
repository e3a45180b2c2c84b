# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The keeper: a small process beside a run that gives the lock's signs of life while the run lives.

It is a fork of the module that took the lock, in a session of its own, and ends by itself within a second of the
run's controlling process. It holds an flock(2) on a file in a private directory with its id in it: as long as the
file is locked, the id is the keeper's and nobody else's.
"""

from __future__ import annotations

import fcntl
import gc
import os
import re
import signal
import stat
import tempfile
import threading
import time
import typing as t
from contextlib import suppress

from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._process import lives

_LOOK_SECONDS = 0.5
_STOP_SECONDS = 5.0
_OLD_SECONDS = 3600
_NAME = re.compile(r"^[A-Za-z0-9_.-]{1,100}$")


def start(name: str, pid: int, born: str, every_seconds: float, beat: t.Callable[[], bool]) -> None:
    """Start the keeper ``name``, which calls ``beat`` until that is False, or until process ``pid`` is gone.

    One that runs already stays the one. Raise `RegionError` when it cannot start.
    """
    path = _path(name)
    _sweep(os.path.dirname(path))
    told, telling = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            if os.fork() == 0:
                _keep(path, telling, pid, born, every_seconds, beat)
        finally:
            os._exit(0)
    os.close(telling)
    os.waitpid(child, 0)
    with open(told, encoding="utf-8") as said:
        answer = said.read()
    if answer != "ready":
        raise RegionError(f"the process that keeps the lock alive could not start: {answer or 'it ended at once'}")


def stop(name: str) -> bool:
    """End the keeper ``name`` and return whether it ran. Its beats are over when this returns."""
    path = _path(name)
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    with open(descriptor, "r+", encoding="utf-8") as file:
        ran = not _locked(file.fileno())
        if ran:
            os.kill(int(file.read()), signal.SIGTERM)
            _wait(lambda: _locked(file.fileno()), f"the keeper of the lock, {path}, does not end")
    _unlink(path)
    return ran


def directory() -> str:
    """Return the private directory of this user's keepers, made where it is missing."""
    path = os.path.join(tempfile.gettempdir(), f"cloister-keepers-{os.geteuid()}")
    with suppress(FileExistsError):
        os.mkdir(path, 0o700)
    found = os.lstat(path)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise RegionError(f"{path} should be a directory of ours that nobody else can enter; find out who made it")
    return path


def _path(name: str) -> str:
    if not _NAME.match(name):
        raise RegionError(f"{name!r} cannot name a lock: letters, digits, dots, dashes and underscores only")
    return os.path.join(directory(), name)


def _sweep(folder: str) -> None:
    """Remove the files that killed keepers left; a young one may be of a keeper that is just starting."""
    for entry in os.scandir(folder):
        with suppress(OSError):
            if time.time() - entry.stat(follow_symlinks=False).st_mtime < _OLD_SECONDS:
                continue
            with open(os.open(entry.path, os.O_RDWR | os.O_NOFOLLOW), "rb+") as file:
                if _locked(file.fileno()):
                    os.unlink(entry.path)


def _keep(path: str, telling: int, pid: int, born: str, every: float, beat: t.Callable[[], bool]) -> None:
    """Be the keeper. Never returns."""
    try:
        _leave_the_task(telling)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        if _locked(descriptor):
            os.ftruncate(descriptor, 0)
            os.write(descriptor, str(os.getpid()).encode())
        else:
            pid = 0
        os.write(telling, b"ready")
    except OSError as exc:
        os.write(telling, str(exc).encode())
        os._exit(1)
    os.close(telling)
    beats = threading.Thread(target=_beat, args=(every, beat), daemon=True)
    beats.start()
    while pid and beats.is_alive() and lives(pid, born):
        time.sleep(_LOOK_SECONDS)
    if pid:
        _unlink(path)
    os._exit(0)


def _leave_the_task(telling: int) -> None:
    """Let go of all that belongs to the task: its pipes, its signals, its folder."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.set_wakeup_fd(-1)
    os.chdir("/")
    # A socket of the module's that is collected later would close a number that is ours by then.
    gc.freeze()
    null = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(null, standard)
    for descriptor in [int(name) for name in os.listdir("/dev/fd")]:
        if descriptor > 2 and descriptor != telling:
            with suppress(OSError):
                os.close(descriptor)


def _beat(every: float, beat: t.Callable[[], bool]) -> None:
    goes_on = True
    while goes_on:
        time.sleep(every)
        try:
            goes_on = beat()
        except Exception:  # noqa: BLE001 - nobody is left to tell; silence is what others see and judge
            goes_on = False


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait(done: t.Callable[[], bool], problem: str) -> None:
    end = time.monotonic() + _STOP_SECONDS
    while not done():
        if time.monotonic() > end:
            raise RegionError(problem)
        time.sleep(0.02)


def _unlink(path: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(path)
