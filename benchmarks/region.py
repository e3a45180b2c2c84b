"""The region of inventories/us by Terraform and by Cloister, against the same embedded AWS, in turn."""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import tempfile
import typing as t
from collections import Counter, defaultdict
from pathlib import Path

import yaml

from benchmarks.measure import Cost, measure
from benchmarks.us import authority
from lab.embedded_aws import needs
from lab.embedded_aws.client import EmbeddedAws

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
INVENTORY = "inventories/us"
AWS_REGION = "us-west-2"
ACCOUNT = "111122223333"
ACTS = ("first apply", "second apply", "plan", "destroy")
Costs = dict[tuple[float, str, str], list[Cost]]


class Terraform:
    """The peer. Its state and plugins live in a folder of their own."""

    name: t.ClassVar = "terraform"

    def __init__(self, scratch: Path) -> None:
        self.folder = scratch / "terraform"
        shutil.copytree(HERE / "us/terraform", self.folder)
        authority.write(self.folder)

    def commands(self) -> dict[str, list[str]]:
        """Return the command of each act."""
        approved = ["-auto-approve", "-input=false", "-no-color"]
        return {
            "prepare": ["terraform", "init", "-input=false", "-no-color"],
            "first apply": ["terraform", "apply", *approved],
            "second apply": ["terraform", "apply", *approved],
            "plan": ["terraform", "plan", "-input=false", "-no-color"],
            "destroy": ["terraform", "destroy", *approved],
        }


class Cloister:
    """Ourselves, as a person runs us."""

    name: t.ClassVar = "cloister"

    def __init__(self, scratch: Path) -> None:
        self.folder = ROOT
        self.lock_file = scratch / "images.lock.yml"

    def commands(self) -> dict[str, list[str]]:
        """Return the command of each act."""
        play = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", INVENTORY]
        play += ["-e", f"pools_lock_file={self.lock_file}"]
        released = [f"teardown_release_{word}=true" for word in ("static_ips", "public_zones", "data", "images")]
        words = [part for said in ("teardown_confirm=us", *released) for part in ("-e", said)]
        return {
            "prepare": [*play, "--version"],
            "first apply": [*play, "site.yml"],
            "second apply": [*play, "site.yml"],
            "plan": [*play, "site.yml", "--check"],
            "destroy": [*play, "playbooks/teardown.yml", *words],
        }


def supply(lab: EmbeddedAws) -> None:
    """Bring the images and the secret that neither tool makes."""
    services = yaml.safe_load((ROOT / INVENTORY / "host_vars/ecs.yml").read_text())["ecs_services"]
    needed = needs.of(services, "us")
    lab.publish(AWS_REGION, needed.images, dict.fromkeys(needed.secrets, ""))


def life(tool: Terraform | Cloister, latency: float, costs: Costs) -> Counter[str]:
    """Take one region through its life on a fresh embedded AWS; return how many of each kind were built."""
    lab = EmbeddedAws.start("--account", ACCOUNT)
    try:
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CLOISTER_", "ANSIBLE_", "PYTHON"))}
        environment = {**clean, **lab.environment, "AWS_REGION": AWS_REGION}
        supply(lab)
        commands = tool.commands()
        measure(commands["prepare"], tool.folder, environment)
        lab.latency(latency)
        built: Counter[str] = Counter()
        for act in ACTS:
            costs[latency, act, tool.name].append(measure(commands[act], tool.folder, environment))
            if act == "first apply":
                built = Counter(thing["kind"] for thing in lab.holdings() if not thing["default"])
        return built
    finally:
        lab.stop()


def table(costs: Costs, latencies: t.Sequence[float]) -> t.Iterator[str]:
    """Yield the table as Markdown."""
    yield "| added per request | act | Terraform: s (CPU s; MiB) | Cloister: s (CPU s; MiB) | time | memory |"
    yield "|---|---|---|---|---|---|"
    for latency in latencies:
        for act in ACTS:
            peer, ours = (_median(costs[latency, act, name]) for name in ("terraform", "cloister"))
            yield (
                f"| {latency:.0f} ms | {act} | {_cell(peer)} | {_cell(ours)} "
                f"| {ours.wall / peer.wall:.2f} | {ours.memory / peer.memory:.2f} |"
            )


def _median(costs: t.Sequence[Cost]) -> Cost:
    return Cost(*(statistics.median(getattr(cost, name) for cost in costs) for name in ("wall", "cpu", "memory")))


def _cell(cost: Cost) -> str:
    return f"{cost.wall:.1f} ({cost.cpu:.1f}; {cost.memory:.0f})"


def report(rounds: int, latencies: t.Sequence[float]) -> list[str]:
    """Run the rounds, each tool in turn on an embedded AWS of its own, and return the table."""
    tools: list[type[Terraform | Cloister]] = [Terraform, Cloister] if shutil.which("terraform") else [Cloister]
    costs: Costs = defaultdict(list)
    built: dict[str, Counter[str]] = {}
    for latency in latencies:
        for turn in range(rounds):
            for tool in tools:
                print(f"{latency:.0f} ms, round {turn + 1}, {tool.name}", file=sys.stderr, flush=True)
                with tempfile.TemporaryDirectory() as scratch:
                    built[tool.name] = life(tool(Path(scratch)), latency, costs)
    lines = [f"{name} built {sum(kinds.values())} things" for name, kinds in built.items()]
    if len(tools) == 1:
        return [*lines, "terraform is not on PATH: Cloister alone", *_alone(costs)]
    return [*lines, "", *table(costs, latencies)]


def _alone(costs: Costs) -> list[str]:
    return [f"{latency:.0f} ms, {act}: {_cell(_median(values))}" for (latency, act, _), values in costs.items()]
