"""Embedded AWSs for tests, which start them by the dozen: a process that has loaded moto forks for each.

A server is a process of its own, with its own keys, environment, log and end; what each of them would import, two
seconds, is imported once. tests/unit/lab/test_lifecycle.py starts them as a person does.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import traceback
import typing as t
from pathlib import Path

from lab.embedded_aws.client import EmbeddedAws

ROOT = Path(__file__).resolve().parents[1]


class Labs:
    """The process that forks, once the first server is wanted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    def start(self, *options: str) -> EmbeddedAws:
        """Start one with the options of `start`; it ends with this process."""
        said = {"options": ["--owner-pid", str(os.getpid()), *options], "environment": dict(os.environ)}
        with self._lock:
            if self._process is None:
                command = [sys.executable, "-m", __name__]
                pipes: dict[str, t.Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
                self._process = subprocess.Popen(command, cwd=ROOT, start_new_session=True, **pipes)
            assert self._process.stdin
            assert self._process.stdout
            print(json.dumps(said), file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        assert line, "the embedded AWS could not be loaded, as is told above"
        status = json.loads(line)
        assert "failed" not in status, status["failed"]
        return EmbeddedAws.from_status(status)


def main() -> None:
    """Load it, then fork for each line of standard input: {options, environment}."""
    from lab.embedded_aws.accounts import Accounts
    from lab.embedded_aws.cli import DEFAULT_ACCOUNT
    from lab.embedded_aws.moto_app import MotoApp, preload

    MotoApp(Accounts(DEFAULT_ACCOUNT))
    preload()
    gc.collect()
    gc.freeze()
    # Nobody waits for them.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        if os.fork() == 0:
            _become(json.loads(line))


def _become(said: dict[str, t.Any]) -> t.NoReturn:
    """Be a server as `start` would start it."""
    from moto.moto_api._internal import mock_random

    from lab.embedded_aws import cli

    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        os.environ.clear()
        os.environ.update(said["environment"])
        mock_random.seed()  # else ids are those of the last one
        log = tempfile.mkdtemp(prefix="cloister-embedded-aws-")
        errors = os.open(os.path.join(log, "server.log"), os.O_WRONLY | os.O_CREAT, 0o600)
        for target, source in ((0, os.open(os.devnull, os.O_RDONLY)), (2, errors)):
            os.dup2(source, target)
        cli.main(["serve", "--log", log, "--remove-log", *said["options"]])
    finally:  # `serve` ends the process
        print(json.dumps({"failed": traceback.format_exc()}), flush=True)
        os._exit(1)


if __name__ == "__main__":
    main()
