"""What a task costs: the same AWS task once and twenty times, by every way to run it on the controller."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import typing as t
from importlib.util import find_spec
from pathlib import Path

from benchmarks.measure import Cost, measure
from lab.embedded_aws.client import EmbeddedAws

ROOT = Path(__file__).resolve().parent.parent
COUNTS = (1, 20)
PLAY = """
- hosts: all
  gather_facts: false
  tasks:
    - amazon.aws.ec2_vpc_subnet:
        region: us-west-2
        vpc_id: "{vpc}"
        cidr: 10.0.1.0/24
      loop: "{{{{ range(0, {count}) | list }}}}"
"""


def ways() -> dict[str, dict[str, str]]:
    """Return the ways as environment variables for Ansible."""
    found = {
        "plain local": {"ANSIBLE_PIPELINING": "false", "CONNECTION": "ansible.builtin.local"},
        "local, pipelining": {"ANSIBLE_PIPELINING": "true", "CONNECTION": "ansible.builtin.local"},
        "warm": {"CONNECTION": "cloister.aws.warm"},
    }
    mitogen = find_spec("ansible_mitogen")
    if mitogen and mitogen.origin:
        plugins = str(Path(mitogen.origin).parent / "plugins/strategy")
        found["Mitogen"] = {
            "ANSIBLE_STRATEGY_PLUGINS": plugins,
            "ANSIBLE_STRATEGY": "mitogen_linear",
            "ANSIBLE_DEPRECATION_WARNINGS": "false",
            "CONNECTION": "ansible.builtin.local",
        }
    return found


def costs(rounds: int) -> dict[tuple[str, int], list[Cost]]:
    """Measure every way in turn, ``rounds`` times, on tasks that change nothing."""
    lab = EmbeddedAws.start()
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "CLOISTER_", "ANSIBLE_", "PYTHON"))}
    clean |= lab.environment
    found: dict[tuple[str, int], list[Cost]] = {}
    try:
        with tempfile.TemporaryDirectory() as scratch:
            vpc = _prepare(lab)
            for _round in range(rounds + 1):
                for name, settings in ways().items():
                    for count in COUNTS:
                        cost = _play(Path(scratch), vpc, count, {**clean, **settings})
                        found.setdefault((name, count), []).append(cost)
    finally:
        lab.stop()
    return {key: values[1:] for key, values in found.items()}  # the first round warms caches


def _prepare(lab: EmbeddedAws) -> str:
    import boto3

    keys = lab.environment
    session = boto3.session.Session(keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"], region_name="us-west-2")
    ec2 = session.client("ec2", endpoint_url=lab.endpoint)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")
    return str(vpc)


def _play(scratch: Path, vpc: str, count: int, environment: dict[str, str]) -> Cost:
    play = scratch / "play.yml"
    play.write_text(PLAY.format(vpc=vpc, count=count))
    variables = f"ansible_connection={environment.pop('CONNECTION')} ansible_python_interpreter={sys.executable}"
    command = [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "controller,", "-e", variables, str(play)]
    return measure(command, ROOT, environment)


def table(found: dict[tuple[str, int], list[Cost]]) -> t.Iterator[str]:
    """Yield the table as Markdown."""
    yield "| way | 1 task, s | 20 tasks, s | s a task | CPU for 20, s | MiB |"
    yield "|---|---|---|---|---|---|"
    for name in ways():
        one, many = (found[name, count] for count in COUNTS)
        wall_one, wall_many = (statistics.median(cost.wall for cost in each) for each in (one, many))
        cpu, memory = (statistics.median(getattr(cost, field) for cost in many) for field in ("cpu", "memory"))
        a_task = (wall_many - wall_one) / (COUNTS[1] - COUNTS[0])
        yield f"| {name} | {wall_one:.1f} | {wall_many:.1f} | {a_task:.2f} | {cpu:.1f} | {memory:.0f} |"
