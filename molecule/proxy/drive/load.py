"""Load on the proxy until a file appears: POSTs on connections that are kept, and long streams. Prints what failed.

GETs would hide failures, as clients send them again by themselves.
"""

from __future__ import annotations

import argparse
import collections
import http.client
import json
import ssl
import threading
import time
from pathlib import Path

HOST, BODY = "infer.test", json.dumps({"prompt": "x" * 200})
# Long enough to leave the machine to others, far shorter than an idle connection is kept.
PAUSE_SECONDS = 0.02
STREAM = json.dumps({"stream": True, "max_tokens": 60})


class Load:
    """Clients, each with a thread and a connection of its own, and what they met."""

    def __init__(self, node: str, trust: ssl.SSLContext, stop: Path) -> None:
        self.node, self.trust, self.stop = node, trust, stop
        self.counts: collections.Counter[str] = collections.Counter()
        self.failures: list[str] = []

    def connection(self) -> http.client.HTTPSConnection:
        made = http.client.HTTPSConnection(self.node, 443, context=self.trust, timeout=30)
        # Its name is its site's, whatever its address.
        made.connect = lambda: self.connect(made)  # type: ignore[method-assign]
        return made

    def connect(self, made: http.client.HTTPSConnection) -> None:
        self.counts["connections"] += 1
        http.client.HTTPConnection.connect(made)
        made.sock = self.trust.wrap_socket(made.sock, server_hostname=HOST)

    def clients(self, path: str, body: str, name: str) -> None:
        connection = self.connection()
        while not self.stop.exists():
            try:
                connection.request("POST", path, body, {"Host": HOST})
                answer = connection.getresponse()
                text = answer.read()
                if answer.status != 200 or (name == "streams" and b"[DONE]" not in text):
                    raise ConnectionError(f"{answer.status} {text[-60:]!r}")
                self.counts[name] += 1
            except (OSError, http.client.HTTPException) as exc:
                self.failures.append(f"{time.strftime('%X')} {name}: {exc!r}")
                connection.close()
                connection = self.connection()
                time.sleep(0.05)
            time.sleep(PAUSE_SECONDS)


def main() -> None:
    """Run until told to stop."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("node")
    parser.add_argument("ca", type=Path)
    parser.add_argument("stop", type=Path)
    p = parser.parse_args()
    load = Load(p.node, ssl.create_default_context(cafile=str(p.ca)), p.stop)
    work = [("/v1/work", BODY, "posts")] * 6 + [("/v1/chat/completions", STREAM, "streams")] * 2
    threads = [threading.Thread(target=load.clients, args=arguments) for arguments in work]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({**load.counts, "failed": len(load.failures), "failures": load.failures[:5]}))


if __name__ == "__main__":
    main()
