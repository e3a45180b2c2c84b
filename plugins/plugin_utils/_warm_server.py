# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The warm server: one thread, one poll loop, one fork for each module.

It ends when nobody has used it for a while, and at once when the controller ends; then it ends its modules
and removes its socket and directory.
"""

from __future__ import annotations

import contextlib
import gc
import json
import mmap
import os
import select
import signal
import socket
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from ansible_collections.cloister.aws.plugins.plugin_utils import _warm_child as child
from ansible_collections.cloister.aws.plugins.plugin_utils import _warm_preload as preload
from ansible_collections.cloister.aws.plugins.plugin_utils import _warm_protocol as protocol
from ansible_collections.cloister.aws.plugins.plugin_utils._warm_clients import ReadyClients
from ansible_collections.cloister.aws.plugins.plugin_utils._warm_directory import remove_directory, sweep
from ansible_collections.cloister.aws.plugins.plugin_utils._warm_modules import Recorder

# Between the polite signal and the other one.
_GRACE_SECONDS = 0.5
_LONGEST_LOAD_SECONDS = 60
# Names of services, arguments of clients, an environment.
_LONGEST_LESSON_BYTES = 1 << 16
_LOADED = object()


@dataclass
class Running:
    """A fork, its client, memory shared with it for what it has to tell, and when to kill it if its client has gone."""

    pid: int
    conn: socket.socket
    lesson: mmap.mmap
    kill_at: float | None = None


class Server:
    """The loop and what it looks after."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._directory: str = settings["directory"]
        self._roots: dict[str, str] = settings["roots"]
        self._idle_seconds: float = settings["idle_seconds"]
        self._controller: int = settings["controller"]
        self._listener = socket.socket(fileno=settings["listener"])
        self._listener.setblocking(False)
        self._start = child.Start()
        self._recorder = Recorder()
        self._loader = preload.SharedLoader()
        self._clients = ReadyClients()
        self._running: dict[int, Running] = {}
        self._wake_read, self._wake_write = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._poll = select.poll()
        self._ending = False
        self._used_at = 0.0

    def run(self) -> None:
        """Load, serve, and clean up."""
        signal.signal(signal.SIGTERM, self._on_term)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        for descriptor in (self._listener.fileno(), self._controller, self._wake_read):
            self._poll.register(descriptor, select.POLLIN)
        gc.disable()
        try:
            self._load_first()
            steps = preload.further(self._recorder, self._loader, self._roots)
            self._used_at = time.monotonic()
            while not self._ending:
                self._turn(steps)
            # First, so that nobody takes this end for a death; one that dies of an error leaves it its last words.
            remove_directory(self._directory)
        finally:
            self._end_modules()
        with contextlib.suppress(OSError):
            sweep(os.path.dirname(self._directory))

    def _load_first(self) -> None:
        """Load what nobody can do without; whatever hangs here does not hang for ever."""
        signal.alarm(_LONGEST_LOAD_SECONDS)
        for _step in preload.essential(self._recorder, self._loader, self._roots):
            if select.select([self._controller], [], [], 0)[0]:
                self._ending = True
                break
        signal.alarm(0)

    def _turn(self, steps: Iterator[None]) -> None:
        """Answer what has happened; when nothing has, make or load a little more, then wait."""
        events = self._poll.poll(0)
        if not events and not self._prepare(steps):
            events = self._poll.poll(self._wait_seconds() * 1000)
        self._answer({descriptor for descriptor, _event in events})
        self._kill_overdue()
        if not self._running and time.monotonic() - self._used_at >= self._idle_seconds:
            self._ending = True

    def _prepare(self, steps: Iterator[None]) -> bool:
        """Make or load a little more for the next forks; say whether there was anything left."""
        if not (self._loader.read_next() or self._clients.make_next()):
            return next(steps, _LOADED) is not _LOADED
        gc.freeze()
        return True

    def _wait_seconds(self) -> float:
        now = time.monotonic()
        times = [running.kill_at for running in self._running.values() if running.kill_at is not None]
        if not self._running:
            times.append(self._used_at + self._idle_seconds)
        return max(0.0, min(times, default=now + 3600) - now) + 0.001

    def _answer(self, events: set[int]) -> None:
        """Look at clients first: what follows closes some, and opens others under the same numbers."""
        for running in self._running.values():
            if running.conn.fileno() in events:
                self._abandon(running)
        if self._wake_read in events:
            _drain(self._wake_read)
            self._reap()
        if self._controller in events:
            self._ending = True
        elif self._listener.fileno() in events:
            self._accept()

    def _accept(self) -> None:
        try:
            conn, _address = self._listener.accept()
        except BlockingIOError:
            return
        except OSError:
            # Out of descriptors: the client waits in the queue until a module has ended.
            time.sleep(0.01)
            return
        self._used_at = time.monotonic()
        try:
            protocol.check_peer(conn)
            self._fork(conn)
        except (protocol.WarmError, OSError):
            # A stranger, or no room for another process: the client sees the end and runs it plainly.
            conn.close()

    def _fork(self, conn: socket.socket) -> None:
        server = os.getpid()
        # No file, since there are keys in it; and no descriptor, which the module would have more than in a plain run.
        lesson = mmap.mmap(-1, _LONGEST_LESSON_BYTES)
        pid = os.fork()
        if pid == 0:
            self._become_child(conn, server, lesson)
        with contextlib.suppress(OSError):
            os.setpgid(pid, pid)
        self._running[pid] = Running(pid, conn, lesson)
        self._poll.register(conn.fileno(), select.POLLRDHUP)

    def _become_child(self, conn: socket.socket, server: int, lesson: mmap.mmap) -> NoReturn:
        try:
            os.setpgid(0, 0)
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            child.die_with_parent(server)
            for descriptor in (self._listener.detach(), self._controller, self._wake_read, self._wake_write):
                os.close(descriptor)
            for running in self._running.values():
                running.conn.close()
                running.lesson.close()
            child.serve(conn, self._start, self._recorder, self._clients.choose, lambda: self._teach(lesson))
        finally:
            traceback.print_exc()
            os._exit(1)

    def _teach(self, place: mmap.mmap) -> None:
        """In a fork that ends: leave word what it had to read and to make."""
        lesson = json.dumps({"services": self._loader.unknown_services(), **self._clients.lesson()}).encode()
        if len(lesson) < len(place):
            place[: len(lesson)] = lesson

    def _learn(self, place: mmap.mmap) -> None:
        """Have ready for the next forks what that one had to read and to make; one that died says nothing."""
        with contextlib.suppress(ValueError, TypeError, AttributeError, KeyError):
            lesson = json.loads(place[: place.find(b"\0")])
            self._loader.learn(lesson["services"])
            self._clients.learn(lesson, self._loader.services())

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._used_at = time.monotonic()
            running = self._running.pop(pid, None)
            if running:
                with contextlib.suppress(KeyError):
                    self._poll.unregister(running.conn.fileno())
                with contextlib.suppress(OSError):
                    protocol.send_frame(running.conn, {"status": status})
                running.conn.close()
                if not self._ending:
                    self._learn(running.lesson)
                running.lesson.close()

    def _abandon(self, running: Running) -> None:
        """The client has gone: nobody wants the module any more, so nobody may find it still at work."""
        self._poll.unregister(running.conn.fileno())
        running.kill_at = time.monotonic() + _GRACE_SECONDS
        _signal_group(running.pid, signal.SIGTERM)

    def _kill_overdue(self) -> None:
        now = time.monotonic()
        for running in self._running.values():
            if running.kill_at is not None and running.kill_at <= now:
                running.kill_at = now + _GRACE_SECONDS
                _signal_group(running.pid, signal.SIGKILL)

    def _end_modules(self) -> None:
        self._listener.close()
        for number in (signal.SIGTERM, signal.SIGKILL):
            for pid in self._running:
                _signal_group(pid, number)
            deadline = time.monotonic() + _GRACE_SECONDS
            while self._running and time.monotonic() < deadline:
                self._reap()
                time.sleep(0.01)

    def _on_term(self, _number: int, _frame: object) -> None:
        self._ending = True


def main(settings: dict[str, Any]) -> None:
    """Run a server with the settings that `_warm_start.py` writes."""
    os.umask(0o077)
    Server(settings).run()
    os._exit(0)


def _drain(descriptor: int) -> bytes:
    data = bytearray()
    with contextlib.suppress(BlockingIOError):
        while chunk := os.read(descriptor, 1 << 16):
            data += chunk
    return bytes(data)


def _signal_group(leader: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)
