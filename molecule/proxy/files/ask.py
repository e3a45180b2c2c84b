"""Ask a proxy as a load balancer and its clients do: `state` prints what they are told, `stream` waits for an answer.

Runs on the node and on the controller. With --proxied it says in a PROXY header that 203.0.113.9 asks.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import socket
import ssl
import time
import typing as t

HEADER = b"PROXY TCP4 203.0.113.9 10.0.0.1 4711 443\r\n"
TIMES = 8


def asked(p: argparse.Namespace, port: int, path: str, body: str | None = None) -> http.client.HTTPResponse:
    """An answer, whose body is not read yet."""
    plain: t.Any = socket.create_connection((p.address, port), timeout=900)
    plain.sendall(HEADER if p.proxied else b"")
    if port == 443:
        # The node's own check compares certificates.
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        plain = context.wrap_socket(plain, server_hostname="infer.test")
    connection = http.client.HTTPConnection("infer.test")
    connection.sock = plain
    connection.request("POST" if body else "GET", path, body)
    return connection.getresponse()


def state(p: argparse.Namespace) -> dict[str, t.Any]:
    """What a client and a load balancer are told."""
    told = [asked(p, 443, "/echo") for _ in range(TIMES)]
    bodies = [json.loads(answer.read()) for answer in told]
    with contextlib.suppress(OSError, http.client.HTTPException):
        # Afterwards, as a health check that is refused is what some ask for.
        p.health = asked(p, 8081, "/health").status
    return {
        "health": p.health,
        "status": sorted({answer.status for answer in told}),
        "kept": [answer.will_close for answer in told] == [False] * TIMES,
        "clients": sorted({body["headers"]["x-forwarded-for"] for body in bodies}),
        "addresses": sorted({body["address"] for body in bodies}),
    }


def main() -> None:
    """One word."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("word", choices=["state", "stream", "finish"])
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--proxied", action="store_true")
    parser.set_defaults(health=0)
    p = parser.parse_args()
    if p.word == "state":
        print(json.dumps(state(p)))
    elif p.word == "stream":
        answer = asked(p, 443, "/v1/chat/completions", json.dumps({"stream": True, "max_tokens": 10_000}))
        print(answer.read().decode().strip().splitlines()[-1])
    else:
        time.sleep(3)
        asked(argparse.Namespace(address=p.address, proxied=False), 9000, "/finish", "{}")


if __name__ == "__main__":
    main()
