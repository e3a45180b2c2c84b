# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What runs in a cluster's own layer: which chart of which version, and the values that come of what stands.

Nothing here knows AWS or Helm: `compose` turns what the inventory says, and a `Ground`, into releases in the order in
which they work. The controller of load balancers goes first: its webhook sees every service that is made, so the others
wait until it answers (https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/installation/).
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.cloister.aws.plugins.module_utils._owner import REGION

ROLE_ARN = "eks.amazonaws.com/role-arn"
# https://kubernetes.io/docs/concepts/storage/storage-classes/#default-storageclass
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
STORAGE, BOOTSTRAP = "storage-class", "bootstrap"
"""Releases of our own chart: before everything else, and after it."""


@dataclass(frozen=True)
class Ground:
    """What stands and the releases stand on: the cluster's name in AWS, where it is, and whose it is."""

    cluster: str
    aws_region: str
    vpc_id: str
    region_name: str
    tags: t.Mapping[str, str]
    roles: t.Mapping[str, str]
    """ARNs by logical name of the roles that service accounts take by IRSA; empty for those of Pod Identity."""


class Release(t.TypedDict):
    """A release as kubernetes.core.helm takes it; absent ones have a name and a namespace only."""

    name: str
    namespace: str
    state: t.Literal["present", "absent"]
    chart: str
    repository: str
    version: str
    values: dict[str, t.Any]


@dataclass(frozen=True)
class App:
    """A chart that we know: where it comes from, in which version. docs/eks-apps.md says how it was checked."""

    release: str
    repository: str
    chart: str
    version: str
    namespace: str
    service_account: str = ""
    """The service account it runs as in Kubernetes; empty for one that AWS does not know."""
    identity: str = ""
    """The logical name of that account's role, unless the inventory says another."""


# The versions are those that were out in autumn 2026; values were compared with the charts' own values.yaml.
APPS: dict[str, App] = {
    "load_balancer_controller": App(
        release="aws-load-balancer-controller",
        repository="https://aws.github.io/eks-charts",
        chart="aws-load-balancer-controller",
        version="3.6.0",
        namespace="kube-system",
        service_account="aws-load-balancer-controller",
        identity="load-balancer-controller",
    ),
    "nvidia_device_plugin": App(
        release="nvidia-device-plugin",
        repository="https://nvidia.github.io/k8s-device-plugin",
        chart="nvidia-device-plugin",
        version="0.18.2",
        namespace="nvidia-device-plugin",
    ),
    "external_secrets": App(
        release="external-secrets",
        repository="https://charts.external-secrets.io",
        chart="external-secrets",
        version="2.11.0",
        namespace="external-secrets",
        service_account="external-secrets",
    ),
    "argocd": App(
        release="argocd",
        repository="https://argoproj.github.io/argo-helm",
        chart="argo-cd",
        version="9.4.17",
        namespace="argocd",
    ),
    "argocd_image_updater": App(
        release="argocd-image-updater",
        repository="https://argoproj.github.io/argo-helm",
        chart="argocd-image-updater",
        version="1.3.0",
        namespace="argocd",
        service_account="argocd-image-updater",
    ),
}
"""By the name of the variable, without `eks_apps_`, in the order in which they are installed."""


def compose(said: t.Mapping[str, t.Any], ground: Ground, objects_chart: str) -> list[Release]:
    """Return the releases of a cluster: those to be gone, last one first, then those to stand, in order.

    ``said`` has {storage_class, objects, releases} and an entry {enabled, ...} for each of `APPS`.
    """
    storage = [storage_class(said["storage_class"])] if said["storage_class"].get("name") else []
    releases = [
        _of_objects(STORAGE, "kube-system", storage, objects_chart),
        *(_app(app, said[name], ground) for name, app in APPS.items()),
        *(_further(entry) for entry in said["releases"]),
        _of_objects(BOOTSTRAP, "kube-system", said["objects"], objects_chart),
    ]
    gone = [release for release in releases if release["state"] == "absent"]
    return gone[::-1] + [release for release in releases if release["state"] == "present"]


def storage_class(said: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the Kubernetes object of a storage class {name, default, type, kms_key_arn, reclaim, parameters}.

    Volumes are always encrypted, grow, and are made in the zone of the pod that asks for them.
    https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/parameters.md
    """
    key = {"kmsKeyId": said["kms_key_arn"]} if said.get("kms_key_arn") else {}
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": said["name"],
            "annotations": {DEFAULT_CLASS: str(bool(said.get("default"))).lower()},
        },
        "provisioner": "ebs.csi.aws.com",
        "parameters": {"type": said.get("type") or "gp3", "encrypted": "true", **key, **(said.get("parameters") or {})},
        "reclaimPolicy": said.get("reclaim") or "Delete",
        "allowVolumeExpansion": True,
        "volumeBindingMode": "WaitForFirstConsumer",
    }


def merged(ours: t.Mapping[str, t.Any], theirs: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return both, theirs over ours, dicts key by key and all else as a whole."""
    result = dict(ours)
    for key, value in theirs.items():
        deep = isinstance(value, t.Mapping) and isinstance(result.get(key), t.Mapping)
        result[key] = merged(result[key], value) if deep else value
    return result


def values_of(name: str, account: str, role_arn: str, ground: Ground) -> dict[str, t.Any]:
    """Return the values that an app gets from what stands, as its chart's values.yaml names them."""
    values: dict[str, t.Any] = {}
    if account:
        annotations = {"annotations": {ROLE_ARN: role_arn}} if role_arn else {}
        values["serviceAccount"] = {"create": True, "name": account, **annotations}
    if name == APPS["load_balancer_controller"].release:
        # Told, so that the controller need not ask a machine's metadata; its load balancers say whose they are.
        values |= {"clusterName": ground.cluster, "region": ground.aws_region, "vpcId": ground.vpc_id}
        values["defaultTags"] = {**ground.tags, REGION: ground.region_name}
    return values


def _app(app: App, said: t.Mapping[str, t.Any], ground: Ground) -> Release:
    namespace = said.get("namespace") or app.namespace
    if not said["enabled"]:
        return _absent(app.release, namespace)
    role_arn = ground.roles.get(said.get("service_account") or "", "")
    values = values_of(app.release, app.service_account, role_arn, ground)
    # A chart from elsewhere, a mirror or a file, needs no repository.
    chart, repository = (said["chart"], "") if said.get("chart") else (app.chart, app.repository)
    return Release(
        name=app.release,
        namespace=namespace,
        state="present",
        chart=chart,
        repository=repository,
        version=said.get("version") or app.version,
        values=merged(values, said.get("values") or {}),
    )


def _further(said: t.Mapping[str, t.Any]) -> Release:
    if not said.get("enabled", True):
        return _absent(said["name"], said["namespace"])
    return Release(
        name=said["name"],
        namespace=said["namespace"],
        state="present",
        chart=said["chart"],
        repository=said.get("repository") or "",
        version=said.get("version") or "",
        values=dict(said.get("values") or {}),
    )


def _of_objects(name: str, namespace: str, objects: t.Sequence[t.Any], chart: str) -> Release:
    if not objects:
        return _absent(name, namespace)
    values = {"objects": list(objects)}
    return Release(
        name=name, namespace=namespace, state="present", chart=chart, repository="", version="", values=values
    )


def _absent(name: str, namespace: str) -> Release:
    return Release(name=name, namespace=namespace, state="absent", chart="", repository="", version="", values={})
