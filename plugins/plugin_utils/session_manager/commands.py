# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the commands do, with what was said on the command line."""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
import typing as t
from concurrent.futures import Future

from . import keys
from .deadline import end_on_signals
from .errors import SessionError
from .official import become_official
from .ports import Ports, listen
from .service import Role, Service
from .session import Session
from .stdio import Pipes
from .terminal import Terminal

_SSH = "AWS-StartSSHSession"
_PORT = "AWS-StartPortForwardingSession"
_REMOTE_PORT = "AWS-StartPortForwardingSessionToRemoteHost"
# A forwarded port is for this machine alone.
_LOCAL = "127.0.0.1"


def proxy(said: argparse.Namespace) -> int:
    """Be ssh's way to a node: its standard input and output are sshd's."""
    parameters = {"portNumber": str(said.port)}
    service = _service(said)
    if said.client == "official":
        _put_key(service, said)
        become_official(said, _SSH, parameters)
    end_on_signals()
    pipes = Pipes(said.timeout, _beside(lambda: _put_key(service, said)))
    try:
        _session(service, said).run(pipes, _SSH, parameters)
    except SessionError as exc:
        pipes.refuse(str(exc))
        raise
    return 0


def shell(said: argparse.Namespace) -> int:
    """Open a shell; return its exit code where the agent tells one."""
    if said.client == "official":
        become_official(said, None, {})
    end_on_signals()
    terminal = Terminal()
    if said.terminal:
        # Of another process, as a task of Ansible has none: it is used, and does not become this process's own.
        descriptor = os.open(said.terminal, os.O_RDWR | os.O_NOCTTY)
        terminal = Terminal(descriptor, descriptor, descriptor)
    _session(_service(said), said).run(terminal, None, {})
    return terminal.exit_code


def forward(said: argparse.Namespace) -> int:
    """Lead a port of this machine to a node's, until somebody ends it or nobody uses it for as long as AWS allows."""
    parameters = {"portNumber": str(said.port), "localPortNumber": str(said.local_port)}
    if said.host:
        parameters["host"] = said.host
    document = _REMOTE_PORT if said.host else _PORT
    if said.client == "official":
        become_official(said, document, parameters)
    listener = listen(_LOCAL, said.local_port)
    port = listener.getsockname()[1]
    parameters["localPortNumber"] = str(port)
    if said.background:
        return _in_background(lambda opened: _forward(said, document, parameters, Ports(listener, opened)), port)
    where = f"{said.host}:{said.port} by {said.target}" if said.host else f"port {said.port} of {said.target}"
    ports = Ports(listener, lambda: _say(f"{_LOCAL}:{port} leads to {where}. Ctrl-C ends it."))
    return _forward(said, document, parameters, ports)


def _forward(said: argparse.Namespace, document: str, parameters: dict[str, str], ports: Ports) -> int:
    end_on_signals()
    _session(_service(said), said).run(ports, document, parameters)
    return 0


def _in_background(run: t.Callable[[t.Callable[[], None]], int], port: int) -> int:
    """Go on in a process of its own; return once it is of use, having told its port and id as JSON."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.setsid()
        _detached(run, writing)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told = pipe.read()
    if told:
        raise SessionError(told)
    sys.stdout.write(json.dumps({"port": port, "pid": child}) + "\n")
    return 0


def _detached(run: t.Callable[[t.Callable[[], None]], int], pipe: int) -> t.NoReturn:
    """Run in the child; an error before it is of use is told by the pipe, and a closed pipe says that it is."""
    silence = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(silence, descriptor)
    opened = False

    def tell() -> None:
        nonlocal opened
        opened = True
        os.close(pipe)

    code = 1
    try:
        code = run(tell)
    except SessionError as exc:
        if not opened:
            os.write(pipe, str(exc).encode())
    finally:
        os._exit(code)


def _put_key(service: Service, said: argparse.Namespace) -> None:
    if said.key != "agent":
        public = keys.public_key(said.key_file)
        keys.put(service, said.key, said.target, said.user, public, said.timeout)


def _beside(do: t.Callable[[], None]) -> Future[None]:
    """Do something beside the session's start; a process that ends does not wait for it."""
    future: Future[None] = Future()

    def work() -> None:
        try:
            do()
            future.set_result(None)
        except Exception as exc:  # noqa: BLE001 - it is raised where the result is wanted
            future.set_exception(exc)

    threading.Thread(target=work, daemon=True).start()
    return future


def _service(said: argparse.Namespace) -> Service:
    role = Role(said.role_arn, said.external_id) if said.role_arn else None
    return Service(said.region, said.profile, role, said.timeout)


def _session(service: Service, said: argparse.Namespace) -> Session:
    return Session(service, said.target, said.timeout, _say)


def _say(words: str) -> None:
    sys.stderr.write(f"{words}\n")
