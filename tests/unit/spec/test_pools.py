"""Each rule about pools: the one thing that is wrong is told at its path, and nothing else is."""

from __future__ import annotations

import copy
import typing as t

import pytest

from tests.unit.spec.described import Variables, sound, told

POOLS, GPU, CPU = "pools_defined", ("pools_defined", 0), ("pools_defined", 1)
PUBLIC = "/aws/service/ecs/optimized-ami/amazon-linux-2023"
PLAIN: Variables = {
    "name": "proxy",
    "purpose": "plain",
    "image": {"id": "ami-0123456789abcdef0"},
    "instance_types": ["c7g.large", "m7g.large"],
    "size": {"min": 0, "max": 0},
    "subnets": ["public-a", "public-b"],
    "exposure": "public",
    "security_groups": ["web"],
    "user_data": "#!/bin/bash\ntoken=$(aws secretsmanager get-secret-value --secret-id x)\n",
}


GPUS: Variables = {
    "name": "gpu",
    "purpose": "ecs",
    "cluster": "main",
    "agent_settings": {"ECS_IMAGE_PULL_BEHAVIOR": "prefer-cached"},
    "image": {"parameter": f"{PUBLIC}/gpu/recommended/image_id"},
    "instance_types": ["g5.xlarge", "g4dn.xlarge"],
    "size": {"min": 1, "max": 4, "desired": 2},
    "subnets": ["private-a", "private-b"],
    "security_groups": ["app"],
    "instance_profile": "node",
    "root_volume": {"gib": 100, "type": "gp3", "iops": 4000, "throughput_mibps": 250},
    "volumes": [{"device": "/dev/sdf", "gib": 100}],
    "spot": {"on_demand_base": 1, "on_demand_percent": 0},
    "refresh": {"healthy_percent": 90, "max_healthy_percent": 190, "warmup_seconds": 300},
    "health_check": {"type": "ec2", "grace_seconds": 300},
    "tags": {"team": "inference"},
}
CPUS: Variables = {
    **PLAIN,
    "name": "cpu",
    "purpose": "ecs",
    "cluster": "main",
    "exposure": "internal",
    "image": {"parameter": f"{PUBLIC}/recommended"},
    "instance_types": ["t3.medium"],
    "subnets": ["private-a"],
    "instance_profile": "node",
    "user_data": "systemctl disable --now postfix",
}


def with_pools() -> Variables:
    variables = sound()
    variables["identity_roles"][0]["instance_profile"] = True
    variables["identity_roles"].append({**variables["identity_roles"][0], "name": "other", "instance_profile": False})
    variables["network_vpcs"][1]["cidr"] = "172.20.0.0/16"
    variables["security_groups_vpc"] = "main"
    variables["security_groups_defined"].append({"name": "operator", "vpc": "operator", "reason": "Operators"})
    variables["ecs_cluster"] = {"name": "main"}
    variables["pools_defined"] = [GPUS, CPUS, PLAIN]
    return copy.deepcopy(variables)


