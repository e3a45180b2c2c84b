# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import base64
import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws

Refused = t.Any
TAGS = [{"Key": "cloister:region", "Value": "us"}, {"Key": "Name", "Value": "us-gpu"}]
DATA: dict[str, t.Any] = {
    "ImageId": "resolve:ssm:/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id",
    "InstanceType": "g5.xlarge",
    "UserData": base64.b64encode(b"ECS_CLUSTER=us-main").decode(),
    "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1, "HttpEndpoint": "enabled"},
    "BlockDeviceMappings": [
        {
            "DeviceName": "/dev/xvda",
            "Ebs": {"VolumeSize": 100, "VolumeType": "gp3", "Encrypted": True, "DeleteOnTermination": True},
        }
    ],
    "TagSpecifications": [{"ResourceType": kind, "Tags": TAGS} for kind in ("instance", "volume", "network-interface")],
    "Monitoring": {"Enabled": True},
}


def make(ec2: t.Any, name: str = "us-gpu", **given: t.Any) -> dict[str, t.Any]:
    given = {"LaunchTemplateData": DATA, **given}
    return t.cast("dict[str, t.Any]", ec2.create_launch_template(LaunchTemplateName=name, **given)["LaunchTemplate"])


def versions(ec2: t.Any, name: str = "us-gpu", **given: t.Any) -> list[dict[str, t.Any]]:
    answer = ec2.describe_launch_template_versions(LaunchTemplateName=name, **given)
    return t.cast("list[dict[str, t.Any]]", answer["LaunchTemplateVersions"])


def test_a_template_is_tagged_at_birth_and_found_by_tag(ec2: t.Any) -> None:
    made = make(ec2, TagSpecifications=[{"ResourceType": "launch-template", "Tags": TAGS}])
    make(ec2, "another")
    filters = [{"Name": "tag:cloister:region", "Values": ["us"]}]
    found = ec2.describe_launch_templates(Filters=filters)["LaunchTemplates"]
    assert found == [made]
    assert (made["DefaultVersionNumber"], made["LatestVersionNumber"]) == (1, 1)
    assert made["Tags"] == TAGS


def test_data_comes_back_as_it_was_given(ec2: t.Any) -> None:
    make(ec2)
    data = versions(ec2)[0]["LaunchTemplateData"]
    assert data == {**DATA, "MetadataOptions": {"State": "applied", **DATA["MetadataOptions"]}}


def test_tags_of_machines_do_not_tag_the_template(ec2: t.Any) -> None:
    assert make(ec2).get("Tags", []) == []


def test_a_new_version_is_the_latest_and_not_the_default(ec2: t.Any) -> None:
    make(ec2)
    ec2.create_launch_template_version(
        LaunchTemplateName="us-gpu", SourceVersion="1", LaunchTemplateData={"InstanceType": "g6.xlarge"}
    )
    latest, first = versions(ec2)
    assert (latest["VersionNumber"], latest["DefaultVersion"], first["DefaultVersion"]) == (2, False, True)
    assert latest["LaunchTemplateData"]["ImageId"] == DATA["ImageId"]
    assert versions(ec2, Versions=["$Latest"])[0]["LaunchTemplateData"]["InstanceType"] == "g6.xlarge"
    assert versions(ec2, Versions=["$Default"])[0]["VersionNumber"] == 1
    ec2.modify_launch_template(LaunchTemplateName="us-gpu", DefaultVersion="2")
    assert versions(ec2, Versions=["$Default"])[0]["VersionNumber"] == 2


def test_a_version_without_a_source_inherits_nothing(ec2: t.Any) -> None:
    make(ec2)
    ec2.create_launch_template_version(LaunchTemplateName="us-gpu", LaunchTemplateData={"InstanceType": "g6.xlarge"})
    assert versions(ec2, Versions=["2"])[0]["LaunchTemplateData"] == {"InstanceType": "g6.xlarge"}


def test_the_default_version_is_not_deleted_and_numbers_are_not_given_twice(ec2: t.Any) -> None:
    template = make(ec2)["LaunchTemplateId"]
    for _ in range(2):
        ec2.create_launch_template_version(LaunchTemplateId=template, LaunchTemplateData=DATA)
    answer = ec2.delete_launch_template_versions(LaunchTemplateId=template, Versions=["1", "3", "9"])
    assert [one["VersionNumber"] for one in answer["SuccessfullyDeletedLaunchTemplateVersions"]] == [3]
    failed = {
        one["VersionNumber"]: one["ResponseError"]["Code"]
        for one in answer["UnsuccessfullyDeletedLaunchTemplateVersions"]
    }
    assert failed == {1: "unexpectedError", 9: "launchTemplateVersionDoesNotExist"}
    made = ec2.create_launch_template_version(LaunchTemplateId=template, LaunchTemplateData=DATA)
    assert made["LaunchTemplateVersion"]["VersionNumber"] == 4


