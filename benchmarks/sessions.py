"""What a node costs to reach through Session Manager, beside plain SSH to the same container."""

from __future__ import annotations

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import typing as t
import uuid
from dataclasses import dataclass
from pathlib import Path

import boto3
from ansible_collections.cloister.aws.plugins.plugin_utils._way_in import Options, connection_variables, ssh_command

from benchmarks.measure import measure
from lab.embedded_aws.client import EmbeddedAws
from lab.nodes import node
from lab.nodes.docker import docker, inspect

REGION, USER = "us-west-2", "ec2-user"
IMAGE = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
TRUST = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
# As Cloister's roles work: facts, small files, commands as root, a service, and one larger file.
TASKS: list[dict[str, t.Any]] = [
    {"ansible.builtin.setup": {"gather_subset": ["min"]}},
    *[{"ansible.builtin.file": {"path": f"~/made/{n}", "state": "directory", "mode": "0755"}} for n in range(10)],
    {"ansible.builtin.copy": {"content": "hello", "dest": "~/made/small", "mode": "0644"}},
    {"ansible.builtin.command": {"argv": ["id"]}, "become": True},
    {"ansible.builtin.systemd_service": {"name": "ssh", "state": "started"}, "become": True},
    {"ansible.builtin.copy": {"src": "large", "dest": "~/made/large", "mode": "0644"}},
]
LARGE_MIB, STREAM_MIB = 2, 32


@dataclass(frozen=True)
class Way:
    """One way to the node: its name and its connection's variables."""

    name: str
    variables: dict[str, t.Any]


@dataclass(frozen=True)
class Figures:
    """Of one way: the seconds of plays and their CPU, and MB a second up and down."""

    play: list[float]
    cpu: list[float]
    up: list[float]
    down: list[float]


def costs(rounds: int) -> dict[str, Figures]:
    """Take both ways in turn, so that both meet the same machine."""
    with tempfile.TemporaryDirectory(prefix="ssh-") as folder, _world(Path(folder)) as (ways, environment):
        (Path(folder) / "large").write_bytes(os.urandom(LARGE_MIB * 2**20))
        (Path(folder) / "stream").write_bytes(os.urandom(STREAM_MIB * 2**20))
        (Path(folder) / "ansible.cfg").touch()
        (Path(folder) / "play.json").write_text(json.dumps([{"hosts": "all", "gather_facts": False, "tasks": TASKS}]))
        figures = {way.name: Figures([], [], [], []) for way in ways}
        # The first round warms what it meets and does not count.
        for counts in [False, *[True] * rounds]:
            for way in ways:
                _measured(way, Path(folder), environment, figures[way.name] if counts else Figures([], [], [], []))
    return figures


def table(found: t.Mapping[str, Figures]) -> list[str]:
    """Return medians, and what sessions take of plain SSH's time or speed."""
    direct, session = found["SSH"], found["session"]
    rows = (
        (f"a play of {len(TASKS)} tasks, s (CPU s)", "play", "{:.1f} ({:.1f})"),
        (f"{STREAM_MIB} MiB up, MB/s", "up", "{:.1f}"),
        (f"{STREAM_MIB} MiB down, MB/s", "down", "{:.1f}"),
    )
    lines = ["| one node | plain SSH | through a session | of plain SSH |", "|---|---|---|---|"]
    for what, name, form in rows:
        told = []
        for figures in (direct, session):
            told.append(form.format(statistics.median(getattr(figures, name)), statistics.median(figures.cpu)))
        ratio = statistics.median(getattr(session, name)) / statistics.median(getattr(direct, name))
        lines.append(f"| {what} | {told[0]} | {told[1]} | {ratio:.2f} |")
    return lines


