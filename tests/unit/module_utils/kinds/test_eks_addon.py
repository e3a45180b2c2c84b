"""Add-ons on the embedded AWS: which version, in which order, what is waited for, what is refused."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError, OwnershipError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_addon import EksAddon

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.eks_inner_world import World, account, addon, told

CNI, PROXY, DNS, EBS = addon("vpc-cni"), addon("kube-proxy"), addon("coredns"), addon("aws-ebs-csi-driver")


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws).lay()


def part(name: str) -> tuple[str, str]:
    return "EKS add-on", f"main {name}"


def test_an_add_on_lives_through_its_phases(world: World) -> None:
    assert told(world.addons(CNI, check=True)) == [(*part("vpc-cni"), "create")]
    assert world.writes() == []
    assert told(world.addons(CNI)) == [(*part("vpc-cni"), "create")]
    assert world.writes() == ["CreateAddon"]
    for check in (False, True):
        assert told(world.addons(CNI, check=check)) == [(*part("vpc-cni"), "keep")]
    other = addon("vpc-cni", configuration={"env": {"ENABLE_PREFIX_DELEGATION": "true"}})
    assert told(world.addons(other, check=True)) == [(*part("vpc-cni"), "change")]
    assert world.writes() == []
    world.addons(other)
    assert world.writes() == ["UpdateAddon"]
    assert world.fields(EksAddon)["main vpc-cni"]["configuration"] == other["configuration"]
    assert told(world.addons(other)) == [(*part("vpc-cni"), "keep")]
    assert told(world.addons(check=True)) == [(*part("vpc-cni"), "remove")]
    world.addons()
    assert world.writes() == ["DeleteAddon"]
    assert told(world.addons()) == []
    assert world.writes() == []


def test_before_there_are_nodes_only_what_they_need_is_made_and_nothing_waited_for(world: World) -> None:
    world.lab.delays(eks_addon=30)
    outcome = world.addons(CNI, PROXY, DNS, EBS, nodes=False)
    assert told(outcome) == [(*part("vpc-cni"), "create"), (*part("kube-proxy"), "create")]
    assert {found.raw["status"] for found in world.standing(EksAddon).values()} == {"CREATING"}


def test_the_look_before_nodes_says_whether_anything_is_left_to_do_after_them(world: World) -> None:
    for check in (True, False):
        world.addons(CNI, DNS, nodes=False, check=check)
        assert not world.done
    world.addons(CNI, DNS)
    for check in (True, False):
        world.addons(CNI, DNS, nodes=False, check=check)
        assert world.done
    world.addons(CNI, nodes=False)
    assert not world.done
    world.addons(CNI, addon("coredns", configuration={"replicaCount": 3}), nodes=False)
    assert not world.done


def test_without_nodes_nothing_is_removed(world: World) -> None:
    world.addons(CNI, PROXY)
    assert told(world.addons(PROXY, nodes=False)) == [(*part("kube-proxy"), "keep")]
    assert told(world.addons(PROXY)) == [(*part("kube-proxy"), "keep"), (*part("vpc-cni"), "remove")]


@pytest.mark.parametrize(("name", "kept"), [("vpc-cni", True), ("eks-pod-identity-agent", False)])
def test_what_pods_cannot_do_without_runs_on_when_it_is_no_longer_listed(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str, kept: bool
) -> None:
    world.addons(addon(name))
    call, asked = world.aws.call, []

    def listen(service: str, action: str, /, *rest: t.Any, **params: t.Any) -> t.Any:
        asked.extend([params["preserve"]] if action == "delete_addon" else [])
        return call(service, action, *rest, **params)

    monkeypatch.setattr(world.aws, "call", listen)
    world.addons()
    assert asked == [kept]


def test_an_add_on_that_only_lacks_a_node_is_not_waited_for_in_a_cluster_without_any(world: World) -> None:
    outcome = world.addons(DNS)
    assert told(outcome) == [(*part("coredns"), "create")]
    found = world.standing(EksAddon)["main coredns"]
    assert found.raw["status"] == "DEGRADED"
    shown = EksAddon(world.aws, world.owner).shows(found)
    assert "InsufficientNumberOfReplicas" in shown["issues"]


def test_aws_default_is_taken_and_kept_when_a_newer_one_fits(world: World) -> None:
    world.addons(CNI)
    default = world.fields(EksAddon)["main vpc-cni"]["version"]
    assert told(world.addons(CNI)) == [(*part("vpc-cni"), "keep")]
    world.addons(addon("vpc-cni", version="latest"))
    latest = world.fields(EksAddon)["main vpc-cni"]["version"]
    assert latest != default
    for version in ("", "default", "latest", latest):
        assert told(world.addons(addon("vpc-cni", version=version)))[0][2] == "keep", version


def test_a_version_that_is_asked_for_is_taken_backwards_too(world: World) -> None:
    world.addons(addon("vpc-cni", version="latest"))
    older = "v1.19.6-eksbuild.7"
    world.addons(addon("vpc-cni", version=older))
    assert world.fields(EksAddon)["main vpc-cni"]["version"] == older


def test_an_add_on_follows_its_cluster_to_another_version_and_is_waited_for(world: World) -> None:
    world.addons(PROXY)
    assert world.fields(EksAddon)["main kube-proxy"]["version"].startswith("v1.33.")
    world.aws.call("eks", "update_cluster_version", name="us-main", version="1.34")
    assert told(world.addons(PROXY, nodes=False, check=True)) == [(*part("kube-proxy"), "change")]
    world.addons(PROXY, nodes=False)
    found = world.standing(EksAddon)["main kube-proxy"]
    assert found.raw["addonVersion"].startswith("v1.34.")
    assert found.raw["status"] == "ACTIVE"


def test_a_version_that_does_not_fit_is_refused_with_those_that_do(world: World) -> None:
    with pytest.raises(RegionError, match=r"coredns: there is no version v1.14.1-eksbuild.1 for Kubernetes 1.33; AWS"):
        world.addons(addon("coredns", version="v1.14.1-eksbuild.1"))
    with pytest.raises(RegionError, match=r"EKS offers none of that name for Kubernetes 1\.33 in us-west-2"):
        world.addons(addon("coredsn"))
    assert world.writes() == []


def test_a_setting_that_it_does_not_have_is_refused_with_those_that_it_has(world: World) -> None:
    with pytest.raises(InputError, match=r"kube-proxy v\S+ has no setting modus; it has .*mode"):
        world.addons(addon("kube-proxy", configuration={"modus": "ipvs"}))
    assert world.writes() == []


def test_an_add_on_takes_the_role_of_its_service_account(world: World) -> None:
    csi = account(managed_policies=["service-role/AmazonEBSCSIDriverPolicy"])
    told(world.accounts(csi))
    driver = {**EBS, "service_account_role": "ebs-csi"}
    world.addons(driver, accounts=[csi])
    role = world.fields(EksAddon)["main aws-ebs-csi-driver"]["role"]
    assert role == "arn:aws:iam::123456789012:role/cloister/us/eks/us-main-ebs-csi"
    assert told(world.addons(driver, accounts=[csi])) == [(*part("aws-ebs-csi-driver"), "keep")]


def test_a_role_that_comes_by_pod_identity_the_add_on_is_not_told_of(world: World) -> None:
    csi = account(identity="pod_identity", managed_policies=["service-role/AmazonEBSCSIDriverPolicy"])
    told(world.accounts(csi))
    world.addons({**EBS, "service_account_role": "ebs-csi"}, accounts=[csi])
    assert world.fields(EksAddon)["main aws-ebs-csi-driver"]["role"] == ""


def test_an_add_on_that_loses_its_role_is_installed_anew_while_its_pods_run_on(world: World) -> None:
    csi = account(managed_policies=["service-role/AmazonEBSCSIDriverPolicy"])
    told(world.accounts(csi))
    world.addons({**EBS, "service_account_role": "ebs-csi"}, accounts=[csi])
    world.writes()
    assert told(world.addons(EBS)) == [(*part("aws-ebs-csi-driver"), "change")]
    assert world.writes() == ["DeleteAddon", "CreateAddon"]
    assert world.fields(EksAddon)["main aws-ebs-csi-driver"]["role"] == ""


def test_a_service_account_that_nobody_listed_is_refused(world: World) -> None:
    with pytest.raises(InputError, match="there is no service account ebs-csi; there are: none"):
        world.addons({**EBS, "service_account_role": "ebs-csi"})


def test_an_add_on_that_others_installed_is_refused(world: World) -> None:
    world.aws.call("eks", "create_addon", clusterName="us-main", addonName="vpc-cni")
    world.writes()
    with pytest.raises(OwnershipError, match=r"EKS add-on main vpc-cni cannot be made: arn:\S+ has its place"):
        world.addons(CNI)
    assert world.writes() == []


def test_an_add_on_that_failed_is_told_with_its_reason_and_installed_anew_by_the_next_run(world: World) -> None:
    world.aws.call("eks", "delete_cluster", name="us-main")
    world.begin(self_managed=True)
    newest = addon("vpc-cni", version="latest", resolve_conflicts="none")
    with pytest.raises(RegionError, match=r"vpc-cni in us-main is CREATE_FAILED: ConfigurationConflict: Conflicts"):
        told(world.addons(newest))
    world.writes()
    again = {**newest, "resolve_conflicts": "overwrite"}
    assert told(world.addons(again)) == [(*part("vpc-cni"), "change")]
    assert world.writes() == ["DeleteAddon", "CreateAddon"]
    assert told(world.addons(again)) == [(*part("vpc-cni"), "keep")]


def test_add_ons_of_a_cluster_that_is_to_come_are_predicted(world: World) -> None:
    world.aws.call("eks", "delete_cluster", name="us-main")
    assert [action for _kind, _part, action in told(world.addons(CNI, DNS, check=True))] == ["create", "create"]


def test_an_add_on_whose_answer_was_lost_is_there_once(world: World) -> None:
    world.lab.reset_connections("CreateAddon", applied=True)
    told(world.addons(CNI))
    assert list(world.standing(EksAddon)) == ["main vpc-cni"]
