# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Making, listing and deleting node groups.

https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html and _DeleteNodegroup
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.limits import current as limits
from lab.embedded_aws.truth.eks import access, node_images, node_machines, nodes
from lab.embedded_aws.truth.eks import nodegroup_checks as checks
from lab.embedded_aws.truth.eks.base import (
    Body,
    Response,
    action,
    after,
    answer,
    bad_request,
    ec2_of,
    first,
    in_use,
    invalid,
    missing,
    page,
    params,
    read_tags,
    same_request,
)
from lab.embedded_aws.truth.eks.cluster import Cluster, cluster_named, nodegroup_named
from lab.embedded_aws.truth.eks.network import is_public
from lab.embedded_aws.truth.eks.nodegroup import Nodegroup, view

KIND = "t3.medium"
FULL = "You have reached the maximum number of node groups for this cluster."


@action
def create_nodegroup(response: Response) -> t.Any:
    given = params(response)
    cluster = cluster_named(response.eks_backend, given["clusterName"])
    kind, token = f"nodegroup:{cluster.name}", given.get("clientRequestToken")
    known: t.Any = cluster.nodegroups.get(given["nodegroupName"])
    group = same_request(cluster.backend, kind, token, lambda: _create(cluster, given))
    nodes.look(cluster.backend)
    return answer(nodegroup=view(group) if group is known else first(view(group)))


def _create(cluster: Cluster, given: Body) -> Nodegroup:
    name = str(given["nodegroupName"])
    if cluster.status != "ACTIVE":
        bad_request(f"Cluster '{cluster.name}' is not in ACTIVE status")
    if not checks.NAME.fullmatch(name):
        invalid(
            "The nodegroup name is not valid: it must match ^[0-9A-Za-z][A-Za-z0-9-_]* and have at most 63 characters"
        )
    if name in cluster.nodegroups:
        in_use(f"NodeGroup already exists with name {name} and cluster name {cluster.name}")
    limits.check("eks_node_groups", len(cluster.nodegroups), "ResourceLimitExceededException", FULL, "eks")
    group, data = _planned(cluster, name, given)
    cluster.nodegroups[name] = group
    access.of_nodes(cluster, group.role)
    issue = _hopeless(group, data)
    if issue is not None:
        after(cluster.backend, "eks_node_group", lambda: _failed(group, issue))
        return group
    node_machines.make(group, data)
    after(cluster.backend, "eks_node_group", lambda: setattr(group, "due", True))
    return group


def _planned(cluster: Cluster, name: str, given: Body) -> tuple[Nodegroup, Body]:
    checks.modelled(given)
    checks.role(cluster.backend, given["nodeRole"])
    checks.subnets(cluster, list(given["subnets"]))
    template, data = checks.template(cluster.backend, given.get("launchTemplate"))
    checks.together(given, data)
    kinds = list(given.get("instanceTypes") or [])
    used = kinds or [data.get("InstanceType") or KIND]
    version = checks.version(cluster, given.get("version"))
    ami_type = "CUSTOM" if data.get("ImageId") else given.get("amiType") or node_images.default_type(used)
    release = str(data.get("ImageId") or "")
    if ami_type != "CUSTOM":
        node_images.check(ami_type, version, used)
        release = node_images.release(version, given.get("releaseVersion"))
    elif not data.get("ImageId"):
        bad_request("An image id must be specified within the launch template for amiType CUSTOM.")
    group = Nodegroup(
        cluster, name, version, release, given["nodeRole"], list(given["subnets"]), used, ami_type,
        checks.sizes(given.get("scalingConfig"), checks.SIZES), read_tags(given.get("tags")),
        checks.labels(given.get("labels")), checks.taints(given.get("taints")),
        checks.update_config(given.get("updateConfig")), None if template else int(given.get("diskSize") or 20),
        template, given.get("capacityType") or "ON_DEMAND", given.get("nodeRepairConfig"),
    )  # fmt: skip
    return group, data


def _hopeless(group: Nodegroup, data: Body) -> Body | None:
    """What EKS finds only after it has taken the request, before it launches anything."""
    if not node_machines.is_mime(data.get("UserData")) and not group.own_image:
        message = "User data was not in the MIME multipart format."
        return {"code": "Ec2LaunchTemplateInvalidConfiguration", "message": message, "resourceIds": []}
    ec2 = ec2_of(group.cluster.backend)
    known = {one.id: one for zone in ec2.subnets.values() for one in zone.values()}
    told = any(one.get("AssociatePublicIpAddress") is not None for one in data.get("NetworkInterfaces") or [])
    closed = [one for one in group.subnets if is_public(ec2, known[one]) and not _gives_addresses(known[one])]
    if not closed or told:
        return None
    message = (
        f"One or more Amazon EC2 Subnets of [{', '.join(closed)}] for node group {group.name} does not automatically "
        "assign public IP addresses to instances launched into it. If you want your instances to be assigned a public "
        "IP address, then you need to enable auto-assign public IP address for the subnet."
    )
    return {"code": "Ec2SubnetInvalidConfiguration", "message": message, "resourceIds": closed}


def _gives_addresses(subnet: t.Any) -> bool:
    return subnet.map_public_ip_on_launch in (True, "true")


def _failed(group: Nodegroup, issue: Body) -> None:
    if group.status == "CREATING":
        group.status, group.issues = "CREATE_FAILED", [issue]


@action
def describe_nodegroup(response: Response) -> t.Any:
    given = params(response)
    cluster = cluster_named(response.eks_backend, given["clusterName"])
    return answer(nodegroup=view(nodegroup_named(cluster, given["nodegroupName"])))


@action
def list_nodegroups(response: Response) -> t.Any:
    given = params(response)
    return page(given, sorted(cluster_named(response.eks_backend, given["clusterName"]).nodegroups), "nodegroups")


@action
def delete_nodegroup(response: Response) -> t.Any:
    given = params(response)
    cluster = cluster_named(response.eks_backend, given["clusterName"])
    group = nodegroup_named(cluster, given["nodegroupName"])
    if group.status == "DELETING":
        missing(f"No node group found for name: {group.name}.")
    nodes.delete(group)
    shown = view(group)
    group.due = False
    after(cluster.backend, "eks_node_group_delete", lambda: setattr(group, "due", True))
    nodes.look(cluster.backend)
    return answer(nodegroup=shown)
