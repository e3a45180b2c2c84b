"""Broken services: each is refused by the variable that is wrong, before AWS hears anything."""

from __future__ import annotations

from tests.integration.refusals.broken import GONE, IDENTITY, Broken, Renamed

ECS = "host_vars/ecs.yml"
GUARD, FACES = ("ecs_services", "guard"), ("ecs_services", "face-generator")
FIRST = (*GUARD, "containers", 0)
KEY_AT = "ecs_services[0].containers[0].secrets.WEBHOOK_KEY"

BROKEN = [
    # the shape
    Broken(ECS, ("ecs_cluster",), GONE, "ecs_cluster", "missing"),
    Broken(ECS, ("ecs_services",), Renamed("ecs_service"), "ecs_service", "did you mean ecs_services?"),
    Broken(ECS, (*GUARD, "execution_role"), GONE, "ecs_services[0].execution_role", "missing"),
    Broken(ECS, (*GUARD, "desired"), "two", "ecs_services[0].desired", "a whole number"),
    Broken(ECS, (*FIRST, "ports"), 8080, "ecs_services[0].containers[0].ports", "not a list"),
    Broken(ECS, (*FIRST, "enviroment"), {}, "ecs_services[0].containers[0].enviroment", "did you mean environment?"),
    Broken(ECS, (*GUARD, "architecture"), "amd64", "ecs_services[0].architecture", "one of x86_64, arm64"),
    # what it runs on: a GPU on Fargate first of all (F7)
    Broken(ECS, (*FIRST, "gpus"), 1, "ecs_services[0].containers[0].gpus", "Fargate has no GPUs"),
    Broken(
        ECS, (*FACES, "capacity", 0, "provider"), "gpus", "ecs_services[1].capacity[0].provider", "did you mean gpu?"
    ),
    Broken(ECS, (*FACES, "capacity", 0, "provider"), "cpu", "ecs_services[1].capacity[0].provider", "t3.medium"),
    Broken(ECS, ("ecs_cluster", "pools", 0), "gup", "ecs_cluster.pools[0]", "did you mean gpu?"),
    Broken(ECS, (*GUARD, "memory_mib"), 9216, "ecs_services[0].memory_mib", "cpu: 2048 or 4096 for 9216 MiB"),
    Broken(ECS, (*GUARD, "cpu"), 3072, "ecs_services[0].cpu", "one of 256, 512, 1024"),
    # what it names
    Broken(ECS, (*GUARD, "subnets", 0), "private-d", "ecs_services[0].subnets[0]", "no subnet called"),
    Broken(ECS, (*GUARD, "security_groups", 0), "gard", "ecs_services[0].security_groups[0]", "did you mean guard?"),
    Broken(ECS, (*GUARD, "execution_role"), "node", "ecs_services[0].execution_role", "ECS may not take the role node"),
    Broken(ECS, (*GUARD, "task_role"), "task-execution", "ecs_services[0].task_role", "a role of its own"),
    Broken(ECS, (*FIRST, "image", "repository"), "gard", "containers[0].image.repository", "did you mean guard?"),
    Broken(ECS, (*FIRST, "image", "tag"), "latest", "containers[0].image.tag", "another image tomorrow"),
    Broken(ECS, (*FIRST, "image", "newest"), "prod", "containers[0].image", "named by tag and newest"),
    Broken(ECS, (*FIRST, "secrets", "WEBHOOK_KEY"), "hush", KEY_AT, "only its name does"),
    Broken(ECS, (*FIRST, "secrets", "WEBHOOK_KEY", "secret"), "kr/key", KEY_AT, "may not read the secret kr/key"),
    Broken(
        IDENTITY, ("identity_roles", "task-execution", "policies"), [], KEY_AT, "secretsmanager:GetSecretValue", ECS
    ),
    Broken(ECS, (*GUARD, "target_groups", 0, "port"), 80, "ecs_services[0].target_groups[0].port", "one of 8080"),
    Broken(ECS, (*GUARD, "target_groups", 0, "name"), "guard", "target_groups[0].name", "no target group called"),
    # where results go, and how many tasks there are
    Broken(ECS, (*FACES, "callback_url"), "https://us.infer.example.com/webhook", "callback_url", "is a public name"),
    Broken(ECS, (*FACES, "callback_url"), "https://elsewhere.internal/", "callback_url", "no name inside the region"),
    Broken(ECS, (*GUARD, "desired"), 1, "ecs_services[0].scaling.min", "bounds around desired"),
    Broken(ECS, (*GUARD, "scaling", "targets", 0, "percent"), 160, "scaling.targets[0].percent", "1 to 100"),
    Broken(ECS, (*GUARD, "deployment"), {"maximum_percent": 100}, "deployment.minimum_percent", "could be rolled over"),
]
