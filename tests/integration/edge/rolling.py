# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is done to proxies while clients ask them: rolls, a restart as it should not be, and a machine that is lost."""

from __future__ import annotations

import time

from lab.load.report import Report
from tests.integration.edge.living import LONG, Living, Roll

LEAST_POSTS = 20_000 if LONG else 5_000
STREAM = {"events": 150 if LONG else 50, "gap": 0.2}


def configuration(edge: Living) -> None:
    edge.changes |= {"proxy_hsts_seconds": 1000}


def certificate(edge: Living) -> None:
    edge.bring_certificate()


def package(edge: Living) -> None:
    edge.changes |= {"proxy_nginx_version": edge.bring_newer_nginx()}


CHANGES = (configuration, certificate, package)


def rolled(edge: Living) -> Report:
    """Roll another configuration, another certificate and another Nginx: one by one where time is, else at once.

    What clients met meanwhile.
    """
    load = edge.load(least=LEAST_POSTS, posters=8, streamers=2, **STREAM)
    for together in [[one] for one in CHANGES] if LONG else [CHANGES]:
        for change in together:
            change(edge)
        done = edge.roll()
        if done.rc != 0:
            raise AssertionError(f"{load.ended().told()}\n{done.output}")
    return load.ended(seconds=600)


def restarted(edge: Living, proxy: str) -> Report:
    """Stop, change, start, as it is done where nobody lets the load balancer know; what clients met meanwhile.

    The stop is the one of the unit in Nginx's own packages, which sends SIGTERM.
    """
    load = edge.load(posters=8, streamers=0, pause=0.02)
    time.sleep(2)
    edge.inside(proxy, "nginx", "-s", "stop")
    time.sleep(0.5)
    edge.inside(proxy, "systemctl", "start", "nginx")
    time.sleep(1)
    return load.ended()


def has(edge: Living, proxy: str, wanted: int) -> bool:
    """Whether the configuration that lies on a proxy is the one that a roll brings: HSTS of so many seconds."""
    return bool(edge.inside(proxy, "grep", f'max-age={wanted}"', "/etc/nginx/nginx.conf"))


def reached(edge: Living, roll: Roll, step: str, wanted: int) -> str | None:
    """The proxy that has come to a step of a roll, if one has."""
    if not roll.runs():
        raise AssertionError(f"nobody came to {step}: {roll.ended().output}")
    return next((one for one in edge.proxies() if _is_at(edge, one, step, wanted)), None)


def _is_at(edge: Living, proxy: str, step: str, wanted: int) -> bool:
    if step == "out":
        return edge.health().get(proxy) in (None, "draining")
    if step == "changed":
        return has(edge, proxy, wanted)
    state = edge.inside(proxy, "ls", "/var/lib/cloister-proxy").split()
    if step == "serving":
        return "failing" not in state and has(edge, proxy, wanted)
    return {"failing": "failing", "draining": "drain.conf"}[step] in state
