"""Warm servers for tests that run playbooks by the hundred: a process that has loaded all forks for each.

A server is a process of its own, with the socket, the log, the environment and the end that its run gives it; what each
of them imports and reads, most of a second, is read once. Those of tests/integration/warm start as a person's do.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import traceback
import typing as t
from pathlib import Path

BOOT = Path(__file__).resolve().parents[2] / "plugins/plugin_utils/_warm_boot.py"
# Settings of a server and the environment of a run.
LONGEST_BYTES = 1 << 17
Json = dict[str, t.Any]


class Nursery:
    """Stands for `subprocess` in `_warm_start`: what that starts there is a fork."""

    PIPE = subprocess.PIPE

    def __init__(self, roots: Json) -> None:
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            subprocess.Popen([sys.executable, "-m", __name__], stdin=theirs.fileno())
        self._line.send(json.dumps(roots).encode())

    def Popen(self, _argv: list[str], *, stdout: t.Any, pass_fds: tuple[int, int], **_more: t.Any) -> _Born:  # noqa: N802
        """Start one, which happens when it is told its settings."""
        return _Born(self._line, (*pass_fds, stdout.fileno()))


class _Born:
    """What `subprocess.Popen` returns, and its standard input."""

    def __init__(self, line: socket.socket, descriptors: tuple[int, int, int]) -> None:
        self._line, self._descriptors = line, descriptors
        self.stdin = contextlib.nullcontext(self)

    def write(self, settings: bytes) -> None:
        said = json.dumps({"settings": json.loads(settings), "environment": dict(os.environ)}).encode()
        socket.send_fds(self._line, [said], self._descriptors)


def main() -> None:
    """Load what a server loads, then fork for each that is asked for on standard input."""
    sys.path[0] = str(BOOT.parent)
    boot = importlib.import_module(BOOT.stem)
    # A server has neither its script's folder there nor the checkout.
    del sys.path[0]
    with socket.socket(fileno=os.dup(0)) as line:
        roots = json.loads(line.recv(LONGEST_BYTES))
        boot.name_packages(roots)
        server = importlib.import_module("ansible_collections.cloister.aws.plugins.plugin_utils._warm_server")
        recorder, loader = server.Recorder(), server.preload.SharedLoader()
        gc.disable()
        for load in (server.preload.essential, server.preload.further):
            for _step in load(recorder, loader, roots):
                pass
        # Nobody waits for them.
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        while True:
            said, descriptors, _flags, _from = socket.recv_fds(line, LONGEST_BYTES, 3)
            if not said:
                return
            if os.fork() == 0:
                line.close()
                _become(server, json.loads(said), descriptors, recorder, loader)
            for descriptor in descriptors:
                os.close(descriptor)


def _become(server: t.Any, said: Json, descriptors: list[int], recorder: t.Any, loader: t.Any) -> t.NoReturn:
    """Be a server as the script would be that `_warm_start` means to start."""
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        os.chdir("/")
        os.umask(0o077)
        listener, controller, log = descriptors
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        for descriptor in (nothing, log):
            os.close(descriptor)
        os.environ.clear()
        os.environ.update(said["environment"])
        one = server.Server({**said["settings"], "listener": listener, "controller": controller})
        one._recorder, one._loader = recorder, loader
        one._load_first = lambda: None
        one.run()
        os._exit(0)
    finally:
        traceback.print_exc()
        os._exit(1)


if __name__ == "__main__":
    main()
