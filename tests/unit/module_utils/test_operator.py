# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The operator host as a pool of one, its door, and its first boot."""

from __future__ import annotations

import typing as t

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.cloister.aws.plugins.module_utils._operator import doors, pool
from ansible_collections.cloister.aws.plugins.module_utils._pool_arguments import POOLS
from ansible_collections.cloister.aws.plugins.module_utils._user_data import faults

SSM: dict[str, t.Any] = {"subnets": ["private-a"], "security_groups": ["operator"], "instance_profile": "operator"}
OFFICE = {"cidr": "203.0.113.7/32", "reason": "the office"}
BASTION: dict[str, t.Any] = {**SSM, "mode": "bastion", "subnets": ["public-a"], "ssh_cidrs": [OFFICE]}


@pytest.mark.parametrize("host", [SSM, BASTION], ids=["ssm", "bastion"])
def test_a_host_is_a_pool_of_one_that_the_modules_of_pools_take(host: dict[str, t.Any]) -> None:
    result = ArgumentSpecValidator({"pools": POOLS}).validate({"pools": [pool(host)]})
    assert result.error_messages == []
    (made,) = result.validated_parameters["pools"]
    assert (made["size"]["min"], made["size"]["max"], made["purpose"], made["role"]) == (1, 1, "plain", "operator")


def test_by_default_nobody_comes_in() -> None:
    assert doors(SSM) == []
    made = pool(SSM)
    assert (made["exposure"], made["security_groups"]) == ("internal", ["operator"])


def test_a_bastion_has_a_door_for_those_who_are_named() -> None:
    (group,) = doors(BASTION)
    assert (group["name"], group["vpc"]) == ("operator-ssh", "main")
    assert group["ingress"] == [{"reason": "the office", "cidrs": ["203.0.113.7/32"], "ports": ["22"]}]
    made = pool(BASTION)
    assert (made["exposure"], made["security_groups"]) == ("public", ["operator", "operator-ssh"])


@pytest.mark.parametrize(("kind", "image"), [("t3.medium", "x86_64"), ("t4g.medium", "arm64"), ("g5.xlarge", "x86_64")])
def test_the_image_is_made_for_the_type(kind: str, image: str) -> None:
    parameter = pool({**SSM, "instance_type": kind})["image"]["parameter"]
    assert parameter == f"/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-{image}"


@pytest.mark.parametrize("host", [SSM, BASTION], ids=["ssm", "bastion"])
def test_4_05_no_credentials_and_no_key_are_in_the_user_data_of_either_mode(host: dict[str, t.Any]) -> None:
    assert pool(host)["user_data"] == ""
    leak = pool({**host, "user_data": "echo 'aws_secret_access_key = wJalrXUtnFEMI' >> ~/.aws/credentials"})
    (fault,) = faults(leak["user_data"])
    assert "looks like an AWS secret key" in fault


@pytest.mark.parametrize(
    ("lines", "first"), [("systemctl disable --now postfix\n", "#!/bin/bash"), ("#!/bin/sh\ntrue\n", "#!/bin/sh")]
)
def test_the_first_boot_runs_the_inventorys_own_lines(lines: str, first: str) -> None:
    script = pool({**SSM, "user_data": lines})["user_data"]
    assert script.startswith(f"{first}\n")
    assert script.endswith(lines)
    assert script.count("#!") == 1
