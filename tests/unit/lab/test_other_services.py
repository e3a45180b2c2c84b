# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws

Refused = t.Any
LOCK = "/cloister/us/lock"
TAGS = [{"Key": "cloister:region", "Value": "us"}]


def test_the_caller_is_a_user_of_the_chosen_account(aws: EmbeddedAws, client: t.Any, other_account: t.Any) -> None:
    me = client("sts").get_caller_identity()
    assert (me["Account"], me["Arn"]) == ("123456789012", "arn:aws:iam::123456789012:user/rehearsal")
    assert client("sts", "cn-north-1").get_caller_identity()["Arn"].startswith("arn:aws-cn:iam::")
    assert other_account("sts").get_caller_identity()["Account"] == "999988887777"


def test_accounts_do_not_see_each_other(ec2: t.Any, other_account: t.Any) -> None:
    mine = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    theirs = [vpc["VpcId"] for vpc in other_account("ec2").describe_vpcs()["Vpcs"]]
    assert mine not in theirs


def test_an_assumed_role_acts_in_its_account(aws: EmbeddedAws, client: t.Any) -> None:
    role = "arn:aws:iam::999988887777:role/deployer"
    keys = client("sts").assume_role(RoleArn=role, RoleSessionName="rehearsal")["Credentials"]
    import boto3

    sts = boto3.client(
        "sts", region_name="us-west-2", endpoint_url=aws.endpoint, aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"], aws_session_token=keys["SessionToken"],
    )  # fmt: skip
    me = sts.get_caller_identity()
    assert (me["Account"], me["Arn"]) == ("999988887777", "arn:aws:sts::999988887777:assumed-role/deployer/rehearsal")


def test_a_parameter_is_taken_once(client: t.Any, refused: Refused) -> None:
    ssm = client("ssm")
    ssm.put_parameter(Name=LOCK, Value="me", Type="String", Overwrite=False, Tags=TAGS)
    with refused("ParameterAlreadyExists"):
        ssm.put_parameter(Name=LOCK, Value="you", Type="String", Overwrite=False)
    with refused("ValidationException", "tags and overwrite"):
        ssm.put_parameter(Name=LOCK, Value="you", Type="String", Overwrite=True, Tags=TAGS)
    ssm.put_parameter(Name=LOCK, Value="me again", Type="String", Overwrite=True)
    seen = ssm.get_parameter(Name=LOCK)["Parameter"]
    assert (seen["Value"], seen["Version"]) == ("me again", 2)
    assert ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=LOCK)["TagList"] == TAGS
    ssm.delete_parameter(Name=LOCK)
    with refused("ParameterNotFound"):
        ssm.delete_parameter(Name=LOCK)


def test_a_missing_parameter_takes_no_tags(client: t.Any, refused: Refused) -> None:
    with refused("InvalidResourceId"):
        client("ssm").add_tags_to_resource(ResourceType="Parameter", ResourceId=LOCK, Tags=TAGS)


@pytest.mark.parametrize("name", ["/aws/lock", "/cloister/a lock", "ssm-lock"])
def test_a_bad_parameter_name_is_refused(client: t.Any, refused: Refused, name: str) -> None:
    code = "AccessDeniedException" if name.startswith("/aws") else "ValidationException"
    with refused(code):
        client("ssm").put_parameter(Name=name, Value="1", Type="String")


IMAGES = [
    "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id",
    "/aws/service/ecs/optimized-ami/amazon-linux-2023/gpu/recommended/image_id",
    "/aws/service/ecs/optimized-ami/amazon-linux-2/gpu/recommended/image_id",
    "/aws/service/eks/optimized-ami/1.33/amazon-linux-2023/x86_64/standard/recommended/image_id",
    "/aws/service/eks/optimized-ami/1.34/amazon-linux-2023/x86_64/nvidia/recommended/image_id",
    "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64",
]


@pytest.mark.parametrize("region", ["us-west-2", "ap-northeast-2", "eu-south-2", "us-gov-west-1", "cn-north-1"])
def test_public_images_are_known_in_every_region(client: t.Any, region: str) -> None:
    images = [client("ssm", region).get_parameter(Name=name)["Parameter"]["Value"] for name in IMAGES]
    assert all(image.startswith("ami-0") for image in images)
    assert len(set(images)) == len(IMAGES)


