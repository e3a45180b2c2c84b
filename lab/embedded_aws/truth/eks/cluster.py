# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A cluster: what is kept of it, and how it looks.

https://docs.aws.amazon.com/eks/latest/APIReference/API_Cluster.html
"""

from __future__ import annotations

import base64
import dataclasses
import datetime
import hashlib
import secrets
import typing as t

from lab.embedded_aws.truth.ecs.grants import role
from lab.embedded_aws.truth.eks import versions
from lab.embedded_aws.truth.eks.base import Backend, Body, Tags, arn, missing, now

LOGS = ("api", "audit", "authenticator", "controllerManager", "scheduler")


@dataclasses.dataclass(eq=False)
class Cluster:
    """A cluster. `network` are its subnets, groups and endpoint settings; `logs` the kinds that are written."""

    backend: Backend
    name: str
    version: str
    role_arn: str
    network: Body
    kubernetes_network: Body
    logs: set[str]
    tags: Tags
    access: Body
    support: str = "EXTENDED"
    zonal_shift: bool = False
    protected: bool = False
    self_managed_addons: bool = True
    creator: str | None = None
    encryption: list[Body] = dataclasses.field(default_factory=list)
    status: str = "CREATING"
    issues: list[Body] = dataclasses.field(default_factory=list)
    security_group: str | None = None
    interfaces: list[str] = dataclasses.field(default_factory=list)
    id: str = dataclasses.field(default_factory=lambda: secrets.token_hex(16).upper())
    created: datetime.datetime = dataclasses.field(default_factory=now)
    updates: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    nodegroups: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    fargate_profiles: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    addons: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    access_entries: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    associations: dict[str, t.Any] = dataclasses.field(default_factory=dict)
    # Software of its birth that went with the add-on that had taken it over.
    bare: set[str] = dataclasses.field(default_factory=set)
    gone: bool = False

    @property
    def arn(self) -> str:
        return arn(self.backend, f"cluster/{self.name}")

    @property
    def domain(self) -> str:
        return "amazonaws.com.cn" if self.backend.partition == "aws-cn" else "amazonaws.com"

    @property
    def endpoint(self) -> str:
        """<id>.<generation>.<region>.eks.<suffix>, such as E83BE4C09F8C9A7CC4B30B5BDC2AE1BD.gr7.eu-central-1.eks..."""
        return f"https://{self.id}.gr7.{self.backend.region_name}.eks.{self.domain}"

    @property
    def issuer(self) -> str:
        return f"https://oidc.eks.{self.backend.region_name}.{self.domain}/id/{self.id}"

    @property
    def certificate(self) -> str:
        """A certificate's shape in base64, the same for one cluster each time; nothing can be proved with it."""
        body = base64.b64encode(hashlib.sha512(self.id.encode()).digest() * 12).decode()
        lines = "\n".join(body[at : at + 64] for at in range(0, len(body), 64))
        text = f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"
        return base64.b64encode(text.encode()).decode()

    @property
    def vpc(self) -> str:
        return str(self.network["vpcId"])

    @property
    def log_group(self) -> str:
        return f"/aws/eks/{self.name}/cluster"

    @property
    def by_api(self) -> bool:
        """Whether access entries count."""
        return self.access["authenticationMode"] != "CONFIG_MAP"


def view(cluster: Cluster) -> Body:
    """As DescribeCluster shows it: endpoint, issuer, certificate and group come with its becoming active."""
    born = cluster.status not in ("CREATING", "FAILED")
    network = {**cluster.network, "clusterSecurityGroupId": cluster.security_group}
    shown: Body = {
        "name": cluster.name, "arn": cluster.arn, "createdAt": cluster.created, "version": cluster.version,
        "roleArn": cluster.role_arn, "status": cluster.status, "tags": dict(cluster.tags),
        "resourcesVpcConfig": {key: value for key, value in network.items() if value is not None},
        "kubernetesNetworkConfig": cluster.kubernetes_network, "logging": {"clusterLogging": logging_view(cluster)},
        "platformVersion": versions.platform(cluster.version), "accessConfig": dict(cluster.access),
        "certificateAuthority": {"data": cluster.certificate} if born else {}, "health": {"issues": health(cluster)},
        "upgradePolicy": {"supportType": cluster.support}, "deletionProtection": cluster.protected,
        "zonalShiftConfig": {"enabled": cluster.zonal_shift}, "controlPlaneScalingConfig": {"tier": "standard"},
        "computeConfig": {"enabled": False}, "storageConfig": {"blockStorage": {"enabled": False}},
    }  # fmt: skip
    if cluster.encryption:
        shown["encryptionConfig"] = cluster.encryption
    if born:
        shown.update(endpoint=cluster.endpoint, identity={"oidc": {"issuer": cluster.issuer}})
    return shown


def first_view(cluster: Cluster) -> Body:
    """As the answer to its making shows it, however little time that takes."""
    shown = view(cluster)
    network = {key: value for key, value in shown["resourcesVpcConfig"].items() if key != "clusterSecurityGroupId"}
    shown.update(status="CREATING", resourcesVpcConfig=network, certificateAuthority={})
    return {key: value for key, value in shown.items() if key not in ("endpoint", "identity")}


def health(cluster: Cluster) -> list[Body]:
    """What was noted of it, and a role that somebody deleted."""
    if role(cluster.backend, cluster.role_arn) is not None:
        return cluster.issues
    message = f"The cluster's IAM role {cluster.role_arn} does not exist."
    return [*cluster.issues, {"code": "IamRoleNotFound", "message": message, "resourceIds": [cluster.role_arn]}]


def logging_view(cluster: Cluster) -> list[Body]:
    on = [one for one in LOGS if one in cluster.logs]
    off = [one for one in LOGS if one not in cluster.logs]
    return [{"types": types, "enabled": enabled} for types, enabled in ((on, True), (off, False)) if types]


def cluster_named(backend: Backend, name: str | None) -> Cluster:
    """The cluster of a name; refuses with AWS's words."""
    cluster = backend.clusters.get(name or "")
    if cluster is None:
        missing(f"No cluster found for name: {name}.")
    return t.cast("Cluster", cluster)


def nodegroup_named(cluster: Cluster, name: str) -> t.Any:
    group = cluster.nodegroups.get(name)
    if group is None:
        missing(f"No node group found for name: {name}.")
    return group


def addon_named(cluster: Cluster, name: str) -> t.Any:
    addon = cluster.addons.get(name)
    if addon is None:
        missing(f"No addon: {name} found in cluster: {cluster.name}")
    return addon
