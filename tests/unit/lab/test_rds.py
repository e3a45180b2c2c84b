# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""RDS: what it is made of, what is refused, what waits, and what is left."""

from __future__ import annotations

import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws

Refused = t.Any
Given = dict[str, t.Any]


class World:
    """A network with a subnet group and a parameter group in it."""

    def __init__(self, client: t.Any, network: t.Any) -> None:
        self.rds, self.ec2 = client("rds"), client("ec2")
        self.vpc = network.vpc()
        zones = zip("abc", ("us-west-2a", "us-west-2b", "us-west-2c"), strict=True)
        self.subnets = [network.subnet(self.vpc, f"10.0.{n}.0/24", zone) for n, (_, zone) in enumerate(zones)]
        self.group = network.group(self.vpc)
        self.subnet_group("us-main", self.subnets)
        self.parameter_group("us-main-mysql8-0", "mysql8.0")

    def subnet_group(self, name: str, subnets: list[str]) -> None:
        self.rds.create_db_subnet_group(DBSubnetGroupName=name, DBSubnetGroupDescription="a test", SubnetIds=subnets)

    def parameter_group(self, name: str, family: str) -> None:
        said = {"DBParameterGroupFamily": family, "Description": "a test"}
        self.rds.create_db_parameter_group(DBParameterGroupName=name, **said)

    def create(self, **more: t.Any) -> Given:
        given = {
            "DBInstanceIdentifier": "us-main", "DBInstanceClass": "db.t3.micro", "Engine": "mysql",
            "EngineVersion": "8.0", "AllocatedStorage": 20, "StorageType": "gp3", "DBName": "prod_db",
            "MasterUsername": "prod", "ManageMasterUserPassword": True, "DBSubnetGroupName": "us-main",
            "VpcSecurityGroupIds": [self.group], "MultiAZ": True, "StorageEncrypted": True,
            "DBParameterGroupName": "us-main-mysql8-0", "CopyTagsToSnapshot": True,
            "Tags": [{"Key": "owner", "Value": "us"}],
        }  # fmt: skip
        given = {key: value for key, value in {**given, **more}.items() if value is not None}
        return t.cast("Given", self.rds.create_db_instance(**given)["DBInstance"])

    def modify(self, **more: t.Any) -> Given:
        return t.cast("Given", self.rds.modify_db_instance(DBInstanceIdentifier="us-main", **more)["DBInstance"])

    def now(self) -> Given:
        return t.cast("Given", self.rds.describe_db_instances(DBInstanceIdentifier="us-main")["DBInstances"][0])

    def interfaces(self) -> list[Given]:
        found = self.ec2.describe_network_interfaces(Filters=[{"Name": "requester-id", "Values": ["amazon-rds"]}])
        return t.cast("list[Given]", found["NetworkInterfaces"])

    def delete(self, **more: t.Any) -> None:
        self.rds.delete_db_instance(DBInstanceIdentifier="us-main", **more)


@pytest.fixture
def world(client: t.Any, network: t.Any) -> World:
    return World(client, network)


def test_an_instance_stands_in_two_zones_and_has_a_secret_of_its_own(world: World, client: t.Any) -> None:
    made = world.create()
    assert (made["EngineVersion"], made["DBInstanceStatus"]) == ("8.0.44", "available")
    assert {one["AvailabilityZone"] for one in world.interfaces()} == {"us-west-2a", "us-west-2b"}
    assert all(one["RequesterManaged"] for one in world.interfaces())
    secret = made["MasterUserSecret"]["SecretArn"]
    assert client("secretsmanager").describe_secret(SecretId=secret)["OwningService"] == "rds"
    world.delete(SkipFinalSnapshot=True)
    assert client("secretsmanager").list_secrets()["SecretList"] == []


def test_it_has_no_endpoint_until_it_is_available(aws: EmbeddedAws, world: World) -> None:
    aws.delays(rds_instance=60)
    assert "Endpoint" not in world.create()
    assert world.now()["DBInstanceStatus"] == "creating"
    aws.skip(60)
    assert world.now()["DBInstanceStatus"] == "available"
    assert world.now()["Endpoint"]["Address"].endswith(".us-west-2.rds.amazonaws.com")


