# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A service of others, behind an edge: it says what it was asked, and streams as long as it is asked to. Python 3.11.

python3 server.py NAME PORT: `POST /work` is answered with its mark and the digest of its body, `POST /stream`
({mark, events, gap}) with so many events, all else with who answered.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys

Headers = dict[str, str]


class Service:
    """The service, under a name of its own."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer requests of one connection until its client ends it."""
        try:
            while True:
                method, path, headers = await _head(reader)
                body = await reader.readexactly(int(headers.get("content-length", "0")))
                peer = str(writer.get_extra_info("peername")[0])
                if (method, path) == ("POST", "/stream"):
                    await self._stream(writer, json.loads(body))
                else:
                    self._say(writer, self._told(path, headers, body, peer))
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def _told(self, path: str, headers: Headers, body: bytes, peer: str) -> Headers:
        told = {"server": self.name, "path": path, "peer": peer, "host": headers.get("host", "")}
        told |= {"mark": headers.get("x-mark", ""), "digest": hashlib.sha256(body).hexdigest()}
        return {**told, "forwarded_for": headers.get("x-forwarded-for", "")}

    def _say(self, writer: asyncio.StreamWriter, told: Headers) -> None:
        body = json.dumps(told).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)

    async def _stream(self, writer: asyncio.StreamWriter, asked: dict[str, object]) -> None:
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
            b"Cache-Control: no-store\r\n\r\n"
        )
        for number in range(int(str(asked["events"]))):
            await _event(writer, f"{asked['mark']} {number}")
            await asyncio.sleep(float(str(asked["gap"])))
        await _event(writer, "[DONE]")
        writer.write(b"0\r\n\r\n")


async def _head(reader: asyncio.StreamReader) -> tuple[str, str, Headers]:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _version = lines[0].split(" ", 2)
    headers = dict(line.split(":", 1) for line in lines[1:] if line)
    return method, path, {name.lower(): value.strip() for name, value in headers.items()}


async def _event(writer: asyncio.StreamWriter, held: str) -> None:
    event = f"data: {held}\n\n".encode()
    writer.write(f"{len(event):x}\r\n".encode() + event + b"\r\n")
    await writer.drain()


async def main(name: str, port: int) -> None:
    """Serve until the process is ended."""
    server = await asyncio.start_server(Service(name).serve, "0.0.0.0", port, backlog=512)  # noqa: S104
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
