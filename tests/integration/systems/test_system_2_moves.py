"""System 2: a service on Fargate leaves the public subnets while it serves. Rows 2.01, 2.02, 2.09."""

from __future__ import annotations

import shutil
import threading
import typing as t
from dataclasses import dataclass

import pytest
from ansible_collections.cloister.aws.plugins.module_utils.reachability.exposure import Exposed, exposed
from ansible_collections.cloister.aws.plugins.module_utils.reachability.vantage import INTERNET

from tests.integration.playbook import ROOT, Region, Run
from tests.integration.systems.built import Built, Thing, attached, changed

SHIPPED = ROOT / "inventories/examples/fargate-private"
OUTER = "app.example.com"
DESIRED = 2
SLOW = {"ecs_task": 0.5, "ecs_task_stop": 0.3, "target_health": 0.5, "target_drain": 0.3}


class Watch(threading.Thread):
    """Somebody who looks all the while: ``seen`` are how many tasks ran, and how many targets were healthy."""

    def __init__(self, region: Built) -> None:
        super().__init__(daemon=True)
        self.seen: list[tuple[int, int]] = []
        self._ecs, self._elb = region.client("ecs"), region.client("elbv2")
        self._service = {"cluster": f"{region.name}-main", "services": [f"{region.name}-app"]}
        self._group = self._elb.describe_target_groups()["TargetGroups"][0]["TargetGroupArn"]
        self._over = threading.Event()

    def run(self) -> None:
        """Look until it is told to end."""
        while not self._over.wait(0.05):
            health = self._elb.describe_target_health(TargetGroupArn=self._group)["TargetHealthDescriptions"]
            healthy = [one for one in health if one["TargetHealth"]["State"] == "healthy"]
            running = self._ecs.describe_services(**self._service)["services"][0]["runningCount"]
            self.seen.append((running, len(healthy)))

    def end(self) -> None:
        """Look no longer."""
        self._over.set()
        self.join()


@dataclass
class Moved:
    """The service in public subnets, the run that moved it, and what was seen meanwhile."""

    region: Built
    service: Thing
    tasks: list[Thing]
    exposed: list[Exposed]
    cluster: Thing
    run: Run
    seen: list[tuple[int, int]]


def cluster(region: Built) -> Thing:
    """The cluster, without what counts its tasks."""
    (found,) = region.client("ecs").describe_clusters(clusters=[f"{region.name}-main"])["clusters"]
    return {key: value for key, value in found.items() if not key.endswith("Count")}


def as_it_was(region: Built) -> None:
    """Say that tasks lie in public subnets, with public addresses and open to everybody."""
    (service,) = region.said("ecs", "ecs_services")
    moved = {**service, "subnets": ["public-a", "public-c"], "assign_public_ip": True}
    region.say("ecs", ecs_services=[moved])
    groups = region.said("security_groups", "security_groups_defined")
    app = next(group for group in groups if group["name"] == "app")
    app["ingress"].append({"reason": "clients, past the load balancer", "cidrs": ["0.0.0.0/0"], "ports": [8080]})
    region.say("security_groups", security_groups_defined=groups)


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Moved]:
    """Build it as it was; then run the inventory as it is shipped, with everything taking its time."""
    scratch = tmp_path_factory.mktemp("moves")
    region = Built(Region.raised(changed("examples/fargate-private", scratch), scratch))
    as_it_was(region)
    built = region.region.play("site.yml")
    assert built.rc == 0, built.output
    before = region.service("app"), region.tasks("app"), exposed(region.snapshot), cluster(region)
    for stack in ("ecs", "security_groups"):
        shutil.copy(SHIPPED / f"host_vars/{stack}.yml", region.region.inventory / "host_vars")
    region.region.lab.delays(**SLOW)
    watch = Watch(region)
    watch.start()
    run = region.region.play("site.yml")
    watch.end()
    region.region.lab.delays(**dict.fromkeys(SLOW, 0.0))
    yield Moved(region, *before, run, watch.seen)
    region.region.lab.stop()


def test_2_01_one_run_moves_the_service_and_nothing_else(moved: Moved) -> None:
    assert moved.run.rc == 0, moved.run.output
    assert moved.run.actions == {
        ("ecs", "ECS service", "app", "change"),
        ("security_groups", "security group", "app", "change"),
    }
    actions = [write["action"] for write in moved.run.region_writes]
    assert sorted(actions) == ["RevokeSecurityGroupIngress", "UpdateService"]


def test_2_01_the_cluster_is_untouched_and_the_service_is_the_same(moved: Moved) -> None:
    assert cluster(moved.region) == moved.cluster
    now = moved.region.service("app")
    assert (now["serviceArn"], now["createdAt"]) == (moved.service["serviceArn"], moved.service["createdAt"])


def test_2_01_every_task_is_replaced(moved: Moved) -> None:
    now = {task["taskArn"] for task in moved.region.tasks("app")}
    assert len(now) == DESIRED
    assert not now & {task["taskArn"] for task in moved.tasks}


def test_2_01_at_no_moment_fewer_tasks_serve_than_are_wanted(moved: Moved) -> None:
    assert len(moved.seen) > 10
    assert min(running for running, _healthy in moved.seen) >= DESIRED
    assert min(healthy for _running, healthy in moved.seen) >= DESIRED
    assert max(running for running, _healthy in moved.seen) > DESIRED


def test_2_02_tasks_lie_in_private_subnets_without_public_addresses(moved: Moved) -> None:
    subnets = moved.region.described("describe_subnets", "Subnets")
    public, private = (
        {one["SubnetId"] for name, one in subnets.items() if name.startswith(tier)} for tier in ("public", "private")
    )
    assert {attached(task)["subnetId"] for task in moved.tasks} == public
    assert {attached(task)["subnetId"] for task in moved.region.tasks("app")} == private
    assert not [one for one in moved.region.interfaces("app") if "Association" in one]
    network = moved.region.service("app")["networkConfiguration"]["awsvpcConfiguration"]
    assert network["assignPublicIp"] == "DISABLED"


def test_2_02_the_load_balancer_stays_in_the_public_subnets_and_leads_to_the_tasks(moved: Moved) -> None:
    (balancer,) = moved.region.client("elbv2").describe_load_balancers()["LoadBalancers"]
    subnets = moved.region.described("describe_subnets", "Subnets")
    places = {zone["SubnetId"] for zone in balancer["AvailabilityZones"]}
    assert places == {one["SubnetId"] for name, one in subnets.items() if name.startswith("public")}
    assert moved.region.reach(INTERNET, OUTER).reached


def test_2_09_afterwards_it_is_reached_through_the_load_balancer_only(moved: Moved) -> None:
    assert {one.kind for one in moved.exposed} == {"load balancer", "ECS task"}
    run = moved.region.region.play("playbooks/exposure.yml")
    assert run.rc == 0, run.output
    ways = [line.split() for line in run.output.splitlines() if "0.0.0.0/0" in line]
    assert [(way[0], way[1], way[2], way[3], way[4]) for way in ways] == [
        ("declared", "load", "balancer", "public", "443/tcp"),
        ("declared", "load", "balancer", "public", "80/tcp"),
    ]
    for interface in moved.region.interfaces("app"):
        assert not moved.region.reach(INTERNET, interface["PrivateIpAddress"], 8080).reached


def test_2_01_a_second_run_writes_nothing(moved: Moved) -> None:
    assert moved.region.region.play("site.yml").region_writes == []
