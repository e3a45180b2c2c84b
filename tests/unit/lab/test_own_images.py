# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Images that an account makes from its machines."""

from __future__ import annotations

import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.lab.machine_world import Network, Runner, image_of

Refused = t.Any
BOTH = [{"ResourceType": kind, "Tags": [{"Key": "of", "Value": kind}]} for kind in ("image", "snapshot")]


@pytest.fixture
def run(ec2: t.Any, client: t.Any, network: Network) -> Runner:
    return Runner(ec2, image_of(client), network.subnet(network.vpc()))


@pytest.fixture
def machine(run: Runner) -> str:
    root = {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 60, "VolumeType": "gp3", "Encrypted": True}}
    return str(run(BlockDeviceMappings=[root])["InstanceId"])


def test_an_image_has_the_disks_of_its_machine_and_both_are_tagged(ec2: t.Any, machine: str) -> None:
    made = ec2.create_image(InstanceId=machine, Name="golden", TagSpecifications=BOTH)["ImageId"]
    (image,) = ec2.describe_images(Owners=["self"])["Images"]
    (disk,) = image["BlockDeviceMappings"]
    assert (image["ImageId"], image["State"], image["Tags"]) == (made, "available", [{"Key": "of", "Value": "image"}])
    assert (disk["DeviceName"], disk["Ebs"]["VolumeSize"], disk["Ebs"]["Encrypted"]) == ("/dev/xvda", 60, True)
    (snapshot,) = ec2.describe_snapshots(Filters=[{"Name": "tag:of", "Values": ["snapshot"]}])["Snapshots"]
    assert (snapshot["SnapshotId"], snapshot["Tags"]) == (
        disk["Ebs"]["SnapshotId"],
        [{"Key": "of", "Value": "snapshot"}],
    )


def test_nothing_starts_from_an_image_before_it_is_whole(
    aws: EmbeddedAws, ec2: t.Any, run: Runner, machine: str, refused: Refused
) -> None:
    aws.delays(machine_image=60)
    made = ec2.create_image(InstanceId=machine, Name="golden")["ImageId"]
    with refused("InvalidAMIID.Unavailable", made):
        run(ImageId=made)
    aws.skip(60)
    assert run(ImageId=made)["ImageId"] == made


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"Name": "what?"}, "InvalidAMIName.Malformed"),
        ({"Name": "golden"}, "InvalidAMIName.Duplicate"),
        ({"Name": "other", "InstanceId": "i-0123456789abcdef0"}, "InvalidInstanceID.NotFound"),
        ({"Name": "other", "TagSpecifications": [{"ResourceType": "volume"}]}, "InvalidParameterValue"),
    ],
)
def test_what_aws_refuses_is_refused(
    ec2: t.Any, machine: str, refused: Refused, said: dict[str, t.Any], code: str
) -> None:
    ec2.create_image(InstanceId=machine, Name="golden")
    with refused(code):
        ec2.create_image(**{"InstanceId": machine, **said})


def test_a_machine_that_ended_gives_no_image(ec2: t.Any, machine: str, refused: Refused) -> None:
    ec2.terminate_instances(InstanceIds=[machine])
    with refused("IncorrectState"):
        ec2.create_image(InstanceId=machine, Name="golden")


def test_the_end_of_an_image_may_take_its_snapshot_along(
    aws: EmbeddedAws, ec2: t.Any, machine: str, refused: Refused
) -> None:
    first = ec2.create_image(InstanceId=machine, Name="first")["ImageId"]
    second = ec2.create_image(InstanceId=machine, Name="second")["ImageId"]
    assert "DeleteSnapshotResults" not in ec2.deregister_image(ImageId=first)
    (result,) = ec2.deregister_image(ImageId=second, DeleteAssociatedSnapshots=True)["DeleteSnapshotResults"]
    assert result["ReturnCode"] == "success"
    held = [one for one in aws.holdings() if one["kind"] in ("ec2:image", "ec2:snapshot")]
    assert [one["kind"] for one in held] == ["ec2:snapshot"]
    assert held[0]["id"] != result["SnapshotId"]
    with refused("InvalidAMIID.Unavailable", second):
        ec2.deregister_image(ImageId=second)
    with refused("InvalidAMIID.NotFound"):
        ec2.deregister_image(ImageId="ami-0123456789abcdef0")
