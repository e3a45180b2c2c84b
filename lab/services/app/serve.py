# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A server such as people write with FastAPI: `/health`, and `/about`, which tells as what and with what it runs."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import typing as t
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

SECRETS = Path("/run/secrets")


def process() -> dict[str, str]:
    """What the kernel allows this process: its capabilities and whether it may get more."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    said = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    return {"capabilities": said["CapEff"], "no_new_privileges": said["NoNewPrivs"]}


def about() -> dict[str, t.Any]:
    """Version, environment, arguments, user; of a secret only its digest, so that nobody sees it."""
    secrets = sorted(SECRETS.iterdir()) if SECRETS.is_dir() else []
    return {
        "version": os.environ.get("VERSION", ""),
        "environment": dict(os.environ),
        "arguments": sys.argv[1:],
        "secrets": {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in secrets},
        "user": os.getuid(),
        **process(),
    }


class Handler(BaseHTTPRequestHandler):
    """Two pages."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Tell a page, or that there is none."""
        pages: dict[str, t.Callable[[], t.Any]] = {"/health": lambda: {"status": "ok"}, "/about": about}
        page = pages.get(self.path)
        body = json.dumps(page() if page else {"detail": "Not Found"}).encode()
        self.send_response(200 if page else 404)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def main() -> None:
    """Serve on PORT, or do not start at all where CRASH is set."""
    if os.environ.get("CRASH"):
        sys.exit(f"cannot start: {os.environ['CRASH']}")
    ThreadingHTTPServer(("0.0.0.0", int(os.environ.get("PORT", "8000"))), Handler).serve_forever()  # noqa: S104


if __name__ == "__main__":
    main()
