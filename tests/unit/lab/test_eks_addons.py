# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
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


def addon(world: World, name: str) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", world.eks.describe_addon(clusterName="main", addonName=name)["addon"])


def defaults(world: World, name: str) -> dict[str, str]:
    """Version of Kubernetes -> the add-on's default version."""
    found = world.eks.describe_addon_versions(addonName=name)["addons"][0]["addonVersions"]
    return {
        fit["clusterVersion"]: one["addonVersion"]
        for one in found
        for fit in one["compatibilities"]
        if fit["defaultVersion"]
    }


def test_an_addon_takes_its_time_and_the_default_version(world: World, aws: EmbeddedAws) -> None:
    aws.delays(eks_addon=60)
    made = world.eks.create_addon(clusterName="main", addonName="vpc-cni", tags={"a": "1"})["addon"]
    assert (made["status"], made["tags"]) == ("CREATING", {"a": "1"})
    assert made["addonVersion"] == defaults(world, "vpc-cni")["1.33"]
    aws.skip(60)
    assert addon(world, "vpc-cni")["status"] == "ACTIVE"
    assert world.eks.list_addons(clusterName="main")["addons"] == ["vpc-cni"]


def test_versions_are_told_for_each_kubernetes(world: World) -> None:
    found = world.eks.describe_addon_versions(kubernetesVersion="1.33", addonName="coredns")["addons"]
    versions = [one["addonVersion"] for one in found[0]["addonVersions"]]
    assert len(versions) > 1
    assert defaults(world, "coredns")["1.33"] == versions[1]
    assert defaults(world, "kube-proxy")["1.34"].startswith("v1.34.")
    assert world.eks.describe_addon_versions(types=["storage"], kubernetesVersion="1.33")["addons"]


def test_coredns_waits_for_a_node(world: World) -> None:
    world.eks.create_addon(clusterName="main", addonName="coredns")
    world.eks.create_addon(clusterName="main", addonName="kube-proxy")
    assert addon(world, "kube-proxy")["status"] == "ACTIVE"
    shown = addon(world, "coredns")
    assert shown["status"] == "DEGRADED"
    assert shown["health"]["issues"][0]["code"] == "InsufficientNumberOfReplicas"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"addonName": "cert-managers"}, "Addon specified is not supported"),
        ({"addonName": "coredns", "addonVersion": "v1.9.3-eksbuild.1"}, "Addon version specified is not supported"),
        ({"addonName": "kube-proxy", "addonVersion": "v1.34.0-eksbuild.4"}, "Addon version specified is not"),
        ({"addonName": "coredns", "configurationValues": '{"replicas": 2}'}, "$.replicas: is not defined"),
        ({"addonName": "coredns", "configurationValues": "[]"}, "neither JSON nor YAML"),
        (
            {"addonName": "vpc-cni", "serviceAccountRoleArn": "arn:aws:iam::123456789012:role/none"},
            "does not exist",
        ),
    ],
)
def test_an_addon_that_cannot_be_is_refused(world: World, refused: Refused, given: t.Any, words: str) -> None:
    with refused("InvalidParameterException", words):
        world.eks.create_addon(clusterName="main", **given)


def test_an_addon_is_made_once(world: World, refused: Refused) -> None:
    world.eks.create_addon(clusterName="main", addonName="vpc-cni")
    with refused("ResourceInUseException", "Addon already exists.", status=409):
        world.eks.create_addon(clusterName="main", addonName="vpc-cni")
    with refused("ResourceNotFoundException", "No addon: coredns found in cluster: main", status=404):
        addon(world, "coredns")


def test_an_addon_does_not_overwrite_what_the_cluster_was_born_with_unless_told(world: World) -> None:
    newest = world.eks.describe_addon_versions(addonName="vpc-cni", kubernetesVersion="1.33")["addons"][0]
    version = newest["addonVersions"][0]["addonVersion"]
    world.eks.create_addon(clusterName="main", addonName="vpc-cni", addonVersion=version)
    shown = addon(world, "vpc-cni")
    assert (shown["status"], shown["health"]["issues"][0]["code"]) == ("CREATE_FAILED", "ConfigurationConflict")
    world.eks.delete_addon(clusterName="main", addonName="vpc-cni", preserve=True)
    world.eks.create_addon(clusterName="main", addonName="vpc-cni", addonVersion=version, resolveConflicts="OVERWRITE")
    assert addon(world, "vpc-cni")["status"] == "ACTIVE"


