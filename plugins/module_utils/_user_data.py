# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a machine does at its first boot, and that no secret is in it.

Whoever may describe an instance, and every process on it, reads its user data:
https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html. Settings of the ECS agent:
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-agent-config.html
"""

from __future__ import annotations

import re
import typing as t

MOST_BYTES = 16384
SETTING = re.compile(r"ECS_[A-Z0-9_]+")
# The rest of a line, when what comes after the sign is no reference: $(aws secretsmanager ...), ${NAME}, {{ name }}.
_SAID = r"""["']?[ \t]*[:=][ \t]*["']?(?![$`{<"'\s#]|\s*$)\S"""
_SECRETS = (
    ("the id of an AWS access key", re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")),
    ("an AWS secret key", re.compile(rf"aws_?secret_?(?:access_?)?key{_SAID}", re.I)),
    ("a private key", re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")),
    ("a password", re.compile(rf"(?<![a-z])pass(?:word|wd|phrase)?{_SAID}", re.I)),
    ("a token or key", re.compile(rf"(?:token|secret|api_?key|credentials?){_SAID}", re.I)),
    (
        "a token",
        re.compile(r"\b(?:gh[pousr]_[A-Za-z0-9]{30,}|hf_[A-Za-z0-9]{30,}|xox[abp]-[\w-]{10,}|eyJ[\w-]{20,}\.)"),
    ),
    ("a token", re.compile(r"Authorization:\s*(?:Bearer|Basic)\s+(?![$`{])\S", re.I)),
    ("a password in an address", re.compile(r"://[^/\s:@$]+:[^/\s@$]+@")),
)


def ecs(cluster: str, gpu: bool, settings: t.Mapping[str, str], more: str = "") -> str:
    """Return the user data of a machine that joins an ECS cluster (its name in AWS); ``more`` are shell lines after it.

    Tasks with an interface of their own cannot reach the machine's credentials, and a machine that spot takes back
    tells its tasks to go.
    """
    said = {"ECS_CLUSTER": cluster, "ECS_AWSVPC_BLOCK_IMDS": "true", "ECS_ENABLE_SPOT_INSTANCE_DRAINING": "true"}
    if gpu:
        said["ECS_ENABLE_GPU_SUPPORT"] = "true"
    lines = [f"{name}={value}" for name, value in {**said, **settings}.items()]
    text = "\n".join(("#!/bin/bash", "cat >>/etc/ecs/ecs.config <<'END_OF_SETTINGS'", *lines, "END_OF_SETTINGS", ""))
    return f"{text}{more.rstrip()}\n" if more.strip() else text


def rendered(pool: t.Mapping[str, t.Any], region_name: str, gpu: bool) -> str:
    """Return the user data of a pool: ``purpose``, ``cluster``, ``agent_settings``, ``user_data``."""
    given = str(pool.get("user_data") or "")
    if pool.get("purpose", "ecs") != "ecs":
        return given
    return ecs(f"{region_name}-{pool['cluster']}", gpu, pool.get("agent_settings") or {}, given)


def faults(text: str) -> list[str]:
    """Return what is wrong with user data, without repeating what may be secret."""
    found = [
        f"line {number} looks like {what}"
        for number, line in enumerate(text.splitlines(), 1)
        for what in [next((what for what, pattern in _SECRETS if pattern.search(line)), None)]
        if what
    ]
    size = len(text.encode())
    if size > MOST_BYTES:
        found.append(f"it has {size} bytes, and EC2 takes {MOST_BYTES}")
    return found
