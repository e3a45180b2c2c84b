"""What is composed for a cluster: which releases, in which order, with which values."""

from __future__ import annotations

import re
import typing as t
from pathlib import Path

import pytest
import yaml
from ansible_collections.cloister.aws.plugins.module_utils._cluster_access import (
    Cluster,
    how_to_reach,
    kubeconfig,
    rehearsed,
    unreached,
)
from ansible_collections.cloister.aws.plugins.module_utils._eks_apps import APPS, Ground, Release, compose, merged

ROOT = Path(__file__).parents[3]
ROLE = "arn:{}:iam::444455556666:role/kr-load-balancer-controller".format("aws")
GROUND = Ground("kr-main", "ap-northeast-2", "vpc-1", "kr", {"owner": "platform"}, {"lbc": ROLE, "images": ""})
OFF: dict[str, t.Any] = {name: {"enabled": False} for name in APPS}
NOTHING: dict[str, t.Any] = {**OFF, "storage_class": {}, "releases": [], "objects": []}


def composed(**said: t.Any) -> list[Release]:
    return compose({**NOTHING, **said}, GROUND, "/objects")


def present(**said: t.Any) -> list[Release]:
    return [release for release in composed(**said) if release["state"] == "present"]


def test_nothing_runs_that_nobody_asked_for() -> None:
    assert {release["state"] for release in composed()} == {"absent"}
    assert {release["name"] for release in composed()} >= {app.release for app in APPS.values()}


def test_what_goes_goes_first_and_the_last_one_first() -> None:
    releases = composed(argocd={"enabled": True}, objects=[{"kind": "Application"}])
    states = [release["state"] for release in releases]
    assert states == ["absent"] * states.count("absent") + ["present"] * 2
    assert [release["name"] for release in releases][-2:] == ["argocd", "bootstrap"]
    gone = [release["name"] for release in releases if release["state"] == "absent"]
    assert gone.index("argocd-image-updater") < gone.index("aws-load-balancer-controller") < gone.index("storage-class")


def test_the_controller_of_load_balancers_is_up_before_anything_makes_a_service() -> None:
    on = {name: {"enabled": True} for name in APPS}
    further = {"name": "metrics", "namespace": "kube-system", "chart": "metrics-server"}
    names = [release["name"] for release in present(**on, storage_class={"name": "gp3"}, releases=[further])]
    assert names[:2] == ["storage-class", "aws-load-balancer-controller"]
    assert names[-1] == "metrics"


def test_the_controller_knows_cluster_region_network_and_role() -> None:
    (release,) = present(load_balancer_controller={"enabled": True, "service_account": "lbc"})
    assert (release["chart"], release["repository"]) == (
        "aws-load-balancer-controller",
        "https://aws.github.io/eks-charts",
    )
    assert release["values"] == {
        "clusterName": "kr-main",
        "region": "ap-northeast-2",
        "vpcId": "vpc-1",
        "defaultTags": {"owner": "platform", "cloister:region": "kr"},
        "serviceAccount": {
            "create": True,
            "name": "aws-load-balancer-controller",
            "annotations": {"eks.amazonaws.com/role-arn": ROLE},
        },
    }


def test_a_role_of_pod_identity_is_not_written_on_the_account() -> None:
    (release,) = present(argocd_image_updater={"enabled": True, "service_account": "images"})
    assert release["values"] == {"serviceAccount": {"create": True, "name": "argocd-image-updater"}}


def test_values_of_the_inventory_are_laid_over_ours_key_by_key() -> None:
    values = {"defaultTags": {"team": "apps"}, "replicaCount": 3}
    (release,) = present(load_balancer_controller={"enabled": True, "values": values})
    assert release["values"]["defaultTags"] == {"owner": "platform", "cloister:region": "kr", "team": "apps"}
    assert (release["values"]["replicaCount"], release["values"]["clusterName"]) == (3, "kr-main")
    assert merged({"a": {"b": 1}}, {"a": [1]}) == {"a": [1]}


def test_a_mirror_takes_the_place_of_the_public_repository() -> None:
    (release,) = present(argocd={"enabled": True, "chart": "oci://mirror/argo-cd", "version": "9.9.9"})
    assert (release["chart"], release["repository"], release["version"]) == ("oci://mirror/argo-cd", "", "9.9.9")


def test_a_storage_class_is_encrypted_whatever_it_says_else() -> None:
    (release,) = present(storage_class={"name": "fast", "type": "io2", "kms_key_arn": "key", "reclaim": "Retain"})
    (made,) = release["values"]["objects"]
    assert made["parameters"] == {"type": "io2", "encrypted": "true", "kmsKeyId": "key"}
    assert made["reclaimPolicy"] == "Retain"
    assert set(made["metadata"]["annotations"].values()) == {"false"}


@pytest.mark.parametrize("name", APPS)
def test_chart_versions_are_pinned_and_the_documentation_says_the_same(name: str) -> None:
    app = APPS[name]
    assert re.fullmatch(r"\d+\.\d+\.\d+", app.version)
    assert f"| {app.version} | `{app.namespace}` |" in (ROOT / "docs/eks-apps.md").read_text(encoding="utf-8")
    specs = yaml.safe_load((ROOT / "roles/eks_apps/meta/argument_specs.yml").read_text(encoding="utf-8"))
    options = specs["argument_specs"]["main"]["options"][f"eks_apps_{name}"]["options"]
    assert app.version in options["version"]["description"]
    assert f"C({app.namespace})" in options["namespace"]["description"]
    assert options.get("service_account", {}).get("default", "") == app.identity


CLUSTER = Cluster("kr-main", "ap-northeast-2", "https://abc.gr7.ap-northeast-2.eks.amazonaws.com", "Q0E=", "vpc-1")


def test_a_tunnel_is_held_to_the_clusters_own_name() -> None:
    told = kubeconfig(CLUSTER, "https://localhost:8443", ["python3", "token.py"])["clusters"][0]["cluster"]
    assert told["server"] == "https://localhost:8443"
    assert told["tls-server-name"] == "abc.gr7.ap-northeast-2.eks.amazonaws.com"


def test_who_does_not_get_through_is_told_the_command_that_does() -> None:
    why = unreached("https://127.0.0.1:9")
    assert why
    told = how_to_reach(CLUSTER, why)
    assert "host=abc.gr7.ap-northeast-2.eks.amazonaws.com,portNumber=443" in told
    assert "-e eks_apps_server=https://localhost:8443" in told


def test_only_an_aws_on_this_machine_is_a_rehearsal() -> None:
    assert rehearsed("http://127.0.0.1:4566")
    assert not rehearsed(None)
    assert not rehearsed("https://vpce-1.sts.ap-northeast-2.vpce.amazonaws.com")
