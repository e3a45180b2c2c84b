# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A node whose machine is this one: a program in Docker's place runs here what is to run in its container."""

from __future__ import annotations

import contextlib
import json
import os
import socketserver
import threading
import typing as t
from pathlib import Path

import pytest

from lab.embedded_aws.client import EmbeddedAws

TRUST = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
POLICY = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
IMAGE = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
# As whoever runs the tests; a file beside it takes all containers away.
DOCKER = """#!/bin/sh
case "$1 $2" in
"inspect --type")
    echo '[{"State": {"Running": true}, "NetworkSettings": {"Networks": {"lab": {"IPAddress": "127.0.0.1"}}}}]' ;;
"exec -i"|"exec -it")
    shift 4
    if [ -e "$0.gone" ]; then echo "Error response from daemon: container $1 is not running" >&2; exit 1; fi
    shift
    PS1='$ ' exec "$@" ;;
esac
"""
# The user of shells exists already.
ID = "#!/bin/sh\nexit 0\n"


def put_programs(folder: Path) -> Path:
    """Put into a folder what stands in for Docker and for a container's programs."""
    for name, text in (("docker", DOCKER), ("id", ID)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return folder


@contextlib.contextmanager
def server(programs: Path) -> t.Iterator[EmbeddedAws]:
    """An embedded AWS that finds these programs first."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
        started = EmbeddedAws.start()
    yield started
    started.stop()


def online_node(client: t.Any, aws: EmbeddedAws, container: str = "node") -> str:
    """A running machine in the default VPC, which Systems Manager knows, and which can be entered."""
    iam = client("iam")
    document = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    iam.create_role(RoleName="node", AssumeRolePolicyDocument=document)
    iam.attach_role_policy(RoleName="node", PolicyArn=POLICY)
    iam.create_instance_profile(InstanceProfileName="node")
    iam.add_role_to_instance_profile(InstanceProfileName="node", RoleName="node")
    made = client("ec2").run_instances(
        ImageId=IMAGE, InstanceType="t3.micro", MinCount=1, MaxCount=1, IamInstanceProfile={"Name": "node"}
    )
    instance = str(made["Instances"][0]["InstanceId"])
    aws.attach(instance, container)
    return instance


class _Echo(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while data := self.request.recv(65536):
            self.request.sendall(data.upper())
            if data.endswith(b"bye"):
                return


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


@contextlib.contextmanager
def echo_port() -> t.Iterator[int]:
    """The port of a server on loopback that says what it is told in capitals, and hangs up after "bye"."""
    with _Server(("127.0.0.1", 0), _Echo) as listening:
        threading.Thread(target=listening.serve_forever, args=(0.05,), daemon=True).start()
        yield listening.server_address[1]
        listening.shutdown()
