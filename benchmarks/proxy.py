"""What the edge costs a request, and a roll of its proxies: asked by partners of a region that lives."""

from __future__ import annotations

import statistics
import tempfile
import typing as t
from dataclasses import dataclass
from pathlib import Path

from lab.load.report import Report
from lab.load.started import Load
from tests.integration.edge.living import OTHERS_AT, Living
from tests.integration.edge.rolling import restarted, rolled

CROWD, SATURATED_POSTS, CALM_POSTS = 32, 4000, 300


@dataclass(frozen=True)
class Figures:
    """Of one way to the service: many clients that never rest, and one that does."""

    crowd: list[Report]
    calm: list[Report]


def costs(rounds: int) -> tuple[dict[str, Figures], Report, Report]:
    """Both ways to the same service in turn; then what clients met in a roll, and in a restart."""
    with tempfile.TemporaryDirectory(prefix="edge-") as folder:
        edge = Living(Path(folder))
        try:
            edge.build()
            found = {name: Figures([], []) for name in _ways(edge)}
            for _round in range(rounds):
                for name, way in _ways(edge).items():
                    found[name].crowd.append(way(posts=SATURATED_POSTS, posters=CROWD, pause=0))
                    found[name].calm.append(way(posts=CALM_POSTS, posters=1, pause=0.01))
            return found, rolled(edge), restarted(edge, next(iter(edge.proxies())))
        finally:
            edge.end()


def _ways(edge: Living) -> dict[str, t.Callable[..., Report]]:
    """The service itself, as HTTP; and through the edge: load balancer, TLS, Nginx, NAT."""

    def straight(**wanted: t.Any) -> Report:
        return Load.start(edge.server, OTHERS_AT, port=80, plain=True, streamers=0, **wanted).awaited()

    def through(**wanted: t.Any) -> Report:
        return edge.load(streamers=0, **wanted).awaited()

    return {"the service itself, HTTP": straight, "through the edge, HTTPS": through}


def table(found: t.Mapping[str, Figures], roll: Report, restart: Report) -> t.Iterator[str]:
    """Yield the tables as Markdown."""
    yield f"| way | {CROWD} clients, POSTs/s | p99, ms | one client, p50, ms | p99, ms | failed |"
    yield "|---|---|---|---|---|---|"
    for name, figures in found.items():
        speed = statistics.median(one.posts / one.seconds for one in figures.crowd)
        busy = statistics.median(one.percentile(99) for one in figures.crowd)
        calm, rare = (statistics.median(one.percentile(share) for one in figures.calm) for share in (50, 99))
        failed = sum(len(one.failures) for one in (*figures.crowd, *figures.calm))
        yield f"| {name} | {speed:.0f} | {busy:.1f} | {calm:.1f} | {rare:.1f} | {failed} |"
    yield ""
    yield "| what happened meanwhile | s | POSTs | streams | connections | p50, ms | p99, ms | failed |"
    yield "|---|---|---|---|---|---|---|---|"
    for what, met in (
        ("rolls: configuration, certificate, package", roll),
        ("one proxy, stopped and started", restart),
    ):
        middle, rare = met.percentile(50), met.percentile(99)
        yield (
            f"| {what} | {met.seconds:.0f} | {met.posts} | {met.streams} | {met.connections} "
            f"| {middle:.0f} | {rare:.0f} | {len(met.failures)} |"
        )