@pytest.mark.parametrize(
    ("more", "code", "words"),
    [
        ({"DBInstanceIdentifier": "us--main"}, "InvalidParameterValue", "DBInstanceIdentifier"),
        ({"EngineVersion": "5.7"}, "InvalidParameterCombination", "Cannot find version 5.7"),
        ({"DBInstanceClass": "t3.micro"}, "InvalidParameterValue", "Invalid DB Instance class"),
        ({"AllocatedStorage": 10}, "InvalidParameterCombination", "storage size"),
        ({"MaxAllocatedStorage": 19}, "InvalidParameterCombination", "Max storage size"),
        ({"StorageType": "io1", "AllocatedStorage": 100}, "InvalidParameterCombination", "Iops"),
        ({"Iops": 6000}, "InvalidParameterCombination", "400"),
        ({"MasterUsername": "rdsadmin"}, "InvalidParameterValue", "reserved"),
        ({"DBName": "1st"}, "InvalidParameterValue", "DBName"),
        ({"MasterUserPassword": "hunter2hunter2"}, "InvalidParameterCombination", "ManageMasterUserPassword"),
        ({"ManageMasterUserPassword": None}, "InvalidParameterValue", "MasterUserPassword"),
        ({"DBSubnetGroupName": "nowhere"}, "DBSubnetGroupNotFoundFault", "nowhere"),
        ({"DBParameterGroupName": "nowhere"}, "DBParameterGroupNotFound", "nowhere"),
        ({"EngineVersion": "8.4"}, "InvalidParameterCombination", "mysql8.4"),
        ({"BackupRetentionPeriod": 36}, "InvalidParameterValue", "between 0 and 35"),
        ({"VpcSecurityGroupIds": ["sg-0123456789abcdef0"]}, "InvalidParameterValue", "Invalid security group"),
    ],
)
def test_what_does_not_fit_is_refused(world: World, refused: Refused, more: Given, code: str, words: str) -> None:
    with refused(code, words):
        world.create(**more)


def test_a_group_of_another_network_is_refused(world: World, network: t.Any, refused: Refused) -> None:
    other = network.group(network.vpc("10.9.0.0/16"))
    with refused("InvalidParameterCombination", "different VPCs"):
        world.create(VpcSecurityGroupIds=[other])


def test_a_name_is_taken_once(world: World, refused: Refused) -> None:
    world.create()
    with refused("DBInstanceAlreadyExists"):
        world.create()


def test_a_subnet_group_covers_two_zones_and_stays_while_it_is_used(world: World, refused: Refused) -> None:
    with refused("DBSubnetGroupDoesNotCoverEnoughAZs", "us-west-2a"):
        world.subnet_group("one", world.subnets[:1])
    with refused("DBSubnetGroupAlreadyExists"):
        world.subnet_group("us-main", world.subnets)
    world.create()
    with refused("InvalidDBSubnetGroupStateFault", "us-main"):
        world.rds.delete_db_subnet_group(DBSubnetGroupName="us-main")
    with refused("SubnetAlreadyInUse"):
        world.rds.modify_db_subnet_group(DBSubnetGroupName="us-main", SubnetIds=world.subnets[1:])
    world.delete(SkipFinalSnapshot=True)
    world.rds.modify_db_subnet_group(DBSubnetGroupName="us-main", SubnetIds=world.subnets[1:])
    world.rds.delete_db_subnet_group(DBSubnetGroupName="us-main")


def test_its_interfaces_hold_subnets_and_groups(aws: EmbeddedAws, world: World, refused: Refused) -> None:
    world.create()
    aws.delays(rds_instance_delete=60)
    world.delete(SkipFinalSnapshot=True)
    with refused("InvalidDBInstanceState", "already being deleted"):
        world.delete(SkipFinalSnapshot=True)
    with refused("DependencyViolation"):
        world.ec2.delete_security_group(GroupId=world.group)
    aws.skip(60)
    world.ec2.delete_security_group(GroupId=world.group)
    assert world.interfaces() == []


def test_what_waits_is_pending_until_it_is_applied(aws: EmbeddedAws, world: World) -> None:
    world.create()
    changed = world.modify(DBInstanceClass="db.t3.small", BackupRetentionPeriod=3, DeletionProtection=True)
    assert changed["PendingModifiedValues"] == {"DBInstanceClass": "db.t3.small", "BackupRetentionPeriod": 3}
    assert (changed["DBInstanceClass"], changed["DeletionProtection"]) == ("db.t3.micro", True)
    assert world.modify(BackupRetentionPeriod=1)["PendingModifiedValues"] == {"DBInstanceClass": "db.t3.small"}
    aws.delays(rds_instance_modify=60)
    assert world.modify(ApplyImmediately=True)["DBInstanceStatus"] == "modifying"
    aws.skip(60)
    assert (world.now()["DBInstanceClass"], world.now()["PendingModifiedValues"]) == ("db.t3.small", {})


def test_one_zone_becomes_two(world: World) -> None:
    world.create(MultiAZ=False)
    assert len(world.interfaces()) == 1
    world.modify(MultiAZ=True, ApplyImmediately=True)
    assert len(world.interfaces()) == 2


