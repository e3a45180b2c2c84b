"""The role eks_apps with the real helm: installed, left alone, upgraded, uninstalled on a Kubernetes API in memory."""

from __future__ import annotations

import json
import time
import typing as t

import pytest

from tests.integration.eks_apps.world import CHART, CONTROLLER_ROLE, World, raised
from tests.integration.playbook import Run

CONTROLLER: dict[str, t.Any] = {"enabled": True, "chart": CHART, "version": "1.0.0"}
GP3 = {"name": "gp3", "default": True}
EVERYTHING = {
    "eks_apps_storage_class": GP3,
    "eks_apps_load_balancer_controller": CONTROLLER,
    "eks_apps_releases": [{"name": "greeter", "namespace": "apps", "chart": CHART, "version": "1.0.0"}],
    "eks_apps_objects": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "root"}, "data": {"a": "b"}}],
}
OFF = {"eks_apps_releases": [{**EVERYTHING["eks_apps_releases"][0], "enabled": False}]}
NAMES = ["storage-class", "aws-load-balancer-controller", "greeter", "bootstrap"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[World]:
    made = raised(tmp_path_factory.mktemp("kr"))
    yield made
    made.api.stop()
    made.region.lab.stop()


@pytest.fixture(scope="module")
def installed(world: World) -> Run:
    return world.install(**EVERYTHING)


def releases(run: Run) -> dict[str, str]:
    """What became of each release, by the report."""
    members = run.report["stacks"]["localhost"]["members"]
    return {member["part"]: member["action"] for member in members if member["kind"] == "Helm release"}


def test_1_17_releases_are_installed_in_the_order_that_works(world: World, installed: Run) -> None:
    assert list(releases(installed).items()) == [(name, "create") for name in NAMES]
    kept = [thing["metadata"]["labels"]["name"] for thing in world.cluster.of("Secret").values()]
    assert kept == NAMES


def test_1_17_the_controller_gets_the_cluster_and_its_role_from_what_stands(world: World, installed: Run) -> None:
    told = world.cluster.of("ConfigMap")["aws-load-balancer-controller"]["data"]
    assert told["cluster"] == "kr-main"
    assert told["vpc"].startswith("vpc-")
    assert json.loads(told["tags"])["cloister:region"] == "kr"
    account = world.cluster.of("ServiceAccount")["aws-load-balancer-controller"]
    assert account["metadata"]["annotations"]["eks.amazonaws.com/role-arn"] == CONTROLLER_ROLE.format("aws")


def test_1_13_the_storage_class_is_encrypted_and_the_default_one(world: World, installed: Run) -> None:
    gp3 = world.cluster.of("StorageClass")["gp3"]
    assert gp3["metadata"]["annotations"]["storageclass.kubernetes.io/is-default-class"] == "true"
    assert (gp3["provisioner"], gp3["parameters"]) == ("ebs.csi.aws.com", {"type": "gp3", "encrypted": "true"})


def test_1_13_what_starts_gitops_comes_last_and_as_it_is(world: World, installed: Run) -> None:
    assert world.cluster.of("ConfigMap")["root"]["data"] == {"a": "b"}


def test_a_second_run_changes_nothing_and_writes_nothing(world: World, installed: Run) -> None:
    before = len(world.cluster.writes)
    again = world.install(**EVERYTHING)
    assert releases(again) == dict.fromkeys(NAMES, "keep")
    assert world.cluster.writes[before:] == []


def test_a_plan_finds_a_changed_value_and_a_run_upgrades_that_release(world: World, installed: Run) -> None:
    wanted = {**EVERYTHING, "eks_apps_load_balancer_controller": {**CONTROLLER, "values": {"greeting": "hi"}}}
    before = len(world.cluster.writes)
    plan = world.install("--check", **wanted)
    expected = {**dict.fromkeys(NAMES, "keep"), "aws-load-balancer-controller": "change"}
    assert releases(plan) == expected
    assert world.cluster.writes[before:] == []
    assert releases(world.install(**wanted)) == expected
    assert world.cluster.of("ConfigMap")["aws-load-balancer-controller"]["data"]["greeting"] == "hi"


def test_what_is_switched_off_is_uninstalled_last_one_first(world: World, installed: Run) -> None:
    gone = releases(world.install(**OFF))
    assert gone == dict.fromkeys(reversed(NAMES), "remove")
    assert list(gone) == NAMES[::-1]
    assert world.cluster.of("StorageClass") == world.cluster.of("Deployment") == world.cluster.of("Secret") == {}
    before = len(world.cluster.writes)
    world.install(**OFF)
    assert world.cluster.writes[before:] == []


def test_a_release_that_a_killed_run_left_half_way_is_taken_up(world: World, installed: Run) -> None:
    if world.cluster.of("Secret"):
        world.install(**OFF)
    world.cluster.rolls_out = False
    helm = world.helm("upgrade", "--install", "greeter", CHART, "--namespace", "apps", "--wait")
    while "greeter" not in world.cluster.of("Deployment"):
        assert helm.poll() is None
        time.sleep(0.1)
    helm.kill()
    helm.wait()
    world.cluster.rolls_out = True
    assert [secret["metadata"]["labels"]["status"] for secret in world.cluster.of("Secret").values()] == [
        "pending-install"
    ]
    run = world.install(**EVERYTHING)
    assert releases(run)["greeter"] == "create"
    assert world.cluster.of("ConfigMap")["greeter"]["data"]["greeting"] == "hello"


def test_in_a_rehearsal_what_would_be_installed_is_told(world: World) -> None:
    run = world.play(**EVERYTHING)
    assert run.rc == 0, run.output
    assert "Nothing was installed in the cluster: this is a rehearsal" in run.output
    assert "aws-load-balancer-controller 1.0.0 in kube-system" in run.output


def test_an_api_that_does_not_answer_stops_the_run_and_says_how_to_get_there(world: World) -> None:
    run = world.play(server="https://127.0.0.1:9")
    assert run.rc != 0
    assert "is not reached from here" in run.output
    assert "AWS-StartPortForwardingSessionToRemoteHost" in run.output


def test_without_helm_the_run_says_where_it_comes_from(world: World) -> None:
    run = world.play(server=world.api.address, eks_apps_helm="/nowhere/helm")
    assert run.rc != 0
    assert "there is none at /nowhere/helm" in run.output
