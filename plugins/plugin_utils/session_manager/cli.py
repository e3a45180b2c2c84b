# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The three commands: ``proxy`` for ssh, ``shell`` and ``forward`` for people."""

from __future__ import annotations

import argparse
import sys
import typing as t

from . import commands
from .choices import CLIENTS, KEYS
from .deadline import ignore_signals
from .errors import SessionError


def main(argv: t.Sequence[str]) -> int:
    """Run one command; return its exit code."""
    said = parser().parse_args(argv)
    try:
        code: int = said.run(said)
    except SessionError as exc:
        sys.stderr.write(f"cloister: {exc}\n")
        code = 1
    ignore_signals()
    return code


def parser() -> argparse.ArgumentParser:
    """Return what reads the commands."""
    made = argparse.ArgumentParser(prog="session_manager", description="Sessions with nodes, by Session Manager")
    verbs = made.add_subparsers(required=True)
    proxy = _verb(verbs, "proxy", commands.proxy, "be ssh's way to a node (ProxyCommand)")
    proxy.add_argument("--port", type=int, default=22, help="the port of sshd")
    proxy.add_argument("--user", required=True, help="whose key is put on the node")
    proxy.add_argument("--key", default="agent", choices=KEYS, help="how a key gets there; agent puts none")
    proxy.add_argument("--key-file", help="the pair that ssh signs with; made unless it is there")
    shell = _verb(verbs, "shell", commands.shell, "open a shell on a node")
    shell.add_argument("--terminal", help="the terminal to use, where it is not that of this process")
    forward = _verb(verbs, "forward", commands.forward, "lead a port of this machine to a node's")
    forward.add_argument("--port", type=int, required=True, help="the port there")
    forward.add_argument("--host", help="whose port, as the node knows it; the node's own without it")
    forward.add_argument("--local-port", type=int, default=0, help="the port here; a free one without it")
    forward.add_argument("--background", action="store_true", help="tell port and process as JSON, and go on alone")
    return made


def _verb(verbs: t.Any, name: str, run: t.Callable[[argparse.Namespace], int], purpose: str) -> t.Any:
    verb = verbs.add_parser(name, help=purpose, description=purpose)
    verb.add_argument("--target", required=True, help="the instance id")
    verb.add_argument("--region", required=True, help="its AWS region")
    verb.add_argument("--timeout", type=float, default=30, help="seconds of silence after which a node is given up")
    verb.add_argument("--profile", help="the profile whose credentials are used")
    verb.add_argument("--role-arn", help="the role to take on")
    verb.add_argument("--external-id", help="what that role's trust wants to hear")
    verb.add_argument("--client", default="own", choices=CLIENTS, help="official is AWS's session-manager-plugin")
    verb.set_defaults(run=run)
    return verb
