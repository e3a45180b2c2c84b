# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.lab.machine_world import GPU, Network, Runner, image_of

Refused = t.Any


@pytest.fixture
def image(client: t.Any) -> str:
    return image_of(client)


@pytest.fixture
def run(ec2: t.Any, client: t.Any, network: Network) -> Runner:
    return Runner(ec2, image_of(client), network.subnet(network.vpc()))


def test_the_image_of_a_public_parameter_is_described(ec2: t.Any, image: str) -> None:
    found = ec2.describe_images(ImageIds=[image])["Images"][0]
    root = found["BlockDeviceMappings"][0]
    assert (found["ImageOwnerAlias"], found["Architecture"], found["State"]) == ("amazon", "x86_64", "available")
    assert (found["RootDeviceName"], root["DeviceName"], root["Ebs"]["VolumeSize"]) == ("/dev/xvda", "/dev/xvda", 30)
    assert found["CreationDate"] < found["DeprecationTime"]
    assert "ecs-gpu" in found["Name"]


def test_a_new_release_gives_new_ids_and_keeps_the_old_images(aws: EmbeddedAws, ec2: t.Any, client: t.Any) -> None:
    old = image_of(client)
    aws.new_images()
    parameter = client("ssm").get_parameter(Name=f"{GPU}/image_id")["Parameter"]
    assert parameter["Value"] != old
    assert parameter["Version"] == 2
    found = ec2.describe_images(ImageIds=[old, parameter["Value"]])["Images"]
    dates = {one["ImageId"]: one["CreationDate"] for one in found}
    assert dates[old] < dates[parameter["Value"]]
    aws.reset()
    assert image_of(client) == old


def test_images_differ_from_region_to_region(client: t.Any, refused: Refused, image: str) -> None:
    with refused("InvalidAMIID.NotFound", image):
        client("ec2", "ap-northeast-2").describe_images(ImageIds=[image])


def test_amazons_images_are_found_by_name_and_architecture(ec2: t.Any) -> None:
    filters = [{"Name": "name", "Values": ["al2023-ami-ecs-*"]}, {"Name": "architecture", "Values": ["arm64"]}]
    names = {one["Name"] for one in ec2.describe_images(Owners=["amazon"], Filters=filters)["Images"]}
    assert any("20261101" in name for name in names)
    assert ec2.describe_images(Owners=["self"])["Images"] == []


@pytest.mark.parametrize(("given", "code"), [("ami-0123456789abcdef0", "NotFound"), ("ami-x", "Malformed")])
def test_an_image_that_is_not_there_is_refused(
    ec2: t.Any, run: Runner, refused: Refused, given: str, code: str
) -> None:
    with refused(f"InvalidAMIID.{code}"):
        ec2.describe_images(ImageIds=[given])
    with refused(f"InvalidAMIID.{code}"):
        run(ImageId=given)


def test_a_parameter_in_the_place_of_an_image_is_resolved_at_launch(
    ec2: t.Any, run: Runner, client: t.Any, refused: Refused
) -> None:
    assert run(ImageId=f"resolve:ssm:{GPU}/image_id")["ImageId"] == run.image
    client("ssm").put_parameter(Name="/ours/image", Value=run.image, Type="String")
    assert run(ImageId="resolve:ssm:/ours/image")["ImageId"] == run.image
    with refused("InvalidAMIID.Malformed"):
        run(ImageId=f"resolve:ssm:{GPU}")
    with refused("InvalidParameterValue", "/ours/none"):
        run(ImageId="resolve:ssm:/ours/none")


@pytest.mark.parametrize(
    ("kind", "vcpus", "memory", "gpus"),
    [
        ("t3.medium", 2, 4096, None),
        ("c6i.large", 2, 4096, None),
        ("m6i.large", 2, 8192, None),
        ("g4dn.xlarge", 4, 16384, ("T4", 1)),
        ("g5.xlarge", 4, 16384, ("A10G", 1)),
        ("g6.12xlarge", 48, 196608, ("L4", 4)),
        ("g6e.xlarge", 4, 32768, ("L40S", 1)),
        ("p4d.24xlarge", 96, 1179648, ("A100", 8)),
        ("p5.48xlarge", 192, 2097152, ("H100", 8)),
    ],
)
def test_types_have_the_size_aws_gives_them(
    ec2: t.Any, kind: str, vcpus: int, memory: int, gpus: tuple[str, int] | None
) -> None:
    found = ec2.describe_instance_types(InstanceTypes=[kind])["InstanceTypes"][0]
    assert found["VCpuInfo"]["DefaultVCpus"] == vcpus
    assert found["MemoryInfo"]["SizeInMiB"] == memory
    given = found.get("GpuInfo", {}).get("Gpus", [])
    assert [(one["Name"], one["Count"]) for one in given] == ([gpus] if gpus else [])


def test_a_type_that_is_not_there_and_where_one_is_offered(ec2: t.Any, refused: Refused) -> None:
    with refused("InvalidInstanceType", "g5.tiny"):
        ec2.describe_instance_types(InstanceTypes=["g5.tiny"])
    filters = [{"Name": "instance-type", "Values": ["g5.xl*"]}]
    rows = ec2.describe_instance_type_offerings(LocationType="availability-zone", Filters=filters)
    zones = [one["Location"] for one in rows["InstanceTypeOfferings"]]
    assert sorted(zones) == ["us-west-2a", "us-west-2b", "us-west-2c"]