def test_a_recommended_image_is_described_as_json(client: t.Any) -> None:
    name = "/aws/service/ecs/optimized-ami/amazon-linux-2023/gpu/recommended"
    described = json.loads(client("ssm").get_parameter(Name=name)["Parameter"]["Value"])
    assert described["image_id"] == client("ssm").get_parameter(Name=name + "/image_id")["Parameter"]["Value"]


def test_public_parameters_are_not_the_accounts(aws: EmbeddedAws, client: t.Any) -> None:
    client("ssm").get_parameter(Name=IMAGES[0])
    assert client("ssm").describe_parameters()["Parameters"] == []
    assert [one for one in aws.holdings() if one["kind"] == "ssm:parameter"] == []


def test_a_public_parameter_aws_has_not_is_not_found(client: t.Any, refused: Refused) -> None:
    for name in ("ecs/optimized-ami/windows/recommended", "ami-amazon-linux-latest/al2030", "eks/optimized-ami/1.33"):
        with refused("ParameterNotFound"):
            client("ssm").get_parameter(Name=f"/aws/service/{name}")


def test_log_groups_keep_tags_and_retention(client: t.Any, refused: Refused) -> None:
    logs = client("logs")
    logs.create_log_group(logGroupName="/cloister/us/flow", tags={"cloister:region": "us"})
    logs.put_retention_policy(logGroupName="/cloister/us/flow", retentionInDays=30)
    with refused("InvalidParameterException"):
        logs.put_retention_policy(logGroupName="/cloister/us/flow", retentionInDays=31)
    with refused("ResourceAlreadyExistsException"):
        logs.create_log_group(logGroupName="/cloister/us/flow")
    with refused("InvalidParameterException"):
        logs.create_log_group(logGroupName="/cloister/us flow")
    seen = logs.describe_log_groups(logGroupNamePrefix="/cloister/us")["logGroups"][0]
    arn = seen["arn"].removesuffix(":*")
    assert seen["retentionInDays"] == 30
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"cloister:region": "us"}
    logs.delete_log_group(logGroupName="/cloister/us/flow")
    with refused("ResourceNotFoundException"):
        logs.list_tags_for_resource(resourceArn=arn)
    logs.create_log_group(logGroupName="/cloister/us/flow")
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {}


def test_quotas_are_awss_defaults(client: t.Any, refused: Refused) -> None:
    quotas = client("service-quotas")
    vpc = {one["QuotaName"]: one["Value"] for one in quotas.list_service_quotas(ServiceCode="vpc")["Quotas"]}
    assert (vpc["VPCs per Region"], vpc["NAT gateways per Availability Zone"]) == (5, 5)
    assert vpc["Interface VPC endpoints per VPC"] == 50
    assert quotas.get_service_quota(ServiceCode="ec2", QuotaCode="L-0263D0A3")["Quota"]["Value"] == 5
    with refused("NoSuchResourceException"):
        quotas.get_service_quota(ServiceCode="vpc", QuotaCode="L-00000000")


def test_the_tagging_api_finds_what_is_tagged(ec2: t.Any, client: t.Any) -> None:
    tags = [{"ResourceType": "elastic-ip", "Tags": TAGS}]
    address = ec2.allocate_address(Domain="vpc", TagSpecifications=tags)["AllocationId"]
    client("logs").create_log_group(logGroupName="/cloister/us", tags={"cloister:region": "us"})
    tagging = client("resourcegroupstaggingapi")
    found = tagging.get_resources(TagFilters=[{"Key": "cloister:region", "Values": ["us"]}])["ResourceTagMappingList"]
    assert sorted(one["ResourceARN"] for one in found) == [
        f"arn:aws:ec2:us-west-2:123456789012:elastic-ip/{address}",
        "arn:aws:logs:us-west-2:123456789012:log-group:/cloister/us",
    ]
    only = tagging.get_resources(ResourceTypeFilters=["ec2:elastic-ip"])["ResourceTagMappingList"]
    assert len(only) == 1
