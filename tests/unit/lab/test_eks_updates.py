# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.lab.eks_world import World

Refused = t.Any


@pytest.fixture
def world(client: t.Any, network: t.Any) -> World:
    made = World(client, network, out=False)
    made.cluster()
    return made


def test_an_update_takes_its_time_and_can_be_followed(world: World, aws: EmbeddedAws) -> None:
    aws.delays(eks_update=60)
    update = world.eks.update_cluster_version(name="main", version="1.34")["update"]
    assert (update["status"], update["type"]) == ("InProgress", "VersionUpdate")
    assert {"type": "Version", "value": "1.34"} in update["params"]
    shown = world.described()
    assert (shown["status"], shown["version"]) == ("UPDATING", "1.33")
    aws.skip(60)
    assert world.eks.describe_update(name="main", updateId=update["id"])["update"]["status"] == "Successful"
    assert world.eks.list_updates(name="main")["updateIds"] == [update["id"]]
    shown = world.described()
    assert (shown["status"], shown["version"]) == ("ACTIVE", "1.34")


def test_one_update_runs_at_a_time(world: World, aws: EmbeddedAws, refused: Refused) -> None:
    aws.delays(eks_update=30)
    update = world.eks.update_cluster_version(name="main", version="1.34")["update"]["id"]
    with refused(
        "ResourceInUseException",
        f"Cannot LoggingUpdate because cluster main currently has update {update} in progress",
        status=409,
    ):
        world.eks.update_cluster_config(name="main", logging={"clusterLogging": [{"types": ["api"], "enabled": True}]})
    with refused("ResourceInUseException", "currently has an update in progress"):
        world.eks.delete_cluster(name="main")


@pytest.mark.parametrize("version", ["1.35", "1.32"])
def test_a_version_goes_up_one_minor_at_a_time(world: World, refused: Refused, version: str) -> None:
    with refused("InvalidParameterException", f"Unsupported Kubernetes minor version update from 1.33 to {version}"):
        world.eks.update_cluster_version(name="main", version=version)


def test_a_new_version_comes_with_new_interfaces(world: World) -> None:
    before = {one["NetworkInterfaceId"] for one in world.interfaces()}
    world.eks.update_cluster_version(name="main", version="1.34")
    after = {one["NetworkInterfaceId"] for one in world.interfaces()}
    assert len(after) == 2
    assert not after & before


def test_only_one_type_of_update_is_allowed(world: World, refused: Refused) -> None:
    with refused("InvalidParameterException", "Only one type of update can be allowed."):
        world.eks.update_cluster_config(
            name="main", resourcesVpcConfig={"endpointPublicAccess": True}, deletionProtection=True
        )


def test_the_endpoint_opens_and_closes(world: World, refused: Refused) -> None:
    update = world.eks.update_cluster_config(
        name="main", resourcesVpcConfig={"endpointPublicAccess": True, "publicAccessCidrs": ["198.51.100.0/24"]}
    )
    assert update["update"]["type"] == "EndpointAccessUpdate"
    network = world.described()["resourcesVpcConfig"]
    assert (network["endpointPublicAccess"], network["publicAccessCidrs"]) == (True, ["198.51.100.0/24"])
    with refused(
        "InvalidParameterException",
        "Cluster is already at the desired configuration with endpointPrivateAccess: true , endpointPublicAccess: true"
        ", and Public Endpoint Restrictions: [198.51.100.0/24]",
    ):
        world.eks.update_cluster_config(name="main", resourcesVpcConfig={"endpointPublicAccess": True})
    world.eks.update_cluster_config(name="main", resourcesVpcConfig={"endpointPublicAccess": False})
    assert world.described()["resourcesVpcConfig"]["publicAccessCidrs"] == []


def test_logs_are_switched_by_kind(world: World, refused: Refused) -> None:
    on = {"clusterLogging": [{"types": ["audit", "api"], "enabled": True}]}
    world.eks.update_cluster_config(name="main", logging=on)
    with refused("InvalidParameterException", "No changes needed for the logging config provided"):
        world.eks.update_cluster_config(name="main", logging=on)
    world.eks.update_cluster_config(name="main", logging={"clusterLogging": [{"types": ["audit"], "enabled": False}]})
    shown = world.described()["logging"]["clusterLogging"]
    assert [one["types"] for one in shown if one["enabled"]] == [["api"]]


def test_a_cluster_moves_to_other_subnets(world: World, refused: Refused) -> None:
    wanted = world.subnets[1:]
    world.eks.update_cluster_config(name="main", resourcesVpcConfig={"subnetIds": wanted})
    assert {one["SubnetId"] for one in world.interfaces()} == set(wanted)
    with refused("InvalidParameterException", "at least two different AZs"):
        world.eks.update_cluster_config(name="main", resourcesVpcConfig={"subnetIds": wanted[:1]})


def test_access_entries_are_not_given_up_again(world: World, refused: Refused) -> None:
    with refused("InvalidParameterException", "Unsupported authentication mode update from API to CONFIG_MAP"):
        world.eks.update_cluster_config(name="main", accessConfig={"authenticationMode": "CONFIG_MAP"})


def test_extended_support_stays_once_it_has_begun(world: World, refused: Refused) -> None:
    with refused("InvalidRequestException", "Extended support cannot be disabled"):
        world.eks.update_cluster_config(name="main", upgradePolicy={"supportType": "STANDARD"})
    world.eks.update_cluster_version(name="main", version="1.34")
    world.eks.update_cluster_config(name="main", upgradePolicy={"supportType": "STANDARD"})
    assert world.described()["upgradePolicy"] == {"supportType": "STANDARD"}


def test_secrets_are_encrypted_once(world: World, refused: Refused) -> None:
    key = world.client("kms").create_key()["KeyMetadata"]["Arn"]
    wanted = [{"resources": ["secrets"], "provider": {"keyArn": key}}]
    world.eks.associate_encryption_config(clusterName="main", encryptionConfig=wanted)
    assert world.described()["encryptionConfig"] == wanted
    with refused("InvalidRequestException", "cannot be changed"):
        world.eks.associate_encryption_config(clusterName="main", encryptionConfig=wanted)


def test_nothing_changes_before_the_cluster_is_active(world: World, aws: EmbeddedAws, refused: Refused) -> None:
    aws.delays(eks_cluster=30)
    world.cluster("late")
    with refused("InvalidRequestException", "Cluster 'late' is not in ACTIVE status"):
        world.eks.update_cluster_config(name="late", deletionProtection=True)
    world.eks.delete_cluster(name="late")


def test_a_version_without_addresses_for_its_control_plane_fails_and_all_stays(world: World, network: t.Any) -> None:
    small = [
        network.subnet(world.vpc, f"10.0.{at}.0/28", zone) for at, zone in ((50, "us-west-2a"), (51, "us-west-2b"))
    ]
    world.cluster("tight", network={"subnetIds": small})
    before = {one["NetworkInterfaceId"] for one in world.interfaces("tight")}
    for _ in range(10):
        world.ec2.create_network_interface(SubnetId=small[0])
    update = world.eks.update_cluster_version(name="tight", version="1.34")["update"]["id"]
    followed = world.eks.describe_update(name="tight", updateId=update)["update"]
    assert (followed["status"], followed["errors"][0]["errorCode"]) == ("Failed", "IpNotAvailable")
    assert (world.described("tight")["status"], world.described("tight")["version"]) == ("ACTIVE", "1.33")
    assert {one["NetworkInterfaceId"] for one in world.interfaces("tight")} == before
