"""Services: what their tasks are made of, what they run on, how many there may be, and how they are found."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils.kinds.capacity_provider import CapacityProvider
from ansible_collections.cloister.aws.plugins.module_utils.kinds.ecs_cluster import EcsCluster
from ansible_collections.cloister.aws.plugins.module_utils.kinds.ecs_service import EcsService
from ansible_collections.cloister.aws.plugins.module_utils.kinds.scaling_policy import ScalingPolicy
from ansible_collections.cloister.aws.plugins.module_utils.kinds.service_namespace import ServiceNamespace
from ansible_collections.cloister.aws.plugins.module_utils.kinds.task_definition import TaskDefinition

from tests.integration.playbook import Action
from tests.integration.rehearsal.damage.hands import Hands, Thing, act

COUNT = {"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount"}


def _clusters(hands: Hands) -> list[Thing]:
    ecs = hands.client("ecs")
    arns = [arn for arn in ecs.list_clusters()["clusterArns"] if f"cluster/{hands.region_name}-" in arn]
    found = ecs.describe_clusters(clusters=arns, include=["SETTINGS", "TAGS"])["clusters"] if arns else []
    return t.cast("list[Thing]", found)


def _services(hands: Hands) -> t.Iterator[Thing]:
    """Yield the region's services, the first by name first."""
    ecs = hands.client("ecs")
    for cluster in _clusters(hands):
        arns = ecs.list_services(cluster=cluster["clusterArn"])["serviceArns"]
        yield from (
            ecs.describe_services(cluster=cluster["clusterArn"], services=sorted(arns))["services"] if arns else ()
        )


def _told(hands: Hands, kind: t.Any, name: str) -> set[Action]:
    return {("ecs", kind.noun, name.removeprefix(f"{hands.region_name}-"), "change")}


@act(CapacityProvider)
def a_pool_is_drained_otherwise(hands: Hands) -> set[Action]:
    ecs = hands.client("ecs")
    for provider in ecs.describe_capacity_providers(include=["TAGS"])["capacityProviders"]:
        name, group = provider["name"], provider.get("autoScalingGroupProvider")
        if group and name.startswith(f"{hands.region_name}-"):
            draining = "DISABLED" if group["managedDraining"] == "ENABLED" else "ENABLED"
            scaling = {"status": group["managedScaling"]["status"], "targetCapacity": 100}
            changed = {"managedDraining": draining, "managedScaling": scaling}
            ecs.update_capacity_provider(name=name, autoScalingGroupProvider=changed)
            return _told(hands, CapacityProvider, name)
    return set()


@act(EcsCluster)
def a_cluster_is_watched_otherwise(hands: Hands) -> set[Action]:
    for cluster in _clusters(hands):
        now = next(one["value"] for one in cluster["settings"] if one["name"] == "containerInsights")
        value = "enabled" if now == "disabled" else "disabled"
        settings = [{"name": "containerInsights", "value": value}]
        hands.client("ecs").update_cluster(cluster=cluster["clusterArn"], settings=settings)
        return _told(hands, EcsCluster, cluster["clusterName"])
    return set()


@act(TaskDefinition)
def a_service_is_given_another_image_by_hand(hands: Hands) -> set[Action]:
    """Its family has a revision that is not ours then, and the service runs it: both are put right."""
    ecs = hands.client("ecs")
    for service in _services(hands):
        raw = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
        keys = ("taskRoleArn", "executionRoleArn", "networkMode", "cpu", "memory", "requiresCompatibilities", "volumes")
        same = {key: raw[key] for key in (*keys, "runtimePlatform", "ephemeralStorage") if key in raw}
        first, *others = raw["containerDefinitions"]
        environment = [*first["environment"], {"name": "BY", "value": "hand"}]
        containers = [{**first, "environment": environment}, *others]
        made = ecs.register_task_definition(family=raw["family"], containerDefinitions=containers, **same)
        arn = made["taskDefinition"]["taskDefinitionArn"]
        ecs.update_service(cluster=service["clusterArn"], service=service["serviceArn"], taskDefinition=arn)
        name = service["serviceName"]
        return _told(hands, TaskDefinition, name) | _told(hands, EcsService, name)
    return set()


@act(EcsService)
def a_shell_is_let_into_a_service_or_kept_out(hands: Hands) -> set[Action]:
    for service in _services(hands):
        where = {"cluster": service["clusterArn"], "service": service["serviceArn"]}
        hands.client("ecs").update_service(enableExecuteCommand=not service["enableExecuteCommand"], **where)
        return _told(hands, EcsService, service["serviceName"])
    return set()


@act(ScalingPolicy)
def a_service_may_grow_further(hands: Hands) -> set[Action]:
    scaling = hands.client("application-autoscaling")
    for target in scaling.describe_scalable_targets(ServiceNamespace="ecs")["ScalableTargets"]:
        name = target["ResourceId"].rpartition("/")[2]
        if name.startswith(f"{hands.region_name}-"):
            more = {"MaxCapacity": target["MaxCapacity"] + 1}
            scaling.register_scalable_target(ResourceId=target["ResourceId"], **more, **COUNT)
            return _told(hands, ScalingPolicy, name)
    return set()


@act(ServiceNamespace)
def a_namespace_is_called_otherwise(hands: Hands) -> set[Action]:
    discovery = hands.client("servicediscovery")
    for namespace in discovery.list_namespaces()["Namespaces"]:
        if namespace["Name"].startswith(f"{hands.region_name}-"):
            discovery.tag_resource(ResourceARN=namespace["Arn"], Tags=[{"Key": "Name", "Value": "elsewhere"}])
            return _told(hands, ServiceNamespace, namespace["Name"])
    return set()
