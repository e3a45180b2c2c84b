# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A connection of a client that never tries again: what it sends into one that somebody has closed is a failure.

Libraries send a GET again by themselves, and look whether a connection is still open before they use it. Both hide what
becomes of a POST of others: https://www.rfc-editor.org/rfc/rfc9110#section-9.2.2
"""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import ssl
import typing as t

# Nothing may be silent for so long.
PATIENCE_SECONDS = 30.0
LARGEST = 2**20


class Refused(Exception):
    """An answer that is none: another status, another body, an end before the end."""


@dataclasses.dataclass
class Answer:
    """An answer; `chunks` are of one that comes in pieces, and end with the last one."""

    status: int
    headers: dict[str, str]
    body: bytes
    chunks: t.AsyncIterator[bytes] | None = None


@dataclasses.dataclass
class Connection:
    """One connection; `certificate` is the digest of what the server showed, empty without TLS."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    host: str
    certificate: str
    # Where it leads to.
    address: str
    over: bool = False

    @classmethod
    async def open(cls, host: str, port: int, trust: ssl.SSLContext | None, address: str = "") -> Connection:
        """Connect to `address`, or to where the name leads, and believe who is there only for the name."""
        named = host if trust else None
        async with asyncio.timeout(PATIENCE_SECONDS):
            opened = asyncio.open_connection(address or host, port, ssl=trust, server_hostname=named, limit=LARGEST)
            reader, writer = await opened
        secure = writer.get_extra_info("ssl_object")
        shown = hashlib.sha256(secure.getpeercert(True)).hexdigest()[:12] if secure else ""
        return cls(reader, writer, host, shown, str(writer.get_extra_info("peername")[0]))

    async def post(self, path: str, body: bytes, headers: t.Mapping[str, str]) -> Answer:
        """POST, and read the answer, or as much of it as comes before the first piece."""
        said = {"Host": self.host, "Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in said.items())
        async with asyncio.timeout(PATIENCE_SECONDS):
            self.writer.write(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
            await self.writer.drain()
            status, told = await self._head()
            self.over = told.get("connection", "").lower() == "close"
            if told.get("transfer-encoding", "").lower() == "chunked":
                return Answer(status, told, b"", self._chunks())
            return Answer(status, told, await self.reader.readexactly(int(told["content-length"])))

    async def _head(self) -> tuple[int, dict[str, str]]:
        lines = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = dict(line.split(":", 1) for line in lines[1:] if line)
        return int(lines[0].split()[1]), {name.lower(): value.strip() for name, value in headers.items()}

    async def _chunks(self) -> t.AsyncIterator[bytes]:
        while True:
            async with asyncio.timeout(PATIENCE_SECONDS):
                size = int((await self.reader.readuntil(b"\r\n")).split(b";")[0], 16)
                piece = (await self.reader.readexactly(size + 2))[:-2]
            if not size:
                return
            yield piece

    async def close(self) -> None:
        """Close it; whoever is at its other end may be gone."""
        self.writer.close()
        try:
            async with asyncio.timeout(1):
                await self.writer.wait_closed()
        except (OSError, TimeoutError):
            pass
