"""A shell in a terminal: keys as they are pressed, its size, how it ends, and that it is left as it was."""

from __future__ import annotations

import fcntl
import json
import os
import struct
import termios
import threading
import time
import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager import codec
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager.errors import EndedError, SessionError
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager.session import Session
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager.terminal import Terminal

from tests.unit.plugin_utils.session_manager.gateway import Gateway, Out

NODE = "i-0123456789abcdef0"


class Shell:
    """A shell that shows what is typed, and ends at a carriage return."""

    def __init__(self) -> None:
        self.typed, self.sizes = b"", list[dict[str, int]]()

    def __call__(self, content: int, payload: bytes) -> Out:
        if content == codec.SIZE:
            self.sizes.append(json.loads(payload))
            return []
        self.typed += payload
        shown = [(codec.DATA, b"[" + payload + b"]")]
        return [*shown, (codec.EXIT_CODE, b"3"), (-1, b"")] if payload.endswith((b"\r", b"\x04")) else shown


def run(terminal: Terminal, gateway: Gateway) -> None:
    with gateway:
        Session(t.cast(t.Any, gateway), NODE, 10, lambda _words: None).run(terminal, None, {})


def until(said: t.Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not said() and time.monotonic() < end:
        time.sleep(0.01)
    assert said()


def resize(terminal: int, rows: int, columns: int) -> None:
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def test_a_terminal_hands_on_each_key_and_is_left_as_it_was() -> None:
    person, terminal = os.openpty()
    resize(person, 33, 111)
    before, shell = termios.tcgetattr(terminal), Shell()

    def typing() -> None:
        until(lambda: shell.sizes == [{"cols": 111, "rows": 33}])
        os.write(person, b"\x03")
        until(lambda: shell.typed == b"\x03")
        resize(person, 20, 80)
        until(lambda: shell.sizes[1:] == [{"cols": 80, "rows": 20}])
        os.write(person, b"exit\r")

    thread = threading.Thread(target=typing, daemon=True)
    thread.start()
    used = Terminal(terminal, terminal, terminal)
    run(used, Gateway(shell, session="Standard_Stream", properties={}))
    thread.join()
    assert shell.typed == b"\x03exit\r"
    wanted = b"[\x03][exit\r]"
    assert b"".join(os.read(person, 1) for _ in wanted) == wanted
    assert used.exit_code == 3
    assert termios.tcgetattr(terminal) == before
    for descriptor in (person, terminal):
        os.close(descriptor)


def test_a_terminal_is_left_as_it_was_when_the_session_fails() -> None:
    person, terminal = os.openpty()
    before = termios.tcgetattr(terminal)
    gateway = Gateway(lambda _content, _payload: [(-1, b"it broke")], session="Standard_Stream", properties={})
    with pytest.raises(EndedError, match="it broke"):
        run(Terminal(terminal, terminal, terminal), gateway)
    assert termios.tcgetattr(terminal) == before
    for descriptor in (person, terminal):
        os.close(descriptor)


def test_pipes_in_a_terminals_place_end_the_shell_at_their_end() -> None:
    source, to = os.pipe()
    out, sink = os.pipe()
    os.write(to, b"ls")
    os.close(to)
    shell = Shell()
    run(Terminal(source, sink, sink), Gateway(shell, session="Standard_Stream", properties={}))
    os.close(sink)
    assert os.read(out, 999) == b"[ls][\x04]"
    assert shell.sizes == [{"cols": 300, "rows": 100}]
    for descriptor in (source, out):
        os.close(descriptor)


def test_a_port_in_place_of_a_shell_is_refused() -> None:
    with pytest.raises(SessionError, match="wanted a session with a shell, found one of the type Port"):
        run(Terminal(), Gateway())
