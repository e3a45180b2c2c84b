# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import base64
import json
import time
import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws

Network = t.Any
Refused = t.Any
GPU = "/aws/service/ecs/optimized-ami/amazon-linux-2023/gpu/recommended"
TAGS = [{"Key": "cloister:region", "Value": "us"}]


def image_of(client: t.Any, name: str = f"{GPU}/image_id") -> str:
    return str(client("ssm").get_parameter(Name=name)["Parameter"]["Value"])


def seen(ec2: t.Any, instance: str) -> dict[str, t.Any]:
    found = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
    return t.cast("dict[str, t.Any]", found)


@pytest.fixture
def image(client: t.Any) -> str:
    return image_of(client)


@pytest.fixture
def subnet(network: Network) -> str:
    return str(network.subnet(network.vpc()))


class Runner:
    """Runs one machine with as little as AWS asks for."""

    def __init__(self, ec2: t.Any, image: str, subnet: str) -> None:
        self.ec2, self.image, self.subnet = ec2, image, subnet

    def __call__(self, **given: t.Any) -> dict[str, t.Any]:
        plain = {"ImageId": self.image, "InstanceType": "t3.medium", "SubnetId": self.subnet}
        asked = {"MinCount": 1, "MaxCount": 1, **plain, **given}
        made = self.ec2.run_instances(**{key: value for key, value in asked.items() if value is not None})
        return t.cast("dict[str, t.Any]", made["Instances"][0])


@pytest.fixture
def run(ec2: t.Any, image: str, subnet: str) -> Runner:
    return Runner(ec2, image, subnet)


def profile(client: t.Any, role: bool = True) -> str:
    iam = client("iam")
    iam.create_instance_profile(InstanceProfileName="node")
    if role:
        statement = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.create_role(RoleName="node", AssumeRolePolicyDocument=trust)
        iam.add_role_to_instance_profile(InstanceProfileName="node", RoleName="node")
    return "node"


# Images


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


# Running


def test_a_machine_starts_pending_and_runs_in_its_time(aws: EmbeddedAws, ec2: t.Any, run: Runner) -> None:
    aws.delays(instance=0.3, instance_terminate=0.3)
    made = run()
    assert made["State"] == {"Code": 0, "Name": "pending"}
    assert seen(ec2, made["InstanceId"])["State"]["Name"] == "pending"
    time.sleep(0.4)
    assert seen(ec2, made["InstanceId"])["State"]["Name"] == "running"
    ended = ec2.terminate_instances(InstanceIds=[made["InstanceId"]])["TerminatingInstances"][0]
    assert (ended["PreviousState"]["Name"], ended["CurrentState"]["Name"]) == ("running", "shutting-down")
    assert seen(ec2, made["InstanceId"])["State"]["Name"] == "shutting-down"
    time.sleep(0.4)
    assert seen(ec2, made["InstanceId"])["State"]["Name"] == "terminated"


def test_a_machine_has_the_next_address_and_the_names_of_it(ec2: t.Any, network: Network, run: Runner) -> None:
    group = network.group(seen(ec2, run()["InstanceId"])["VpcId"])
    made = seen(ec2, run(SecurityGroupIds=[group])["InstanceId"])
    assert made["PrivateIpAddress"] == "10.0.1.5"
    assert made["PrivateDnsName"] == "ip-10-0-1-5.us-west-2.compute.internal"
    assert [one["GroupId"] for one in made["SecurityGroups"]] == [group]
    assert "PublicIpAddress" not in made
    eni = ec2.describe_network_interfaces(NetworkInterfaceIds=[made["NetworkInterfaces"][0]["NetworkInterfaceId"]])
    assert eni["NetworkInterfaces"][0]["Attachment"]["InstanceId"] == made["InstanceId"]
    assert ec2.describe_subnets(SubnetIds=[run.subnet])["Subnets"][0]["AvailableIpAddressCount"] == 249


