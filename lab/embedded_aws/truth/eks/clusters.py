# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Making, listing and deleting clusters.

https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html and _DeleteCluster
"""

from __future__ import annotations

import typing as t

from moto.core.exceptions import ServiceException

from lab.embedded_aws.limits import current as limits
from lab.embedded_aws.truth.eks import access, control_plane_logs, network, updates, versions
from lab.embedded_aws.truth.eks import cluster_checks as checks
from lab.embedded_aws.truth.eks.base import (
    Backend,
    Body,
    Response,
    action,
    after,
    answer,
    bad_request,
    in_use,
    invalid,
    not_modelled,
    page,
    params,
    read_tags,
    same_request,
)
from lab.embedded_aws.truth.eks.cluster import Cluster, cluster_named, first_view, view
from lab.embedded_aws.truth.eks.roles import check_cluster_role

MODES = ("CONFIG_MAP", "API_AND_CONFIG_MAP", "API")


@action
def create_cluster(response: Response) -> t.Any:
    backend, given = response.eks_backend, params(response)
    token = given.get("clientRequestToken")
    creator = _caller(response)
    known = backend.clusters.get(str(given["name"]))
    cluster = same_request(backend, "cluster", token, lambda: _create(backend, given, creator))
    return answer(cluster=view(cluster) if cluster is known else first_view(cluster))


def _caller(response: Response) -> str:
    """The IAM principal who asks, as access entries name it."""
    from moto.sts.models import sts_backends

    sts = sts_backends[response.current_account][response.partition]
    _, arn, _ = sts.get_caller_identity(response.access_key, response.region)
    if ":assumed-role/" in arn:
        return f"arn:{response.partition}:iam::{response.current_account}:role/{arn.split('/')[1]}"
    return str(arn)


def _create(backend: Backend, given: Body, creator: str) -> Cluster:
    name = str(given["name"])
    if not checks.NAME.fullmatch(name):
        invalid(f"The cluster name '{name}' is not valid: it must match ^[0-9A-Za-z][A-Za-z0-9-_]* and have at most "
                "100 characters")  # fmt: skip
    if name in backend.clusters:
        in_use(f"Cluster already exists with name: {name}")
    message = "You have reached the maximum number of clusters in this region."
    limits.check("eks_clusters", len(backend.clusters), "ResourceLimitExceededException", message, "eks")
    cluster = _planned(backend, given)
    cluster.creator = creator
    backend.clusters[name] = cluster
    after(backend, "eks_cluster", lambda: _born(cluster))
    return cluster


def _planned(backend: Backend, given: Body) -> Cluster:
    checks.modelled(given)
    check_cluster_role(backend, str(given["roleArn"]))
    asked = given["resourcesVpcConfig"]
    subnets, groups = list(asked.get("subnetIds") or []), list(asked.get("securityGroupIds") or [])
    vpc = checks.places(backend, subnets, groups)
    private, public = bool(asked.get("endpointPrivateAccess", False)), bool(asked.get("endpointPublicAccess", True))
    return Cluster(
        backend, str(given["name"]), versions.check(given.get("version") or versions.DEFAULT), str(given["roleArn"]),
        {
            "subnetIds": subnets, "securityGroupIds": groups, "vpcId": vpc, "endpointPublicAccess": public,
            "endpointPrivateAccess": private,
            "publicAccessCidrs": checks.endpoint(private, public, list(asked.get("publicAccessCidrs") or [])),
            "controlPlaneEgressMode": "AWS_MANAGED",
        },
        checks.services(backend, vpc, given.get("kubernetesNetworkConfig") or {}),
        checks.logs(given.get("logging"), set()), read_tags(given.get("tags")), _access(given),
        support=(given.get("upgradePolicy") or {}).get("supportType") or "EXTENDED",
        zonal_shift=bool((given.get("zonalShiftConfig") or {}).get("enabled")),
        protected=bool(given.get("deletionProtection")),
        self_managed_addons=bool(given.get("bootstrapSelfManagedAddons", True)),
        encryption=checks.encryption(backend, given.get("encryptionConfig")),
    )  # fmt: skip


def _access(given: Body) -> Body:
    """By the API a cluster begins with the config map alone, and with its creator as administrator."""
    asked = given.get("accessConfig") or {}
    mode = asked.get("authenticationMode") or "CONFIG_MAP"
    if mode not in MODES:
        invalid(f"Unsupported authentication mode: {mode}")
    creator = bool(asked.get("bootstrapClusterCreatorAdminPermissions", True))
    return {"authenticationMode": mode, "bootstrapClusterCreatorAdminPermissions": creator}


def _born(cluster: Cluster) -> None:
    if cluster.gone or cluster.status != "CREATING":
        return
    try:
        network.settle(cluster)
    except ServiceException as refused:
        cluster.status = "FAILED"
        cluster.issues.append({"code": "Ec2SubnetNotFound", "message": str(refused.message), "resourceIds": []})
        return
    control_plane_logs.write(cluster)
    cluster.status = "ACTIVE"
    if cluster.by_api:
        access.begin(cluster)


@action
def describe_cluster(response: Response) -> t.Any:
    return answer(cluster=view(cluster_named(response.eks_backend, params(response)["name"])))


@action
def list_clusters(response: Response) -> t.Any:
    given = params(response)
    if given.get("include"):
        not_modelled("listing connected clusters")
    return page(given, list(response.eks_backend.clusters), "clusters")


@action
def delete_cluster(response: Response) -> t.Any:
    cluster = cluster_named(response.eks_backend, params(response)["name"])
    if cluster.status == "DELETING":
        in_use(f"Cannot delete because cluster {cluster.name} currently is being deleted")
    if cluster.nodegroups:
        in_use("Cluster has nodegroups attached")
    if cluster.fargate_profiles:
        in_use("Cluster has Fargate profiles attached")
    if updates.running(cluster):
        in_use(f"Cannot delete because cluster {cluster.name} currently has an update in progress")
    if cluster.protected and cluster.status == "ACTIVE":
        bad_request(f"Cannot delete cluster {cluster.name} because deletion protection is enabled. Disable deletion "
                    "protection before deleting the cluster.")  # fmt: skip
    cluster.status = "DELETING"
    shown = view(cluster)
    after(cluster.backend, "eks_cluster_delete", lambda: _gone(cluster))
    return answer(cluster=shown)


def _gone(cluster: Cluster) -> None:
    if cluster.security_group:
        control_plane_logs.write(cluster)
        network.leave(cluster)
    cluster.gone = True
    for table in (cluster.addons, cluster.access_entries, cluster.associations):
        for one in table.values():
            one.gone = True
    del cluster.backend.clusters[cluster.name]
