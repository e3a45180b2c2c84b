# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What counts as an answer, how long it is waited for, and when it is given up."""

from __future__ import annotations

import json
import threading
import typing as t
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._answers import (
    Check,
    CrashLoopError,
    Patience,
    complaint,
    until_answered,
)
from ansible_collections.cloister.aws.plugins.module_utils._errors import DeadlineError

MODELS = {"object": "list", "data": [{"id": "llama", "root": None}]}


class Answers(BaseHTTPRequestHandler):
    """Models for those with the key, an echo of what is posted, a page that moved, and not ready twice."""

    refusals = 0

    def do_GET(self) -> None:
        if self.path == "/moved":
            self._say(302, b"", {"Location": "/v1/models"})
        elif self.path == "/soon" and Answers.refusals > 0:
            Answers.refusals -= 1
            self._say(503, b"loading")
        elif self.path == "/v1/models" and self.headers.get("Authorization") != "Bearer k":
            self._say(401, b'{"error": "Unauthorized"}')
        else:
            self._say(200, b"pong" if self.path == "/ping" else json.dumps(MODELS).encode())

    def do_POST(self) -> None:
        assert self.headers["Content-Type"] == "application/json"
        self._say(201, self.rfile.read(int(self.headers["Content-Length"])))

    def _say(self, status: int, body: bytes, headers: t.Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: t.Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def base() -> t.Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


KEY = {"Authorization": "Bearer k"}


@pytest.mark.parametrize(
    ("path", "check", "wrong"),
    [
        ("/ping", {}, None),
        ("/v1/models", {"headers": KEY, "fields": {"data.0.id": "llama"}}, None),
        ("/v1/models", {"status": (401,)}, None),
        ("/echo", {"method": "POST", "body": {"n": 1}, "status": (200, 201), "fields": {"n": "1"}}, None),
        ("/v1/models", {}, 'status 401 where 200 was wanted: {"error": "Unauthorized"}'),
        ("/moved", {}, "status 302 where 200 was wanted: nothing"),
        ("/ping", {"fields": {"data": None}}, "JSON was wanted, and this came: pong"),
        ("/v1/models", {"headers": KEY, "fields": {"data.0.id": "qwen"}}, "data.0.id should be qwen"),
        ("/v1/models", {"headers": KEY, "fields": {"data.1.id": None}}, "data.1.id should be there"),
        ("/v1/models", {"headers": KEY, "fields": {"data.0.root": None}}, "data.0.root should be there"),
    ],
)
def test_an_answer_is_what_was_wanted_or_a_sentence_says_what_is_not(
    base: str, path: str, check: dict[str, t.Any], wrong: str | None
) -> None:
    said = complaint(Check(base + path, **check))
    assert (said is None) if wrong is None else (said is not None and wrong in said and path in said)


def test_what_does_not_listen_is_said_to_give_no_answer() -> None:
    assert "no answer: " in str(complaint(Check("http://127.0.0.1:9/health")))


def test_a_proxy_of_the_environment_is_not_asked(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    assert complaint(Check(f"{base}/ping")) is None


class Time:
    """A clock that goes on only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def wait(checks: list[Check], patience: Patience, restarts: t.Callable[[], int] = lambda: 0) -> float:
    clock = Time()
    return until_answered(checks, patience, restarts, clock, clock.sleep)


def test_it_is_waited_for_until_every_check_holds(base: str) -> None:
    Answers.refusals = 2
    assert wait([Check(f"{base}/soon"), Check(f"{base}/ping")], Patience(60, pause_seconds=5)) == 10


def test_the_last_complaint_is_told_when_time_is_up(base: str) -> None:
    with pytest.raises(DeadlineError, match=r"not within 7 s; GET .*/v1/models: status 401"):
        wait([Check(f"{base}/ping"), Check(f"{base}/v1/models")], Patience(7))


def test_what_crashes_at_each_start_is_given_up_long_before_time_is_up(base: str) -> None:
    # It had been started again four times before anybody waited.
    counts = iter([4, 5, 6, 7])
    with pytest.raises(CrashLoopError, match="started again 3 times"):
        wait([Check(f"{base}/v1/models")], Patience(1800, restarts=2), lambda: next(counts))
