"""What stands behind the proxy in its test: a model server on every address, and a DNS server that says which it is."""

from __future__ import annotations

import http.server
import json
import socketserver
import struct
import threading
import time
import typing as t

ADDRESSES: dict[str, list[str]] = {"models.test": ["127.0.0.2"]}
WORDS = ("a", "token", "comes", "when", "it", "is", "made")
TOKEN_SECONDS = 0.05
# An answer of this many tokens and more goes on until somebody asks for /finish.
ENDLESS = 10_000
FINISHED = threading.Event()


class Models(http.server.BaseHTTPRequestHandler):
    """Enough of OpenAI's API for its client, and what came in told back."""

    protocol_version = "HTTP/1.1"
    # Without it a small answer waits for the client's acknowledgement.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/v1/models":
            self.answer(
                {"object": "list", "data": [{"id": "tiny", "object": "model", "created": 0, "owned_by": "lab"}]}
            )
        elif path.endswith("/echo"):
            seen = {"address": self.connection.getsockname()[0], "client_port": self.client_address[1]}
            self.answer({**seen, "headers": {name.lower(): value for name, value in self.headers.items()}})
        else:
            self.answer({"error": {"message": f"no {self.path}", "type": "not_found", "code": 404}}, 404)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/addresses":
            ADDRESSES.update(json.loads(body))
            self.answer(ADDRESSES)
        elif self.path == "/finish":
            FINISHED.set()
            self.answer({})
        elif self.path != "/v1/chat/completions":
            self.answer({"bytes": len(body), "address": self.connection.getsockname()[0]})
        elif json.loads(body).get("stream"):
            self.stream(json.loads(body).get("max_tokens") or len(WORDS))
        else:
            choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": " ".join(WORDS)}}
            self.answer({"id": "1", "object": "chat.completion", "created": 0, "model": "tiny", "choices": [choice]})

    def stream(self, tokens: int) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for number in range(tokens):
            if tokens >= ENDLESS and FINISHED.is_set():
                break
            choice = {"index": 0, "delta": {"content": WORDS[number % len(WORDS)]}, "finish_reason": None}
            self.event(
                {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "tiny", "choices": [choice]}
            )
            time.sleep(TOKEN_SECONDS)
        self.event("[DONE]")
        self.wfile.write(b"0\r\n\r\n")

    def event(self, content: t.Any) -> None:
        text = content if isinstance(content, str) else json.dumps(content)
        event = f"data: {text}\n\n".encode()
        self.wfile.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")

    def answer(self, content: t.Any, status: int = 200) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: t.Any) -> None:
        pass


class Names(socketserver.BaseRequestHandler):
    """A records for a second, of RFC 1035's simplest kind."""

    def handle(self) -> None:
        query, socket = self.request
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1 : at + 1 + query[at]].decode())
            at += 1 + query[at]
        question, kind = query[12 : at + 5], struct.unpack(">H", query[at + 1 : at + 3])[0]
        found = ADDRESSES.get(".".join(labels).lower())
        told = (found or []) if kind == 1 else []
        flags = 0x8180 if found is not None else 0x8183
        answers = b"".join(
            struct.pack(">HHHIH4B", 0xC00C, 1, 1, 1, 4, *(int(part) for part in address.split("."))) for address in told
        )
        header = query[:2] + struct.pack(">HHHHH", flags, 1, len(told), 0, 0)
        socket.sendto(header + question + answers, self.client_address)


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 1024


if __name__ == "__main__":
    socketserver.ThreadingUDPServer.allow_reuse_address = True
    threading.Thread(target=socketserver.ThreadingUDPServer(("127.0.0.1", 5353), Names).serve_forever).start()
    Server(("0.0.0.0", 9000), Models).serve_forever()  # noqa: S104 - one that is bound to all is asked on each
