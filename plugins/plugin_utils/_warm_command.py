# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read the command that Ansible builds for a pipelined Python module.

Ansible's shell plugin writes `/bin/sh -c '[NAME=value ...] /path/to/python'` and gives the module on
standard input (`ShellBase.env_prefix`, `ShellBase.build_module_command` and
`ActionBase._low_level_execute_command`, ansible-core 2.21). Only that form is understood. Its proof is
that quoting the words again gives the very same text: then the shell could not have read anything else.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from dataclasses import dataclass

from ansible_collections.cloister.aws.plugins.plugin_utils._warm_protocol import RefusedError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ENV = "/usr/bin/env"


@dataclass(frozen=True)
class ModuleCommand:
    """A pipelined Python module: the shell that starts it, the assignments as written, the interpreter."""

    shell: str
    assignments: str
    interpreter: str


def parse_module_command(command: str) -> ModuleCommand | None:
    """Give the parts of a pipelined module's command, or None when it is, or could be, anything else."""
    try:
        words = shlex.split(command)
        if len(words) != 3 or command != f"{words[0]} -c {shlex.quote(words[2])}":
            return None
        shell, _flag, inner = words
        *assignments, interpreter = shlex.split(inner)
    except ValueError:
        return None
    quoted = [_quote_assignment(word) for word in assignments]
    if None in quoted or not os.path.isabs(interpreter) or shell != shlex.quote(shell):
        return None
    prefix = "".join(f"{word} " for word in quoted)
    if inner != prefix + shlex.quote(interpreter):
        return None
    return ModuleCommand(shell=shell, assignments=prefix, interpreter=interpreter)


def shell_environment(command: ModuleCommand, executable: str, cwd: str | None) -> dict[str, str]:
    """Ask the shells themselves which environment they would give the module.

    A shell adds to it (PWD; bash also SHLVL and _) and has its own mind about some names, so the same two
    shells run here as in a plain run, with `env` in the module's place (2 ms).
    `executable` is the outer shell. Raises OSError, and RefusedError when the shells have no answer.
    """
    done = _ask(command, executable, f"{command.assignments}{_ENV} -0", cwd)
    if done.returncode or done.stderr:
        raise RefusedError(f"the shell ended with {done.returncode}: {os.fsdecode(done.stderr)}")
    pairs = (entry.partition("=") for entry in os.fsdecode(done.stdout).split("\0")[:-1])
    environ = {name: value for name, _equals, value in pairs}
    if environ.get("_") == _ENV:
        environ["_"] = command.interpreter
    return environ


def shell_verdict(command: ModuleCommand, executable: str, number: int) -> tuple[int, bytes]:
    """Ask the shells what they make of a module that ended by a signal: exit status, and what they say of it.

    Some put themselves in the module's place and end like it, others stay, say "Killed" and end with 128 + number.
    """
    inner = f"{command.assignments}{_ENV} {command.shell} -c 'ulimit -c 0; kill -{number} $$'"
    try:
        done = _ask(command, executable, inner)
    except OSError:
        return -number, b""
    return done.returncode, done.stderr


def _ask(
    command: ModuleCommand, executable: str, inner: str, cwd: str | None = None
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [executable, "-c", f"{command.shell} -c {shlex.quote(inner)}"],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )


def _quote_assignment(word: str) -> str | None:
    name, equals, value = word.partition("=")
    return f"{name}={shlex.quote(value)}" if equals and _NAME.fullmatch(name) else None
