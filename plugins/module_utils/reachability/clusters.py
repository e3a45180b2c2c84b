# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The API of an EKS cluster: what its name means, where it stands, and who follows its interfaces.

In the cluster's VPC the name leads to its interfaces while private access is on; elsewhere it leads there only while
public access is off, and to public addresses otherwise
(https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html).
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._dns import plain
from ansible_collections.cloister.aws.plugins.module_utils.reachability.endpoints import ANYWHERE, Place
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import (
    Region,
    Thing,
    network,
    private_addresses,
)
from ansible_collections.cloister.aws.plugins.module_utils.reachability.verdict import Step, broken, passed


def host_of(cluster: Thing) -> str:
    """Return the name of a cluster's API; "" while it has none."""
    return plain(str(cluster.get("endpoint") or "").partition("://")[2])


def named(region: Region, name: str) -> Thing | None:
    """Return the cluster whose API has this name."""
    return next((one for one in region.all("eks_clusters") if name and host_of(one) == plain(name)), None)


def interfaces_of(region: Region, cluster: Thing) -> list[Thing]:
    """Return the interfaces that EKS keeps in the cluster's VPC; it describes them as ``Amazon EKS <cluster>``.

    https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
    """
    description, vpc_id = f"Amazon EKS {cluster.get('name')}", _network(cluster).get("vpcId")
    return [
        one
        for one in region.all("network_interfaces")
        if one.get("Description") == description and one.get("VpcId") == vpc_id
    ]


def answer(region: Region, vpc_id: str | None, name: str) -> tuple[tuple[Place, ...], Step] | None:
    """Return where the name of a cluster's API leads from a VPC; None for a name of anything else."""
    cluster = named(region, name)
    if cluster is None:
        return None
    said, private = _network(cluster), bool(_network(cluster).get("endpointPrivateAccess"))
    public, who = bool(said.get("endpointPublicAccess")), f"the API of cluster {cluster.get('name')}"
    if not private or (public and vpc_id != said.get("vpcId")):
        step = passed("dns", f"{name} is {who}, in public", cluster.get("arn"))
        return (Place(ANYWHERE.address, None, f"{who}, in public"),), step
    places = []
    for interface in interfaces_of(region, cluster):
        for address in private_addresses(interface)[:1]:
            places.append(Place(network(address), interface, f"{who} at {address}"))
    if places:
        return tuple(places), passed("dns", f"{name} is {who}, by its private addresses", cluster.get("arn"))
    return (), broken("cluster-not-active", f"{who} has no interface yet", "wait until it is active", name)


def at_home(region: Region, vpc_id: str | None, name: str) -> bool:
    """Return whether a name is that of a cluster's API in this VPC, for which EKS keeps a zone that nobody sees."""
    said = _network(named(region, name) or {})
    return bool(said.get("endpointPrivateAccess")) and said.get("vpcId") == vpc_id


def followed(region: Region, cluster: Thing, arns: t.Sequence[str]) -> list[Step]:
    """Return why none of a cluster's interfaces is a target of these groups; nothing where one is."""
    living = {address for one in interfaces_of(region, cluster) for address in private_addresses(one)[:1]}
    groups = [region.get("target_groups", arn) or {} for arn in arns]
    registered = {str((one.get("Target") or {}).get("Id")) for group in groups for one in group.get("Targets") or ()}
    if not living or living & registered:
        return []
    who = f"none of the interfaces of cluster {cluster.get('name')} ({', '.join(sorted(living))}) is a target"
    where = ", ".join(region.called("target_groups", arn) for arn in arns)
    if not any(hears_writes(one) for one in region.all("trails")):
        said = f"{who} of {where}: no trail logs the calls that write, so that no event tells of a new interface"
        return [broken("no-trail", said, "run the stack audit: it makes the trail", *arns)]
    fix = "run the stack private_api, and see the log of its function"
    return [broken("targets-behind", f"{who} of {where}, though a trail tells of new ones", fix, *arns)]


def hears_writes(trail: Thing) -> bool:
    """Return whether a trail lets EventBridge hear of management calls that write.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
    """
    chosen = trail.get("EventSelectors") or ()
    basic = [one for one in chosen if one.get("IncludeManagementEvents", True)]
    writes = any(one.get("ReadWriteType", "All") != "ReadOnly" for one in basic)
    return bool(trail.get("IsLogging")) and (
        writes or any(map(_takes_writes, trail.get("AdvancedEventSelectors") or ()))
    )


def _takes_writes(selector: Thing) -> bool:
    """Whether an advanced selector takes management events that are not merely read."""
    fields = {one.get("Field"): one.get("Equals") or [] for one in selector.get("FieldSelectors") or ()}
    return "Management" in fields.get("eventCategory", ()) and "true" not in fields.get("readOnly", ())


def _network(cluster: Thing) -> Thing:
    return t.cast("Thing", cluster.get("resourcesVpcConfig") or {})
