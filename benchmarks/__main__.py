"""Measure and print: python -m benchmarks [--rounds N] [--latency MS ...] [--only region|tasks|nodes|...]."""

from __future__ import annotations

import argparse
import datetime
import os
import platform

from benchmarks import nodes, proxy, region, sessions, task_cost


def main() -> None:
    """Print the tables, with the date and the size of the machine."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="rounds that count, each tool in turn")
    parser.add_argument("--latency", type=float, nargs="+", default=[0.0, 50.0, 100.0], help="ms added to a request")
    parser.add_argument("--only", choices=["region", "tasks", "nodes", "sessions", "proxy"])
    options = parser.parse_args()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    print(f"{datetime.date.today()}, {os.cpu_count()} cores, {memory:.0f} GiB, Python {platform.python_version()}\n")
    if options.only in (None, "region"):
        print("\n".join(region.report(options.rounds, options.latency)), end="\n\n", flush=True)
    if options.only in (None, "tasks"):
        print("\n".join(task_cost.table(task_cost.costs(options.rounds))), end="\n\n", flush=True)
    if options.only in (None, "nodes"):
        print("\n".join(nodes.table(nodes.costs(options.rounds, options.latency))), end="\n\n", flush=True)
    if options.only in (None, "sessions"):
        print("\n".join(sessions.table(sessions.costs(options.rounds))), end="\n\n", flush=True)
    if options.only in (None, "proxy"):
        print("\n".join(proxy.table(*proxy.costs(options.rounds))))


if __name__ == "__main__":
    main()
