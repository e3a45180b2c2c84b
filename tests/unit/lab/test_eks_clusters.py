# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.lab.eks_world import ACCOUNT, World, trust

Refused = t.Any
LOGS = [{"types": ["api", "audit"], "enabled": True}]


@pytest.fixture
def world(client: t.Any, network: t.Any) -> World:
    return World(client, network, out=False)


def test_a_cluster_takes_its_time_and_tells_of_its_endpoint_at_the_end(world: World, aws: EmbeddedAws) -> None:
    aws.delays(eks_cluster=60)
    made = world.cluster(tags={"cloister:region": "us"})
    assert (made["status"], made["version"], made["tags"]) == ("CREATING", "1.33", {"cloister:region": "us"})
    assert "endpoint" not in made
    assert "identity" not in made
    assert "clusterSecurityGroupId" not in made["resourcesVpcConfig"]
    assert world.interfaces() == []
    aws.skip(60)
    shown = world.described()
    identifier = shown["endpoint"].removeprefix("https://").partition(".")[0]
    assert shown["status"] == "ACTIVE"
    assert shown["endpoint"] == f"https://{identifier}.gr7.us-west-2.eks.amazonaws.com"
    assert shown["identity"]["oidc"]["issuer"] == f"https://oidc.eks.us-west-2.amazonaws.com/id/{identifier}"
    assert shown["certificateAuthority"]["data"]
    assert shown["arn"] == f"arn:aws:eks:us-west-2:{ACCOUNT}:cluster/main"
    assert world.eks.list_clusters()["clusters"] == ["main"]


def test_in_china_a_cluster_has_names_of_china(client: t.Any) -> None:
    from lab.embedded_aws.truth.eks.cluster import Cluster

    backend = type("Backend", (), {"partition": "aws-cn", "region_name": "cn-north-1", "account_id": ACCOUNT})()
    one = Cluster(backend, "main", "1.33", "", {}, {}, set(), {}, {})
    assert one.endpoint.endswith(".gr7.cn-north-1.eks.amazonaws.com.cn")
    assert one.issuer.startswith("https://oidc.eks.cn-north-1.amazonaws.com.cn/id/")


def test_a_cluster_has_a_group_of_its_own_and_interfaces_in_two_zones(world: World) -> None:
    world.cluster()
    group_id = world.described()["resourcesVpcConfig"]["clusterSecurityGroupId"]
    group = world.ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"][0]
    tags = {one["Key"]: one["Value"] for one in group["Tags"]}
    assert tags["kubernetes.io/cluster/main"] == "owned"
    assert tags["aws:eks:cluster-name"] == "main"
    assert group["GroupName"].startswith("eks-cluster-sg-main-")
    assert group["IpPermissions"][0]["UserIdGroupPairs"][0]["GroupId"] == group_id
    found = world.interfaces()
    assert len({one["AvailabilityZone"] for one in found}) == len(found) == 2
    assert all(one["RequesterManaged"] and one["Groups"][0]["GroupId"] == group_id for one in found)


def test_subnets_and_groups_of_a_cluster_cannot_be_deleted(world: World, refused: Refused) -> None:
    world.cluster()
    with refused("DependencyViolation"):
        world.ec2.delete_subnet(SubnetId=world.subnets[0])
    with refused("DependencyViolation"):
        world.ec2.delete_security_group(GroupId=world.described()["resourcesVpcConfig"]["clusterSecurityGroupId"])


def test_a_deleted_cluster_takes_its_group_and_interfaces_along(world: World, refused: Refused) -> None:
    before = {one["GroupId"] for one in world.ec2.describe_security_groups()["SecurityGroups"]}
    world.cluster()
    assert world.eks.delete_cluster(name="main")["cluster"]["status"] == "DELETING"
    with refused("ResourceNotFoundException", "No cluster found for name: main.", status=404):
        world.described()
    assert world.interfaces() == []
    assert {one["GroupId"] for one in world.ec2.describe_security_groups()["SecurityGroups"]} == before
    assert world.eks.list_clusters()["clusters"] == []


