"""Services on ECS that could not run are refused, each with its variable and what would be right."""

from __future__ import annotations

import copy
import typing as t

import pytest

from tests.unit.spec.described import Variables, sound, told

TASKS = {"reason": "Tasks", "trusted_services": ["ecs-tasks"], "policies": []}
READING = {
    "name": "secrets",
    "statements": [
        {
            "actions": ["secretsmanager:GetSecretValue"],
            "resources": ["arn:aws:secretsmanager:us-west-2:*:secret:us/web/*"],
        }
    ],
}
WEB: dict[str, t.Any] = {
    "name": "web",
    "capacity": [{"provider": "fargate"}],
    "cpu": 512,
    "memory_mib": 1024,
    "desired": 2,
    "subnets": ["private-a", "private-b"],
    "security_groups": ["app"],
    "execution_role": "execution",
    "task_role": "task",
    "callback_url": "https://api.prod.example.internal/done",
    "containers": [
        {
            "name": "web",
            "image": {"repository": "web", "newest": "prod"},
            "ports": [8080],
            "environment": {"LEVEL": "info"},
            "secrets": {"KEY": {"secret": "us/web/key"}},
            "health_check": {"command": ["true"]},
        },
        {
            "name": "log",
            "image": {"uri": "public.ecr.aws/x/log:1.2"},
            "depends_on": [{"container": "web", "condition": "healthy"}],
        },
    ],
    "target_groups": [{"name": "web", "container": "web", "port": 8080}],
    "scaling": {"min": 2, "max": 6, "targets": [{"metric": "cpu", "percent": 60}]},
}
MODEL: dict[str, t.Any] = {
    "name": "model",
    "capacity": [{"provider": "gpu"}],
    "memory_mib": 8192,
    "subnets": ["private-a"],
    "security_groups": ["app"],
    "execution_role": "execution",
    "containers": [{"name": "model", "image": {"repository": "web", "tag": "1"}, "gpus": 1, "shared_memory_mib": 1024}],
}
POOL = {"name": "gpu", "purpose": "ecs", "cluster": "main", "instance_types": ["g5.xlarge", "p6-b200.48xlarge"]}


def region() -> Variables:
    """A sound region with a service on Fargate and one on GPU machines."""
    whole = sound()
    roles = [{**TASKS, "name": "execution", "policies": [READING]}, {**TASKS, "name": "task"}]
    whole["identity_roles"] = [*whole["identity_roles"], *roles]
    groups = [{"name": "web", "protocol": "HTTP", "port": 8080, "target_type": "ip", "health_check": {"path": "/"}}]
    ours = {
        "registry_repositories": [{"name": "web"}],
        "load_balancers_target_groups": groups,
        "ecs_cluster": {"name": "main", "fargate": True, "pools": ["gpu"]},
        "ecs_services": [WEB, MODEL],
    }
    return copy.deepcopy({**whole, **ours})


def with_pools(whole: Variables) -> Variables:
    """The pool that the cluster names; what the rules of pools say of it is none of our business here."""
    whole["pools_defined"] = [copy.deepcopy(POOL)]
    return whole


def of_ecs(whole: Variables) -> list[str]:
    return [line for line in told(with_pools(whole)) if not line.startswith(("pools_", "load_balancers_", "registry_"))]


def changed(path: tuple[t.Any, ...], value: t.Any) -> Variables:
    whole = region()
    holder: t.Any = whole
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return whole


def test_a_sound_region_is_left_alone() -> None:
    assert of_ecs(region()) == []


