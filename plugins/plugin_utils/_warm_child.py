# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The fork that becomes a module: it takes on the state a fresh interpreter would have, then runs the payload."""

from __future__ import annotations

import atexit
import builtins
import contextlib
import ctypes
import gc
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
import types
from collections.abc import Callable, Mapping
from importlib.machinery import BuiltinImporter
from typing import NoReturn

from ansible_collections.cloister.aws.plugins.plugin_utils import _warm_protocol as protocol
from ansible_collections.cloister.aws.plugins.plugin_utils._warm_modules import PayloadFinder, Recorder, forget_ansible

# What an interpreter or a library reads once, as it starts; with another value only a new process is the same.
_READ_AT_START = frozenset({"HOME", "LANG", "LANGUAGE", "UNIXCONFDIR", "UNIXUSRLIBDIR", "BOTO_DISABLE_CRT"})
_READ_AT_START_PREFIXES = ("PYTHON", "LC_", "LD_", "GLIBC_", "MALLOC_", "OPENSSL_", "COVERAGE_")
_PR_SET_PDEATHSIG = 1
# No exit status: the interpreter ends itself by the signal then.
_INTERRUPTED = -1
# As in `python < script`, python 3.12 and 3.13.
_MAIN = {"__file__": "<stdin>", "__cached__": None, "__builtins__": builtins, "__loader__": BuiltinImporter}
_libc = ctypes.CDLL(None, use_errno=True)


class Start:
    """The state of a fresh interpreter, noted when the server has just started."""

    def __init__(self) -> None:
        self.path = list(sys.path)
        self.environ = dict(os.environ)
        self.interpreter = sys.executable

    def refusal(self, request: protocol.Request) -> str | None:
        """Say why this process cannot become that module, or None."""
        if request.interpreter != self.interpreter:
            return f"the interpreter is {request.interpreter}, the warm one {self.interpreter}"
        for name in sorted(self.environ.keys() | request.environ.keys()):
            at_start = name in _READ_AT_START or name.startswith(_READ_AT_START_PREFIXES)
            if at_start and self.environ.get(name) != request.environ.get(name):
                return f"{name} is read once, when an interpreter starts, and differs from the warm one's"
        return None


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when the server goes (prctl(2), PR_SET_PDEATHSIG)."""
    _libc.prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def serve(
    conn: socket.socket,
    start: Start,
    recorder: Recorder,
    choose: Callable[[Mapping[str, str]], None],
    report: Callable[[], None],
) -> NoReturn:
    """Agree with the client on one module and become it; `choose` gets its environment first. Never returns."""
    try:
        request, descriptors = protocol.receive_request(conn)
        refused = start.refusal(request) or take_state(start, request, descriptors)
        protocol.send_frame(conn, {"refused": refused} if refused else {"ready": True})
        if refused or "go" not in protocol.receive_frame(conn):
            os._exit(0)
        conn.close()
    except (OSError, protocol.WarmError):
        # Nobody waits any more.
        os._exit(1)
    choose(request.environ)
    source = _read_payload()
    forget_ansible()
    sys.meta_path.remove(recorder)
    sys.meta_path.insert(0, PayloadFinder(recorder, lambda zip_path: start_over(source, zip_path)))
    end(run_payload(source), report)


def take_state(start: Start, request: protocol.Request, descriptors: list[int]) -> str | None:
    """Take on environment, descriptors, directory and interpreter state as a plain run would have them.

    Give the reason when that cannot be.
    """
    *standard, directory = descriptors
    try:
        os.fchdir(directory)
        for target, descriptor in enumerate(standard):
            os.dup2(descriptor, target)
        for descriptor in descriptors:
            os.close(descriptor)
    except OSError as error:
        return f"the module's directory or descriptors cannot be taken on: {error}"
    os.environ.clear()
    os.environ.update(request.environ)
    time.tzset()
    tempfile.tempdir = None
    os.umask(request.umask)
    sys.path[:] = ["", *start.path]
    sys.argv[:] = [""]
    sys.orig_argv[:] = [request.interpreter]
    gc.enable()
    return None


def start_over(source: bytes, zip_path: str) -> NoReturn:
    """Become a new interpreter that runs the payload from its start: what a plain run would be."""
    shutil.rmtree(os.path.dirname(zip_path), ignore_errors=True)
    descriptor = os.memfd_create("payload")
    with open(descriptor, "wb", closefd=False) as file:
        file.write(source)
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.dup2(descriptor, 0)
    os.close(descriptor)
    # Python ignores these two for itself; the new one finds them as a shell would leave them.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    os.execv(sys.orig_argv[0], sys.orig_argv)  # noqa: S606 - the interpreter itself, no shell


def run_payload(source: bytes) -> int:
    """Run a script as an interpreter runs its standard input; give its exit status."""
    main = types.ModuleType("__main__")
    main.__dict__.update(_MAIN, __annotations__={})
    sys.modules["__main__"] = main
    try:
        exec(compile(source, "<stdin>", "exec", dont_inherit=True), main.__dict__)  # noqa: S102 - this is its purpose
    except SystemExit as end:
        return _exit_status(end.code)
    except BaseException as error:  # noqa: BLE001 - as the interpreter's own main does
        trace = error.__traceback__
        error.__traceback__ = trace.tb_next if trace else None
        sys.excepthook(type(error), error, error.__traceback__)
        return _INTERRUPTED if isinstance(error, KeyboardInterrupt) else 1
    return 0


def end(status: int, report: Callable[[], None]) -> NoReturn:
    """Do what an interpreter does at its end, short of taking itself apart; `report` comes last. Never returns."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()
    with contextlib.suppress(Exception):
        report()
    if status == _INTERRUPTED:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    os._exit(status)


def _read_payload() -> bytes:
    with open(0, "rb", closefd=False) as stdin:
        source = stdin.read()
    # A plain run leaves a pipe at its end.
    read_end, write_end = os.pipe()
    os.close(write_end)
    os.dup2(read_end, 0)
    os.close(read_end)
    return source


def _exit_status(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)
    return 1
