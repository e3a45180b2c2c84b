"""Each rule about what runs in a cluster: the one thing that is wrong is told at its path, and nothing else is."""

from __future__ import annotations

import copy
import typing as t

import pytest

from tests.unit.spec.described import Variables, sound, told
from tests.unit.spec.test_eks import with_cluster

APPS, GPU = "eks_apps_releases", ("eks_node_groups", 1)
CONTROLLER, UPDATER = "eks_apps_load_balancer_controller", "eks_apps_argocd_image_updater"
ACCOUNTS = [
    {
        "name": name,
        "namespace": namespace,
        "service_account": account,
        "reason": "Its work",
        "managed_policies": ["AmazonEC2ContainerRegistryReadOnly"],
    }
    for name, namespace, account in (
        ("load-balancer-controller", "kube-system", "aws-load-balancer-controller"),
        ("images", "argocd", "argocd-image-updater"),
        ("ebs-csi", "kube-system", "ebs-csi-controller-sa"),
    )
]
ADDONS = [{"name": name} for name in ("vpc-cni", "kube-proxy", "coredns")]
SAID: Variables = {
    "eks_apps_cluster": "main",
    "eks_apps_server": "https://localhost:8443",
    "eks_apps_wait_seconds": 600,
    "eks_apps_storage_class": {"name": "gp3", "default": True},
    CONTROLLER: {"enabled": True, "values": {"replicaCount": 1}},
    "eks_apps_nvidia_device_plugin": {"enabled": True, "version": "0.18.2"},
    "eks_apps_external_secrets": {"enabled": False},
    "eks_apps_argocd": {"enabled": True},
    UPDATER: {"enabled": True, "service_account": "images"},
    APPS: [
        {"name": "metrics", "namespace": "kube-system", "chart": "metrics-server", "version": "3.13.0"},
        {"name": "ours", "namespace": "apps", "chart": "oci://registry.example.com/ours", "version": "1.0.0"},
    ],
    "eks_apps_objects": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "root"}}],
}


def with_apps() -> Variables:
    variables = {**with_cluster(), **copy.deepcopy(SAID)}
    variables["eks_node_groups"][1]["labels"] = {"nvidia.com/gpu.present": "true"}
    variables["eks_service_accounts"] = copy.deepcopy(ACCOUNTS)
    variables["eks_addons"] = [*ADDONS, {"name": "aws-ebs-csi-driver", "service_account_role": "ebs-csi"}]
    variables["network_vpcs"][0]["kubernetes_clusters"] = ["us-main"]
    return variables


def changed(path: tuple[str | int, ...], value: t.Any) -> Variables:
    variables = with_apps()
    at: t.Any = variables
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return variables


def test_sound_apps_have_no_problem() -> None:
    assert told(with_apps()) == []


def test_apps_alone_are_judged_by_themselves() -> None:
    """The cluster may stand in another run: what is not in the inventory is not missed."""
    assert told({**sound(), "eks_apps_cluster": "main", CONTROLLER: {"enabled": False}}) == []


@pytest.mark.parametrize(
    ("path", "value", "where", "words"),
    [
        (("eks_apps_cluster",), "mian", "eks_apps_cluster", "did you mean main?"),
        (("eks_apps_server",), "localhost:8443", "eks_apps_server", "no address of a Kubernetes API"),
        (("eks_apps_wait_seconds",), 0, "eks_apps_wait_seconds", "1 or more"),
        (("eks_apps_storage_class", "name"), "GP3", "eks_apps_storage_class.name", "name of a storage class"),
        (("eks_addons",), ADDONS, "eks_apps_storage_class.name", "Nothing in the cluster makes its vol"),
        ((CONTROLLER, "version"), "^3.0", f"{CONTROLLER}.version", "not one version"),
        ((CONTROLLER, "service_account"), "load-balancer", f"{CONTROLLER}.service_account", "did you mean load-bal"),
        ((CONTROLLER, "service_account"), "images", f"{CONTROLLER}.service_account", "gives its role to argocd/"),
        ((CONTROLLER, "namespace"), "ingress", f"{CONTROLLER}.service_account", "runs as ingress/aws-load-balancer"),
        (("network_vpcs", 0, "kubernetes_clusters"), [], f"{CONTROLLER}.enabled", "It would find no subnets"),
        (("eks_apps_argocd", "enabled"), False, f"{UPDATER}.enabled", "Argo CD, which is off"),
        ((*GPU, "labels"), {}, "eks_node_groups[1].labels", "lack the label nvidia.com/gpu.present"),
        ((APPS, 0, "name"), "Metrics", f"{APPS}[0].name", "name of a release"),
        ((APPS, 0, "name"), "ours", f"{APPS}[1].name", "there already"),
        ((APPS, 0, "name"), "argocd", f"{APPS}[0].name", "there already"),
        ((APPS, 0, "repository"), "http://charts.example.com", f"{APPS}[0].repository", "no repository of charts"),
        ((APPS, 1, "version"), "", f"{APPS}[1].version", "could install another version"),
        ((APPS, 1, "version"), "1.x", f"{APPS}[1].version", "is not one"),
        (("eks_apps_objects", 0, "metadata"), {}, "eks_apps_objects[0]", "no metadata.name"),
    ],
)
def test_each_rule_names_the_one_thing_that_is_wrong(
    path: tuple[str | int, ...], value: t.Any, where: str, words: str
) -> None:
    (problem,) = told(changed(path, value))
    assert problem.startswith(f"{where}: ")
    assert words in problem


def test_a_device_plugin_without_gpus_is_refused() -> None:
    variables = with_apps()
    del variables["eks_node_groups"][1]
    (problem,) = told(variables)
    assert problem.startswith("eks_apps_nvidia_device_plugin.enabled: No node group of the cluster has GPUs")