WEB_AT, MODEL_AT = ("ecs_services", 0), ("ecs_services", 1)
FIRST = (*WEB_AT, "containers", 0)
BROKEN = [
    # the cluster
    (("ecs_cluster", "name"), "Main", "ecs_cluster.name", "cannot be the name of a cluster"),
    (("ecs_cluster", "pools"), ["gpus"], "ecs_cluster.pools[0]", "did you mean gpu?"),
    (("ecs_cluster", "pools"), ["fargate"], "ecs_cluster.pools[0]", "fargate is no pool"),
    (("ecs_cluster", "name"), "other", "ecs_cluster.pools[0]", "join the cluster main"),
    (("region_name",), "ecs-us", "region_name", "AWS keeps those"),
    (("ecs_cluster", "fargate"), False, "ecs_services[0].capacity[0].provider", "switched off"),
    # capacity and sizes
    ((*WEB_AT, "capacity"), [], "ecs_services[0].capacity", "runs on nothing"),
    ((*WEB_AT, "capacity", 0, "provider"), "fargat", "ecs_services[0].capacity[0].provider", "did you mean fargate?"),
    ((*WEB_AT, "capacity"), [{"provider": "fargate"}, {"provider": "gpu"}], "ecs_services[0].capacity", "are mixed"),
    ((*WEB_AT, "capacity"), [{"provider": "fargate", "weight": 0}], "ecs_services[0].capacity", "Every weight is 0"),
    ((*WEB_AT, "capacity", 0, "weight"), 1001, "ecs_services[0].capacity[0].weight", "from 0 to 1000"),
    ((*WEB_AT, "cpu"), None, "ecs_services[0].cpu", "Fargate needs cpu and memory_mib"),
    ((*WEB_AT, "cpu"), 500, "ecs_services[0].cpu", "one of 256, 512, 1024"),
    ((*WEB_AT, "memory_mib"), 512, "ecs_services[0].memory_mib", "or cpu: 256 for 512 MiB"),
    ((*FIRST, "cpu"), 1024, "ecs_services[0].cpu", "ask for 1024, more than the 512"),
    ((*MODEL_AT, "memory_mib"), None, "ecs_services[1].containers[0].memory_mib", "how much memory"),
    # GPUs
    ((*FIRST, "gpus"), 1, "ecs_services[0].containers[0].gpus", "Fargate has no GPUs. a pool of GPU machines"),
    # what only one side knows
    ((*WEB_AT, "ephemeral_storage_gib"), 20, "ecs_services[0].ephemeral_storage_gib", "from 21 to 200"),
    ((*MODEL_AT, "ephemeral_storage_gib"), 50, "ecs_services[1].ephemeral_storage_gib", "Only Fargate"),
    ((*MODEL_AT, "assign_public_ip"), True, "ecs_services[1].assign_public_ip", "no public address"),
    ((*WEB_AT, "volumes"), [{"name": "m", "host_path": "/m"}], "ecs_services[0].volumes[0].host_path", "no machine"),
    ((*FIRST, "shared_memory_mib"), 64, "ecs_services[0].containers[0].shared_memory_mib", "cannot set"),
    ((*FIRST, "stop_seconds"), 121, "ecs_services[0].containers[0].stop_seconds", "at most 120"),
    # roll-overs and scaling
    ((*WEB_AT, "deployment"), {"maximum_percent": 100}, "ecs_services[0].deployment.minimum_percent", "no task could"),
    ((*WEB_AT, "deployment"), {"maximum_percent": 99}, "ecs_services[0].deployment.maximum_percent", "100 to 200"),
    (
        (*WEB_AT, "deployment"),
        {"maximum_percent": 100, "minimum_percent": 50},
        "ecs_services[0].zone_rebalancing",
        "false",
    ),
    ((*WEB_AT, "desired"), 7, "ecs_services[0].scaling.max", "bounds around desired"),
    ((*WEB_AT, "scaling", "min"), 7, "ecs_services[0].scaling.min", "there is no number of tasks"),
    ((*WEB_AT, "scaling", "targets"), [], "ecs_services[0].scaling.targets", "Nothing moves"),
    (
        (*WEB_AT, "scaling", "targets", 0),
        {"metric": "cpu"},
        "ecs_services[0].scaling.targets[0].percent",
        "needs percent",
    ),
    (
        (*WEB_AT, "scaling", "targets", 0),
        {"metric": "requests", "count": 9},
        "ecs_services[0].scaling.targets[0].target_group",
        "one of web",
    ),
    (
        (*WEB_AT, "scaling", "schedules"),
        [{"name": "night", "schedule": "0 8 * * *", "min": 0, "max": 1}],
        "ecs_services[0].scaling.schedules[0].schedule",
        "is not a schedule",
    ),
    # containers
    ((*WEB_AT, "containers"), [], "ecs_services[0].containers", "does nothing"),
    ((*WEB_AT, "containers", 1, "name"), "web", "ecs_services[0].containers[1].name", "a container web already"),
    ((*FIRST, "image"), {"repository": "web"}, "ecs_services[0].containers[0].image", "does not say which image"),
    ((*FIRST, "image"), {"uri": "nginx:latest"}, "ecs_services[0].containers[0].image.uri", "another image tomorrow"),
    ((*FIRST, "image", "repository"), "wbe", "ecs_services[0].containers[0].image.repository", "did you mean web?"),
    ((*FIRST, "environment"), {"KEY": "x"}, "ecs_services[0].containers[0].secrets.KEY", "in environment too"),
    ((*FIRST, "environment"), {"ON": True}, "ecs_services[0].containers[0].environment.ON", "in quotes"),
    ((*FIRST, "environment"), {"CALLBACK_URL": "x"}, "ecs_services[0].containers[0].environment", "callback_url"),
    ((*FIRST, "secrets", "KEY"), "hush", "ecs_services[0].containers[0].secrets.KEY", "only its name does"),
    ((*FIRST, "secrets", "KEY"), {"secret": "a", "kye": "b"}, "ecs_services[0].containers[0].secrets.KEY.kye", "key?"),
    (
        (*FIRST, "secrets", "KEY"),
        {"secret": "us/model/key"},
        "ecs_services[0].containers[0].secrets.KEY.secret",
        "execution may not read the secret us/model/key",
    ),
    ((*FIRST, "ports"), [70000], "ecs_services[0].containers[0].ports[0]", "70000 is not a port"),
    ((*WEB_AT, "containers", 1, "ports"), [8080], "ecs_services[0].containers[1].ports[0]", "listens on 8080 already"),
    (
        (*FIRST, "mounts"),
        [{"volume": "m", "path": "/m"}],
        "ecs_services[0].containers[0].mounts[0].volume",
        "no volume",
    ),
    ((*FIRST, "health_check"), None, "ecs_services[0].containers[1].depends_on[0].condition", "never becomes healthy"),
    # what it is tied to
    ((*WEB_AT, "subnets"), ["private-a", "operator-a"], "ecs_services[0].subnets[1]", "subnets of one VPC"),
    ((*WEB_AT, "security_groups"), [], "ecs_services[0].security_groups", "from 1 to 5"),
    ((*WEB_AT, "assign_public_ip"), True, "ecs_services[0].assign_public_ip", "leads nowhere there"),
    ((*WEB_AT, "execution_role"), "node", "ecs_services[0].execution_role", "trusted_services: [ecs-tasks]"),
    ((*WEB_AT, "task_role"), "execution", "ecs_services[0].task_role", "a role of its own"),
    ((*MODEL_AT, "execute_command"), True, "ecs_services[1].execute_command", "it has none"),
    ((*WEB_AT, "target_groups", 0, "port"), 80, "ecs_services[0].target_groups[0].port", "does not listen on 80"),
    ((*WEB_AT, "target_groups", 0, "name"), "wbe", "ecs_services[0].target_groups[0].name", "did you mean web?"),
    ((*MODEL_AT, "health_check_grace_seconds"), 60, "ecs_services[1].health_check_grace_seconds", "No load balancer"),
    ((*WEB_AT, "service_connect"), {"ports": []}, "ecs_services[0].service_connect", "namespace in ecs_cluster"),
    ((*WEB_AT, "callback_url"), "https://api.example.com/x", "ecs_services[0].callback_url", "no name inside"),
    ((*WEB_AT, "callback_url"), "/done", "ecs_services[0].callback_url", "not the address of a service"),
]