# What is set where; the path that the message gives, when it is another; words that the message has.
Case = tuple[tuple[t.Any, ...], t.Any, str, str]
CASES: list[Case] = [
    ((*GPU, "name"), "GPU", f"{POOLS}[0].name", "lowercase"),
    ((*GPU, "name"), "g" * 126, f"{POOLS}[0].name", "at most 125"),
    ((*GPU, "name"), "cpu", f"{POOLS}[1].name", "there already"),
    (("pools_refresh_images",), "maybe", "pools_refresh_images", "true or false"),
    # numbers
    ((*GPU, "size", "min"), 5, f"{POOLS}[0].size.min", "min is 5 and max is 4"),
    ((*GPU, "size", "min"), -1, f"{POOLS}[0].size.min", "from 0"),
    ((*GPU, "size", "desired"), 5, f"{POOLS}[0].size.desired", "not between 1 and 4"),
    ((*GPU, "spot", "on_demand_percent"), 101, f"{POOLS}[0].spot.on_demand_percent", "from 0 to 100"),
    ((*GPU, "spot", "on_demand_base"), 5, f"{POOLS}[0].spot.on_demand_base", "at most 4"),
    ((*GPU, "refresh", "healthy_percent"), 101, f"{POOLS}[0].refresh.healthy_percent", "from 0 to 100"),
    ((*GPU, "refresh", "max_healthy_percent"), 191, f"{POOLS}[0].refresh.max_healthy_percent", "from 100 to 190"),
    ((*GPU, "refresh", "max_healthy_percent"), 99, f"{POOLS}[0].refresh.max_healthy_percent", "from 100 to 200"),
    ((*GPU, "refresh", "warmup_seconds"), -1, f"{POOLS}[0].refresh.warmup_seconds", "from 0"),
    ((*GPU, "metadata_hop_limit"), 65, f"{POOLS}[0].metadata_hop_limit", "from 1 to 64"),
    ((*GPU, "max_lifetime_seconds"), 3600, f"{POOLS}[0].max_lifetime_seconds", "86400"),
    # names
    ((*GPU, "subnets", 0), "private-x", f"{POOLS}[0].subnets[0]", "did you mean private-"),
    ((*GPU, "subnets", 0), "private-b", f"{POOLS}[0].subnets[1]", "twice"),
    ((*GPU, "subnets"), [], f"{POOLS}[0].subnets", "empty"),
    ((*GPU, "security_groups", 0), "ap", f"{POOLS}[0].security_groups[0]", "did you mean app"),
    ((*GPU, "instance_profile"), "nod", f"{POOLS}[0].instance_profile", "did you mean node"),
    ((*GPU, "instance_profile"), "other", f"{POOLS}[0].instance_profile", "instance_profile: true"),
    ((*GPU, "instance_profile"), "", f"{POOLS}[0].instance_profile", "cannot join"),
    ((*GPU, "cluster"), "mian", f"{POOLS}[0].cluster", "did you mean main"),
    ((*GPU, "cluster"), "", f"{POOLS}[0].cluster", "cluster: main"),
    ((*CPU, "purpose"), "plain", f"{POOLS}[1].cluster", "joins no cluster"),
    ((*GPU, "target_groups"), ["web"], f"{POOLS}[0].target_groups[0]", "no target group called 'web'"),
    ((*GPU, "health_check", "type"), "elb", f"{POOLS}[0].health_check.type", "target_groups"),
    ((*GPU, "role"), "edge-proxy", f"{POOLS}[0].role", "one word"),
    ((*GPU, "tags"), {"Name": "x"}, f"{POOLS}[0].tags.Name", "not for an inventory"),
    # places
    ((*GPU, "subnets", 0), "public-a", f"{POOLS}[0].subnets[0]", "exposure: public"),
    ((*CPU, "exposure"), "public", f"{POOLS}[1].subnets[0]", "leads nowhere"),
    ((*GPU, "subnets", 0), "operator-a", f"{POOLS}[0].subnets", "one VPC"),
    ((*GPU, "security_groups", 0), "operator", f"{POOLS}[0].security_groups[0]", "belongs to VPC operator"),
    # machines
    ((*GPU, "instance_types", 0), "g5", f"{POOLS}[0].instance_types[0]", "not an instance type"),
    ((*GPU, "instance_types", 0), "g4dn.xlarge", f"{POOLS}[0].instance_types[1]", "twice"),
    ((*GPU, "instance_types"), [], f"{POOLS}[0].instance_types", "empty"),
    ((*GPU, "instance_types", 0), "m5.xlarge", f"{POOLS}[0].instance_types", "m5.xlarge (no GPU), g4dn.xlarge (GPU)"),
    ((*CPU, "instance_types"), ["t3.medium", "t4g.medium"], f"{POOLS}[1].instance_types", "types of one architecture"),
    ((*GPU, "instance_types"), ["t3.medium"], f"{POOLS}[0].image.parameter", f"{PUBLIC}/recommended/image_id"),
    ((*CPU, "instance_types"), ["g5.xlarge"], f"{POOLS}[1].image.parameter", f"{PUBLIC}/gpu/recommended"),
    ((*CPU, "instance_types"), ["t4g.medium"], f"{POOLS}[1].image.parameter", f"{PUBLIC}/arm64/recommended"),
    ((*CPU, "image", "parameter"), f"{PUBLIC}/arm64/recommended", f"{POOLS}[1].image.parameter", "made for arm64"),
    ((*GPU, "image", "parameter"), "a b", f"{POOLS}[0].image.parameter", "cannot be the name"),
    ((POOLS, 2, "image", "id"), "ami-xyz", f"{POOLS}[2].image.id", "not the id"),
    ((*GPU, "root_volume", "gib"), 0, f"{POOLS}[0].root_volume.gib", "from 1"),
    ((*GPU, "volumes", 0, "device"), "/dev/sda1", f"{POOLS}[0].volumes[0].device", "/dev/sdf"),
    ((*GPU, "volumes", 0, "gib"), None, f"{POOLS}[0].volumes[0].gib", "no size"),
    ((*GPU, "volumes", 0, "type"), "io2", f"{POOLS}[0].volumes[0].iops", "how fast"),
    (
        (*GPU, "volumes", 0),
        {"device": "/dev/sdf", "gib": 9, "type": "st1", "iops": 9},
        f"{POOLS}[0].volumes[0].iops",
        "",
    ),
    # first boot
    ((*CPU, "user_data"), "#!/bin/sh", f"{POOLS}[1].user_data", "shell lines alone"),
    ((*CPU, "user_data"), "export DB_PASSWORD=hunter2", f"{POOLS}[1].user_data", "Line 1 looks like a password"),
    ((POOLS, 2, "user_data"), "#" * 16385, f"{POOLS}[2].user_data", "16384"),
    ((*GPU, "agent_settings"), {"ECS_CLUSTER": "x"}, f"{POOLS}[0].agent_settings.ECS_CLUSTER", "cluster: x"),
    ((*GPU, "agent_settings"), {"pull": "x"}, f"{POOLS}[0].agent_settings.pull", "no setting"),
    ((*GPU, "agent_settings"), {"ECS_X": True}, f"{POOLS}[0].agent_settings.ECS_X", "a text"),
    ((*GPU, "agent_settings"), {"ECS_ENGINE_AUTH_TOKEN": "abc"}, f"{POOLS}[0].agent_settings.ECS_ENGINE", "secret"),
    ((POOLS, 2, "agent_settings"), {"ECS_X": "y"}, f"{POOLS}[2].agent_settings", "no ECS agent"),
]


