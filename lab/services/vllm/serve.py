# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What vLLM's server looks like from outside, without an engine: the same arguments, the same answers, made-up words.

It takes the arguments that `vllm serve` takes and no others (arguments.json: those of vLLM 0.32.0, read from its own
parser), needs the model's folder as it does, and streams as it does. It says what it is in `/version`.
"""

from __future__ import annotations

import argparse
import hmac
import json
import os
import sys
import time
import typing as t
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ARGUMENTS = Path(__file__).with_name("arguments.json")
WORDS = ("this", "server", "stands", "for", "another", "and", "knows", "no", "more", "words")
# Seconds between two words of a stream, and until the model is loaded.
PAUSE = float(os.environ.get("STAND_IN_PAUSE_SECONDS", "0.01"))
LOADING = float(os.environ.get("STAND_IN_LOADING_SECONDS", "0"))
Json = dict[str, t.Any]


def parser() -> argparse.ArgumentParser:
    """vLLM's own arguments; a value that is none of an argument's choices is refused, and so is an unknown argument."""
    made = argparse.ArgumentParser(prog="vllm serve", usage="vllm serve [model_tag] [options]", allow_abbrev=False)
    made.add_argument("model_tag", nargs="?")
    for flag, form in json.loads(ARGUMENTS.read_text(encoding="utf-8")).items():
        if form.get("nargs") == 0:
            made.add_argument(flag, action="store_true")
        else:
            made.add_argument(flag, **form)
    return made


def told(words: list[str]) -> argparse.Namespace:
    """The arguments, with those of a configuration file before them, as vLLM reads one."""
    made = parser()
    options = made.parse_args(words)
    if options.config:
        lines = Path(options.config).read_text(encoding="utf-8").splitlines()
        entries = [line.partition(": ") for line in lines if line]
        filed = [word for name, _, value in entries for word in (f"--{name}", str(json.loads(value)))]
        first = 0 if words[0].startswith("-") else 1
        words = words[:first] + filed + words[first:]
        options = made.parse_args(words)
    options.model = options.model_tag or options.model
    if not options.model:
        made.error("no model: give it as the first argument")
    folder = Path(options.model)
    if folder.is_absolute() and not (folder / "config.json").exists():
        made.error(f"{folder} holds no config.json")
    return options


def completion(asked: Json, name: str) -> tuple[list[str], Json]:
    """The words of an answer, and what is said of it."""
    count = min(int(asked.get("max_completion_tokens") or asked.get("max_tokens") or 16), 4096)
    words = [WORDS[place % len(WORDS)] for place in range(count)]
    usage = {"prompt_tokens": 1, "completion_tokens": count, "total_tokens": count + 1}
    return words, {"id": f"cmpl-{time.time_ns()}", "created": int(time.time()), "model": name, "usage": usage}


class Server(ThreadingHTTPServer):
    """With what it was told."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, options: argparse.Namespace) -> None:
        super().__init__((options.host or "127.0.0.1", int(options.port or 8000)), Handler)
        self.names: list[str] = options.served_model_name or [options.model]
        self.keys: list[str] = options.api_key or []
        self.answered = 0