def test_a_group_that_others_name_outlives_its_cluster_and_is_seen(world: World, aws: EmbeddedAws) -> None:
    world.cluster()
    group_id = world.described()["resourcesVpcConfig"]["clusterSecurityGroupId"]
    assert [one["default"] for one in aws.holdings() if one["id"] == group_id] == [True]
    other = world.ec2.create_security_group(GroupName="db", Description="a test", VpcId=world.vpc)["GroupId"]
    pair = {"IpProtocol": "tcp", "FromPort": 3306, "ToPort": 3306, "UserIdGroupPairs": [{"GroupId": group_id}]}
    world.ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=[pair])
    world.eks.delete_cluster(name="main")
    assert [one["default"] for one in aws.holdings() if one["id"] == group_id] == [False]


def test_the_same_request_again_is_answered_with_the_same_cluster(world: World, refused: Refused) -> None:
    first = world.cluster(clientRequestToken="one")
    assert world.cluster(clientRequestToken="one")["createdAt"] == first["createdAt"]
    with refused("ResourceInUseException", "Cluster already exists with name: main", status=409):
        world.cluster(clientRequestToken="two")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": "1.20"}, "unsupported Kubernetes version"),
        ({"roleArn": f"arn:aws:iam::{ACCOUNT}:role/none"}, "could not be assumed because it does not exist"),
        ({"roleArn": f"arn:aws:iam::{ACCOUNT}:role/node"}, "or the trusted entity is not correct"),
        ({"network": {"endpointPrivateAccess": False}}, "Private and public endpoint access cannot be false"),
        (
            {"network": {"endpointPublicAccess": True, "publicAccessCidrs": ["10.1.0.0/16"]}},
            "not allowed in publicAccessCidrs: [10.1.0.0/16]",
        ),
        ({"network": {"securityGroupIds": ["sg-0123456789abcdef0"]}}, "does not exist"),
        ({"kubernetesNetworkConfig": {"serviceIpv4Cidr": "10.0.128.0/20"}}, "overlaps"),
        ({"encryptionConfig": [{"resources": ["secrets"], "provider": {"keyArn": "arn:aws:kms:x"}}]}, "keyArn"),
    ],
)
def test_a_cluster_that_cannot_be_is_refused(world: World, refused: Refused, change: t.Any, words: str) -> None:
    with refused("InvalidParameterException", words, status=400):
        world.cluster(**change)
    assert world.eks.list_clusters()["clusters"] == []


def test_a_cluster_wants_two_zones(world: World, refused: Refused) -> None:
    with refused("InvalidParameterException", "Subnets specified must be in at least two different AZs"):
        world.cluster(network={"subnetIds": world.subnets[:1]})


def test_what_is_not_modelled_says_so(world: World, refused: Refused) -> None:
    with refused("NotModelled", "computeConfig", status=501):
        world.cluster(computeConfig={"enabled": True})
    with refused("NotModelled", "ListInsights", status=501):
        world.eks.list_insights(clusterName="main")


def test_a_log_group_comes_with_the_first_log_and_outlives_the_cluster(world: World) -> None:
    logs = world.client("logs")
    world.cluster(logging={"clusterLogging": LOGS})
    assert world.described()["logging"]["clusterLogging"][0] == LOGS[0]
    names = [one["logGroupName"] for one in logs.describe_log_groups()["logGroups"]]
    assert names == ["/aws/eks/main/cluster"]
    logs.delete_log_group(logGroupName="/aws/eks/main/cluster")
    world.eks.delete_cluster(name="main")
    assert [one["logGroupName"] for one in logs.describe_log_groups()["logGroups"]] == names


def test_a_protected_cluster_is_not_deleted(world: World, refused: Refused) -> None:
    world.cluster(deletionProtection=True)
    with refused("InvalidRequestException", "deletion protection"):
        world.eks.delete_cluster(name="main")
    world.eks.update_cluster_config(name="main", deletionProtection=False)
    world.eks.delete_cluster(name="main")


