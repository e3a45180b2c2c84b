# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What runs on a machine of these tests: it tells who asked it for what, and says that it is ill while /ill is there.

Port 80 is HTTP, 8081 its health. On 81 and 8082, their health, each connection begins with a PROXY header of version 2.
"""

from __future__ import annotations

import http.server
import json
import os
import socket
import socketserver
import sys
import threading
import time
import typing as t


class Answering(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/stream":
            self.stream()
            return
        ill = self.path == "/health" and os.path.exists("/ill")
        told = {"name": sys.argv[1], "peer": self.client_address[0], "headers": dict(self.headers), "path": self.path}
        body = json.dumps(told).encode()
        self.send_response(503 if ill else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def stream(self) -> None:
        """A line each tenth of a second, eighty times."""
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        for number in range(80):
            self.wfile.write(f"{number}\n".encode())
            self.wfile.flush()
            time.sleep(0.1)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


class Proxied(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        client = header(self.rfile)
        if client is not None:
            told = {"peer": self.client_address[0], "told": client}
            self.wfile.write(json.dumps(told).encode() + b"\n")


class AnsweringProxied(Answering):
    def handle(self) -> None:
        if header(self.rfile) is not None:
            super().handle()


def header(said: t.BinaryIO) -> str | None:
    """The client that a PROXY header tells, "" where it tells none; None for what is no header.

    https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt, 2.2
    """
    head = said.read(16)
    if head[:12] != b"\r\n\r\n\0\r\nQUIT\n":
        return None
    rest = said.read(int.from_bytes(head[14:16], "big"))
    return socket.inet_ntoa(rest[:4]) if rest else ""


def main() -> None:
    http.server.ThreadingHTTPServer.request_queue_size = 128
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    handlers = {80: Answering, 8081: Answering, 8082: AnsweringProxied}
    servers = [http.server.ThreadingHTTPServer(("", port), handler) for port, handler in handlers.items()]
    for server in (*servers, socketserver.ThreadingTCPServer(("", 81), Proxied)):
        threading.Thread(target=server.serve_forever).start()


main()
