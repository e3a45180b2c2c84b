# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Clients of two kinds, each on a connection that it keeps: those that POST, and those that read long streams.

Each answer is compared with its request, and each stream is read event by event to its last one.
"""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import itertools
import json
import ssl
import time
import typing as t
import uuid
from collections.abc import Awaitable, Callable

from lab.load.connection import Answer, Connection, Refused
from lab.load.report import Report

# What clients meet when the other end goes, and what they make of it.
LOST = (OSError, EOFError, ssl.SSLError, TimeoutError, Refused, ValueError, LookupError)
PAUSE_AFTER_FAILURE_SECONDS = 0.05
PADDING = "x" * 200


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What load: `posts` ends it once so many were sent, 0 never does; who ends it earlier waits for `least` of them.

    Streams have `events`, `gap` seconds apart.
    """

    host: str
    port: int = 443
    # Where the name leads, when nobody is asked for it.
    at: str = ""
    posters: int = 8
    streamers: int = 2
    posts: int = 0
    least: int = 0
    pause: float = 0.05
    events: int = 50
    gap: float = 0.2
    path: str = "/work"
    streaming: str = "/stream"


class Clients:
    """All of the clients, and what they met."""

    def __init__(self, wanted: Wanted, trust: ssl.SSLContext | None) -> None:
        self.wanted, self.trust, self.report = wanted, trust, Report()
        self.over, self.begun = asyncio.Event(), asyncio.Event()
        self._sent = itertools.count(1)

    async def run(self) -> Report:
        """Go on until somebody sets `over`, or all POSTs were sent; what is under way then comes to its end.

        `begun` is set once somebody was answered, or was not.
        """
        self.report.began = time.time()
        posting = [self._client("POST", self._post) for _ in range(self.wanted.posters)]
        streaming = [self._client("stream", self._stream) for _ in range(self.wanted.streamers)]
        streams = asyncio.gather(*streaming)
        await (asyncio.gather(*posting) if posting else self.over.wait())
        for one in (self.over, self.begun):
            one.set()
        await streams
        self.report.ended = time.time()
        return self.report

    async def _client(self, what: str, ask: Callable[[Connection], Awaitable[None]]) -> None:
        """One client after the other request, on one connection as long as the server keeps it."""
        connection: Connection | None = None
        least = self.wanted.least if what == "POST" else 0
        while not self.over.is_set() or self.report.posts + len(self.report.failures) < least:
            if what == "POST" and 0 < self.wanted.posts < next(self._sent):
                break
            try:
                connection = connection or await self._connected()
                await ask(connection)
                connection = await self._kept(connection)
            except LOST as lost:
                self.report.failed(
                    what, f"{type(lost).__name__} {lost}".strip(), connection.address if connection else ""
                )
                if connection:
                    await connection.close()
                connection = None
                await asyncio.sleep(PAUSE_AFTER_FAILURE_SECONDS)
            self.begun.set()
            await asyncio.sleep(self.wanted.pause)
        if connection:
            await connection.close()

    async def _connected(self) -> Connection:
        made = await Connection.open(self.wanted.host, self.wanted.port, self.trust, self.wanted.at)
        self.report.connections += 1
        self.report.certificates[made.certificate] += 1
        self.report.addresses[made.address] += 1
        return made

    async def _kept(self, connection: Connection) -> Connection | None:
        """The connection, unless its server said that the answer was its last."""
        if not connection.over:
            return connection
        await connection.close()
        return None

    async def _post(self, connection: Connection) -> None:
        mark = uuid.uuid4().hex
        body = json.dumps({"mark": mark, "padding": PADDING}).encode()
        began = time.perf_counter()
        answer = await connection.post(self.wanted.path, body, {"X-Mark": mark})
        took = (time.perf_counter() - began) * 1000
        told = _read(answer)
        expected = {"mark": mark, "digest": hashlib.sha256(body).hexdigest()}
        if {key: told.get(key) for key in expected} != expected:
            raise Refused(f"asked with {expected}, answered with {told}")
        self.report.posts += 1
        self.report.latencies.append(took)
        self._counted(told)

    async def _stream(self, connection: Connection) -> None:
        mark = uuid.uuid4().hex
        body = json.dumps({"mark": mark, "events": self.wanted.events, "gap": self.wanted.gap}).encode()
        answer = await connection.post(self.wanted.streaming, body, {"X-Mark": mark})
        if answer.status != 200 or answer.chunks is None:
            raise Refused(f"{answer.status} {answer.body[:200]!r} in the place of a stream")
        came: list[str] = []
        async for one in _events(answer.chunks):
            came.append(one)
        wanted = [f"{mark} {number}" for number in range(self.wanted.events)]
        if came != [*wanted, "[DONE]"]:
            raise Refused(f"{len(came)} of {len(wanted) + 1} events, the last {came[-1:]}")
        self.report.streams += 1
        self.report.events += len(came)

    def _counted(self, told: t.Mapping[str, t.Any]) -> None:
        self.report.servers[str(told.get("server"))] += 1
        self.report.seen_as[str(told.get("forwarded_for"))] += 1


def _read(answer: Answer) -> dict[str, t.Any]:
    if answer.status != 200:
        raise Refused(f"{answer.status} {answer.body[:200]!r}")
    told = json.loads(answer.body)
    if not isinstance(told, dict):
        raise Refused(f"no object: {answer.body[:200]!r}")
    return told


async def _events(pieces: t.AsyncIterator[bytes]) -> t.AsyncIterator[str]:
    """Events by what they hold; one may come in several pieces, and a piece with several."""
    held = b""
    async for piece in pieces:
        held += piece
        *whole, held = held.split(b"\n\n")
        for one in whole:
            yield one.decode().removeprefix("data: ")
    if held:
        raise Refused(f"ended amid an event: {held[:200]!r}")
