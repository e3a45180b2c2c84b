"""Pools of machines that join the cluster of an `ecs_world`, laid without the modules that make pools."""

from __future__ import annotations

import json

from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner, tag_list

from tests.unit.module_utils.kinds.ecs_world import World

JOINING = "arn:aws:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role"
IMAGES = {True: "gpu/", False: ""}
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}


def add_pool(world: World, name: str = "gpu", instance_type: str = "g5.xlarge", least: int = 1, most: int = 2) -> str:
    """Make a launch template and an Auto Scaling group; return the group's name in AWS."""
    _profile(world)
    parameter = (
        f"/aws/service/ecs/optimized-ami/amazon-linux-2023/{IMAGES[instance_type[0] == 'g']}recommended/image_id"
    )
    image = world.aws.call("ssm", "get_parameter", Name=parameter)["Parameter"]["Value"]
    data = {
        "ImageId": image,
        "InstanceType": instance_type,
        "IamInstanceProfile": {"Name": "us-machine"},
        "SecurityGroupIds": [world.ids["guard"]],
        "UserData": "IyEvYmluL2Jhc2gKZWNobyBFQ1NfQ0xVU1RFUj11cy1tYWluID4+IC9ldGMvZWNzL2Vjcy5jb25maWcK",
    }
    template = world.aws.make("ec2", "create_launch_template", LaunchTemplateName=f"us-{name}", LaunchTemplateData=data)
    tags = [
        {**tag, "ResourceType": "auto-scaling-group", "ResourceId": f"us-{name}", "PropagateAtLaunch": True}
        for tag in tag_list(Owner("us", "pools").tags_for(name))
    ]
    said = {"LaunchTemplateId": template["LaunchTemplate"]["LaunchTemplateId"], "Version": "1"}
    world.aws.make(
        "autoscaling", "create_auto_scaling_group", AutoScalingGroupName=f"us-{name}", MinSize=least, MaxSize=most,
        VPCZoneIdentifier=f"{world.ids['private-a']},{world.ids['private-b']}", LaunchTemplate=said, Tags=tags,
    )  # fmt: skip
    world.lab.clear_journal()
    return f"us-{name}"


def _profile(world: World) -> None:
    if world.aws.call("iam", "get_instance_profile", InstanceProfileName="us-machine", absent_ok=True):
        return
    world.aws.make("iam", "create_role", RoleName="us-machine", AssumeRolePolicyDocument=json.dumps(TRUST))
    world.aws.call("iam", "attach_role_policy", RoleName="us-machine", PolicyArn=JOINING)
    world.aws.make("iam", "create_instance_profile", InstanceProfileName="us-machine")
    both = {"InstanceProfileName": "us-machine", "RoleName": "us-machine"}
    world.aws.call("iam", "add_role_to_instance_profile", **both)
