# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Nodes whose machines are folders, and an embedded AWS that takes them for containers: no Docker is needed."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import time
import typing as t
from pathlib import Path

from lab.embedded_aws.client import EmbeddedAws

REGION = "us-west-2"
TRUST = {"Effect": "Allow", "Principal": {"Service": "ssm.amazonaws.com"}, "Action": "sts:AssumeRole"}
Json = dict[str, t.Any]


def put_docker(folder: Path) -> None:
    """Put a program called docker into a folder."""
    text = Path(__file__).with_name("stand_in_docker.py").read_text(encoding="utf-8")
    program = folder / "docker"
    program.write_text(f"#!{sys.executable}\n{text}", encoding="utf-8")
    program.chmod(0o755)


@contextlib.contextmanager
def started(docker: Path, *options: str) -> t.Iterator[EmbeddedAws]:
    """An embedded AWS that finds this docker."""
    before = os.environ["PATH"]
    os.environ["PATH"] = f"{docker}:{before}"
    try:
        server = EmbeddedAws.start(*options)
    finally:
        os.environ["PATH"] = before
    yield server
    server.stop()


class Fleet:
    """Nodes from elsewhere, each with a machine of its own unless it has none."""

    def __init__(self, aws: EmbeddedAws, client: t.Any, docker: Path) -> None:
        self.aws, self.docker = aws, docker
        self.ssm, self.iam, self.s3 = client("ssm"), client("iam"), client("s3")
        document = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
        tags = [{"Key": "cloister:region", "Value": "us"}]
        self.iam.create_role(RoleName="node", AssumeRolePolicyDocument=document, Tags=tags)
        self.nodes: list[str] = []

    def node(self, role: str = "vllm", machine: bool = True, **tags: str) -> str:
        """A node with tags of a region and of a role; its id."""
        worn = {"cloister:region": "us", "cloister:role": role, **tags}
        listed = [{"Key": key, "Value": value} for key, value in worn.items()]
        activation = self.ssm.create_activation(IamRole="node", Tags=listed)
        name = f"box-{len(self.nodes)}"
        node = self.aws.register(REGION, activation, name, "10.9.0.7")
        self.nodes.append(node)
        folder = self.folder(node)
        shutil.rmtree(folder, ignore_errors=True)
        if machine:
            folder.mkdir(parents=True)
            self.aws.attach(node, name)
        return node

    def folder(self, node: str) -> Path:
        """The folder that stands for a node's container."""
        return self.docker / "containers" / f"box-{self.nodes.index(node)}"

    def put(self, name: str, text: str) -> None:
        """Put a program where all machines find it."""
        program = self.docker / name
        program.write_text(text, encoding="utf-8")
        program.chmod(0o755)

    def send(self, *lines: str, ids: t.Sequence[str] = (), **given: t.Any) -> str:
        """Send a script to nodes by id, or to those of the region; the command's id."""
        whom = {"InstanceIds": list(ids)} if ids else {"Targets": [{"Key": "tag:cloister:region", "Values": ["us"]}]}
        parameters = {"commands": list(lines), **given.pop("Parameters", {})}
        said = {"DocumentName": "AWS-RunShellScript", "Parameters": parameters, **whom, **given}
        return str(self.ssm.send_command(**said)["Command"]["CommandId"])

    def command(self, identifier: str) -> Json:
        """The command as it is."""
        return t.cast("Json", self.ssm.list_commands(CommandId=identifier)["Commands"][0])

    def over(self, identifier: str, seconds: float = 20) -> Json:
        """The command once it has ended."""
        end = time.monotonic() + seconds
        while (found := self.command(identifier))["Status"] in ("Pending", "InProgress", "Cancelling"):
            assert time.monotonic() < end, found
            time.sleep(0.02)
        return found

    def details(self, identifier: str) -> dict[str, str]:
        """StatusDetails by node."""
        rows = self.ssm.list_command_invocations(CommandId=identifier)["CommandInvocations"]
        return {row["InstanceId"]: row["StatusDetails"] for row in rows}

    def result(self, identifier: str, node: str, **more: str) -> Json:
        """What came of the command on a node."""
        return t.cast("Json", self.ssm.get_command_invocation(CommandId=identifier, InstanceId=node, **more))
