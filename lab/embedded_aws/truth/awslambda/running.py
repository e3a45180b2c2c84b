# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One run of a function: its code in a process of its own, its log in its log group.

Its calls come back to this embedded AWS with keys of its role, outside moto's lock. What is installed beside this
server stands for what AWS's Python runtime brings (boto3).
"""

from __future__ import annotations

import dataclasses
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import typing as t
import uuid
import zipfile
from collections.abc import Callable
from pathlib import Path

from lab.embedded_aws.backend_lock import BACKEND
from lab.embedded_aws.function_process import END
from lab.embedded_aws.truth.awslambda.functions import Backend, Function
from lab.embedded_aws.truth.ecs.grants import allowed

PROCESS = Path(__file__).resolve().parents[2] / "function_process.py"
INHERITED = ("PATH", "LANG", "LD_LIBRARY_PATH", "SSL_CERT_FILE")
MOST_LOG = 64_000


@dataclasses.dataclass(frozen=True)
class Ready:
    """A function as it is now; nothing of it changes under a run."""

    arn: str
    name: str
    account: str
    region: str
    role: str
    handler: str
    code: bytes
    seconds: float
    memory: int
    variables: dict[str, str]
    log_group: str

    @classmethod
    def of(cls, function: Function) -> Ready:
        return cls(
            function.function_arn, function.function_name, function.account_id, function.region, function.role,
            function.handler, bytes(function.code_bytes), float(function.timeout), int(function.memory_size),
            dict(function.environment_vars), function.logging["LogGroup"],
        )  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Ran:
    """What came of it: the answer's JSON, AWS's word for what went wrong ("" when nothing did), its log."""

    payload: str
    error: str
    log: str


Reach = Callable[[str, str], dict[str, str]]
"""(account, role ARN) -> the variables by which a function reaches this server."""


def run(ready: Ready, event: str, reach: Reach, started: Callable[[subprocess.Popen[str]], None]) -> Ran:
    """Run it to its end, or to the end of its time; `started` is told of its process."""
    request, stream = str(uuid.uuid4()), time.strftime("%Y/%m/%d/[$LATEST]") + uuid.uuid4().hex
    with tempfile.TemporaryDirectory(prefix="cloister-function-") as folder:
        code, answer = Path(folder, "code"), Path(folder, "answer.json")
        with zipfile.ZipFile(io.BytesIO(ready.code)) as packed:
            packed.extractall(code)
        command = [sys.executable, "-I", str(PROCESS), str(code), ready.handler, str(answer), request, ready.arn]
        process = subprocess.Popen(
            command, cwd=code, env=_environment(ready, stream, reach), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        started(process)
        ran = _ended(process, ready, event or "{}", request, answer)
    whole = f"START RequestId: {request} Version: $LATEST\n{ran.log}END RequestId: {request}\n"
    _write_log(ready, stream, whole)
    return Ran(ran.payload, ran.error, whole)


def _ended(process: subprocess.Popen[str], ready: Ready, event: str, request: str, answer: Path) -> Ran:
    try:
        log, _ = process.communicate(event, timeout=ready.seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        log, _ = process.communicate()
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        said = f"{now} {request} Task timed out after {ready.seconds:.2f} seconds"
        payload = json.dumps({"errorType": "Sandbox.Timedout", "errorMessage": said})
        return Ran(payload, "Unhandled", f"{log[-MOST_LOG:]}{said}\n")
    if not answer.exists():
        said = f"RequestId: {request} Error: Runtime exited with error: exit status {process.returncode}"
        payload = json.dumps({"errorType": "Runtime.ExitError", "errorMessage": said})
        return Ran(payload, "Unhandled", log[-MOST_LOG:])
    return Ran(answer.read_text(encoding="utf-8"), "Unhandled" if process.returncode else "", log[-MOST_LOG:])


def _environment(ready: Ready, stream: str, reach: Reach) -> dict[str, str]:
    own = {
        "AWS_REGION": ready.region, "AWS_DEFAULT_REGION": ready.region, "AWS_LAMBDA_FUNCTION_NAME": ready.name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(ready.memory),
        "AWS_LAMBDA_LOG_GROUP_NAME": ready.log_group, "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        END: str(time.time() + ready.seconds), "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return {**inherited, **ready.variables, **reach(ready.account, ready.role), **own}


def _write_log(ready: Ready, stream: str, text: str) -> None:
    """As the function's role may; a group that is not there is made when it may do that too."""
    with BACKEND:
        from moto.awslambda.models import lambda_backends
        from moto.logs.models import logs_backends

        backend: Backend = lambda_backends[ready.account][ready.region]
        logs = logs_backends[ready.account][ready.region]
        if ready.log_group not in logs.groups:
            if not _may(backend, ready, "logs:CreateLogGroup"):
                return
            logs.create_log_group(ready.log_group, {})
        if not (_may(backend, ready, "logs:CreateLogStream") and _may(backend, ready, "logs:PutLogEvents")):
            return
        now = int(time.time() * 1000)
        rows: list[dict[str, t.Any]] = [{"timestamp": now, "message": line} for line in text.splitlines() if line]
        logs.create_log_stream(ready.log_group, stream)
        logs.put_log_events(ready.log_group, stream, rows)


def _may(backend: Backend, ready: Ready, action: str) -> bool:
    group = f"arn:{backend.partition}:logs:{ready.region}:{ready.account}:log-group:{ready.log_group}"
    return any(allowed(backend, ready.role, action, f"{group}{tail}") for tail in (":*", ":log-stream:x", ""))
