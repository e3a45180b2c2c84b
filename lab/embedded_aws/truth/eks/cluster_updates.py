# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Changes of a cluster: one kind at a time, and its version one minor at a time.

https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterConfig.html, _UpdateClusterVersion,
_AssociateEncryptionConfig
"""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from moto.core.exceptions import ServiceException

from lab.embedded_aws.truth.eks import access, control_plane_logs, network, updates, versions
from lab.embedded_aws.truth.eks import cluster_checks as checks
from lab.embedded_aws.truth.eks.base import (
    Body,
    Response,
    action,
    answer,
    bad_request,
    first,
    in_use,
    invalid,
    not_modelled,
    params,
)
from lab.embedded_aws.truth.eks.cluster import LOGS, Cluster, cluster_named
from lab.embedded_aws.truth.eks.clusters import MODES
from lab.embedded_aws.truth.eks.updates import Update

ENDPOINT = {"endpointPublicAccess", "endpointPrivateAccess", "publicAccessCidrs"}
PLACES = {"subnetIds", "securityGroupIds"}
Change = tuple[Update, Callable[[Update], None]]


def start(cluster: Cluster, update: Update, change: Callable[[Update], None]) -> t.Any:
    """Begin an update unless another one runs."""
    ready(cluster, update.type)
    return answer(update=first(updates.begin(cluster, cluster, update, "eks_update", change).view()))


def ready(cluster: Cluster, kind: str) -> None:
    other = updates.running(cluster)
    if other is not None:
        in_use(f"Cannot {kind} because cluster {cluster.name} currently has update {other.id} in progress")
    if cluster.status != "ACTIVE":
        bad_request(f"Cluster '{cluster.name}' is not in ACTIVE status")


@action
def update_cluster_config(response: Response) -> t.Any:
    given = params(response)
    cluster = cluster_named(response.eks_backend, given["name"])
    checks.modelled(given)
    asked = set(given.get("resourcesVpcConfig") or {})
    kinds: dict[str, Callable[[Cluster, Body], Change]] = {}
    if asked & ENDPOINT:
        kinds["EndpointAccessUpdate"] = _endpoint
    if asked & PLACES:
        kinds["VpcConfigUpdate"] = _places
    for name, (kind, change) in CHANGES.items():
        if given.get(name) is not None:
            kinds[kind] = change
    if not kinds:
        invalid("No changes needed: nothing to update was given")
    if len(kinds) > 1:
        invalid("Only one type of update can be allowed.")
    kind, change = next(iter(kinds.items()))
    ready(cluster, kind)
    return start(cluster, *change(cluster, given))


def _endpoint(cluster: Cluster, given: Body) -> Change:
    asked, now = given["resourcesVpcConfig"], cluster.network
    private = bool(asked.get("endpointPrivateAccess", now["endpointPrivateAccess"]))
    public = bool(asked.get("endpointPublicAccess", now["endpointPublicAccess"]))
    cidrs = checks.endpoint(private, public, list(asked.get("publicAccessCidrs") or now["publicAccessCidrs"]))
    wanted = {"endpointPrivateAccess": private, "endpointPublicAccess": public, "publicAccessCidrs": cidrs}
    if all(now[key] == value for key, value in wanted.items()):
        invalid(f"Cluster is already at the desired configuration with endpointPrivateAccess: {str(private).lower()} , "
                f"endpointPublicAccess: {str(public).lower()}, and Public Endpoint Restrictions: "
                f"[{', '.join(cidrs)}]")  # fmt: skip
    said = {"EndpointPublicAccess": public, "EndpointPrivateAccess": private, "PublicAccessCidrs": cidrs}
    return Update("EndpointAccessUpdate", said), lambda _: cluster.network.update(wanted)


def _places(cluster: Cluster, given: Body) -> Change:
    asked, now = given["resourcesVpcConfig"], cluster.network
    subnets = list(asked.get("subnetIds") or now["subnetIds"])
    groups = list(asked["securityGroupIds"] if "securityGroupIds" in asked else now["securityGroupIds"])
    if checks.places(cluster.backend, subnets, groups) != cluster.vpc:
        invalid(f"Subnets must be in the VPC of the cluster: {cluster.vpc}")
    if set(subnets) == set(now["subnetIds"]) and set(groups) == set(now["securityGroupIds"]):
        invalid("No changes needed for the VPC config provided")

    def change(update: Update) -> None:
        before = dict(now)
        cluster.network.update(subnetIds=subnets, securityGroupIds=groups)
        if not _moved(cluster, update):
            cluster.network.update(before)

    return Update("VpcConfigUpdate", {"Subnets": subnets, "SecurityGroups": groups}), change


def _moved(cluster: Cluster, update: Update) -> bool:
    """Whether the control plane got its new interfaces; else the update fails and all stays as it was."""
    try:
        network.move(cluster)
    except ServiceException as refused:
        code = "IpNotAvailable" if "address" in str(refused.message).lower() else "SubnetNotFound"
        update.fail(code, str(refused.message), list(cluster.network["subnetIds"]))
    return update.status != "Failed"


def _logging(cluster: Cluster, given: Body) -> Change:
    wanted = checks.logs(given["logging"], cluster.logs)
    if wanted == cluster.logs:
        invalid("No changes needed for the logging config provided")

    def change(_: Update) -> None:
        cluster.logs = wanted
        control_plane_logs.write(cluster)

    said = [{"types": [one for one in LOGS if one in wanted], "enabled": True}]
    return Update("LoggingUpdate", {"ClusterLogging": {"clusterLogging": said}}), change


def _access(cluster: Cluster, given: Body) -> Change:
    wanted, before = str(given["accessConfig"].get("authenticationMode")), cluster.access["authenticationMode"]
    if wanted not in MODES or MODES.index(wanted) - MODES.index(before) not in (0, 1):
        invalid(f"Unsupported authentication mode update from {before} to {wanted}")
    if wanted == before:
        invalid(f"Cluster is already at the desired authentication mode: {wanted}")

    def change(_: Update) -> None:
        cluster.access["authenticationMode"] = wanted
        access.begin(cluster)

    return Update("AccessConfigUpdate", {"AuthenticationMode": wanted}), change


def _support(cluster: Cluster, given: Body) -> Change:
    """https://docs.aws.amazon.com/eks/latest/userguide/disable-extended-support.html: not once it has begun."""
    wanted = str(given["upgradePolicy"].get("supportType"))
    if wanted == cluster.support:
        invalid(f"Cluster is already at the desired support type: {wanted}")
    if wanted == "STANDARD" and versions.VERSIONS[cluster.version].status != "STANDARD_SUPPORT":
        bad_request(f"Extended support cannot be disabled for a cluster in extended support: version {cluster.version}")
    change = _setting(cluster, "support", wanted)
    return Update("UpgradePolicyUpdate", {"UpgradePolicy": {"supportType": wanted}}), change


