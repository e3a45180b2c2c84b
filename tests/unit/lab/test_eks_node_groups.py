# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.lab.eks_world import ACCOUNT, World

Refused = t.Any
Json = dict[str, t.Any]


@pytest.fixture
def world(client: t.Any, network: t.Any) -> World:
    made = World(client, network)
    made.cluster()
    return made


def machines(world: World, name: str = "apps") -> list[Json]:
    wanted = [
        {"Name": "tag:eks:nodegroup-name", "Values": [name]},
        {"Name": "instance-state-name", "Values": ["pending", "running"]},
    ]
    found = world.ec2.describe_instances(Filters=wanted)["Reservations"]
    return [one for reservation in found for one in reservation["Instances"]]


def test_a_node_group_has_an_auto_scaling_group_and_machines(world: World, aws: EmbeddedAws) -> None:
    aws.delays(eks_node_group=60)
    made = world.nodegroup(tags={"cloister:region": "us"}, labels={"role": "apps"}, instanceTypes=["t3.large"])
    assert (made["status"], made["tags"], made["labels"]) == ("CREATING", {"cloister:region": "us"}, {"role": "apps"})
    assert made["amiType"] == "AL2023_x86_64_STANDARD"
    assert (made["version"], made["releaseVersion"]) == ("1.33", "1.33.5-20261101")
    aws.skip(60)
    shown = world.group()
    assert (shown["status"], shown["health"]["issues"]) == ("ACTIVE", [])
    name = shown["resources"]["autoScalingGroups"][0]["name"]
    scaling = world.client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])
    assert len(scaling["AutoScalingGroups"][0]["Instances"]) == 2
    found = machines(world)
    assert {one["InstanceType"] for one in found} == {"t3.large"}
    own = world.described()["resourcesVpcConfig"]["clusterSecurityGroupId"]
    assert {group["GroupId"] for one in found for group in one["SecurityGroups"]} == {own}
    assert {one["MetadataOptions"]["HttpPutResponseHopLimit"] for one in found} == {2}
    assert len({one["Placement"]["AvailabilityZone"] for one in found}) == 2
    assert world.eks.list_nodegroups(clusterName="main")["nodegroups"] == ["apps"]


def test_the_role_of_nodes_may_enter_by_itself(world: World) -> None:
    world.nodegroup()
    entry = world.eks.describe_access_entry(clusterName="main", principalArn=world.node_role)["accessEntry"]
    assert (entry["type"], entry["kubernetesGroups"]) == ("EC2_LINUX", ["system:nodes"])
    world.eks.delete_nodegroup(clusterName="main", nodegroupName="apps")
    assert world.eks.list_access_entries(clusterName="main")["accessEntries"] == []


def test_a_deleted_node_group_takes_all_along_in_its_time(world: World, aws: EmbeddedAws, refused: Refused) -> None:
    before = {one["id"] for one in aws.holdings()}
    world.nodegroup()
    made = [one for one in aws.holdings() if one["id"] not in before]
    kinds = {one["kind"] for one in made if one["default"]}
    assert {"ec2:launch-template", "iam:instance-profile", "autoscaling:autoScalingGroup"} <= kinds
    with refused("ResourceInUseException", "Cluster has nodegroups attached", status=409):
        world.eks.delete_cluster(name="main")
    aws.delays(eks_node_group_delete=60)
    assert world.eks.delete_nodegroup(clusterName="main", nodegroupName="apps")["nodegroup"]["status"] == "DELETING"
    assert world.group()["status"] == "DELETING"
    aws.skip(60)
    with refused("ResourceNotFoundException", "No node group found for name: apps.", status=404):
        world.group()
    assert machines(world) == []
    assert {one["id"] for one in aws.holdings()} == before


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"nodeRole": f"arn:aws:iam::{ACCOUNT}:role/none"}, "InvalidParameterException", "name none cannot be found"),
        (
            {"nodeRole": f"arn:aws:iam::{ACCOUNT}:role/cluster"},
            "InvalidParameterException",
            "Following required service principals [ec2.amazonaws.com] were not found",
        ),
        (
            {"scalingConfig": {"minSize": 2, "maxSize": 3, "desiredSize": 1}},
            "InvalidParameterException",
            "Minimum capacity 2 can't be greater than desired size 1",
        ),
        ({"amiType": "AL2_x86_64"}, "InvalidParameterException", "only supported for kubernetes versions 1.32"),
        ({"instanceTypes": ["t4g.large"], "amiType": "AL2023_x86_64_STANDARD"}, "InvalidParameterException", "t4g"),
        ({"instanceTypes": ["t99.large"]}, "InvalidParameterException", "do not exist: [t99.large]"),
        ({"version": "1.32"}, "InvalidParameterException", "should be equal to Cluster kubernetes version 1.33"),
        ({"releaseVersion": "1.33.5-20200101"}, "InvalidParameterException", "is not valid for kubernetes version"),
        ({"taints": [{"key": "a", "value": "b", "effect": "NoSchedule"}]}, "InvalidParameterException", "effect"),
        ({"labels": {"kubernetes.io/role": "x"}}, "InvalidParameterException", "reserved"),
        ({"launchTemplate": {"name": "none"}}, "InvalidRequestException", "none"),
        ({"remoteAccess": {"ec2SshKey": "x"}}, "NotModelled", "remoteAccess"),
    ],
)
def test_a_node_group_that_cannot_be_is_refused(
    world: World, refused: Refused, change: Json, code: str, words: str
) -> None:
    with refused(code, words):
        world.nodegroup(**change)
    assert world.eks.list_nodegroups(clusterName="main")["nodegroups"] == []