def _measured(way: Way, folder: Path, environment: t.Mapping[str, str], figures: Figures) -> None:
    hosts = folder / "hosts.json"
    hosts.write_text(json.dumps({"all": {"hosts": {"node": way.variables}}}))
    playbook = str(Path(sys.executable).with_name("ansible-playbook"))
    cost = measure([playbook, "-i", str(hosts), "play.json"], folder, environment)
    figures.play.append(cost.wall)
    figures.cpu.append(cost.cpu)
    figures.up.append(_speed(way, ["cat > /dev/null"], folder, environment))
    figures.down.append(_speed(way, [f"head -c {STREAM_MIB * 2**20} /dev/urandom"], folder, environment))


def _speed(way: Way, remote: list[str], folder: Path, environment: t.Mapping[str, str]) -> float:
    """Return MB a second of one stream, its connection's start not counted."""
    shared = ["-o", "ControlMaster=auto", "-o", "ControlPersist=5", "-o", f"ControlPath={folder}/{way.name}"]
    command = [*ssh_command(way.variables, *shared), *remote]
    subprocess.run(
        [*ssh_command(way.variables, *shared), "true"], env=dict(environment), check=True, capture_output=True
    )
    began = time.monotonic()
    with (folder / "stream").open("rb") as stream:
        subprocess.run(command, stdin=stream, env=dict(environment), check=True, stdout=subprocess.DEVNULL)
    return STREAM_MIB * 2**20 / 1e6 / (time.monotonic() - began)


@contextlib.contextmanager
def _world(folder: Path) -> t.Iterator[tuple[list[Way], dict[str, str]]]:
    """One container, reached both ways; and the environment in which it is."""
    name = f"benchmark-{uuid.uuid4().hex[:8]}"
    lab = EmbeddedAws.start()
    try:
        node.up(node.Wanted(name))
        instance = _instance(lab)
        lab.attach(instance, name)
        ours = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "ANSIBLE_"))}
        sockets = {"ANSIBLE_SSH_CONTROL_PATH_DIR": str(folder), "XDG_STATE_HOME": str(folder)}
        yield [_plain(folder, name), _session(instance)], {**ours, **lab.environment, **sockets}
    finally:
        node.down(name)
        lab.stop()


def _session(instance: str) -> Way:
    options: Options = {"persist_seconds": 6}
    return Way("session", connection_variables(instance, REGION, USER, options))


def _plain(folder: Path, name: str) -> Way:
    """Return plain SSH to the container, with a key that is on it and all else alike."""
    key = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    home = f"/home/{USER}/.ssh"
    script = f"mkdir -p {home}; echo '{key.with_suffix('.pub').read_text().strip()}' > {home}/authorized_keys"
    docker("exec", "--user", USER, name, "sh", "-c", script)
    found = inspect("container", name)
    address = next(iter((found or {})["NetworkSettings"]["Networks"].values()))["IPAddress"]
    variables = connection_variables("i-00000000", REGION, USER, {"persist_seconds": 6})
    words = f"-o IdentityFile={key} -o StrictHostKeyChecking=accept-new -o UserKnownHostsFile={folder}/known_hosts"
    return Way("SSH", {**variables, "ansible_host": address, "ansible_ssh_common_args": words})


def _instance(lab: EmbeddedAws) -> str:
    """Return a machine that Systems Manager knows."""
    keys = {name.lower(): value for name, value in lab.environment.items() if name.startswith("AWS_") and "KEY" in name}
    make: t.Any = boto3.session.Session(region_name=REGION).client
    iam, ec2 = (make(service, endpoint_url=lab.endpoint, **keys) for service in ("iam", "ec2"))
    trust = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    iam.create_role(RoleName="node", AssumeRolePolicyDocument=trust)
    policy = next(
        one["Arn"]
        for page in iam.get_paginator("list_policies").paginate(Scope="AWS")
        for one in page["Policies"]
        if one["PolicyName"] == "AmazonSSMManagedInstanceCore"
    )
    iam.attach_role_policy(RoleName="node", PolicyArn=policy)
    iam.create_instance_profile(InstanceProfileName="node")
    iam.add_role_to_instance_profile(InstanceProfileName="node", RoleName="node")
    profile = {"Name": "node"}
    made = ec2.run_instances(ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1, IamInstanceProfile=profile)
    return str(made["Instances"][0]["InstanceId"])
