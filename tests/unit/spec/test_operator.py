"""Each rule about the operator host: the one thing that is wrong is told at its path, and nothing else is."""

from __future__ import annotations

import copy
import typing as t

import pytest

from tests.unit.spec.described import Variables, sound, told

HOST = "operator_host"
SSM: Variables = {
    "name": "operator",
    "mode": "ssm",
    "instance_type": "t3.medium",
    "subnets": ["private-a"],
    "security_groups": ["app"],
    "instance_profile": "node",
    "cluster": "main",
    "root_volume_gib": 20,
    "user_data": "password=$(aws secretsmanager get-secret-value --secret-id x)",
    "tags": {"team": "platform"},
}
BASTION: Variables = {
    **SSM,
    "mode": "bastion",
    "vpc": "main",
    "subnets": ["public-a"],
    "ssh_cidrs": [{"cidr": "203.0.113.7/32", "reason": "the office"}],
}


def with_host(host: Variables) -> Variables:
    variables = sound()
    variables["identity_roles"][0]["instance_profile"] = True
    variables["identity_roles"].append(
        {**variables["identity_roles"][0], "name": "other", "managed_policies": ["AmazonECS_FullAccess"]}
    )
    variables["identity_roles"].append(
        {
            "name": "cluster",
            "reason": "The control plane",
            "trusted_services": ["eks"],
            "managed_policies": ["AmazonEKSClusterPolicy"],
        }
    )
    variables["security_groups_vpc"] = "main"
    ssh = {"reason": "shells", "cidrs": ["203.0.113.0/24"], "ports": ["20-30"], "protocol": "tcp"}
    variables["security_groups_defined"] += [
        {"name": "open", "reason": "A door", "ingress": [ssh]},
        {"name": "elsewhere", "reason": "Operators", "vpc": "operator"},
    ]
    variables["eks_cluster"] = {
        "name": "main", "version": "1.33", "role": "cluster", "subnets": ["private-a", "private-b"],
        "endpoint": {"private": True, "public": False},
    }  # fmt: skip
    variables["operator_host"] = host
    return copy.deepcopy(variables)


# What the host is; what is set where; the path that the message gives; words that the message has.
Case = tuple[Variables, tuple[t.Any, ...], t.Any, str, str]
CASES: list[Case] = [
    (SSM, (HOST, "name"), "Operator", f"{HOST}.name", "lowercase"),
    (SSM, (HOST, "instance_type"), "medium", f"{HOST}.instance_type", "not an instance type"),
    (SSM, (HOST, "root_volume_gib"), 2, f"{HOST}.root_volume_gib", "from 8"),
    (SSM, (HOST, "cluster"), "mian", f"{HOST}.cluster", "did you mean main"),
    (SSM, (HOST, "tags"), {"Name": "x"}, f"{HOST}.tags.Name", "not for an inventory"),
    (SSM, (HOST, "schedule"), "nights", f"{HOST}.schedule", "no calendar called 'nights'"),
    # doors
    (SSM, (HOST, "ssh_cidrs"), BASTION["ssh_cidrs"], f"{HOST}.ssh_cidrs", "mode: bastion"),
    (SSM, (HOST, "security_groups", 0), "open", f"{HOST}.security_groups[0]", "lets SSH in (shells)"),
    (SSM, (HOST, "security_groups", 0), "web", f"{HOST}.security_groups[0]", "the whole internet"),
    (BASTION, (HOST, "ssh_cidrs"), [], f"{HOST}.ssh_cidrs", "Nobody may come in"),
    (BASTION, (HOST, "ssh_cidrs", 0, "cidr"), "0.0.0.0/0", f"{HOST}.ssh_cidrs[0].cidr", "the whole internet"),
    (BASTION, (HOST, "ssh_cidrs", 0, "cidr"), "203.0.113.7/24", f"{HOST}.ssh_cidrs[0].cidr", "not a range"),
    (BASTION, (HOST, "ssh_cidrs", 0, "reason"), "the boss's", f"{HOST}.ssh_cidrs[0].reason", "description"),
    # places
    (SSM, (HOST, "subnets", 0), "private-x", f"{HOST}.subnets[0]", "did you mean private-"),
    (SSM, (HOST, "subnets", 0), "public-a", f"{HOST}.subnets[0]", "a private subnet"),
    (SSM, (HOST, "subnets"), [], f"{HOST}.subnets", "empty"),
    (SSM, (HOST, "security_groups", 0), "elsewhere", f"{HOST}.security_groups[0]", "belongs to VPC operator"),
    (BASTION, (HOST, "subnets", 0), "private-a", f"{HOST}.subnets[0]", "mode: ssm"),
    (BASTION, (HOST, "vpc"), "operator", f"{HOST}.vpc", "vpc: main"),
    # its role
    (SSM, (HOST, "instance_profile"), "nod", f"{HOST}.instance_profile", "did you mean node"),
    (SSM, (HOST, "instance_profile"), "other", f"{HOST}.instance_profile", "[AmazonSSMManagedInstanceCore]"),
    # its first boot
    (SSM, (HOST, "user_data"), "export DB_PASSWORD=hunter2", f"{HOST}.user_data", "Line 1 looks like a password"),
    (
        BASTION,
        (HOST, "user_data"),
        "aws configure set aws_secret_access_key wJalrXUtnFEMI/K7MDENG\nkey=AKIAIOSFODNN7EXAMPLE",
        f"{HOST}.user_data",
        "Line 2 looks like the id of an AWS access key",
    ),
    (BASTION, (HOST, "user_data"), "-----BEGIN RSA PRIVATE KEY-----", f"{HOST}.user_data", "looks like a private key"),
    (SSM, (HOST, "user_data"), "#" * 17000, f"{HOST}.user_data", "16384"),
]


@pytest.mark.parametrize("host", [SSM, BASTION], ids=["ssm", "bastion"])
def test_a_sound_host_has_no_problem(host: Variables) -> None:
    assert told(with_host(host)) == []


@pytest.mark.parametrize(("host", "path", "value", "where", "words"), CASES, ids=[f"{c[3]}-{c[4]}" for c in CASES])
def test_what_is_wrong_with_the_host_is_told_once_at_its_place(
    host: Variables, path: tuple[t.Any, ...], value: t.Any, where: str, words: str
) -> None:
    variables: t.Any = with_host(host)
    holder = variables
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    (problem,) = told(variables)
    assert problem.startswith(where)
    assert words in problem


def test_a_host_may_not_be_called_as_a_pool_is() -> None:
    variables = with_host(SSM)
    variables["pools_defined"] = [
        {
            "name": "operator", "purpose": "plain", "image": {"id": "ami-0123456789abcdef0"},
            "instance_types": ["t3.micro"], "size": {"min": 0, "max": 1}, "subnets": ["private-a"],
            "security_groups": ["app"],
        }
    ]  # fmt: skip
    (problem,) = told(variables)
    assert problem.startswith("operator_host.name: A pool is called operator too")
