# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Stands for face-generator: `POST /jobs` is taken at once, and its result brought to CALLBACK_URL as a webhook.

A webhook that is refused or gets nowhere is sent again, as senders of webhooks do.
"""

from __future__ import annotations

import json
import os
import threading
import time
import typing as t
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Json = dict[str, t.Any]
HEADERS = {"Content-Type": "application/json"}
TRIES, PAUSE = 20, 0.1


def deliver(url: str, told: Json) -> int:
    """Bring a result until it is taken; returns how often it was sent, 0 when nobody took it."""
    body = json.dumps(told).encode()
    for tries in range(1, TRIES + 1):
        asked = urllib.request.Request(url, body, HEADERS)  # noqa: S310 - its operator names it
        try:
            with urllib.request.urlopen(asked, timeout=5):  # noqa: S310
                return tries
        except OSError as refused:
            print(f"webhook to {url}: {refused}", flush=True)
            time.sleep(PAUSE)
    return 0


class Handler(BaseHTTPRequestHandler):
    """Jobs."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Health, and nothing else."""
        known = self.path == "/health"
        self._say(200 if known else 404, {"status": "ok"} if known else {"detail": "Not Found"})

    def do_POST(self) -> None:
        """Take a job."""
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path != "/jobs":
            self._say(404, {"detail": "Not Found"})
            return
        try:
            told = json.loads(raw)
            result = f"a face for {told.get('prompt')!r}"
            done = {"job": told["job"], "signature": told["signature"], "result": result}
        except (ValueError, KeyError, AttributeError):
            self._say(400, {"detail": "a job is a JSON object with job and signature"})
            return
        here = self.connection.getsockname()[0]
        self._say(202, {"face_generator": here, "host": self.headers.get("Host", ""), "from": self.client_address[0]})
        target = os.environ["CALLBACK_URL"]
        threading.Thread(target=deliver, args=(target, {**done, "by": here}), daemon=True).start()

    def _say(self, status: int, content: Json) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: t.Any) -> None:
        """A line for each request; never a body."""
        print(f"{self.client_address[0]} - {format % args}", flush=True)


def main() -> None:
    """Serve on PORT."""
    ThreadingHTTPServer(("0.0.0.0", int(os.environ.get("PORT", "8000"))), Handler).serve_forever()  # noqa: S104


if __name__ == "__main__":
    main()