def test_a_public_address_comes_only_when_it_is_asked_for(ec2: t.Any, run: Runner) -> None:
    nic = {"DeviceIndex": 0, "SubnetId": run.subnet, "AssociatePublicIpAddress": True}
    public = seen(ec2, run(SubnetId=None, NetworkInterfaces=[nic])["InstanceId"])
    assert public["PublicIpAddress"].startswith("198.1")
    assert public["PublicDnsName"].endswith(".us-west-2.compute.amazonaws.com")
    ec2.modify_subnet_attribute(SubnetId=run.subnet, MapPublicIpOnLaunch={"Value": True})
    assert "PublicIpAddress" in seen(ec2, run()["InstanceId"])


def test_disks_are_the_images_and_what_is_asked_for(ec2: t.Any, run: Runner) -> None:
    ebs = {"VolumeSize": 100, "VolumeType": "gp3", "Encrypted": True, "DeleteOnTermination": True}
    made = run(BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": ebs}])
    filters = [{"Name": "attachment.instance-id", "Values": [made["InstanceId"]]}]
    (volume,) = ec2.describe_volumes(Filters=filters)["Volumes"]
    assert (volume["Size"], volume["VolumeType"], volume["Iops"], volume["Throughput"]) == (100, "gp3", 3000, 125)
    assert volume["Encrypted"]
    assert ":key/" in volume["KmsKeyId"]
    assert volume["State"] == "in-use"


def test_a_root_volume_holds_the_image(run: Runner, refused: Refused) -> None:
    ebs = {"VolumeSize": 8, "VolumeType": "gp3"}
    with refused("InvalidBlockDeviceMapping", "expect size >= 30GB"):
        run(BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": ebs}])


def test_tags_come_with_the_machine_its_disk_and_its_interface(aws: EmbeddedAws, ec2: t.Any, run: Runner) -> None:
    kinds = ("instance", "volume", "network-interface")
    made = run(TagSpecifications=[{"ResourceType": kind, "Tags": TAGS} for kind in kinds])
    held = {one["kind"] for one in aws.holdings() if one["tags"].get("cloister:region") == "us"}
    assert held == {"ec2:instance", "ec2:volume", "ec2:network-interface"}
    assert aws.writes()[-1]["made"][0].startswith(("i-", "eni-", "vol-"))
    ec2.terminate_instances(InstanceIds=[made["InstanceId"]])
    assert not [one for one in aws.holdings() if one["tags"].get("cloister:region") == "us"]
    found = ec2.describe_instances(Filters=[{"Name": "tag:cloister:region", "Values": ["us"]}])["Reservations"]
    assert found[0]["Instances"][0]["State"]["Name"] == "terminated"


def test_a_template_gives_what_the_request_leaves_open(ec2: t.Any, run: Runner, client: t.Any) -> None:
    user_data = base64.b64encode(b"ECS_CLUSTER=us-main").decode()
    data = {
        "ImageId": run.image, "InstanceType": "g5.xlarge", "UserData": user_data,
        "IamInstanceProfile": {"Name": profile(client)}, "MetadataOptions": {"HttpTokens": "required"},
        "TagSpecifications": [{"ResourceType": "instance", "Tags": TAGS}],
    }  # fmt: skip
    template = ec2.create_launch_template(LaunchTemplateName="us-gpu", LaunchTemplateData=data)["LaunchTemplate"]
    named = {"LaunchTemplateId": template["LaunchTemplateId"], "Version": "1"}
    made = seen(ec2, run(ImageId=None, InstanceType=None, LaunchTemplate=named)["InstanceId"])
    tags = {one["Key"]: one["Value"] for one in made["Tags"]}
    assert made["InstanceType"] == "g5.xlarge"
    assert made["MetadataOptions"]["HttpTokens"] == "required"
    assert made["IamInstanceProfile"]["Arn"].endswith(":instance-profile/node")
    assert tags["cloister:region"] == "us"
    assert tags["aws:ec2launchtemplate:version"] == "1"
    given = ec2.describe_instance_attribute(InstanceId=made["InstanceId"], Attribute="userData")["UserData"]["Value"]
    assert given == user_data
    other = run(ImageId=None, InstanceType="t3.large", LaunchTemplate=named)
    assert other["InstanceType"] == "t3.large"


def test_one_token_runs_one_machine(ec2: t.Any, run: Runner) -> None:
    assert run(ClientToken="one")["InstanceId"] == run(ClientToken="one")["InstanceId"]
    assert len(ec2.describe_instances()["Reservations"]) == 1


# Refusing


def test_what_a_machine_needs_must_exist(run: Runner, network: Network, client: t.Any, refused: Refused) -> None:
    with refused("InvalidParameterValue", "iamInstanceProfile.name", "none"):
        run(IamInstanceProfile={"Name": "none"})
    with refused("InvalidParameterValue", "no associated IAM Roles"):
        run(IamInstanceProfile={"Name": profile(client, role=False)})
    with refused("InvalidSubnetID.NotFound"):
        run(SubnetId="subnet-0123456789abcdef0")
    with refused("InvalidGroup.NotFound"):
        run(SecurityGroupIds=["sg-0123456789abcdef0"])
    with refused("InvalidParameter", "different networks"):
        run(SecurityGroupIds=[network.group(network.vpc("10.9.0.0/16"))])
    with refused("InvalidKeyPair.NotFound"):
        run(KeyName="none")
    with refused("InvalidParameterValue", "Invalid value 'g5.tiny' for InstanceType"):
        run(InstanceType="g5.tiny")
    with refused("InvalidParameterValue", "does not match the architecture 'x86_64'"):
        run(InstanceType="t4g.small")
    with refused("InvalidParameterCombination", "instance-level security groups"):
        run(SubnetId=None, SecurityGroupIds=["sg-1"], NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": run.subnet}])


def test_a_zone_without_the_type_is_told_from_one_without_room(
    aws: EmbeddedAws, ec2: t.Any, network: Network, run: Runner, refused: Refused
) -> None:
    far = network.subnet(seen(ec2, run()["InstanceId"])["VpcId"], "10.0.4.0/24", "us-west-2d")
    with refused("Unsupported", "(us-west-2d)", "us-west-2a, us-west-2b, us-west-2c"):
        run(InstanceType="g5.xlarge", SubnetId=far)
    aws.capacity({"g5.xlarge": {"us-west-2a": 1}})
    run(InstanceType="g5.xlarge")
    with refused("InsufficientInstanceCapacity", "(us-west-2a)", "choosing us-west-2b, us-west-2c"):
        run(InstanceType="g5.xlarge")
    aws.capacity({"g5.xlarge": {"us-west-2a": None}})
    run(InstanceType="g5.xlarge")


def test_a_vcpu_quota_counts_the_family_and_is_the_one_service_quotas_tells(
    aws: EmbeddedAws, ec2: t.Any, client: t.Any, run: Runner, refused: Refused
) -> None:
    aws.limits(vcpus_g=8, spot_vcpus_g=0)
    quota = client("service-quotas").get_service_quota(ServiceCode="ec2", QuotaCode="L-DB2E81BA")["Quota"]
    assert quota["Value"] == 8
    first = run(InstanceType="g5.xlarge")["InstanceId"]
    run(InstanceType="g4dn.xlarge")
    with refused("VcpuLimitExceeded", "current vCPU limit of 8"):
        run(InstanceType="g6.xlarge")
    with refused("MaxSpotInstanceCountExceeded"):
        run(InstanceType="g5.xlarge", InstanceMarketOptions={"MarketType": "spot"})
    run(InstanceType="m6i.xlarge")
    ec2.terminate_instances(InstanceIds=[first])
    run(InstanceType="g6.xlarge")


def test_a_protected_machine_is_not_terminated(ec2: t.Any, run: Runner, refused: Refused) -> None:
    instance = run(DisableApiTermination=True)["InstanceId"]
    with refused("OperationNotPermitted", "disableApiTermination"):
        ec2.terminate_instances(InstanceIds=[instance])
    ec2.modify_instance_attribute(InstanceId=instance, DisableApiTermination={"Value": False})
    ec2.terminate_instances(InstanceIds=[instance])


def test_a_machine_holds_its_subnet_and_its_groups_until_it_is_gone(
    aws: EmbeddedAws, ec2: t.Any, network: Network, run: Runner, refused: Refused
) -> None:
    aws.delays(instance_terminate=0.3)
    group = network.group(seen(ec2, run()["InstanceId"])["VpcId"])
    instance = run(SecurityGroupIds=[group])["InstanceId"]
    every = [row["Instances"][0]["InstanceId"] for row in ec2.describe_instances()["Reservations"]]
    assert instance in every
    ec2.terminate_instances(InstanceIds=every)
    with refused("DependencyViolation"):
        ec2.delete_security_group(GroupId=group)
    with refused("DependencyViolation"):
        ec2.delete_subnet(SubnetId=run.subnet)
    time.sleep(0.4)
    ec2.delete_security_group(GroupId=group)
    ec2.delete_subnet(SubnetId=run.subnet)


# Later


def test_a_stopped_machine_keeps_its_disk_and_its_own_address(ec2: t.Any, run: Runner) -> None:
    nic = {"DeviceIndex": 0, "SubnetId": run.subnet, "AssociatePublicIpAddress": True}
    instance = run(SubnetId=None, NetworkInterfaces=[nic])["InstanceId"]
    before = seen(ec2, instance)
    ec2.stop_instances(InstanceIds=[instance])
    stopped = seen(ec2, instance)
    assert stopped["State"]["Name"] == "stopped"
    assert (stopped["PrivateIpAddress"], "PublicIpAddress" in stopped) == (before["PrivateIpAddress"], False)
    ec2.start_instances(InstanceIds=[instance])
    again = seen(ec2, instance)
    assert again["State"]["Name"] == "running"
    assert again["PublicIpAddress"] != before["PublicIpAddress"]
    assert again["BlockDeviceMappings"][0]["Ebs"]["VolumeId"] == before["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]


def test_an_elastic_address_goes_with_the_machine_and_stays_when_that_ends(
    ec2: t.Any, network: Network, run: Runner
) -> None:
    instance, address = run()["InstanceId"], network.address()
    ec2.associate_address(AllocationId=address, InstanceId=instance)
    mine = ec2.describe_addresses(AllocationIds=[address])["Addresses"][0]
    assert (mine["InstanceId"], mine["PublicIp"]) == (instance, seen(ec2, instance)["PublicIpAddress"])
    ec2.terminate_instances(InstanceIds=[instance])
    assert "AssociationId" not in ec2.describe_addresses(AllocationIds=[address])["Addresses"][0]
    ec2.release_address(AllocationId=address)


def test_machines_are_found_by_state_network_and_image(ec2: t.Any, run: Runner) -> None:
    kept, gone = run()["InstanceId"], run()["InstanceId"]
    ec2.terminate_instances(InstanceIds=[gone])

    def found(name: str, value: str) -> list[str]:
        rows = ec2.describe_instances(Filters=[{"Name": name, "Values": [value]}])["Reservations"]
        return [one["InstanceId"] for row in rows for one in row["Instances"]]

    assert found("instance-state-name", "running") == [kept]
    assert found("subnet-id", run.subnet) == [kept]
    assert found("image-id", run.image) == [kept, gone]
    statuses = ec2.describe_instance_status()["InstanceStatuses"]
    assert [one["InstanceId"] for one in statuses] == [kept]


def test_what_other_services_would_launch_is_not_modelled(ec2: t.Any, refused: Refused, run: Runner) -> None:
    wanted = {"ImageId": run.image, "InstanceType": "t3.medium"}
    with refused("NotModelled"):
        ec2.request_spot_instances(InstanceCount=1, LaunchSpecification=wanted)


# Types


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