@pytest.mark.parametrize(
    ("data", "more", "code", "words"),
    [
        (
            {"IamInstanceProfile": {"Name": "x"}},
            {},
            "InvalidRequestException",
            "should not specify an instance profile",
        ),
        ({"NetworkInterfaces": [{"DeviceIndex": 0, "SubnetId": "subnet-1"}]}, {}, "InvalidRequestException", "subnet"),
        ({"InstanceType": "t3.large"}, {"instanceTypes": ["t3.large"]}, "InvalidRequestException", "Cannot specify"),
        ({"InstanceType": "t3.large"}, {"diskSize": 50}, "InvalidParameterException", "Disk size must be specified"),
        ({"ImageId": "ami-1"}, {"amiType": "AL2023_x86_64_STANDARD"}, "InvalidRequestException", "an AMI Type"),
    ],
)
def test_a_launch_template_that_nodes_cannot_have_is_refused(
    world: World, refused: Refused, data: Json, more: Json, code: str, words: str
) -> None:
    world.template(data)
    with refused(code, words):
        world.nodegroup(launchTemplate={"name": "nodes"}, **more)


def test_a_launch_template_goes_under_what_nodes_need(world: World, network: t.Any) -> None:
    group = network.group(world.vpc, "nodes")
    cluster_group = world.described()["resourcesVpcConfig"]["clusterSecurityGroupId"]
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "cloister:region", "Value": "us"}]}]
    template = world.template({"SecurityGroupIds": [group, cluster_group], "TagSpecifications": tags})
    made = world.nodegroup(launchTemplate={"id": template, "version": "1"})
    assert made["launchTemplate"] == {"id": template, "name": "nodes", "version": "1"}
    assert "diskSize" not in made
    assert world.group()["status"] == "ACTIVE"
    for one in machines(world):
        assert {"Key": "cloister:region", "Value": "us"} in one["Tags"]
        assert {group, cluster_group} == {each["GroupId"] for each in one["SecurityGroups"]}


def test_groups_that_do_not_let_nodes_to_the_cluster_fail_them(world: World, network: t.Any) -> None:
    """EKS leaves its own group aside where the template names others."""
    template = world.template({"SecurityGroupIds": [network.group(world.vpc, "nodes")]})
    world.nodegroup(launchTemplate={"id": template})
    shown = world.group()
    assert (shown["status"], shown["health"]["issues"][0]["code"]) == ("CREATE_FAILED", "NodeCreationFailure")


def test_user_data_that_cannot_be_merged_fails_the_group(world: World) -> None:
    world.template({"UserData": "IyEvYmluL3NoCg=="})
    world.nodegroup(launchTemplate={"name": "nodes"})
    shown = world.group()
    issue = shown["health"]["issues"][0]
    assert (shown["status"], issue["code"]) == ("CREATE_FAILED", "Ec2LaunchTemplateInvalidConfiguration")
    world.eks.delete_nodegroup(clusterName="main", nodegroupName="apps")
    assert world.eks.list_nodegroups(clusterName="main")["nodegroups"] == []


