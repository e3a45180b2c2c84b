# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a command goes to its nodes: so many at once, until too many fail, it is cancelled, or time is up.

https://docs.aws.amazon.com/systems-manager/latest/userguide/send-commands-multiple.html. A node whose agent does not
answer is waited for as long as the command says, in time that the delay `command_expiry` scales.
"""

from __future__ import annotations

import sys
import threading
import time
import traceback
import typing as t
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from lab.embedded_aws import machines
from lab.embedded_aws.backend_lock import BACKEND
from lab.embedded_aws.clock import current as clock
from lab.embedded_aws.delays import current as delays
from lab.embedded_aws.truth.run_command import agent, targets
from lab.embedded_aws.truth.run_command.commands import (
    CANCELLED,
    TERMINATED,
    UNDELIVERABLE,
    Command,
    Ending,
    Invocation,
)

THREADS = 50
LOOK_SECONDS = 0.05


def begin(command: Command) -> None:
    """Let it run, in threads of its own."""
    threading.Thread(target=_guarded, args=(command,), daemon=True, name=f"command {command.id}").start()


def cancel(command: Command, which: t.Sequence[str] = ()) -> None:
    """End what runs of it, and what has not begun, on these nodes or on all."""
    with command.lock:
        command.cancelling = command.cancelling or not which
        chosen = [one for one in command.invocations if not one.over and (not which or one.node in which)]
        for one in chosen:
            one.cancelled = True
            if one.ending.status == "Pending":
                one.end(CANCELLED)
            else:
                one.ending = Ending("Cancelling", "Cancelling")
    for one in chosen:
        threading.Thread(target=_interrupt, args=(command, one), daemon=True).start()


def _interrupt(command: Command, one: Invocation) -> None:
    """End what runs, again and again: a script may just be about to begin."""
    while not one.over:
        agent.interrupt(command, one)
        time.sleep(LOOK_SECONDS)


def _guarded(command: Command) -> None:
    try:
        _run(command)
    except Exception:  # noqa: BLE001 - nobody waits for it; the log tells
        traceback.print_exc(file=sys.stderr)
        for one in command.invocations:
            one.end(Ending("Failed", "Failed", 1))


def _run(command: Command) -> None:
    waiting = deque(command.invocations)
    running: set[Future[None]] = set()
    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        while waiting or running:
            while waiting and len(running) < command.at_once and command.errors <= command.most_errors:
                running.add(pool.submit(_one, command, waiting.popleft()))
            if command.errors > command.most_errors or command.cancelling:
                _end(command, waiting)
            ended, running = wait(running, timeout=LOOK_SECONDS, return_when=FIRST_COMPLETED)
            for one in ended:
                one.result()


def _end(command: Command, waiting: deque[Invocation]) -> None:
    """Nobody else is asked."""
    with command.lock:
        while waiting:
            waiting.popleft().end(CANCELLED if command.cancelling else TERMINATED)


def _one(command: Command, one: Invocation) -> None:
    with command.lock:
        if one.over:
            return
        one.ending = Ending("InProgress", "InProgress")
    machine = _reached(command, one)
    if machine is None:
        with command.lock:
            one.end(CANCELLED if one.cancelled else UNDELIVERABLE)
        return
    try:
        agent.run(command, one, machine)
    except machines.MachineGoneError:
        # An agent that went away says nothing more.
        with command.lock:
            one.end(CANCELLED if one.cancelled else UNDELIVERABLE)


def _reached(command: Command, one: Invocation) -> machines.Machine | None:
    """The machine, as soon as its agent answers; None when the command's time is up before."""
    end = clock.now() + command.timeout_seconds * delays["command_expiry"]
    while not one.cancelled:
        machine = machines.behind(one.node)
        if machine is not None and _online(command, one.node):
            return machine
        if clock.now() >= end:
            return None
        time.sleep(LOOK_SECONDS)
    return None


def _online(command: Command, node: str) -> bool:
    with BACKEND:
        found = targets.known(command.account, command.region).get(node)
        return found is not None and found["PingStatus"] == "Online"
