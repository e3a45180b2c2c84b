# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""EC2 Instance Connect: a key that lets its owner into a running machine for a minute.

https://docs.aws.amazon.com/ec2-instance-connect/latest/APIReference/API_SendSSHPublicKey.html. AWS shows the key to the
machine, whose sshd asks for it with a program of the package ec2-instance-connect; an image without that package lets
nobody in, and AWS still says that the key was sent. So here: the key lies in a file of the machine. This is outside
moto's lock, as writing there takes a while.
"""

from __future__ import annotations

import base64
import json
import re
import time
import typing as t
import uuid

from lab.embedded_aws import machines
from lab.embedded_aws.backend_lock import BACKEND
from lab.embedded_aws.call import Call
from lab.embedded_aws.errors import error
from lab.embedded_aws.http_server import Answer
from lab.embedded_aws.machines import MachineGoneError
from lab.embedded_aws.sessions import channel_faults

KEY_SECONDS = 60
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-connect-prerequisites.html
KINDS = ("ssh-rsa", "ssh-ed25519")
USER = re.compile(r"[A-Za-z_][A-Za-z0-9@._-]{0,30}[A-Za-z0-9$_-]?|(?=.{2,32}$)[0-9]{1,32}[A-Za-z@._-][A-Za-z0-9@._$-]*")
PUT = """
folder=/run/ec2-instance-connect
umask 022
mkdir -p "$folder" && printf '%s %s\\n' "$2" "$(cat)" >>"$folder/$1"
"""


def answer(call: Call, account: str) -> Answer:
    """The answer to SendSSHPublicKey, once the key is where the machine's sshd finds it."""
    asked = json.loads(call.request.body)
    refused = _refused(call, account, asked)
    if refused is not None:
        return error(call, *refused)
    machine = machines.behind(asked["InstanceId"])
    if machine is not None:
        ends = time.time() + (channel_faults.current.key_seconds or KEY_SECONDS)
        command = ["sh", "-c", PUT, "sh", asked["InstanceOSUser"], f"{ends:.0f}"]
        try:
            machine.run(command, stdin=asked["SSHPublicKey"].strip().encode())
        except MachineGoneError:
            why = "The instance is currently unavailable. Wait a few minutes and try again."
            return error(call, "EC2InstanceUnavailableException", why)
    body = json.dumps({"RequestId": str(uuid.uuid4()), "Success": True})
    return Answer(200, {"Content-Type": "application/x-amz-json-1.1"}, body.encode())


def _refused(call: Call, account: str, asked: dict[str, str]) -> tuple[str, str] | None:
    if not USER.fullmatch(asked.get("InstanceOSUser", "")):
        return "InvalidArgsException", f"InstanceOSUser {asked.get('InstanceOSUser')!r} is no name of a user."
    if not _is_key(asked.get("SSHPublicKey", "")):
        return "InvalidArgsException", "SSHPublicKey is no OpenSSH public key of RSA or ED25519."
    identifier = asked.get("InstanceId", "")
    with BACKEND:
        instance = _instance(account, call.region, identifier)
        if instance is None:
            return "EC2InstanceNotFoundException", f"Instance {identifier} was not found."
        if instance.state != "running":
            return "EC2InstanceStateInvalidException", f"Instance {identifier} is {instance.state}, not running."
        if asked.get("AvailabilityZone", instance.placement.zone) != instance.placement.zone:
            return "InvalidArgsException", f"Instance {identifier} is not in {asked['AvailabilityZone']}."
    return None


def _instance(account: str, region: str, identifier: str) -> t.Any:
    from moto.ec2.models import ec2_backends

    from lab.embedded_aws import truth
    from lab.embedded_aws.truth.ec2.base import catch_up

    truth.apply("ec2")
    backend = ec2_backends[account][region]
    catch_up(backend)
    return backend.get_instance_by_id(identifier)


def _is_key(text: str) -> bool:
    """Whether it is one key, whose data says the same kind as its first word."""
    words = text.strip().split()
    if len(text.strip().splitlines()) != 1 or len(words) < 2 or words[0] not in KINDS:
        return False
    try:
        data = base64.b64decode(words[1], validate=True)
    except ValueError:
        return False
    length = int.from_bytes(data[:4])
    return data[4 : 4 + length] == words[0].encode()
