"""Node groups with their templates, and Fargate profiles, against the embedded AWS."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils.kinds.iam_role import IamRole

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.eks_nodes_world import IDENTITY, World, cluster, fields, nodes, plan, profile

TEMPLATE, GROUP, PROFILE = "launch template", "EKS node group", "Fargate profile"


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws)


def test_seven_phases_of_what_pods_run_on_hold(world: World) -> None:
    groups, profiles = (nodes(), nodes("spot", capacity="spot")), (profile(), profile("jobs"))
    on_nothing = world.run(*groups, profiles=profiles, check=True)
    world.stand()
    predicted = world.run(*groups, profiles=profiles, check=True)
    assert plan(predicted) == plan(on_nothing)
    assert world.writes() == []
    assert plan(world.run(*groups, profiles=profiles)) == plan(predicted)
    assert set(world.writes()) == {"CreateLaunchTemplate", "CreateNodegroup", "CreateFargateProfile"}
    for check in (False, True):
        assert not world.run(*groups, profiles=profiles, check=check).changed
    assert world.writes() == []
    more = nodes(size={"min": 1, "max": 4, "desired": 2}), groups[1]
    assert fields(world.run(*more, profiles=profiles, check=True)) == ["size"]
    assert world.writes() == []
    world.run(*more, profiles=profiles)
    assert world.writes() == ["UpdateNodegroupConfig"]
    gone = world.run(check=True)
    assert world.writes() == []
    assert plan(world.run()) == plan(gone)
    assert {kind for kind, _part, action in plan(gone) if action == "remove"} == {TEMPLATE, GROUP, PROFILE}
    assert world.writes()[-1] == "DeleteLaunchTemplate"
    assert not world.run().changed
    assert world.writes() == []


def test_a_node_is_closed_encrypted_tagged_and_in_the_groups_of_the_cluster(world: World) -> None:
    world.stand()
    world.run(nodes(security_groups=["node"], root_volume={"gib": 50}, tags={"team": "apps"}))
    said = world.template().raw["data"]
    assert (said["MetadataOptions"]["HttpTokens"], said["MetadataOptions"]["HttpPutResponseHopLimit"]) == (
        "required",
        2,
    )
    assert {"KeyName", "ImageId", "InstanceType", "UserData", "IamInstanceProfile"} & set(said) == set()
    interface = said["NetworkInterfaces"][0]
    own = world.cluster()["resourcesVpcConfig"]["clusterSecurityGroupId"]
    assert interface["Groups"] == sorted([own, world.groups["node"]])
    assert interface["AssociatePublicIpAddress"] is False
    root = said["BlockDeviceMappings"][0]
    assert (root["DeviceName"], root["Ebs"]["VolumeSize"], root["Ebs"]["Encrypted"]) == ("/dev/xvda", 50, True)
    tags = {tag["Key"]: tag["Value"] for tag in said["TagSpecifications"][0]["Tags"]}
    mine = {"Name": "us-main-apps", "cloister:region": "us", "cloister:stack": "eks", "owner": "platform"}
    assert {**mine, "team": "apps"}.items() <= tags.items()
    assert world.nodes()["tags"]["cloister:part"] == "main apps"
    assert world.nodes()["version"] == "1.33"


@pytest.mark.parametrize(
    ("said", "changed", "write"),
    [
        ({"size": {"min": 0, "max": 5, "desired": 1}}, ["desired", "size"], "Config"),
        ({"size": {"min": 1, "max": 3}}, [], ""),
        ({"labels": {"role": "web"}}, ["labels"], "Config"),
        ({"taints": [{"key": "only", "value": "x", "effect": "NO_EXECUTE"}]}, ["taints"], "Config"),
        ({"update": {"max_unavailable_percent": 50}}, ["update"], "Config"),
        ({"repair": True}, ["repair"], "Config"),
        ({"root_volume": {"gib": 80}}, ["template_version", "volumes"], "Version"),
        ({"security_groups": ["other"]}, ["security_groups", "template_version"], "Version"),
        ({"metadata_hop_limit": 1}, ["metadata", "template_version"], "Version"),
        ({"tags": {"team": "apps"}}, ["tag team", "tag team", "tags"], ""),
    ],
)
def test_each_field_is_found_and_changed(world: World, said: dict[str, t.Any], changed: list[str], write: str) -> None:
    world.stand()
    world.run(nodes(labels={"role": "apps", "old": "1"}, taints=[{"key": "gone", "effect": "NO_SCHEDULE"}]))
    world.writes()
    more = {"labels": {"role": "apps", "old": "1"}, "taints": [{"key": "gone", "effect": "NO_SCHEDULE"}], **said}
    assert fields(world.run(nodes(**more), check=True)) == changed
    assert world.writes() == []
    assert fields(world.run(nodes(**more))) == changed
    updates = [name for name in world.writes() if name.startswith("UpdateNodegroup")]
    assert updates == ([f"UpdateNodegroup{write}"] if write else [])
    assert not world.run(nodes(**more)).changed


@pytest.mark.parametrize(
    "said",
    [
        {"subnets": ["private-a"]},
        {"instance_types": ["m7i.large"]},
        {"capacity": "spot"},
        {"role": "fargate-pods"},
        {"ami_type": "BOTTLEROCKET_x86_64"},
    ],
)
def test_what_eks_cannot_change_is_refused_with_the_way_round(world: World, said: dict[str, t.Any]) -> None:
    world.stand()
    world.run(nodes())
    world.writes()
    for check in (True, False):
        with pytest.raises(RegionError, match="list a group of another name beside it"):
            world.run(nodes(**said), check=check)
    assert world.writes() == []


def test_a_profile_never_changes(world: World) -> None:
    world.stand()
    world.run(profiles=[profile()])
    with pytest.raises(RegionError, match="list a profile of another name beside it"):
        world.run(profiles=[profile(selectors=[{"namespace": "other", "labels": {}}])])


def test_nodes_follow_their_cluster_to_the_next_version(world: World) -> None:
    world.stand(version="1.32")
    world.run(nodes(), version="1.32")
    entry = cluster()
    world.begin(entry)
    world.settle(entry)
    world.writes()
    assert fields(world.run(nodes(), check=True)) == ["version"]
    world.run(nodes())
    assert world.writes() == ["UpdateNodegroupVersion"]
    assert world.nodes()["version"] == "1.33"
    assert not world.run(nodes()).changed


def test_a_group_that_others_made_is_not_taken_over(world: World) -> None:
    world.stand()
    said = {"clusterName": "us-main", "nodegroupName": "apps", "subnets": [world.subnets["private-a"]]}
    world.aws.make("eks", "create_nodegroup", nodeRole=world.roles["eks-node"], **said)
    world.writes()
    with pytest.raises(RegionError, match=r"main apps cannot be made: .*nodegroup/us-main/apps"):
        world.run(nodes())
    assert world.writes() == []


def test_nodes_that_do_not_join_are_told_with_what_helps_and_made_anew(world: World) -> None:
    entry = cluster()
    world.begin(entry)
    world.settle(entry)
    with pytest.raises(RegionError, match=r"CREATE_FAILED: NodeCreationFailure: .* they need a way to EKS"):
        world.run(nodes())
    world.aws.call("eks", "create_addon", clusterName="us-main", addonName="vpc-cni")
    assert fields(world.run(nodes(), check=True)) == ["state"]
    world.run(nodes())
    assert world.nodes()["status"] == "ACTIVE"


def test_a_run_that_was_killed_before_the_group_goes_on(world: World) -> None:
    world.stand()
    world.lab.fail("eks:CreateNodegroup", "InvalidParameterException")
    with pytest.raises(RegionError):
        world.run(nodes())
    world.writes()
    world.run(nodes())
    assert world.writes() == ["CreateNodegroup"]


def test_a_group_on_its_way_out_is_waited_for(world: World) -> None:
    world.stand()
    world.run(nodes())
    world.lab.delays(eks_node_group_delete=60)
    world.aws.call("eks", "delete_nodegroup", clusterName="us-main", nodegroupName="apps")
    world.run(nodes())
    assert world.nodes()["status"] == "ACTIVE"


def test_another_cluster_of_the_stack_goes_with_all_that_is_in_it(world: World) -> None:
    world.stand()
    world.run(nodes())
    old = cluster("old")
    world.begin(cluster(), old)
    world.settle(old)
    gone = world.run(nodes())
    assert ("EKS cluster", "old", "remove") in plan(gone)
    assert world.aws.pages("eks", "list_clusters", "clusters") == ["us-main"]


def test_the_role_of_nodes_may_go_though_eks_has_it_in_profiles_of_its_own(world: World) -> None:
    world.stand()
    world.run(nodes())
    kind = IamRole(world.aws, IDENTITY)
    role = next(found for found in kind.find() if found.part == "eks-node")
    kind.vet_removal(role)
    world.run()
    kind.delete(role)


def rest(world: World) -> None:
    """Put the group to rest, as its calendar does."""
    said = {"clusterName": "us-main", "nodegroupName": "apps"}
    sizes = {"minSize": 0, "desiredSize": 0}
    world.aws.call("eks", "update_nodegroup_config", scalingConfig=sizes, **said)
    world.aws.call("eks", "tag_resource", resourceArn=world.nodes()["nodegroupArn"], tags={"cloister:resting": "1/2/3"})
    world.writes()


def test_a_resting_group_goes_on_resting_and_learns_its_next_size(world: World) -> None:
    world.stand()
    world.run(nodes(schedule="office-hours"))
    assert world.nodes()["tags"]["cloister:schedule"] == "office-hours"
    rest(world)
    assert not world.run(nodes(schedule="office-hours")).changed
    assert world.writes() == []
    more = nodes(schedule="office-hours", size={"min": 2, "max": 6, "desired": 4})
    assert fields(world.run(more)) == ["desired", "size"]
    assert world.writes() == ["TagResource"]
    assert world.nodes()["tags"]["cloister:resting"] == "2/4/6"
    assert not world.run(more).changed


def test_a_resting_group_that_leaves_its_calendar_is_started(world: World) -> None:
    world.stand()
    world.run(nodes(schedule="office-hours"))
    rest(world)
    assert fields(world.run(nodes())) == ["schedule"]
    assert world.nodes()["scalingConfig"] == {"minSize": 1, "maxSize": 3, "desiredSize": 2}
    assert not {"cloister:resting", "cloister:schedule"} & set(world.nodes()["tags"])
    assert not world.run(nodes()).changed
