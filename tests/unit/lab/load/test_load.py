"""Clients that never try again: what they count, and what they take for a failure."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import typing as t

import pytest

from lab.embedded_aws.client import ROOT
from lab.load.__main__ import BEGUN
from lab.load.clients import Clients, Wanted
from lab.load.report import Failure, Report, percentile
from lab.load.server import Service

Serve = t.Callable[[asyncio.StreamReader, asyncio.StreamWriter], t.Awaitable[None]]
FAST = {"pause": 0.0, "events": 5, "gap": 0.001}


def met(serve: Serve, end_after: float = 0.0, **wanted: t.Any) -> Report:
    """What clients of a service on this machine met."""

    async def run() -> Report:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        clients = Clients(Wanted(host="work.example.com", at="127.0.0.1", port=port, **{**FAST, **wanted}), None)
        if end_after:
            asyncio.get_running_loop().call_later(end_after, clients.over.set)
        try:
            return await clients.run()
        finally:
            server.close()

    return asyncio.run(run())


def test_posts_and_streams_are_counted_and_kept_on_their_connections() -> None:
    report = met(Service("first").serve, posts=40, posters=2, streamers=1)
    assert report.failures == []
    assert (report.posts, len(report.latencies), report.connections) == (40, 40, 3)
    assert report.streams >= 1
    assert report.events == report.streams * 6
    assert report.servers == {"first": 40}


def test_streams_end_with_their_last_event_when_the_clients_are_told_to_end() -> None:
    report = met(Service("first").serve, end_after=0.05, posters=0, streamers=2, events=30, gap=0.01)
    assert report.failures == []
    assert (report.streams, report.events) == (2, 62)


def test_it_says_when_it_is_answered_and_what_it_met_once_it_is_told_to_end() -> None:
    async def run() -> tuple[bytes, Report]:
        server = await asyncio.start_server(Service("first").serve, "127.0.0.1", 0)
        where = ("--at=127.0.0.1", f"--port={server.sockets[0].getsockname()[1]}")
        words = ("-m", "lab.load", "--json", "--plain", "--events=2", *where, "work.example.com")
        load = await asyncio.create_subprocess_exec(sys.executable, *words, cwd=ROOT, stdout=asyncio.subprocess.PIPE)
        assert load.stdout is not None
        first = await load.stdout.readline()
        load.terminate()
        said, _ = await load.communicate()
        server.close()
        return first, Report.of_json(said.decode())

    first, report = asyncio.run(run())
    assert first.split() == [BEGUN.encode()]
    assert report.posts > 0
    assert report.failures == []


def answering(text: str) -> Serve:
    """A service that answers everything alike, and goes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(text.encode())
            await writer.drain()
        writer.close()

    return serve


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "IncompleteReadError"),
        ("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nbad", "Refused 502 b'bad'"),
        ('HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"mark": "abc"}', "Refused asked with"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nhalf", "IncompleteReadError"),
    ],
)
def test_what_is_no_answer_is_a_failure_with_its_reason(text: str, why: str) -> None:
    report = met(answering(text), posts=2, posters=1, streamers=0)
    assert [(one.what, one.address) for one in report.failures] == [("POST", "127.0.0.1")] * 2
    assert report.failures[0].why.startswith(why), report.failures[0].why
    assert report.posts == 0


def test_a_stream_that_lacks_its_last_event_is_a_failure() -> None:
    half = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\ndata: x\n\n\r\n0\r\n\r\n"
    report = met(answering(half), end_after=0.05, posters=0, streamers=1)
    assert report.streams == 0
    assert report.failures[0].why == "Refused 1 of 6 events, the last ['x']"


def test_a_connection_that_was_closed_is_not_tried_again() -> None:
    kept = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    report = met(answering(kept), posts=1, posters=1, streamers=0)
    assert (report.posts, report.connections, len(report.failures)) == (0, 1, 1)


def test_who_does_not_answer_at_all_is_told_of() -> None:
    async def run() -> Report:
        clients = Clients(Wanted(host="127.0.0.1", port=1, posts=1, posters=1, streamers=0), None)
        return await clients.run()

    (failure,) = asyncio.run(run()).failures
    assert failure.why.startswith("ConnectionRefusedError")
    assert "POST to (nobody): ConnectionRefusedError" in failure.told()


def test_a_report_comes_back_from_its_json_as_it_was() -> None:
    report = Report(began=1, ended=3, posts=2, latencies=[1.5, 2.5], failures=[Failure(2.0, "POST", "gone", "a")])
    report.servers["first"] += 2
    again = Report.of_json(report.as_json())
    assert again == report
    assert again.servers["nobody"] == 0
    assert "2 POSTs and 0 streams (0 events); in 2 s on 0 connections, 1 failed" in report.told()


def test_percentiles_are_values_that_were_there() -> None:
    assert [percentile([4, 1, 3, 2], share) for share in (1, 50, 75, 99, 100)] == [1, 2, 3, 4, 4]
    assert percentile([], 50) == 0
