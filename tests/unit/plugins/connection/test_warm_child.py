"""A fork becomes a module only when a fresh interpreter would be no different, and ends as one would."""

from __future__ import annotations

import faulthandler
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.cloister.aws.plugins.plugin_utils import _warm_child as child
from ansible_collections.cloister.aws.plugins.plugin_utils._warm_protocol import Request


def request(**environ: str) -> Request:
    return Request(sys.executable, 0o22, {**os.environ, **environ})


@pytest.mark.parametrize("name", ["AWS_PROFILE", "TZ", "PATH", "TMPDIR", "ANYTHING"])
def test_a_variable_that_is_read_when_it_is_needed_is_no_obstacle(name: str) -> None:
    assert child.Start().refusal(request(**{name: "another"})) is None


@pytest.mark.parametrize(
    "name", ["PYTHONPATH", "PYTHONWARNINGS", "LC_ALL", "LANG", "LD_PRELOAD", "HOME", "OPENSSL_CONF"]
)
def test_a_variable_that_an_interpreter_reads_at_its_start_sends_the_module_to_a_new_one(name: str) -> None:
    refusal = child.Start().refusal(request(**{name: "another"}))
    assert refusal is not None
    assert name in refusal
    without = {key: value for key, value in os.environ.items() if key != name}
    expected = name in os.environ
    assert bool(child.Start().refusal(Request(sys.executable, 0o22, without))) is expected


def test_another_interpreter_is_refused() -> None:
    assert child.Start().refusal(Request("/usr/bin/other", 0o22, dict(os.environ))) is not None


ENDINGS = [
    "pass",
    "import sys; sys.exit()",
    "import sys; sys.exit(3)",
    "import sys; sys.exit(-1)",
    "import sys; sys.exit(True)",
    "import sys; sys.exit('a last word')",
    "raise ValueError('ünïcode')",
    "def f(): raise KeyError('nested')\ntry:\n    1/0\nexcept Exception as e:\n    raise RuntimeError('outer') from e",
    "this is no python",
    "raise KeyboardInterrupt",
    "import os; os._exit(7)",
    "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)",
    "import atexit; atexit.register(print, 'at exit'); print('first')",
    "import threading, time; threading.Thread(target=lambda: (time.sleep(.1), print('thread'))).start()",
    "import sys; sys.stdout.close()",
    "print(__name__, __file__, __doc__, __package__, __spec__, __loader__, sorted(globals()))",
]


@pytest.mark.parametrize("script", ENDINGS)
def test_a_script_ends_in_a_fork_as_in_an_interpreter_of_its_own(script: str, tmp_path: Path) -> None:
    source = script.encode()
    fresh = subprocess.run([sys.executable], input=source, capture_output=True, check=False)
    with open(tmp_path / "out", "w+b") as out, open(tmp_path / "err", "w+b") as err:
        pid = os.fork()
        if pid == 0:
            faulthandler.disable()
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w", errors="backslashreplace")
            child.end(child.run_payload(source), lambda: None)
        _pid, status = os.waitpid(pid, 0)
        out.seek(0)
        err.seek(0)
        ending = (os.waitstatus_to_exitcode(status), out.read(), err.read())
    assert ending == (fresh.returncode, fresh.stdout, fresh.stderr)
