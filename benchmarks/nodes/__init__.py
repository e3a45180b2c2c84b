"""What it costs to list many machines: our inventory plugin beside amazon.aws's, on one simulated account."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import typing as t
from pathlib import Path

from benchmarks.measure import Cost, measure
from benchmarks.nodes.sample import REGION, take

ROOT = Path(__file__).resolve().parents[2]
MACHINES = 10_000
# What a person would write to have the same groups of both.
SOURCES = {
    "amazon.aws.aws_ec2": {
        "plugin": "amazon.aws.aws_ec2",
        "regions": [REGION],
        "hostnames": ["instance-id"],
        "filters": {"tag:cloister:region": "us"},
        "keyed_groups": [
            {"prefix": "role", "key": "tags['cloister:role']"},
            {"prefix": "pool", "key": "tags['cloister:part']"},
        ],
    },
    "cloister.aws.ssm_nodes": {"plugin": "cloister.aws.ssm_nodes", "aws_regions": [REGION], "region_name": "us"},
}


def costs(rounds: int, latencies: t.Sequence[float]) -> dict[tuple[str, float], list[Cost]]:
    """Measure both in turn, ``rounds`` times for each latency: the time of `ansible-inventory --graph`."""
    found: dict[tuple[str, float], list[Cost]] = {}
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        sample = scratch / "sample.json"
        sample.write_text(json.dumps(take()))
        for latency in latencies:
            with _account(sample, latency) as endpoint:
                for _round in range(rounds + 1):
                    for name in SOURCES:
                        found.setdefault((name, latency), []).append(_listed(name, scratch, endpoint))
    return {key: values[1:] for key, values in found.items()}  # the first round warms caches


@contextlib.contextmanager
def _account(sample: Path, latency: float) -> t.Iterator[str]:
    command = [sys.executable, "-m", "benchmarks.nodes.account", str(sample), str(MACHINES), str(latency)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        port = server.stdout.readline().strip() if server.stdout else ""
        yield f"http://127.0.0.1:{port}"
        server.terminate()


def _listed(name: str, scratch: Path, endpoint: str) -> Cost:
    """List all machines once, and look whether they were all there."""
    source = scratch / f"{name.rpartition('.')[2]}.yml"
    source.write_text(json.dumps(SOURCES[name]))
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CLOISTER_", "ANSIBLE_", "PYTHON"))}
    keys = {"AWS_ACCESS_KEY_ID": "AKIABENCH", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_CONFIG_FILE": os.devnull}
    seen = scratch / "graph"
    program = Path(sys.executable).with_name("ansible-inventory")
    command = [str(program), "-i", str(source), "--graph", "pool_gpu", "--output", str(seen)]
    cost = measure(command, ROOT, {**clean, **keys, "AWS_ENDPOINT_URL": endpoint})
    listed = seen.read_text().count("i-0")
    if listed != MACHINES:
        raise AssertionError(f"{name} listed {listed} machines of {MACHINES}")
    return cost


def table(found: dict[tuple[str, float], list[Cost]]) -> t.Iterator[str]:
    """Yield the table as Markdown."""
    yield "| added per request | plugin | s | CPU s | MiB | time | memory |"
    yield "|---|---|---|---|---|---|---|"
    theirs = next(iter(SOURCES))
    for name, latency in sorted(found, key=lambda key: (key[1], key[0])):
        wall, cpu, memory = _medians(found[name, latency])
        others = _medians(found[theirs, latency])
        ratios = f"{wall / others[0]:.2f} | {memory / others[2]:.2f}"
        yield f"| {latency:.0f} ms | {name} | {wall:.1f} | {cpu:.1f} | {memory:.0f} | {ratios} |"


def _medians(values: t.Sequence[Cost]) -> tuple[float, float, float]:
    wall, cpu, memory = ([getattr(cost, field) for cost in values] for field in ("wall", "cpu", "memory"))
    return statistics.median(wall), statistics.median(cpu), statistics.median(memory)