def _zonal_shift(cluster: Cluster, given: Body) -> Change:
    wanted = bool(given["zonalShiftConfig"].get("enabled"))
    if wanted == cluster.zonal_shift:
        invalid("No changes needed for the zonal shift config provided")
    change = _setting(cluster, "zonal_shift", wanted)
    return Update("ZonalShiftConfigUpdate", {"ZonalShiftConfig": {"enabled": wanted}}), change


def _protection(cluster: Cluster, given: Body) -> Change:
    wanted = bool(given["deletionProtection"])
    if wanted == cluster.protected:
        invalid("No changes needed for the deletion protection provided")
    return Update("DeletionProtectionUpdate", {"DeletionProtection": wanted}), _setting(cluster, "protected", wanted)


def _setting(cluster: Cluster, name: str, value: t.Any) -> Callable[[Update], None]:
    return lambda _: setattr(cluster, name, value)


CHANGES: dict[str, tuple[str, Callable[[Cluster, Body], Change]]] = {
    "logging": ("LoggingUpdate", _logging),
    "accessConfig": ("AccessConfigUpdate", _access),
    "upgradePolicy": ("UpgradePolicyUpdate", _support),
    "zonalShiftConfig": ("ZonalShiftConfigUpdate", _zonal_shift),
    "deletionProtection": ("DeletionProtectionUpdate", _protection),
}


@action
def update_cluster_version(response: Response) -> t.Any:
    given = params(response)
    cluster, wanted = cluster_named(response.eks_backend, given["name"]), str(given["version"])
    if given.get("rollbackConfig"):
        not_modelled("version updates with rollbackConfig")
    ready(cluster, "VersionUpdate")
    if wanted == cluster.version:
        invalid(f"Cluster is already at the desired version: {wanted}")
    if wanted != versions.next_of(cluster.version):
        invalid(f"Unsupported Kubernetes minor version update from {cluster.version} to {wanted}")
    versions.check(wanted)
    behind = sorted(one.name for one in cluster.nodegroups.values() if one.version != cluster.version)
    if behind:
        invalid(f"Nodegroups {', '.join(behind)} must be updated to match cluster version {cluster.version} before "
                "updating cluster version")  # fmt: skip

    def change(update: Update) -> None:
        if _moved(cluster, update):
            cluster.version = wanted

    said = {"Version": wanted, "PlatformVersion": versions.platform(wanted)}
    return start(cluster, Update("VersionUpdate", said), change)


@action
def associate_encryption_config(response: Response) -> t.Any:
    given = params(response)
    cluster = cluster_named(response.eks_backend, given["clusterName"])
    ready(cluster, "AssociateEncryptionConfig")
    if cluster.encryption:
        bad_request(f"Cluster {cluster.name} already has an encryption config, which cannot be changed")
    wanted = checks.encryption(cluster.backend, given["encryptionConfig"])
    said = {"EncryptionConfig": wanted}
    return start(cluster, Update("AssociateEncryptionConfig", said), _setting(cluster, "encryption", wanted))
