# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A node with a machine behind it that is this machine: a program in Docker's place runs things here."""

from __future__ import annotations

import json
import os
import socketserver
import threading
import typing as t
from pathlib import Path

import pytest

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.lab.conftest import Clients
from tests.unit.lab.sessions.peer import Peer

TRUST = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
POLICY = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
IMAGE = "resolve:ssm:/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
# What is to run in a container runs here, as whoever runs the tests; a file beside it takes all containers away.
DOCKER = """#!/bin/sh
case "$1 $2" in
"inspect --type")
    echo '[{"State": {"Running": true}, "NetworkSettings": {"Networks": {"lab": {"IPAddress": "127.0.0.1"}}}}]' ;;
"exec -i"|"exec -it")
    shift 4
    if [ -e "$0.gone" ]; then echo "Error response from daemon: container $1 is not running" >&2; exit 1; fi
    shift
    exec "$@" ;;
esac
"""
# The user of shells exists already.
ID = "#!/bin/sh\nexit 0\n"


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what stands in for the container's."""
    folder = tmp_path_factory.mktemp("programs")
    for name, text in (("docker", DOCKER), ("id", ID)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture(scope="session")
def aws(programs: Path) -> t.Iterator[EmbeddedAws]:
    """An embedded AWS whose machines are this one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
        server = EmbeddedAws.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def client(aws: EmbeddedAws) -> Clients:
    """Clients of that server: the neighbours' fixture would go on with whichever server it met first."""
    return Clients(aws.environment)


@pytest.fixture
def node(client: t.Any, aws: EmbeddedAws) -> str:
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
    aws.attach(instance, "node")
    return instance


class _Echo(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while data := self.request.recv(65536):
            self.request.sendall(data.upper())
            if data.endswith(b"bye"):
                return


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True


@pytest.fixture
def echo() -> t.Iterator[int]:
    """The port of a server on loopback that says what it is told in capitals, and hangs up after "bye"."""
    with _Server(("127.0.0.1", 0), _Echo) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


class Sessions:
    """Starts sessions, each with a client of its own."""

    def __init__(self, ssm: t.Any, node: str) -> None:
        self.ssm, self.node = ssm, node
        self.started: dict[str, t.Any] = {}

    def __call__(self, document: str = "AWS-StartSSHSession", version: str = "1.2.650.0", **given: t.Any) -> Peer:
        parameters = {name: [str(value)] for name, value in given.items()}
        self.started = self.ssm.start_session(Target=self.node, DocumentName=document, Parameters=parameters)
        return Peer(self.started, version)

    def resumed(self) -> dict[str, t.Any]:
        """What ResumeSession gives for the last one."""
        return t.cast("dict[str, t.Any]", self.ssm.resume_session(SessionId=self.started["SessionId"]))


@pytest.fixture
def session(client: t.Any, node: str) -> Sessions:
    """session(document, portNumber=22): a new session's client."""
    return Sessions(client("ssm"), node)
