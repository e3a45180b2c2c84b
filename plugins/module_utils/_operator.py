# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The operator host: an entry of the inventory becomes a pool of one.

Amazon Linux 2023 has the AWS CLI, the agent of Systems Manager and EC2 Instance Connect:
https://docs.aws.amazon.com/linux/al2023/ug/what-is-amazon-linux.html. So nobody brings a key, and no credentials lie on
it but those of its role. Its tools come by the role ``operator_tools``, so another one does not replace the machine.
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._instance_types import architecture

Host = t.Mapping[str, t.Any]

BASTION = "bastion"
SSH_PORT = "22"
_IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-"
_DEFAULTS: Host = {
    "name": "operator",
    "mode": "ssm",
    "ssh_cidrs": (),
    "instance_type": "t3.medium",
    "vpc": "main",
    "root_volume_gib": 20,
    "user_data": "",
    "schedule": "",
    "tags": {},
}


def complete(host: Host) -> dict[str, t.Any]:
    """Return a host with the defaults of what it leaves out."""
    return {**_DEFAULTS, **{key: value for key, value in host.items() if value is not None}}


def door(host: Host) -> str:
    """Return the name of the security group that lets SSH in."""
    return f"{complete(host)['name']}-ssh"


def doors(host: Host) -> list[dict[str, t.Any]]:
    """Return the security groups of a host's own, as the module ``security_groups`` takes them: one for a bastion."""
    whole = complete(host)
    if whole["mode"] != BASTION:
        return []
    rules = [{"reason": one["reason"], "cidrs": [one["cidr"]], "ports": [SSH_PORT]} for one in whole["ssh_cidrs"]]
    return [{"name": door(host), "vpc": whole["vpc"], "reason": "SSH for those who are named", "ingress": rules}]


def pool(host: Host) -> dict[str, t.Any]:
    """Return a host as an entry of ``pools_defined``."""
    whole = complete(host)
    bastion = whole["mode"] == BASTION
    arm = architecture(str(whole["instance_type"])) == "arm64"
    image = whole.get("image_parameter") or f"{_IMAGE}{'arm64' if arm else 'x86_64'}"
    return {
        "name": whole["name"],
        "purpose": "plain",
        "image": {"parameter": image},
        "instance_types": [whole["instance_type"]],
        "instance_profile": whole["instance_profile"],
        "security_groups": [*whole["security_groups"], *([door(host)] if bastion else [])],
        "exposure": "public" if bastion else "internal",
        "subnets": whole["subnets"],
        "size": {"min": 1, "max": 1},
        "root_volume": {"gib": whole["root_volume_gib"]},
        "user_data": _script(str(whole["user_data"])),
        # The new one comes before the old one goes.
        "refresh": {"healthy_percent": 100, "max_healthy_percent": 200},
        "schedule": whole["schedule"],
        "role": "operator",
        "tags": whole["tags"],
    }


def _script(lines: str) -> str:
    """Return user data that runs these lines; a script of its own words stays as it is, and nothing stays nothing."""
    return lines if not lines.strip() or lines.startswith("#!") else f"#!/bin/bash\n{lines}"
