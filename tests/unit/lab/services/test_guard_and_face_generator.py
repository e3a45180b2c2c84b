# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""System 0's two services: a job comes back by a webhook, to the one of several guards that waits for it."""

from __future__ import annotations

import http.client
import json
import threading
import typing as t
from http.server import ThreadingHTTPServer

import pytest

from lab.services.face_generator import serve as face
from lab.services.guard import serve as guard

Answer = tuple[int, dict[str, t.Any]]


def started(server: ThreadingHTTPServer) -> int:
    """Its port."""
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return int(server.server_address[1])


def post(port: int, path: str, body: t.Any) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("POST", path, body if isinstance(body, str) else json.dumps(body))
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, json.loads(text) if text else {}


class Turns(guard.BaseHTTPRequestHandler):
    """A load balancer for webhooks: each goes to the next of its guards."""

    guards: t.ClassVar[list[int]] = []
    sent: t.ClassVar[list[int]] = []

    def do_POST(self) -> None:  # noqa: N802 - its name in http.server
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        port = self.guards[len(self.sent) % len(self.guards)]
        self.sent.append(port)
        self.send_response(post(port, self.path, body)[0])
        self.end_headers()

    def log_message(self, format: str, *args: t.Any) -> None:
        pass


@pytest.fixture
def guards(monkeypatch: pytest.MonkeyPatch) -> t.Iterator[list[int]]:
    """Ports of two guards, a balancer before them for webhooks, and a face-generator behind."""
    made: list[ThreadingHTTPServer] = [ThreadingHTTPServer(("127.0.0.1", 0), face.Handler)]
    monkeypatch.setenv("FACE_GENERATOR_URL", f"http://127.0.0.1:{started(made[0])}")
    monkeypatch.setenv("WEBHOOK_KEY", "of the test")
    monkeypatch.setattr(face, "PAUSE", 0.01)
    made += [guard.Server(("127.0.0.1", 0)) for _ in range(2)]
    Turns.guards, Turns.sent = [started(one) for one in made[1:]], []
    made.append(ThreadingHTTPServer(("127.0.0.1", 0), Turns))
    monkeypatch.setenv("CALLBACK_URL", f"http://127.0.0.1:{started(made[3])}/webhook")
    yield Turns.guards
    for one in made:
        one.shutdown()
        one.server_close()


def test_a_job_is_answered_with_what_the_webhook_brought_whichever_guard_got_it_first(guards: list[int]) -> None:
    # The first webhook goes to the first guard, and the second one waits for it.
    status, told = post(guards[1], "/jobs", {"prompt": "a smile"})
    assert (status, told["result"]) == (200, "a face for 'a smile'")
    assert Turns.sent == guards
    assert told["accepted_by"]["face_generator"] == told["by"] == told["guard"] == "127.0.0.1"


def test_nobody_else_answers_a_job(guards: list[int]) -> None:
    assert post(guards[0], "/webhook", {"job": "x", "signature": "forged", "result": "y"}) == (403, {})


def test_what_is_no_job_is_refused(guards: list[int]) -> None:
    assert post(guards[0], "/jobs", "[]")[0] == post(guards[0], "/jobs", "{")[0] == 400
    assert post(guards[0], "/elsewhere", {})[0] == 404


def test_a_face_generator_that_is_not_reached_is_told(guards: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard.Server, "hand_on", lambda *_: (_ for _ in ()).throw(ConnectionRefusedError("refused")))
    status, told = post(guards[0], "/jobs", {"prompt": "x"})
    assert (status, told["detail"].endswith("refused")) == (502, True)


def test_a_webhook_that_never_comes_is_told(guards: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard.Server, "hand_on", lambda *_: {})
    monkeypatch.setattr(guard, "LONGEST_SECONDS", 0.05)
    assert post(guards[0], "/jobs", {"prompt": "x"})[0] == 504
