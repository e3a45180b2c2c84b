# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What goes wrong on the way to a node: it loses nothing, or the client gives the node up in time."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws

Proxy = t.Callable[..., subprocess.Popen[bytes]]
# The echo hangs up after it.
SAID = b"".join(b"line %05d\n" % number for number in range(20_000)) + b"bye"
# Beyond the silence that it was told to bear, the client may take so long.
GRACE_SECONDS = 10


class Ended(t.NamedTuple):
    """How the client ended by itself: status, what came through it, what it said, and how long it took."""

    rc: int
    out: bytes
    said: str
    seconds: float


def talk(running: subprocess.Popen[bytes], seconds: float = 60) -> Ended:
    """Say it all through the client, whose input stays open as ssh's does; it is killed after so many seconds."""
    assert running.stdin
    assert running.stdout
    assert running.stderr
    began = time.monotonic()
    timer = threading.Timer(seconds, running.kill)
    timer.start()
    threading.Thread(target=_say, args=(running.stdin,), daemon=True).start()
    out, said = running.stdout.read(), running.stderr.read()
    rc = running.wait()
    timer.cancel()
    return Ended(rc, out, said.decode(), time.monotonic() - began)


def _say(pipe: t.IO[bytes]) -> None:
    with contextlib.suppress(OSError):
        pipe.write(SAID)
        pipe.flush()


@pytest.mark.parametrize(
    "fault",
    [
        {"drop_every": 40},
        {"duplicate_every": 3},
        {"delay_every": 20, "delay_seconds": 0.2},
        {"drop_every": 50, "duplicate_every": 20, "delay_every": 30, "delay_seconds": 0.1},
        {"pause_after": 100, "pause_seconds": 1},
        {"agent_version": "3.0.1.0"},
    ],
    ids=["dropped", "doubled", "late", "all of it", "away for a while", "an old agent"],
)
def test_what_is_dropped_doubled_late_or_away_comes_whole_and_in_order(
    lab: EmbeddedAws, proxy: Proxy, fault: dict[str, t.Any]
) -> None:
    lab.channel_fault(**fault)
    ended = talk(proxy())
    assert (ended.rc, ended.out) == (0, SAID.upper())


@pytest.mark.parametrize("after", [3, 150])
def test_a_connection_that_is_cut_is_taken_up_again_and_nothing_is_lost(
    lab: EmbeddedAws, proxy: Proxy, after: int
) -> None:
    lab.channel_fault(cut_after=after)
    assert talk(proxy()).out == SAID.upper()
    (row,) = lab.sessions()
    assert row["connections"] == 2


@pytest.mark.parametrize("after", [0, 1, 3, 150])
def test_a_dead_agent_is_given_up_in_its_time_and_ten_seconds(lab: EmbeddedAws, proxy: Proxy, after: int) -> None:
    lab.channel_fault(silent_after=after)
    ended = talk(proxy(timeout=2), 2 + GRACE_SECONDS)
    assert ended.seconds < 2 + GRACE_SECONDS
    assert ended.rc > 0
    assert " 2 s" in ended.said


def test_a_session_that_cannot_be_taken_up_again_is_an_error_at_once(lab: EmbeddedAws, proxy: Proxy) -> None:
    lab.channel_fault(cut_after=150, refuse_resume=True)
    ended = talk(proxy(timeout=30), 15)
    assert ended.rc > 0
    assert ended.said.startswith("cloister: ")


def test_a_node_that_is_not_connected_is_named(lab: EmbeddedAws, node: str, proxy: Proxy) -> None:
    lab.detach(node)
    running = proxy()
    _, said = running.communicate(b"", timeout=30)
    assert running.returncode != 0
    assert node in said.decode()
    assert lab.sessions() == []


def test_a_client_that_is_ended_leaves_no_session(lab: EmbeddedAws, proxy: Proxy) -> None:
    running = proxy()
    assert running.stdin
    assert running.stdout
    running.stdin.write(b"hello")
    running.stdin.flush()
    assert running.stdout.read(5) == b"HELLO"
    running.terminate()
    running.wait(10)
    end = time.monotonic() + 5
    while lab.sessions()[0]["status"] != "Terminated" and time.monotonic() < end:
        time.sleep(0.05)
    assert lab.sessions()[0]["status"] == "Terminated"