def test_versions_are_told_with_their_support(world: World, refused: Refused) -> None:
    found = {one["clusterVersion"]: one for one in world.eks.describe_cluster_versions()["clusterVersions"]}
    assert found["1.33"]["versionStatus"] == "EXTENDED_SUPPORT"
    assert found["1.35"]["status"] == "standard-support"
    assert [one["clusterVersion"] for one in found.values() if one["defaultVersion"]] == ["1.36"]
    assert "1.30" not in found
    with refused("InvalidParameterException", "Unsupported cluster version: 1.2"):
        world.eks.describe_cluster_versions(clusterVersions=["1.2"])


def test_limits_of_clusters_hold(world: World, aws: EmbeddedAws, refused: Refused) -> None:
    aws.limits(eks_clusters=1)
    world.cluster()
    with refused("ResourceLimitExceededException", "maximum number of clusters"):
        world.cluster("other")


def test_tags_come_and_go_and_are_held(world: World, aws: EmbeddedAws, refused: Refused) -> None:
    arn = world.cluster(tags={"a": "1"})["arn"]
    world.eks.tag_resource(resourceArn=arn, tags={"b": "2"})
    world.eks.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert world.eks.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "2"}
    assert [(one["name"], one["tags"]) for one in aws.holdings() if one["kind"] == "eks:cluster"] == [
        ("main", {"b": "2"})
    ]
    with refused("NotFoundException", "Resource was not found"):
        world.eks.list_tags_for_resource(resourceArn=arn + "x")


def test_a_cluster_whose_subnets_are_gone_before_it_stands_fails(world: World, aws: EmbeddedAws) -> None:
    aws.delays(eks_cluster=60)
    world.cluster(deletionProtection=True)
    for one in world.subnets:
        world.ec2.delete_subnet(SubnetId=one)
    aws.skip(60)
    shown = world.described()
    assert (shown["status"], shown["health"]["issues"][0]["code"]) == ("FAILED", "Ec2SubnetNotFound")
    world.eks.delete_cluster(name="main")
    assert world.eks.list_clusters()["clusters"] == []


def test_a_cluster_without_its_role_is_ill(world: World) -> None:
    world.cluster()
    policy = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
    world.iam.detach_role_policy(RoleName="cluster", PolicyArn=policy)
    world.iam.delete_role(RoleName="cluster")
    assert world.described()["health"]["issues"][0]["code"] == "IamRoleNotFound"


def test_some_zones_have_no_clusters(client: t.Any, refused: Refused) -> None:
    ec2 = client("ec2", "us-east-1")
    zones = ec2.describe_availability_zones()["AvailabilityZones"]
    without = next(one["ZoneName"] for one in zones if one["ZoneId"] == "use1-az3")
    other = next(one["ZoneName"] for one in zones if one["ZoneId"] == "use1-az1")
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{at}.0/24", AvailabilityZone=zone)["Subnet"]["SubnetId"]
        for at, zone in enumerate((without, other))
    ]
    role = client("iam").create_role(RoleName="c", AssumeRolePolicyDocument=trust("eks.amazonaws.com"))["Role"]["Arn"]
    with refused("UnsupportedAvailabilityZoneException", without):
        client("eks", "us-east-1").create_cluster(name="main", roleArn=role, resourcesVpcConfig={"subnetIds": subnets})


def test_the_answer_to_a_create_never_tells_of_the_end(world: World) -> None:
    made = world.cluster()
    assert made["status"] == "CREATING"
    assert "endpoint" not in made
    assert world.eks.create_addon(clusterName="main", addonName="vpc-cni")["addon"]["status"] == "CREATING"
    update = world.eks.update_cluster_config(name="main", deletionProtection=True)["update"]
    assert update["status"] == "InProgress"
    assert world.eks.describe_update(name="main", updateId=update["id"])["update"]["status"] == "Successful"
