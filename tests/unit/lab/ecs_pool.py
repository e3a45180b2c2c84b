# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Machines and pools of them for the ECS of a test's world."""

from __future__ import annotations

import base64
import typing as t

from tests.unit.lab.ecs_world import World

JOINS = "arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role"
IMAGE = "resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id"


def machine_role(world: World) -> None:
    world.role("node", "ec2.amazonaws.com", JOINS)
    world.iam.create_instance_profile(InstanceProfileName="node")
    world.iam.add_role_to_instance_profile(InstanceProfileName="node", RoleName="node")


def data(kind: str = "t3.medium", profile: str | None = "node", cluster: str = "main") -> dict[str, t.Any]:
    text = f"#!/bin/bash\necho ECS_CLUSTER={cluster} >> /etc/ecs/ecs.config\n"
    shown = {"ImageId": IMAGE, "InstanceType": kind, "UserData": base64.b64encode(text.encode()).decode()}
    return {**shown, "IamInstanceProfile": {"Name": profile}} if profile else shown


def launch(world: World, kind: str = "t3.medium", **more: t.Any) -> str:
    """A machine in the world's subnet; its id."""
    given = data(kind, **more)
    text = base64.b64decode(given["UserData"]).decode()
    made = world.ec2.run_instances(
        **{**given, "UserData": text}, MinCount=1, MaxCount=1, SubnetId=world.subnet, SecurityGroupIds=[world.group]
    )
    return str(made["Instances"][0]["InstanceId"])


def joined(world: World) -> list[dict[str, t.Any]]:
    arns = world.ecs.list_container_instances(cluster="main")["containerInstanceArns"]
    if not arns:
        return []
    shown = world.ecs.describe_container_instances(cluster="main", containerInstances=arns)
    return t.cast("list[dict[str, t.Any]]", shown["containerInstances"])


def amounts(rows: list[dict[str, t.Any]]) -> dict[str, t.Any]:
    return {one["name"]: one["stringSetValue"] if one["type"] == "STRINGSET" else one["integerValue"] for one in rows}


def define(world: World, container: dict[str, t.Any] | None = None, **changes: t.Any) -> str:
    return world.define(requiresCompatibilities=["EC2"], container=container or {}, **changes)


def group(world: World, kind: str = "t3.medium", most: int = 3, least: int = 0, protected: bool = False) -> str:
    """An Auto Scaling group of machines for the cluster; its ARN."""
    scaling = world.client("autoscaling")
    world.ec2.create_launch_template(
        LaunchTemplateName="pool", LaunchTemplateData={**data(kind), "SecurityGroupIds": [world.group]}
    )
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="pool", MinSize=least, MaxSize=most, VPCZoneIdentifier=world.subnet,
        LaunchTemplate={"LaunchTemplateName": "pool"}, NewInstancesProtectedFromScaleIn=protected,
    )  # fmt: skip
    found = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["pool"])["AutoScalingGroups"][0]
    return str(found["AutoScalingGroupARN"])


def provide(world: World, arn: str, name: str = "pool", **more: t.Any) -> dict[str, t.Any]:
    given = {"autoScalingGroupArn": arn, "managedScaling": {"status": "ENABLED"}, **more}
    made = world.ecs.create_capacity_provider(name=name, autoScalingGroupProvider=given)["capacityProvider"]
    world.ecs.put_cluster_capacity_providers(
        cluster="main", capacityProviders=["FARGATE", name], defaultCapacityProviderStrategy=[]
    )
    return t.cast("dict[str, t.Any]", made)


def on_pool(world: World, **more: t.Any) -> dict[str, t.Any]:
    return world.serve(launchType=None, capacityProviderStrategy=[{"capacityProvider": "pool"}], **more)
