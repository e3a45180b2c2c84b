# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keys of EC2 Instance Connect: where they go, how long they let in, and what is refused."""

from __future__ import annotations

import base64
import subprocess
import time
import typing as t
from pathlib import Path

import pytest

from lab import nodes
from lab.embedded_aws import instance_connect
from lab.embedded_aws.client import EmbeddedAws

READER = Path(nodes.__file__).with_name("recipe") / "eic_run_authorized_keys"


def key(kind: str = "ssh-ed25519", said: str = "") -> str:
    data = len(kind).to_bytes(4) + kind.encode() + bytes(60)
    return f"{said or kind} {base64.b64encode(data).decode()} somebody"


@pytest.fixture
def folder(programs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> t.Iterator[Path]:
    """Where the machine keeps keys: /run of this machine is left alone."""
    (programs / "sh").write_text(
        f'#!/bin/sh\nif [ "$1" = -c ]; then shift; set -- -c "$(printf %s "$1" | sed s,/run/,{tmp_path}/,)" '
        f'"${{@:2}}"; fi\nexec /bin/sh "$@"\n'.replace("#!/bin/sh", "#!/bin/bash")
    )
    (programs / "sh").chmod(0o755)
    yield tmp_path / "ec2-instance-connect"
    (programs / "sh").unlink()


@pytest.fixture
def send(client: t.Any, node: str) -> t.Callable[..., t.Any]:
    """send(InstanceOSUser=...): send a good key to the node, but for what is given."""

    def sent(**given: t.Any) -> t.Any:
        asked = {"InstanceId": node, "InstanceOSUser": "ec2-user", "SSHPublicKey": key(), **given}
        return client("ec2-instance-connect").send_ssh_public_key(**asked)

    return sent


def read(folder: Path, user: str = "ec2-user") -> list[str]:
    """What the machine's sshd is told when it asks for the keys of a user."""
    script = READER.read_text().replace("/run/", f"{folder.parent}/")
    done = subprocess.run(["sh", "-c", script, "reader", user], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_a_key_is_there_for_its_user_alone_for_a_minute(send: t.Any, folder: Path) -> None:
    assert send()["Success"] is True
    send(SSHPublicKey=key("ssh-rsa"))
    assert read(folder) == [key(), key("ssh-rsa")]
    assert read(folder, "root") == []
    (first, _) = (folder / "ec2-user").read_text().splitlines()
    assert 0 < int(first.split()[0]) - time.time() <= instance_connect.KEY_SECONDS + 1  # a whole second


def test_a_key_whose_time_is_up_lets_nobody_in(send: t.Any, folder: Path, aws: EmbeddedAws) -> None:
    aws.key_seconds(-5)
    send()
    assert (folder / "ec2-user").exists()
    assert read(folder) == []


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"InstanceId": "i-0123456789abcdef0"}, "EC2InstanceNotFoundException"),
        ({"InstanceOSUser": "Robert; tables"}, "InvalidArgsException"),
        ({"SSHPublicKey": key("ecdsa-sha2-nistp256")}, "InvalidArgsException"),
        ({"SSHPublicKey": key("ssh-rsa", said="ssh-ed25519")}, "InvalidArgsException"),
        ({"SSHPublicKey": f"{key()}\n{key()}"}, "InvalidArgsException"),
        ({"SSHPublicKey": "ssh-ed25519 " + "!" * 80}, "InvalidArgsException"),
        ({"AvailabilityZone": "us-west-2z"}, "InvalidArgsException"),
    ],
)
def test_what_is_no_machine_user_key_or_zone_is_refused(
    send: t.Any, refused: t.Any, given: dict[str, str], code: str
) -> None:
    with refused(code):
        send(**given)


def test_a_machine_that_does_not_run_takes_no_key(client: t.Any, node: str, send: t.Any, refused: t.Any) -> None:
    client("ec2").stop_instances(InstanceIds=[node])
    with refused("EC2InstanceStateInvalidException", "not running"):
        send()


def test_a_machine_that_is_gone_is_unavailable(send: t.Any, refused: t.Any, programs: Path) -> None:
    gone = programs / "docker.gone"
    gone.touch()
    try:
        with refused("EC2InstanceUnavailableException"):
            send()
    finally:
        gone.unlink()


def test_a_machine_that_nobody_enters_is_sent_keys_all_the_same(send: t.Any, node: str, aws: EmbeddedAws) -> None:
    aws.detach(node)
    assert send()["Success"] is True
    assert [one["named"] for one in aws.writes() if one["action"] == "SendSSHPublicKey"] == [[node]]