def test_an_addon_changes_by_an_update(world: World, aws: EmbeddedAws, refused: Refused) -> None:
    role = world.role("csi", "ec2.amazonaws.com")
    world.eks.create_addon(clusterName="main", addonName="vpc-cni")
    aws.delays(eks_addon=60)
    values = json.dumps({"enableNetworkPolicy": "true"})
    update = world.eks.update_addon(
        clusterName="main", addonName="vpc-cni", serviceAccountRoleArn=role, configurationValues=values
    )["update"]
    assert (update["type"], update["status"]) == ("AddonUpdate", "InProgress")
    with refused("ResourceInUseException", "Addon vpc-cni cannot be updated as it is currently in UPDATING state"):
        world.eks.update_addon(clusterName="main", addonName="vpc-cni")
    aws.skip(60)
    followed = world.eks.describe_update(name="main", addonName="vpc-cni", updateId=update["id"])["update"]
    assert followed["status"] == "Successful"
    shown = addon(world, "vpc-cni")
    assert (shown["serviceAccountRoleArn"], shown["configurationValues"]) == (role, values)


def test_after_an_upgrade_the_proxy_follows(world: World) -> None:
    world.eks.create_addon(clusterName="main", addonName="kube-proxy")
    world.eks.update_cluster_version(name="main", version="1.34")
    assert addon(world, "kube-proxy")["addonVersion"].startswith("v1.33.")
    world.eks.update_addon(
        clusterName="main", addonName="kube-proxy", addonVersion=defaults(world, "kube-proxy")["1.34"]
    )
    assert addon(world, "kube-proxy")["addonVersion"].startswith("v1.34.")


def test_an_addon_brings_its_pod_identity_along(world: World, refused: Refused) -> None:
    role = world.role("csi", "pods.eks.amazonaws.com")
    wanted = [{"serviceAccount": "ebs-csi-controller-sa", "roleArn": role}]
    world.eks.create_addon(clusterName="main", addonName="aws-ebs-csi-driver", podIdentityAssociations=wanted)
    found = world.eks.list_pod_identity_associations(clusterName="main")["associations"]
    shown = addon(world, "aws-ebs-csi-driver")
    assert [one["associationArn"] for one in found] == shown["podIdentityAssociations"]
    assert found[0]["ownerArn"] == shown["addonArn"]
    with refused("InvalidRequestException", "managed by the add-on"):
        world.eks.delete_pod_identity_association(clusterName="main", associationId=found[0]["associationId"])
    world.eks.delete_addon(clusterName="main", addonName="aws-ebs-csi-driver")
    assert world.eks.list_pod_identity_associations(clusterName="main")["associations"] == []


def test_configuration_and_policies_are_told(world: World) -> None:
    told = world.eks.describe_addon_configuration(
        addonName="aws-ebs-csi-driver", addonVersion=defaults(world, "aws-ebs-csi-driver")["1.33"]
    )
    assert "controller" in json.loads(told["configurationSchema"])["properties"]
    assert told["podIdentityConfiguration"] == [
        {
            "serviceAccount": "ebs-csi-controller-sa",
            "recommendedManagedPolicies": ["arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy"],
        }
    ]


def test_addons_go_with_their_cluster_and_are_held(world: World, aws: EmbeddedAws) -> None:
    world.eks.create_addon(clusterName="main", addonName="vpc-cni", tags={"cloister:region": "us"})
    held = {one["kind"]: one for one in aws.holdings() if one["kind"].startswith("eks:")}
    assert held["eks:addon"]["tags"] == {"cloister:region": "us"}
    world.eks.delete_cluster(name="main")
    assert not [one for one in aws.holdings() if one["kind"].startswith("eks:")]
