# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import base64
import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.lab.machine_world import Network, Runner, image_of, profile, seen

Refused = t.Any
TAGS = [{"Key": "cloister:region", "Value": "us"}]


@pytest.fixture
def run(ec2: t.Any, client: t.Any, network: Network) -> Runner:
    return Runner(ec2, image_of(client), network.subnet(network.vpc()))


# Running


def test_a_machine_starts_pending_and_runs_in_its_time(aws: EmbeddedAws, ec2: t.Any, run: Runner) -> None:
    aws.delays(instance=60, instance_terminate=60)
    made = run()
    assert made["State"] == {"Code": 0, "Name": "pending"}
    assert seen(ec2, made["InstanceId"])["State"]["Name"] == "pending"
    aws.skip(60)
    assert seen(ec2, made["InstanceId"])["State"]["Name"] == "running"
    ended = ec2.terminate_instances(InstanceIds=[made["InstanceId"]])["TerminatingInstances"][0]
    assert (ended["PreviousState"]["Name"], ended["CurrentState"]["Name"]) == ("running", "shutting-down")
    assert seen(ec2, made["InstanceId"])["State"]["Name"] == "shutting-down"
    aws.skip(60)
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
    aws.delays(instance_terminate=60)
    group = network.group(seen(ec2, run()["InstanceId"])["VpcId"])
    instance = run(SecurityGroupIds=[group])["InstanceId"]
    every = [row["Instances"][0]["InstanceId"] for row in ec2.describe_instances()["Reservations"]]
    assert instance in every
    ec2.terminate_instances(InstanceIds=every)
    with refused("DependencyViolation"):
        ec2.delete_security_group(GroupId=group)
    with refused("DependencyViolation"):
        ec2.delete_subnet(SubnetId=run.subnet)
    aws.skip(60)
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
