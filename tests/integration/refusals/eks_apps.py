"""Broken apps of a cluster, in a copy of the kr region."""

from __future__ import annotations

from functools import partial

from tests.integration.refusals.broken import GONE, NETWORK, Broken, Renamed

APPS, EKS = "host_vars/eks_apps.yml", "host_vars/eks.yml"
CONTROLLER, CLASS = "eks_apps_load_balancer_controller", "eks_apps_storage_class"
kr = partial(Broken, inventory="kr")
UNPINNED = [{"name": "metrics", "namespace": "kube-system", "chart": "oci://example.com/metrics"}]

BROKEN = [
    kr(APPS, ("eks_apps_cluster",), GONE, "eks_apps_cluster", "missing"),
    kr(APPS, ("eks_apps_cluster",), "mian", "eks_apps_cluster", "did you mean main?"),
    kr(
        APPS,
        (CONTROLLER,),
        Renamed("eks_apps_load_balancer"),
        "eks_apps_load_balancer",
        "did you mean eks_apps_load_balancer_controller?",
    ),
    kr(APPS, (CONTROLLER, "enabled"), "on", f"{CONTROLLER}.enabled", "without quotes"),
    kr(APPS, (CONTROLLER, "version"), "3.x", f"{CONTROLLER}.version", "not one version"),
    kr(APPS, (CONTROLLER, "namespace"), "ingress", f"{CONTROLLER}.service_account", "gives its role to kube-system/"),
    kr(APPS, (CONTROLLER, "service_account"), "lbc", f"{CONTROLLER}.service_account", "no service account called"),
    kr(NETWORK, ("network_vpcs", "main", "kubernetes_clusters"), [], f"{CONTROLLER}.enabled", "find no subnets", APPS),
    kr(APPS, (CLASS, "type"), "gp4", f"{CLASS}.type", "did you mean gp3?"),
    kr(APPS, ("eks_apps_server",), "localhost:8443", "eks_apps_server", "no address of a Kubernetes API"),
    kr(APPS, ("eks_apps_argocd_image_updater",), {"enabled": True}, "updater.enabled", "Argo CD, which is off"),
    kr(APPS, ("eks_apps_releases",), UNPINNED, "eks_apps_releases[0].version", "could install another version"),
    kr(APPS, ("eks_apps_objects",), [{"kind": "ConfigMap"}], "eks_apps_objects[0]", "no apiVersion, metadata.name"),
    kr(EKS, ("eks_node_groups", "gpu", "labels"), {}, "eks_node_groups[1].labels", "lack the label nvidia.com/gpu"),
]