class Handler(BaseHTTPRequestHandler):
    """The part of the API that a client needs to see."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        """Health, models, version, figures."""
        pages: dict[str, t.Callable[[], Json | str]] = {
            "/health": lambda: "",
            "/version": lambda: {"version": "0.32.0", "stand_in": True},
            "/metrics": lambda: f"vllm:request_success_total {self.server.answered}\n",
            "/v1/models": lambda: {"object": "list", "data": [self._model(name) for name in self.server.names]},
        }
        path = self.path.partition("?")[0]
        if path not in pages:
            self._say(404, {"detail": "Not Found"})
        elif self._may(path):
            self._say(200, pages[path]())

    def do_POST(self) -> None:
        """Complete, chat, embed."""
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        answers = {
            "/v1/completions": self._complete,
            "/v1/chat/completions": self._complete,
            "/v1/embeddings": self._embed,
        }
        if self.path not in answers:
            self._say(404, {"detail": "Not Found"})
            return
        if not self._may(self.path):
            return
        try:
            asked = json.loads(raw)
            name = asked.get("model") or self.server.names[0]
        except (ValueError, AttributeError):
            self._refuse(400, "BadRequestError", "the body is no JSON object")
            return
        if name not in self.server.names:
            self._refuse(404, "NotFoundError", f"The model `{name}` does not exist.")
            return
        answers[self.path](asked, name)
        self.server.answered += 1

    def _model(self, name: str) -> Json:
        return {"id": name, "object": "model", "created": 0, "owned_by": "vllm"}

    def _may(self, path: str) -> bool:
        given = self.headers.get("Authorization", "").removeprefix("Bearer ")
        known = [hmac.compare_digest(given.encode(), key.encode()) for key in self.server.keys]
        if path.startswith("/v1") and known and not any(known):
            self._say(401, {"error": "Unauthorized"})
            return False
        return True

    def _embed(self, asked: Json, name: str) -> None:
        given = asked["input"] if isinstance(asked.get("input"), list) else [asked.get("input")]
        data = [{"object": "embedding", "index": place, "embedding": [0.6, 0.8]} for place in range(len(given))]
        self._say(
            200, {"object": "list", "model": name, "data": data, "usage": {"prompt_tokens": 1, "total_tokens": 1}}
        )

    def _complete(self, asked: Json, name: str) -> None:
        chat = self.path.startswith("/v1/chat")
        words, about = completion(asked, name)
        if asked.get("stream"):
            self._stream(words, about, chat)
            return
        text = " ".join(words)
        choice: Json = {"index": 0, "finish_reason": "length"}
        choice |= {"message": {"role": "assistant", "content": text}} if chat else {"text": text}
        kind = "chat.completion" if chat else "text_completion"
        self._say(200, {**about, "object": kind, "choices": [choice]})

    def _stream(self, words: list[str], about: Json, chat: bool) -> None:
        """Events of the server, each a chunk of its own that leaves at once."""
        about.pop("usage")
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream; charset=utf-8")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        kind = "chat.completion.chunk" if chat else "text_completion"
        for place, word in enumerate(words):
            last = place == len(words) - 1
            text = word if place == 0 else f" {word}"
            choice: Json = {"index": 0, "finish_reason": "length" if last else None}
            choice |= {"delta": {"role": "assistant", "content": text}} if chat else {"text": text}
            self._event(json.dumps({**about, "object": kind, "choices": [choice]}))
            if not last:
                time.sleep(PAUSE)
        self._event("[DONE]")
        self.wfile.write(b"0\r\n\r\n")

    def _event(self, data: str) -> None:
        event = f"data: {data}\n\n".encode()
        self.wfile.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")
        self.wfile.flush()

    def _refuse(self, status: int, kind: str, message: str) -> None:
        self._say(status, {"error": {"message": message, "type": kind, "param": None, "code": status}})

    def _say(self, status: int, content: Json | str) -> None:
        text = content if isinstance(content, str) else json.dumps(content)
        self.send_response(status)
        self.send_header("Content-Type", "text/plain" if isinstance(content, str) else "application/json")
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, format: str, *args: t.Any) -> None:
        """A line for each request, as uvicorn writes one; never a header."""
        print(f"INFO:     {self.client_address[0]} - {format % args}", flush=True)


def main(words: list[str]) -> None:
    """Serve until the process is ended."""
    options = told(words)
    shown = {name: value for name, value in vars(options).items() if value not in (None, False)}
    print("non-default args:", {**shown, **({"api_key": "***"} if options.api_key else {})}, flush=True)
    time.sleep(LOADING)
    with Server(options) as server:
        server.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1:])
