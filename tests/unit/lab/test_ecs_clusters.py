# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.lab.ecs_world import World

Refused = t.Any
TAGS = [{"key": "cloister:region", "value": "us"}]
ON_FARGATE = [{"capacityProvider": "FARGATE", "weight": 1, "base": 0}]


@pytest.fixture
def ecs(client: t.Any) -> t.Any:
    return client("ecs")


def described(ecs: t.Any, *include: str) -> dict[str, t.Any]:
    shown = ecs.describe_clusters(clusters=["main"], include=list(include))["clusters"][0]
    return t.cast("dict[str, t.Any]", shown)


def test_a_cluster_tells_what_it_is_asked_for(ecs: t.Any) -> None:
    ecs.create_cluster(clusterName="main", tags=TAGS, settings=[{"name": "containerInsights", "value": "enhanced"}])
    plain = described(ecs)
    assert (plain["status"], plain["tags"], plain["settings"]) == ("ACTIVE", [], [])
    full = described(ecs, "TAGS", "SETTINGS")
    assert full["tags"] == TAGS
    assert full["settings"] == [{"name": "containerInsights", "value": "enhanced"}]


def test_a_cluster_that_is_there_is_answered_when_the_same_is_asked(ecs: t.Any, refused: Refused) -> None:
    first = ecs.create_cluster(clusterName="main", tags=TAGS)["cluster"]
    assert ecs.create_cluster(clusterName="main", tags=TAGS)["cluster"] == first
    with refused("InvalidParameterException", "Arguments on this idempotent request are inconsistent"):
        ecs.create_cluster(clusterName="main", tags=[{"key": "other", "value": "1"}])


def test_a_deleted_cluster_is_inactive_and_can_be_made_anew(ecs: t.Any, refused: Refused) -> None:
    ecs.create_cluster(clusterName="main")
    assert ecs.delete_cluster(cluster="main")["cluster"]["status"] == "INACTIVE"
    assert described(ecs)["status"] == "INACTIVE"
    assert ecs.list_clusters()["clusterArns"] == []
    with refused("ClusterNotFoundException", "The referenced cluster was inactive."):
        ecs.update_cluster(cluster="main", settings=[{"name": "containerInsights", "value": "enabled"}])
    assert ecs.create_cluster(clusterName="main")["cluster"]["status"] == "ACTIVE"


def test_an_unknown_cluster_is_missing(ecs: t.Any, refused: Refused) -> None:
    assert ecs.describe_clusters(clusters=["main"])["failures"] == [
        {"arn": "arn:aws:ecs:us-west-2:123456789012:cluster/main", "reason": "MISSING"}
    ]
    with refused("ClusterNotFoundException", "Cluster not found."):
        ecs.delete_cluster(cluster="main")


def test_settings_and_defaults_are_changed(ecs: t.Any, refused: Refused) -> None:
    ecs.create_cluster(clusterName="main")
    ecs.update_cluster(cluster="main", settings=[{"name": "containerInsights", "value": "enabled"}])
    assert described(ecs, "SETTINGS")["settings"][0]["value"] == "enabled"
    with refused("InvalidParameterException", "Invalid cluster setting value: sometimes"):
        ecs.update_cluster(cluster="main", settings=[{"name": "containerInsights", "value": "sometimes"}])
    put = ecs.put_cluster_capacity_providers
    put(cluster="main", capacityProviders=["FARGATE"], defaultCapacityProviderStrategy=ON_FARGATE)
    seen = described(ecs)
    assert (seen["capacityProviders"], seen["defaultCapacityProviderStrategy"]) == (["FARGATE"], ON_FARGATE)