def test_one_token_makes_one_template_and_one_version(ec2: t.Any) -> None:
    ids = {make(ec2, ClientToken="one")["LaunchTemplateId"] for _ in range(2)}
    assert len(ids) == 1
    for _ in range(2):
        ec2.create_launch_template_version(LaunchTemplateName="us-gpu", LaunchTemplateData=DATA, ClientToken="two")
    assert len(versions(ec2)) == 2


@pytest.mark.parametrize("name", ["ab", "a" * 129, "us gpu", "us_gpu!"])
def test_names_aws_does_not_take_are_refused(ec2: t.Any, refused: Refused, name: str) -> None:
    with refused("InvalidLaunchTemplateName.MalformedException"):
        make(ec2, name)


def test_a_name_in_use_is_refused(ec2: t.Any, refused: Refused) -> None:
    make(ec2)
    with refused("InvalidLaunchTemplateName.AlreadyExistsException", "already in use"):
        make(ec2)


def test_what_does_not_exist_is_said_by_id_by_name_and_by_version(ec2: t.Any, refused: Refused) -> None:
    make(ec2)
    with refused("InvalidLaunchTemplateId.NotFound", "lt-0123456789abcdef0"):
        ec2.describe_launch_template_versions(LaunchTemplateId="lt-0123456789abcdef0")
    with refused("InvalidLaunchTemplateId.NotFound"):
        ec2.describe_launch_templates(LaunchTemplateIds=["lt-0123456789abcdef0"])
    with refused("InvalidLaunchTemplateName.NotFoundException"):
        ec2.describe_launch_templates(LaunchTemplateNames=["none"])
    with refused("InvalidLaunchTemplateName.NotFoundException", "none"):
        ec2.delete_launch_template(LaunchTemplateName="none")
    with refused("InvalidLaunchTemplateId.VersionNotFound"):
        versions(ec2, Versions=["7"])
    with refused("InvalidLaunchTemplateId.VersionNotFound"):
        ec2.modify_launch_template(LaunchTemplateName="us-gpu", DefaultVersion="7")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"UserData": "not base64!"}, "InvalidUserData.Malformed"),
        ({"UserData": base64.b64encode(b"x" * 16385).decode()}, "InvalidParameterValue"),
        ({"MetadataOptions": {"HttpPutResponseHopLimit": 65}}, "InvalidParameterValue"),
        ({"TagSpecifications": [{"ResourceType": "launch-template", "Tags": TAGS}]}, "InvalidParameterValue"),
        ({"IamInstanceProfile": {"Name": "a", "Arn": "b"}}, "InvalidParameterCombination"),
        (
            {"InstanceRequirements": {"VCpuCount": {"Min": 1}, "MemoryMiB": {"Min": 1024}}},
            "InvalidParameterCombination",
        ),
        (
            {"BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeType": "gp3", "Iops": 100}}]},
            "InvalidParameterValue",
        ),
        (
            {"BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeType": "gp2", "Throughput": 200}}]},
            "InvalidParameterCombination",
        ),
    ],
)
def test_data_aws_does_not_take_is_refused(ec2: t.Any, refused: Refused, changed: dict[str, t.Any], code: str) -> None:
    with refused(code):
        make(ec2, LaunchTemplateData={**DATA, **changed})


def test_only_a_template_is_tagged_with_it(ec2: t.Any, refused: Refused) -> None:
    with refused("InvalidParameterValue", "'instance' is not a valid taggable resource type"):
        make(ec2, TagSpecifications=[{"ResourceType": "instance", "Tags": TAGS}])


def test_templates_are_held_until_they_are_deleted(aws: EmbeddedAws, ec2: t.Any) -> None:
    template = make(ec2, TagSpecifications=[{"ResourceType": "launch-template", "Tags": TAGS}])["LaunchTemplateId"]
    held = [one for one in aws.holdings() if one["kind"] == "ec2:launch-template"]
    assert [(one["id"], one["tags"]["cloister:region"], one["default"]) for one in held] == [(template, "us", False)]
    assert aws.writes()[-1]["made"] == [template]
    ec2.delete_launch_template(LaunchTemplateId=template)
    assert not [one for one in aws.holdings() if one["kind"] == "ec2:launch-template"]
    make(ec2)


def test_a_new_template_is_hidden_on_demand(aws: EmbeddedAws, ec2: t.Any, refused: Refused) -> None:
    aws.hide_new_ids(calls=1, prefixes=["lt-"])
    template = make(ec2)["LaunchTemplateId"]
    with refused("InvalidLaunchTemplateId.NotFound"):
        ec2.create_launch_template_version(LaunchTemplateId=template, LaunchTemplateData=DATA)
    ec2.create_launch_template_version(LaunchTemplateId=template, LaunchTemplateData=DATA)
