# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The fields of an EKS cluster in the words of the calls that make it and change it. Pure.

https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterConfig.html: a call changes one kind of thing.
"""

from __future__ import annotations

import typing as t

LOGS = ("api", "audit", "authenticator", "controllerManager", "scheduler")


def new(fields: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return the parameters of a create beside name, role, version and tags."""
    network = (
        {"kubernetesNetworkConfig": {"serviceIpv4Cidr": fields["service_cidr"]}} if "service_cidr" in fields else {}
    )
    key = {"encryptionConfig": _encryption(fields["secrets_key"])} if fields["secrets_key"] else {}
    return {
        "resourcesVpcConfig": {**_network(fields), **_endpoint(fields["endpoint"])},
        "logging": _logging(fields["logs"]),
        "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
        "bootstrapSelfManagedAddons": False,
        "upgradePolicy": {"supportType": fields["upgrade_policy"].upper()},
        "zonalShiftConfig": {"enabled": fields["zonal_shift"]},
        "deletionProtection": fields["deletion_protection"],
        **network,
        **key,
    }


def changes(fields: t.Mapping[str, t.Any], left: t.Collection[str]) -> t.Iterator[tuple[str, dict[str, t.Any]]]:
    """Yield a call for each kind of change: what a version may need first, the version last."""
    config = "update_cluster_config"
    if "upgrade_policy" in left:
        yield config, {"upgradePolicy": {"supportType": fields["upgrade_policy"].upper()}}
    if "endpoint" in left:
        yield config, {"resourcesVpcConfig": _endpoint(fields["endpoint"])}
    if {"subnets", "security_groups"} & set(left):
        yield config, {"resourcesVpcConfig": _network(fields)}
    if "logs" in left:
        yield config, {"logging": _logging(fields["logs"])}
    if "zonal_shift" in left:
        yield config, {"zonalShiftConfig": {"enabled": fields["zonal_shift"]}}
    if "deletion_protection" in left:
        yield config, {"deletionProtection": fields["deletion_protection"]}
    if "secrets_key" in left:
        yield "associate_encryption_config", {"encryptionConfig": _encryption(fields["secrets_key"])}
    if "version" in left:
        yield "update_cluster_version", {"version": fields["version"]}


def subject(action: str) -> str:
    """Return the parameter that names the cluster."""
    return "clusterName" if action == "associate_encryption_config" else "name"


def _network(fields: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {"subnetIds": fields["subnets"], "securityGroupIds": fields["security_groups"]}


def _endpoint(said: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    cidrs = {"publicAccessCidrs": said["public_cidrs"]} if said["public"] else {}
    return {"endpointPrivateAccess": said["private"], "endpointPublicAccess": said["public"], **cidrs}


def _logging(types: t.Sequence[str]) -> dict[str, t.Any]:
    """Return both halves: a type that is in neither stays as it is."""
    halves = {True: list(types), False: [name for name in LOGS if name not in types]}
    return {"clusterLogging": [{"types": names, "enabled": on} for on, names in halves.items() if names]}


def _encryption(key: str) -> list[dict[str, t.Any]]:
    return [{"resources": ["secrets"], "provider": {"keyArn": key}}]
