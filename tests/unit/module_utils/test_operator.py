# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The operator host as a pool of one, its door, and its first boot."""

from __future__ import annotations

import subprocess
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.cloister.aws.plugins.module_utils._operator import doors, first_boot, pool
from ansible_collections.cloister.aws.plugins.module_utils._pool_arguments import POOLS
from ansible_collections.cloister.aws.plugins.module_utils._user_data import faults

ROLE = Path(__file__).parents[3] / "roles/operator"
SSM: dict[str, t.Any] = {"subnets": ["private-a"], "security_groups": ["operator"], "instance_profile": "operator"}
OFFICE = {"cidr": "203.0.113.7/32", "reason": "the office"}
BASTION: dict[str, t.Any] = {**SSM, "mode": "bastion", "subnets": ["public-a"], "ssh_cidrs": [OFFICE]}


def defaults() -> dict[str, t.Any]:
    text = (ROLE / "defaults/main.yml").read_text(encoding="utf-8")
    return t.cast("dict[str, t.Any]", yaml.safe_load(text))


def shipped(more: str = "") -> str:
    return first_boot(defaults()["operator_packages"], defaults()["operator_tools"], more)


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
    whole = pool(host, defaults()["operator_packages"], defaults()["operator_tools"])
    assert faults(whole["user_data"]) == []
    leak = pool({**host, "user_data": "echo 'aws_secret_access_key = wJalrXUtnFEMI' >> ~/.aws/credentials"})
    (fault,) = faults(leak["user_data"])
    assert "looks like an AWS secret key" in fault


def test_the_first_boot_is_a_script_that_bash_reads() -> None:
    script = shipped("systemctl disable --now postfix\n")
    assert script.startswith("#!/bin/bash\n")
    assert script.endswith("systemctl disable --now postfix\n")
    assert subprocess.run(["bash", "-n"], input=script, text=True, check=False).returncode == 0


@pytest.mark.parametrize(("right", "installed"), [(True, True), (False, False)])
def test_a_program_is_installed_only_with_its_checksum(tmp_path: Path, right: bool, installed: bool) -> None:
    """The function that the script has, with a file in the place of a download."""
    program = tmp_path / "program"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    digest = subprocess.run(["sha256sum", program], capture_output=True, text=True, check=True).stdout.split()[0]
    tool = {"name": "tool", "url": f"file://{program}", "sha256": dict.fromkeys(("amd64", "arm64"), digest)}
    if not right:
        tool["sha256"] = dict.fromkeys(("amd64", "arm64"), "0" * 64)
    script = first_boot([], [tool]).replace("/usr/local/bin", str(tmp_path))
    done = subprocess.run(["bash"], input=script, capture_output=True, text=True, check=True)
    assert (tmp_path / "tool").exists() is installed
    assert ("was not installed" in done.stderr) is not installed