@pytest.mark.parametrize(
    ("strategy", "words"),
    [
        ([{"capacityProvider": "FARGATE_SPOT"}], "a capacity provider that is not associated with the cluster."),
        (
            [{"capacityProvider": "FARGATE", "weight": 0}],
            "at least one capacity provider with a weight greater than 0.",
        ),
        (
            [{"capacityProvider": "FARGATE", "weight": 1, "base": 1}, {"capacityProvider": "FARGATE", "base": 2}],
            "cannot contain more than one capacity provider with a base.",
        ),
    ],
)
def test_a_strategy_must_fit(ecs: t.Any, refused: Refused, strategy: list[t.Any], words: str) -> None:
    with refused("InvalidParameterException", words):
        ecs.create_cluster(
            clusterName="main", capacityProviders=["FARGATE"], defaultCapacityProviderStrategy=strategy
        )  # fmt: skip


def test_a_strategy_has_machines_or_fargate(ecs: t.Any, refused: Refused) -> None:
    both = [{"capacityProvider": "FARGATE", "weight": 1}, {"capacityProvider": "pool", "weight": 1}]
    with refused(
        "InvalidParameterException", "A capacity provider strategy cannot contain a mix of capacity providers"
    ):
        ecs.put_cluster_capacity_providers(
            cluster=ecs.create_cluster(clusterName="main")["cluster"]["clusterArn"],
            capacityProviders=["FARGATE"], defaultCapacityProviderStrategy=both,
        )  # fmt: skip


def test_a_cluster_with_a_service_stays(aws: EmbeddedAws, client: t.Any, refused: Refused) -> None:
    world = World(aws, client)
    world.ready()
    world.define()
    world.serve()
    with refused("ClusterContainsServicesException", "The Cluster cannot be deleted while Services are active."):
        world.ecs.delete_cluster(cluster="main")
    world.ecs.delete_service(cluster="main", service="guard", force=True)
    run = world.ecs.run_task(
        cluster="main", taskDefinition="guard", launchType="FARGATE",
        networkConfiguration={"awsvpcConfiguration": {"subnets": [world.subnet]}},
    )  # fmt: skip
    with refused("ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active."):
        world.ecs.delete_cluster(cluster="main")
    world.ecs.stop_task(cluster="main", task=run["tasks"][0]["taskArn"])
    world.ecs.delete_cluster(cluster="main")


def test_the_limit_of_clusters_is_enforced_once_set(aws: EmbeddedAws, ecs: t.Any, refused: Refused) -> None:
    aws.limits(ecs_clusters=1)
    ecs.create_cluster(clusterName="main")
    with refused("ClientException", "The maximum number of clusters has been exceeded."):
        ecs.create_cluster(clusterName="other")


def test_what_stands_is_held_and_what_ended_is_not(aws: EmbeddedAws, client: t.Any) -> None:
    world = World(aws, client)
    world.ready()
    definition = world.define(tags=TAGS)
    world.serve(tags=TAGS)
    held = {one["kind"]: one for one in aws.holdings() if one["kind"].startswith("ecs:")}
    assert {"ecs:cluster", "ecs:service", "ecs:task-definition"} <= set(held)
    assert held["ecs:service"]["tags"] == {"cloister:region": "us"}
    assert held["ecs:service"]["name"] == "guard"
    world.ecs.update_service(cluster="main", service="guard", desiredCount=2)
    again = {one["kind"]: one["fingerprint"] for one in aws.holdings()}
    assert again["ecs:service"] != held["ecs:service"]["fingerprint"]
    assert again["ecs:cluster"] == held["ecs:cluster"]["fingerprint"]
    world.ecs.delete_service(cluster="main", service="guard", force=True)
    world.ecs.deregister_task_definition(taskDefinition=definition)
    world.ecs.delete_cluster(cluster="main")
    assert [one for one in aws.holdings() if one["kind"].startswith("ecs:")] == []


def test_what_is_not_modelled_says_so(ecs: t.Any, refused: Refused) -> None:
    with refused("NotModelled", "DescribeTaskSets"):
        ecs.describe_task_sets(cluster="main", service="guard")
