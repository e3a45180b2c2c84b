# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Add-ons that EKS offers, the versions of each for each version of Kubernetes, and what may be configured.

https://docs.aws.amazon.com/eks/latest/userguide/workloads-add-ons-available-eks.html. AWS publishes new versions each
week; the numbers here have AWS's shape and its rules (several for each Kubernetes, the newest seldom the default,
kube-proxy's own for each), and nothing more.
"""

from __future__ import annotations

import dataclasses
import typing as t

from lab.embedded_aws.truth.eks import versions
from lab.embedded_aws.truth.eks.base import Body

OLDEST, NEWEST = 30, 36


@dataclasses.dataclass(frozen=True)
class Offer:
    """An add-on; `releases` are (version, from which minor, to which), the newest first."""

    name: str
    kind: str
    releases: tuple[tuple[str, int, int], ...]
    settings: tuple[str, ...]
    # Pods of a deployment wait for a node; those of a daemon set are whole without any.
    deployment: bool = False
    # Service account -> the policy AWS recommends for it.
    accounts: dict[str, str] = dataclasses.field(default_factory=dict)
    namespace: str = "kube-system"

    def fitting(self, kubernetes: str) -> list[str]:
        minor = versions.minor(kubernetes)
        return [name for name, low, high in self.releases if low <= minor <= high]

    def default(self, kubernetes: str) -> str | None:
        """AWS's default is the second newest, where there are more."""
        found = self.fitting(kubernetes)
        return found[min(1, len(found) - 1)] if found else None


def _all(*names: str) -> tuple[tuple[str, int, int], ...]:
    return tuple((name, OLDEST, NEWEST) for name in names)


def _proxies() -> tuple[tuple[str, int, int], ...]:
    rows = []
    for name, version in versions.VERSIONS.items():
        minor = versions.minor(name)
        rows += [(f"v{name}.{version.patch}-eksbuild.2", minor, minor), (f"v{name}.0-eksbuild.4", minor, minor)]
    return tuple(rows)


_PODS = ("affinity", "nodeSelector", "podAnnotations", "podLabels", "resources", "tolerations")
_OFFERS = (
    Offer(
        "vpc-cni", "networking", _all("v1.21.1-eksbuild.3", "v1.20.4-eksbuild.2", "v1.19.6-eksbuild.7"),
        (*_PODS, "cri", "enableNetworkPolicy", "enableWindowsIpam", "enableWindowsPrefixDelegation", "env", "eniConfig",
         "extraVolumeMounts", "extraVolumes", "init", "livenessProbeTimeoutSeconds", "nodeAgent",
         "readinessProbeTimeoutSeconds", "minimumWindowsIPTarget", "warmWindowsIPTarget", "warmWindowsPrefixTarget"),
        accounts={"aws-node": "AmazonEKS_CNI_Policy"},
    ),
    Offer("kube-proxy", "networking", _proxies(), (*_PODS, "ipvs", "mode")),
    Offer(
        "coredns", "networking",
        (("v1.14.1-eksbuild.1", 35, 36), ("v1.13.2-eksbuild.1", 34, 36), ("v1.12.4-eksbuild.1", 32, 35),
         ("v1.12.1-eksbuild.2", 31, 34), ("v1.11.4-eksbuild.24", 30, 33)),
        (*_PODS, "autoScaling", "computeType", "corefile", "podDisruptionBudget", "replicaCount",
         "topologySpreadConstraints"),
        deployment=True,
    ),
    Offer("eks-pod-identity-agent", "security", _all("v1.3.10-eksbuild.1", "v1.3.9-eksbuild.5"),
          (*_PODS, "agent", "init", "updateStrategy", "priorityClassName")),
    Offer(
        "aws-ebs-csi-driver", "storage", _all("v1.56.0-eksbuild.1", "v1.55.0-eksbuild.1", "v1.54.0-eksbuild.1"),
        ("additionalDaemonSets", "controller", "defaultStorageClass", "fips", "node", "sidecars", "snapshotController"),
        deployment=True, accounts={"ebs-csi-controller-sa": "AmazonEBSCSIDriverPolicy"},
    ),
    Offer(
        "aws-efs-csi-driver", "storage", _all("v2.3.0-eksbuild.1", "v2.2.0-eksbuild.1"),
        ("controller", "node", "sidecars"),
        deployment=True, accounts={"efs-csi-controller-sa": "AmazonEFSCSIDriverPolicy"},
    ),
    Offer("aws-mountpoint-s3-csi-driver", "storage", _all("v2.3.0-eksbuild.1", "v2.2.2-eksbuild.1"),
          ("controller", "experimental", "node", "sidecars"), accounts={"s3-csi-driver-sa": "AmazonS3FullAccess"}),
    Offer("snapshot-controller", "storage", _all("v8.4.0-eksbuild.1", "v8.3.0-eksbuild.2"),
          (*_PODS, "enableVolumeGroupSnapshots", "replicaCount"), deployment=True),
    Offer("metrics-server", "observability", _all("v0.8.1-eksbuild.1", "v0.8.0-eksbuild.6"),
          (*_PODS, "addonResizer", "defaultArgs", "metrics", "podDisruptionBudget", "replicas"), deployment=True),
    Offer("eks-node-monitoring-agent", "observability", _all("v1.5.1-eksbuild.1", "v1.4.2-eksbuild.1"),
          ("monitoringAgent", "dcgmAgent", "dcgmExporter")),
    Offer(
        "amazon-cloudwatch-observability", "observability", _all("v4.10.1-eksbuild.1", "v4.8.0-eksbuild.1"),
        ("admissionWebhooks", "agent", "agents", "containerLogs", "manager", "tolerations"), deployment=True,
        accounts={"cloudwatch-agent": "CloudWatchAgentServerPolicy"}, namespace="amazon-cloudwatch",
    ),
)  # fmt: skip
OFFERS = {one.name: one for one in _OFFERS}

# What every cluster comes with, unless it is asked not to: installed, but no add-on.
SELF_MANAGED = ("vpc-cni", "kube-proxy", "coredns")
FAMILY = {"metrics-server": "community"}


def view(offer: Offer, kubernetes: str | None) -> Body:
    minors = [versions.minor(kubernetes)] if kubernetes else range(NEWEST, OLDEST - 1, -1)
    rows = []
    for name, low, high in offer.releases:
        fits = [f"1.{minor}" for minor in minors if low <= minor <= high]
        if fits:
            rows.append({
                "addonVersion": name, "architecture": ["amd64", "arm64"], "computeTypes": ["ec2", "hybrid"],
                "compatibilities": [
                    {"clusterVersion": one, "platformVersions": ["*"], "defaultVersion": offer.default(one) == name}
                    for one in fits
                ],
                "requiresConfiguration": False, "requiresIamPermissions": bool(offer.accounts),
            })  # fmt: skip
    owner = FAMILY.get(offer.name, "aws")
    return {
        "addonName": offer.name, "type": offer.kind, "addonVersions": rows, "publisher": "eks", "owner": owner,
        "defaultNamespace": offer.namespace,
    }  # fmt: skip


def schema(offer: Offer) -> Body:
    """The settings at the top; below them anything goes here, which AWS's schemas do not let."""
    return {
        "$schema": "http://json-schema.org/draft-06/schema#", "type": "object", "additionalProperties": False,
        "properties": {name: t.cast("Body", {}) for name in sorted(offer.settings)},
    }  # fmt: skip
