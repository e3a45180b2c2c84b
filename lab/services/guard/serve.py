# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Stands for guard: `POST /jobs` is handed to face-generator by its inner name, and answered once the webhook is there.

There are several of it behind a load balancer, and no store that they share: a webhook for another one's job is refused
with 409, and whoever sent it sends it again.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import socket
import threading
import typing as t
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Json = dict[str, t.Any]
LONGEST_SECONDS = float(os.environ.get("STAND_IN_LONGEST_SECONDS", "20"))


class Waiting:
    """Jobs of this server whose webhook is still to come."""

    def __init__(self, key: str) -> None:
        self._key = key.encode()
        self._jobs: dict[str, tuple[threading.Event, list[Json]]] = {}

    def sign(self, job: str) -> str:
        """What a webhook for the job must bring, or anybody could answer it."""
        return hmac.new(self._key, job.encode(), hashlib.sha256).hexdigest()

    def begin(self) -> str:
        """A new job's id."""
        job = secrets.token_hex(8)
        self._jobs[job] = (threading.Event(), [])
        return job

    def come(self, told: Json, sender: Json) -> int:
        """Take a webhook; the status that its sender is answered with."""
        job = str(told.get("job"))
        if not hmac.compare_digest(self.sign(job), str(told.get("signature"))):
            return 403
        if job not in self._jobs:
            return 409
        event, held = self._jobs[job]
        held.append({"result": told.get("result"), "by": told.get("by"), "webhook_from": sender})
        event.set()
        return 204

    def result(self, job: str, seconds: float) -> Json | None:
        """What the webhook brought; None when none came in time."""
        event, held = self._jobs[job]
        event.wait(seconds)
        del self._jobs[job]
        return held[0] if held else None


class Handler(BaseHTTPRequestHandler):
    """Jobs of clients, webhooks of face-generator."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        """Health, and nothing else."""
        known = self.path == "/health"
        self._say(200 if known else 404, {"status": "ok"} if known else {"detail": "Not Found"})

    def do_POST(self) -> None:
        """A job, or a webhook."""
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            told = json.loads(raw or b"{}")
        except ValueError:
            told = None
        if not isinstance(told, dict):
            self._say(400, {"detail": "the body is no JSON object"})
        elif self.path == "/webhook":
            self._say(self.server.waiting.come(told, self._sender()), None)
        elif self.path == "/jobs":
            self._job(told)
        else:
            self._say(404, {"detail": "Not Found"})

    def _sender(self) -> Json:
        return {"address": self.client_address[0], "forwarded_for": self.headers.get("X-Forwarded-For", "")}

    def _job(self, told: Json) -> None:
        waiting = self.server.waiting
        job = waiting.begin()
        handed = {"job": job, "signature": waiting.sign(job), "prompt": told.get("prompt")}
        try:
            accepted = self.server.hand_on(handed)
        except OSError as lost:
            waiting.result(job, 0)
            self._say(502, {"detail": f"{self.server.upstream}: {lost}"})
            return
        came = waiting.result(job, LONGEST_SECONDS)
        if came is None:
            self._say(504, {"detail": f"job {job}: no webhook came in {LONGEST_SECONDS:.0f} s", "accepted": accepted})
            return
        where = {"guard": self.connection.getsockname()[0], "asked_by": self._sender(), "accepted_by": accepted}
        self._say(200, {"job": job, **came, **where})

    def _say(self, status: int, content: Json | None) -> None:
        body = b"" if content is None else json.dumps(content).encode()
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if status != 204 else b"")

    def log_message(self, format: str, *args: t.Any) -> None:
        """A line for each request; never a body."""
        print(f"{self.client_address[0]} - {format % args}", flush=True)


class Server(ThreadingHTTPServer):
    """With the jobs that wait, and where they are handed on to."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(address, Handler)
        self.waiting = Waiting(os.environ["WEBHOOK_KEY"])
        self.upstream = os.environ["FACE_GENERATOR_URL"].rstrip("/")

    def hand_on(self, job: Json) -> Json:
        """Give a job to face-generator, over TLS and by name; what it says of itself."""
        body, headers = json.dumps(job).encode(), {"Content-Type": "application/json"}
        asked = urllib.request.Request(f"{self.upstream}/jobs", body, headers)  # noqa: S310 - its operator names it
        with urllib.request.urlopen(asked, timeout=LONGEST_SECONDS) as answer:  # noqa: S310
            return t.cast("Json", json.loads(answer.read()))


def main() -> None:
    """Serve on PORT."""
    socket.setdefaulttimeout(LONGEST_SECONDS)
    Server(("0.0.0.0", int(os.environ.get("PORT", "8080")))).serve_forever()  # noqa: S104


if __name__ == "__main__":
    main()