@pytest.mark.parametrize(("path", "value", "variable", "words"), BROKEN, ids=[f"{one[2]}-{one[3]}" for one in BROKEN])
def test_a_broken_service_is_refused(path: tuple[t.Any, ...], value: t.Any, variable: str, words: str) -> None:
    lines = [line for line in of_ecs(changed(path, value)) if line.startswith(f"{variable}: ")]
    assert any(words in line for line in lines), (lines, of_ecs(changed(path, value)))


def test_a_pool_without_gpus_is_no_place_for_a_task_that_needs_one() -> None:
    whole = with_pools(region())
    whole["pools_defined"][0]["instance_types"] = ["g5.xlarge", "t3.medium", "g4ad.xlarge"]
    words = "ecs_services[1].capacity[0].provider: Pool gpu has machines without an NVIDIA GPU: t3.medium, g4ad.xlarge."
    assert any(line.startswith(words) for line in told(whole))


POOL_RULES = [
    ({"enabled": False, "termination_protection": True}, {}, "ecs_cluster.managed_scaling.termination_protection: "),
    ({"termination_protection": True}, {}, "ecs_cluster.pools[0]: ECS protects machines with tasks"),
    ({}, {"size": {"min": 1, "max": 2, "desired": 2}}, "ecs_cluster.pools[0]: ECS moves the number of machines"),
    ({}, {"purpose": "plain", "cluster": ""}, "ecs_cluster.pools[0]: The machines of pool gpu join no cluster"),
]


@pytest.mark.parametrize(("scaling", "pool", "words"), POOL_RULES, ids=[one[2] for one in POOL_RULES])
def test_ecs_and_a_pool_do_not_get_in_each_others_way(scaling: Variables, pool: Variables, words: str) -> None:
    whole = with_pools(region())
    whole["ecs_cluster"]["managed_scaling"] = scaling
    whole["pools_defined"][0].update(pool)
    assert any(line.startswith(words) for line in told(whole))


def test_results_do_not_leave_by_a_public_name_nor_by_a_public_load_balancer() -> None:
    whole = changed((*WEB_AT, "callback_url"), "https://in.prod.example.internal/done")
    records = [{"zone": "prod.example.internal", "name": "in"}]
    whole["load_balancers_defined"] = [{"name": "inner", "scheme": "internal", "records": records}]
    assert not [line for line in of_ecs(whole) if line.startswith("ecs_")]
    whole["load_balancers_defined"][0]["scheme"] = "internet-facing"
    assert any("in.prod.example.internal is a public name" in line for line in of_ecs(whole))


def test_a_role_whose_policies_stand_elsewhere_is_not_judged() -> None:
    whole = changed((*FIRST, "secrets", "KEY"), {"parameter": "/us/key"})
    assert [line for line in of_ecs(whole) if "may not read the parameter /us/key" in line]
    role = next(role for role in whole["identity_roles"] if role["name"] == "execution")
    role["managed_policies"] = ["arn:aws:iam::111122223333:policy/read-parameters"]
    assert of_ecs(whole) == []