def test_versions_go_up_a_major_one_at_a_time(world: World, refused: Refused) -> None:
    world.create(EngineVersion="8.0.42")
    with refused("InvalidParameterCombination", "Cannot upgrade"):
        world.modify(EngineVersion="8.0.40")
    with refused("InvalidParameterCombination", "AllowMajorVersionUpgrade"):
        world.modify(EngineVersion="8.4.7")
    with refused("InvalidParameterCombination", "mysql8.4"):
        world.modify(EngineVersion="8.4.7", AllowMajorVersionUpgrade=True, DBParameterGroupName="us-main-mysql8-0")
    world.parameter_group("us-main-mysql8-4", "mysql8.4")
    version = {"EngineVersion": "8.4.7", "AllowMajorVersionUpgrade": True, "DBParameterGroupName": "us-main-mysql8-4"}
    assert world.modify(ApplyImmediately=True, **version)["EngineVersion"] == "8.4.7"


def test_storage_never_shrinks(world: World, refused: Refused) -> None:
    world.create(AllocatedStorage=50)
    with refused("InvalidParameterCombination", "cannot be less"):
        world.modify(AllocatedStorage=20)


def test_a_static_parameter_waits_for_a_restart(world: World, refused: Refused) -> None:
    world.create()
    name = {"DBParameterGroupName": "us-main-mysql8-0"}
    said = {"ParameterName": "performance_schema", "ParameterValue": "1"}
    with refused("InvalidParameterCombination", "static parameter"):
        world.rds.modify_db_parameter_group(Parameters=[{**said, "ApplyMethod": "immediate"}], **name)
    with refused("InvalidParameterValue", "allowed values"):
        wrong = {**said, "ParameterValue": "maybe", "ApplyMethod": "pending-reboot"}
        world.rds.modify_db_parameter_group(Parameters=[wrong], **name)
    world.rds.modify_db_parameter_group(Parameters=[{**said, "ApplyMethod": "pending-reboot"}], **name)
    assert world.now()["DBParameterGroups"][0]["ParameterApplyStatus"] == "pending-reboot"
    assert [one["ParameterName"] for one in world.rds.describe_db_parameters(Source="user", **name)["Parameters"]] == [
        "performance_schema"
    ]
    with refused("InvalidDBParameterGroupState", "still members"):
        world.rds.delete_db_parameter_group(**name)
    world.rds.reboot_db_instance(DBInstanceIdentifier="us-main")
    world.rds.reset_db_parameter_group(Parameters=[{**said, "ApplyMethod": "pending-reboot"}], **name)
    assert world.rds.describe_db_parameters(Source="user", **name)["Parameters"] == []


def test_what_is_protected_stays_and_what_goes_leaves_a_snapshot(world: World, refused: Refused) -> None:
    world.create(DeletionProtection=True)
    with refused("InvalidParameterCombination", "disable deletion protection"):
        world.delete(SkipFinalSnapshot=True)
    world.modify(DeletionProtection=False)
    with refused("InvalidParameterCombination", "FinalDBSnapshotIdentifier is required"):
        world.delete()
    world.delete(FinalDBSnapshotIdentifier="us-main-final")
    assert world.rds.describe_db_instances()["DBInstances"] == []
    (snapshot,) = world.rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    assert (snapshot["DBSnapshotIdentifier"], snapshot["TagList"]) == (
        "us-main-final",
        [{"Key": "owner", "Value": "us"}],
    )


def test_everything_of_it_is_held(aws: EmbeddedAws, world: World) -> None:
    world.create()
    kinds = {one["kind"] for one in aws.holdings()}
    assert {"rds:db", "rds:pg", "rds:subgrp", "rds:snapshot"} <= kinds
    before = {one["id"]: one["fingerprint"] for one in aws.holdings() if one["kind"] == "rds:db"}
    world.modify(BackupRetentionPeriod=5)
    after = {one["id"]: one["fingerprint"] for one in aws.holdings() if one["kind"] == "rds:db"}
    assert before.keys() == after.keys()
    assert before != after


def test_more_than_the_quota_are_refused(aws: EmbeddedAws, world: World, refused: Refused) -> None:
    aws.limits(db_instances=0)
    with refused("InstanceQuotaExceeded"):
        world.create()


def test_a_new_name_is_seen_late(aws: EmbeddedAws, world: World, refused: Refused) -> None:
    aws.hide_new_ids(calls=2)
    world.subnet_group("late", world.subnets)
    with refused("DBSubnetGroupNotFoundFault", "late"):
        world.create(DBSubnetGroupName="late")
    names = [one["DBSubnetGroupName"] for one in world.rds.describe_db_subnet_groups()["DBSubnetGroups"]]
    assert names == ["us-main"]
    assert world.create(DBSubnetGroupName="late")["DBSubnetGroup"]["DBSubnetGroupName"] == "late"