def test_without_a_way_out_machines_do_not_join(client: t.Any, network: t.Any) -> None:
    closed = World(client, network, out=False)
    closed.cluster()
    closed.nodegroup()
    shown = closed.group()
    issue = shown["health"]["issues"][0]
    assert (shown["status"], issue["code"]) == ("CREATE_FAILED", "NodeCreationFailure")
    assert issue["message"] == "Instances failed to join the kubernetes cluster"
    assert sorted(one["InstanceId"] for one in machines(closed)) == issue["resourceIds"]


def test_a_role_without_its_policies_does_not_join(world: World) -> None:
    poor = world.role("poor", "ec2.amazonaws.com", "AmazonEC2ContainerRegistryReadOnly")
    world.nodegroup(nodeRole=poor)
    assert world.group()["health"]["issues"][0]["code"] == "NodeCreationFailure"


def test_nodes_want_a_container_network(world: World) -> None:
    world.cluster("bare", bootstrapSelfManagedAddons=False)
    world.nodegroup(clusterName="bare")
    shown = world.group(cluster="bare")
    assert (shown["status"], shown["health"]["issues"][0]["message"]) == (
        "CREATE_FAILED",
        "Unhealthy nodes in the kubernetes cluster",
    )
    world.eks.create_addon(clusterName="bare", addonName="vpc-cni")
    world.nodegroup("more", clusterName="bare")
    assert world.group("more", cluster="bare")["status"] == "ACTIVE"


def test_no_room_for_machines_fails_the_group(world: World, aws: EmbeddedAws) -> None:
    aws.capacity({"t3.medium": {"*": 0}})
    world.nodegroup()
    shown = world.group()
    assert (shown["status"], shown["health"]["issues"][0]["code"]) == ("CREATE_FAILED", "AsgInstanceLaunchFailures")
    assert "InsufficientInstanceCapacity" in shown["health"]["issues"][0]["message"]


def test_an_empty_node_group_is_active_at_once(world: World, aws: EmbeddedAws) -> None:
    aws.capacity({"g5.xlarge": {"*": 0}})
    world.nodegroup(
        "gpu", instanceTypes=["g5.xlarge"], amiType="AL2023_x86_64_NVIDIA",
        scalingConfig={"minSize": 0, "maxSize": 2, "desiredSize": 0},
        taints=[{"key": "nvidia.com/gpu", "value": "true", "effect": "NO_SCHEDULE"}],
    )  # fmt: skip
    assert world.group("gpu")["status"] == "ACTIVE"
    sizes = {"minSize": 0, "maxSize": 2, "desiredSize": 1}
    world.eks.update_nodegroup_config(clusterName="main", nodegroupName="gpu", scalingConfig=sizes)
    shown = world.group("gpu")
    assert (shown["status"], shown["health"]["issues"][0]["code"]) == ("DEGRADED", "AsgInstanceLaunchFailures")
    aws.capacity({"g5.xlarge": {"*": 5}})
    assert world.group("gpu")["status"] == "ACTIVE"


def test_coredns_finds_room_on_nodes_without_taints(world: World) -> None:
    def status() -> str:
        return str(world.eks.describe_addon(clusterName="main", addonName="coredns")["addon"]["status"])

    world.eks.create_addon(clusterName="main", addonName="coredns")
    world.nodegroup("gpu", taints=[{"key": "a", "value": "b", "effect": "NO_SCHEDULE"}])
    assert status() == "DEGRADED"
    world.nodegroup()
    assert status() == "ACTIVE"


def test_limits_of_node_groups_hold(world: World, aws: EmbeddedAws, refused: Refused) -> None:
    aws.limits(eks_node_groups=0)
    with refused("ResourceLimitExceededException"):
        world.nodegroup()


def test_public_subnets_must_give_addresses(world: World) -> None:
    public = world.ec2.describe_subnets(Filters=[{"Name": "cidr-block", "Values": ["10.0.1.0/24"]}])["Subnets"][0]
    world.nodegroup(subnets=[public["SubnetId"]])
    assert world.group()["health"]["issues"][0]["code"] == "Ec2SubnetInvalidConfiguration"
    world.ec2.modify_subnet_attribute(SubnetId=public["SubnetId"], MapPublicIpOnLaunch={"Value": True})
    world.nodegroup("more", subnets=[public["SubnetId"]])
    assert world.group("more")["status"] == "ACTIVE"


def test_a_template_that_is_gone_makes_its_node_group_ill(world: World) -> None:
    template = world.template({})
    world.nodegroup(launchTemplate={"id": template})
    world.ec2.delete_launch_template(LaunchTemplateId=template)
    assert world.group()["health"]["issues"][0]["code"] == "SourceEc2LaunchTemplateNotFound"
