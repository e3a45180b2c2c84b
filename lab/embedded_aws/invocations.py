# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Functions that are invoked: by a call, which waits for the answer, or by an event, which nobody waits for.

What runs is outside moto's lock, since a function calls this server. Events wait in line for a few processes.
"""

from __future__ import annotations

import base64
import contextlib
import json
import subprocess
import sys
import threading
import time
import traceback
import typing as t
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from lab.embedded_aws.accounts import Accounts
from lab.embedded_aws.backend_lock import BACKEND
from lab.embedded_aws.call import Call
from lab.embedded_aws.clock import current as clock
from lab.embedded_aws.errors import error
from lab.embedded_aws.http_server import Answer

AT_ONCE = 4
# Of truth.awslambda.running, which imports moto.
type Ready = t.Any
type Ran = t.Any


class Invocations:
    """What runs and what waits to run."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="function")
        self._changed = threading.Condition()
        self._open = 0
        self._age = 0
        self._processes: set[subprocess.Popen[str]] = set()
        self._reach: Callable[[str, str], dict[str, str]] = lambda account, role: {}

    def serve(self, accounts: Accounts, environment: Callable[[str, str], dict[str, str]]) -> None:
        """Tell functions how to reach this server, each with keys of its role."""
        self._reach = lambda account, role: environment(*accounts.keys_of(account, role))

    def later(self, work: Callable[[], None], seconds: float = 0.0) -> None:
        """Do `work` in a thread of its own, unless everything was forgotten meanwhile."""
        with self._changed:
            self._open += 1
            age = self._age
        self._pool.submit(self._one, work, age, clock.now() + seconds)

    def run(self, ready: Ready, event: str) -> Ran:
        """Run a function to its end, in this thread."""
        from lab.embedded_aws.truth.awslambda.running import run

        mine: list[subprocess.Popen[str]] = []

        def started(process: subprocess.Popen[str]) -> None:
            mine.append(process)
            with self._changed:
                self._processes.add(process)

        try:
            return run(ready, event, self._reach, started)
        finally:
            with self._changed:
                self._processes.difference_update(mine)

    def settle(self, seconds: float) -> bool:
        """Wait until nothing runs and nothing waits; False when that takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: self._open == 0, seconds)

    def forget(self) -> None:
        """Drop what waits and end what runs."""
        with self._changed:
            self._age += 1
            for process in self._processes:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()

    def _one(self, work: Callable[[], None], age: int, due: float) -> None:
        try:
            while age == self._age and clock.now() < due:
                time.sleep(min(0.05, max(due - clock.now(), 0.001)))
            if age == self._age:
                work()
        except Exception:  # noqa: BLE001 - nobody waits for it; the log tells
            traceback.print_exc(file=sys.stderr)
        finally:
            with self._changed:
                self._open -= 1
                self._changed.notify_all()


current = Invocations()


def answer(call: Call, account: str) -> Answer:
    """The answer to lambda:Invoke; without the lock while the function runs."""
    from urllib.parse import unquote

    name = unquote(call.fields.get("FunctionName", ""))
    kind = call.request.headers.get("x-amz-invocation-type", "RequestResponse")
    ready = ready_of(account, call.region, name)
    if ready is None:
        return error(call, "ResourceNotFoundException", f"Function not found: {name}", 404)
    event = call.request.body.decode() or "{}"
    try:
        json.loads(event)
    except ValueError:
        return error(call, "InvalidRequestContentException", "Could not parse request body into json")
    if kind == "DryRun":
        return Answer(204, {}, b"")
    if kind == "Event":
        current.later(lambda: _ignored(current.run(ready, event)))
        return Answer(202, {}, b"")
    ran = current.run(ready, event)
    headers = {"Content-Type": "application/json", "X-Amz-Executed-Version": "$LATEST"}
    if ran.error:
        headers["X-Amz-Function-Error"] = ran.error
    if call.request.headers.get("x-amz-log-type") == "Tail":
        headers["X-Amz-Log-Result"] = base64.b64encode(ran.log[-4096:].encode()).decode()
    return Answer(200, headers, ran.payload.encode())


def ready_of(account: str, region: str, name: str) -> Ready | None:
    """The function `name` (or its ARN), as it is now."""
    with BACKEND:
        import moto.awslambda.models as models

        from lab.embedded_aws import truth
        from lab.embedded_aws.truth.awslambda.running import Ready as Shown

        truth.apply("awslambda")
        functions = models.lambda_backends[account][region].list_functions()
        known = next((one for one in functions if name in (one.function_name, one.function_arn)), None)
        return Shown.of(known) if known is not None else None


def _ignored(_: t.Any) -> None:
    """Nobody waits for what an event led to; its log tells."""
