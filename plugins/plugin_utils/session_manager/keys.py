# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A key for one controller process, and how it gets on a node for a minute.

https://docs.aws.amazon.com/ec2-instance-connect/latest/APIReference/API_SendSSHPublicKey.html
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shlex
import subprocess
import time
import typing as t

from .errors import SessionError
from .service import Service

SECONDS = 60
# Of no use by then for a long time: each is put on a node for a minute.
_OLD_SECONDS = 24 * 3600
_PAUSE_SECONDS = 0.4
_UNFINISHED = ("Pending", "InProgress", "Delayed")

# Run by root. What is done in the home is done as its owner, so that a link there leads nowhere new.
_PUT = """set -eu
until=$(date -d '+{seconds} seconds' +%Y%m%d%H%M%S)
runuser -u {user} -- sh -eu -c '
cd; umask 077; mkdir -p .ssh
printf "expiry-time=\\"%s\\" %s\\n" "$1" "$2" >> .ssh/authorized_keys
(sleep {seconds}; sed -i "/^expiry-time=\\"$1\\" .* $3\\$/d" .ssh/authorized_keys) < /dev/null > /dev/null 2>&1 &
' put "$until" {key} {name}
"""


def public_key(path: str) -> str:
    """Return the public key of the pair at ``path``, which is made unless it is there, by one process alone."""
    folder = os.path.dirname(path)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    with open(os.path.join(folder, ".lock"), "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(path):
            _sweep(folder)
            _make(path)
        with open(f"{path}.pub") as file:
            return file.read().strip()


def put(service: Service, way: str, target: str, user: str, key: str, timeout: float) -> None:
    """Put a public key on a node, for a user and a minute. Raise `SessionError` when it is not there."""
    if way == "ec2_instance_connect":
        service.call(
            "ec2-instance-connect", "send_ssh_public_key", InstanceId=target, InstanceOSUser=user, SSHPublicKey=key
        )
    else:
        _run(service, target, script(user, key), timeout)


def script(user: str, key: str) -> str:
    """Return what a node's root runs to let a key in for a minute, by sshd's own clock and by removing it."""
    words = {"user": shlex.quote(user), "key": shlex.quote(key), "name": shlex.quote(key.split()[-1])}
    return _PUT.format(seconds=SECONDS, **words)


def _make(path: str) -> None:
    name = f"cloister-{os.path.basename(path)}"
    made = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", f"{path}.new"]
    ran = subprocess.run(made, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise SessionError(f"wanted a key of ssh-keygen, found: {ran.stderr.strip()}")
    os.rename(f"{path}.new.pub", f"{path}.pub")
    os.rename(f"{path}.new", path)


def _sweep(folder: str) -> None:
    """Remove the keys of processes that are long gone."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name != ".lock" and time.time() - entry.stat().st_mtime > _OLD_SECONDS:
                os.unlink(entry.path)


def _run(service: Service, target: str, commands: str, timeout: float) -> None:
    """Run a script as root and wait for it: https://docs.aws.amazon.com/systems-manager/latest/userguide/run-command.html"""
    asked: dict[str, t.Any] = {
        "InstanceIds": [target],
        "DocumentName": "AWS-RunShellScript",
        "Comment": "Cloister puts an SSH key on the node for a minute",
        "Parameters": {"commands": commands.splitlines(), "executionTimeout": [str(SECONDS)]},
        # The least that AWS takes.
        "TimeoutSeconds": 30,
    }
    command = service.call("ssm", "send_command", **asked)["Command"]["CommandId"]
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        time.sleep(_PAUSE_SECONDS)
        found = _invocation(service, command, target)
        if found is None or found["Status"] in _UNFINISHED:
            continue
        if found["Status"] == "Success":
            return
        why = " ".join(str(found.get("StandardErrorContent") or "").split()) or "it gave no reason"
        raise SessionError(f"wanted a key on {target} by Run Command, found {found['Status']}: {why}")
    raise SessionError(f"wanted a key on {target} by Run Command within {timeout:.0f} s, found the command unfinished")


def _invocation(service: Service, command: str, target: str) -> dict[str, t.Any] | None:
    found = service.call("ssm", "list_command_invocations", CommandId=command, InstanceId=target)
    rows = found.get("CommandInvocations") or [None]
    row: dict[str, t.Any] | None = rows[0]
    if row and row["Status"] not in ("Success", *_UNFINISHED):
        return service.call("ssm", "get_command_invocation", CommandId=command, InstanceId=target)
    return row
