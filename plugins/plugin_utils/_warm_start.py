# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Find the warm server of this controller, or start it: one for each controller process.

The place to meet is a file in Ansible's own temporary directory (`local_tmp`), which each controller process
makes for itself, closed to others, and which its workers inherit. Its lock makes the start race-free.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import multiprocessing
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from ansible_collections.cloister.aws.plugins.plugin_utils._warm_directory import (
    LOG,
    SOCKET,
    check_directory,
    make_directory,
    remove_directory,
)
from ansible_collections.cloister.aws.plugins.plugin_utils._warm_protocol import WarmError, check_peer

CONNECTION = "cloister.aws.warm"
_MEETING_PLACE = "cloister-warm.json"
# A server that ends again and again has a reason that another start will not remove.
_MOST_DEATHS = 3
_BACKLOG = 128
_COLLECTIONS = ("amazon.aws", "cloister.aws")


def connect(idle_seconds: float, start_seconds: float) -> socket.socket:
    """Connect to this controller's server, starting it when there is none.

    The connection's timeout is `start_seconds`. Raises WarmError and OSError.
    """
    path = _meeting_place()
    conn = _try_connect(_read(path), start_seconds)
    if conn is None:
        with _locked(path):
            conn = _try_connect(_read(path), start_seconds)
            if conn is None:
                _start(path, idle_seconds)
                conn = _try_connect(_read(path), start_seconds)
    if conn is None:
        raise WarmError("wanted an answer from the warm server that was just started, found none")
    return conn


def prestart() -> None:
    """Start the server from the controller itself, so that it loads while Ansible starts. Never raises.

    Also loads the connection plugin, so that the workers, forks of the controller, need not do it for each task.
    """
    from ansible import constants
    from ansible.plugins.loader import connection_loader

    with contextlib.suppress(Exception):
        connection_loader.get(CONNECTION, class_only=True)
        enabled, idle_seconds = (
            constants.config.get_config_value(name, plugin_type="connection", plugin_name=CONNECTION)
            for name in ("enabled", "idle_seconds")
        )
        path = _meeting_place()
        with _locked(path):
            if enabled and not os.path.exists(path):
                _start(path, idle_seconds)


def _meeting_place() -> str:
    from ansible import constants

    return os.path.join(constants.DEFAULT_LOCAL_TMP, _MEETING_PLACE)


def _try_connect(found: dict[str, Any], timeout_seconds: float) -> socket.socket | None:
    """Connect to the server that `found` names; None when it is gone. Raises WarmError for a stranger's."""
    if "gave_up" in found:
        raise WarmError(found["gave_up"])
    folder = found.get("directory", "")
    if not os.path.lexists(folder):
        return None
    check_directory(folder)
    conn = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    conn.settimeout(timeout_seconds)
    try:
        conn.connect(os.path.join(folder, SOCKET))
        check_peer(conn)
    except (ConnectionRefusedError, FileNotFoundError):
        conn.close()
        return None
    except BaseException:
        conn.close()
        raise
    return conn


def _start(path: str, idle_seconds: float) -> None:
    """Start a server and write it down, unless its predecessors keep dying; who holds the lock may do this.

    One that ends by itself removes its directory.
    """
    before = _read(path)
    folder, deaths = before.get("directory", ""), before.get("deaths", 0)
    if os.path.lexists(folder):
        deaths += 1
        last_words = _last_words(folder)
        remove_directory(folder)
        if deaths == _MOST_DEATHS:
            _write(path, {"gave_up": f"the warm server died {deaths} times{last_words}"})
            return
    folder = make_directory()
    try:
        # First, so that there is never a server that nobody finds.
        _write(path, {"directory": folder, "deaths": deaths})
        _spawn(folder, idle_seconds)
    except BaseException:
        remove_directory(folder)
        raise


def _spawn(folder: str, idle_seconds: float) -> None:
    """Start the server on a socket that listens already, so that nobody has to wait for it to appear."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(_listen(folder))
        controller = _controller_descriptor()
        stack.callback(os.close, controller)
        log = stack.enter_context(open(os.path.join(folder, LOG), "xb"))
        settings = {
            "listener": listener.fileno(),
            "controller": controller,
            "directory": folder,
            "idle_seconds": idle_seconds,
            "roots": _roots(),
        }
        process = subprocess.Popen(
            [sys.executable, os.path.join(os.path.dirname(os.path.abspath(__file__)), "_warm_boot.py")],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=log,
            pass_fds=(listener.fileno(), controller),
            start_new_session=True,
            cwd="/",
        )
        if process.stdin is not None:
            with process.stdin as stdin:
                stdin.write(json.dumps(settings).encode())


def _listen(folder: str) -> socket.socket:
    """A listening socket that shows under its name only once it listens."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    path = os.path.join(folder, SOCKET)
    listener.bind(f"{path}~")
    listener.listen(_BACKLOG)
    os.rename(f"{path}~", path)
    return listener


def _controller_descriptor() -> int:
    """A descriptor that becomes readable when the controller process ends (pidfd_open(2))."""
    parent = multiprocessing.parent_process()
    pid = parent.pid if parent else os.getpid()
    if pid is None or (parent and os.getppid() != pid):
        raise WarmError("wanted the controller of this worker, found that it has ended")
    return os.pidfd_open(pid)


def _roots() -> dict[str, str]:
    """Where the packages lie that payloads are made of: dotted name -> folder."""
    import ansible
    from ansible.utils.collection_loader import AnsibleCollectionConfig

    roots = {"ansible": os.path.dirname(os.path.abspath(ansible.__file__))}
    for name in _COLLECTIONS:
        for path in AnsibleCollectionConfig.collection_paths:
            folder = os.path.join(path, "ansible_collections", *name.split("."))
            if os.path.isdir(folder):
                roots[f"ansible_collections.{name}"] = folder
                break
    return roots


def _last_words(folder: str) -> str:
    try:
        with open(os.path.join(folder, LOG), errors="replace") as file:
            lines = file.read().strip().splitlines()
    except OSError:
        return ""
    return f"; its last words: {lines[-1]}" if lines else ""


def _read(path: str) -> dict[str, Any]:
    try:
        with open(path) as file:
            value = json.load(file)
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def _write(path: str, value: dict[str, Any]) -> None:
    """Replace the file in one step: workers read it without the lock."""
    with open(f"{path}.new", "w") as file:
        json.dump(value, file)
    os.rename(f"{path}.new", path)


@contextlib.contextmanager
def _locked(path: str) -> Iterator[None]:
    descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