def changed(path: tuple[t.Any, ...], value: t.Any) -> Variables:
    variables: t.Any = with_pools()
    holder = variables
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return t.cast(Variables, variables)


def test_sound_pools_have_no_problem() -> None:
    assert told(with_pools()) == []


@pytest.mark.parametrize(("path", "value", "where", "words"), CASES, ids=[f"{c[2]}-{c[3]}" for c in CASES])
def test_what_is_wrong_with_a_pool_is_told_once_at_its_place(
    path: tuple[t.Any, ...], value: t.Any, where: str, words: str
) -> None:
    problems = told(changed(path, value))
    assert len(problems) == 1, problems
    assert problems[0].startswith(where)
    assert words in problems[0]


def test_a_family_that_is_not_known_is_not_judged() -> None:
    variables = changed((*GPU, "instance_types"), ["qq9.xlarge", "g5.xlarge"])
    assert told(variables) == []


@pytest.mark.parametrize("value", [True, False, "true", "False"])
def test_new_images_may_be_asked_for_on_the_command_line(value: bool | str) -> None:
    assert told(changed(("pools_refresh_images",), value)) == []


def test_a_cluster_that_others_made_is_not_judged() -> None:
    variables = changed((*GPU, "cluster"), "theirs")
    variables["pools_defined"][1]["cluster"] = "theirs"
    del variables["ecs_cluster"]
    assert told(variables) == []


def test_a_secret_is_not_repeated_in_what_is_told_of_it() -> None:
    assert "hunter2" not in " ".join(told(changed((*CPU, "user_data"), "export DB_PASSWORD=hunter2")))
