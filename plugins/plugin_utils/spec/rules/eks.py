# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Clusters of Kubernetes: a version that is one, a role that EKS may take, subnets in two zones, an API that is closed.

https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html,
https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html,
https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html
"""

from __future__ import annotations

import ipaddress
import re
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._eks import minor
from ansible_collections.cloister.aws.plugins.plugin_utils.spec import ranges
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region, vpc_of
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules import eks_nodes
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.eks_roles import taken
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.endpoints import twice
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.names import PART, refer
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.shared import tags

LONGEST_NAME, MOST_CIDRS, MOST_GROUPS, TAGS_LEFT = 100, 40, 4, 10
KEY = re.compile(r"arn:(?P<partition>[\w-]+):kms:(?P<region>[\w-]+):\d{12}:(key|alias)/.+")
# Where services may have their addresses: https://docs.aws.amazon.com/eks/latest/APIReference/API_KubernetesNetworkConfigRequest.html
SERVICES = tuple(ipaddress.IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
# What nobody on the internet has: https://www.rfc-editor.org/rfc/rfc6890
INSIDE = (*SERVICES, ipaddress.IPv4Network("100.64.0.0/10"), *ranges.UNUSABLE)
SERVICE_SIZES = (12, 24)
EVERYBODY = "0.0.0.0/0"


def rules(region: Region) -> t.Iterator[Problem]:
    """Clusters, and what `eks_nodes` says of what their pods run on."""
    seen: dict[str, Item] = {}
    for cluster in region.variables("eks_cluster"):
        yield from _name(cluster, region, seen)
        yield from _version(cluster)
        yield from taken(cluster, "role", region, "eks", ("AmazonEKSClusterPolicy",))
        yield from _places(cluster, region)
        yield from _endpoint(cluster, region)
        yield from _key(cluster, region)
        yield from _services(cluster, region)
        yield from twice(cluster.child("logs")) if cluster.get("logs") else ()
        yield from tags(cluster.child("tags") if cluster.get("tags") else None, TAGS_LEFT)
        yield from eks_nodes.rules(cluster, region)


def home_of(cluster: Item, region: Region) -> Item | None:
    """Return the VPC of a cluster, where its subnets tell."""
    subnets = region.named("network_subnets")
    found = (subnets.get(str(item.value)) for item in cluster.items("subnets"))
    return next((vpc for subnet in found if subnet and (vpc := vpc_of(subnet, region))), None)


def _name(cluster: Item, region: Region, seen: dict[str, Item]) -> t.Iterator[Problem]:
    name, full = cluster.name, f"{region.shared('region_name', '')}-{cluster.name}"
    if name and not PART.fullmatch(name):
        right = "lowercase letters, digits and hyphens, with a letter or digit at both ends"
        yield cluster.problem("name", f"{shown(name)} cannot be the name of a cluster.", right)
    elif len(full) > LONGEST_NAME:
        found = f"The cluster would be called {full}, {len(full)} characters long."
        yield cluster.problem("name", found, f"at most {LONGEST_NAME} characters in all")
    if name in seen:
        found = f"The cluster {name} is there already, of the stack {seen[name].stack}."
        yield cluster.problem("name", found, "a name that no other has in this region")
    seen.setdefault(name, cluster)


def _version(cluster: Item) -> t.Iterator[Problem]:
    version = cluster.text("version")
    if version and minor(version) is None:
        found = f"{shown(version)} is no version of Kubernetes as EKS counts."
        yield cluster.problem("version", found, 'a minor version in quotes, such as "1.33"')


def _places(cluster: Item, region: Region) -> t.Iterator[Problem]:
    subnets = region.named("network_subnets")
    zones: set[str] = set()
    homes: dict[str, str] = {}
    yield from twice(cluster.child("subnets"))
    known = True
    for item in cluster.items("subnets"):
        yield from refer(item, None, item.value, region, "network_subnets")
        subnet = subnets.get(str(item.value))
        vpc = vpc_of(subnet, region) if subnet else None
        known = known and subnet is not None
        zones |= {subnet.text("az")} if subnet else set()
        if vpc:
            homes.setdefault(vpc.name, str(item.value))
    if len(homes) > 1:
        found = f"Its subnets lie in {len(homes)} VPCs: {', '.join(f'{name} in {vpc}' for vpc, name in homes.items())}."
        yield cluster.problem("subnets", found, "subnets of one VPC")
    elif known and len(zones) < 2:
        have = ", ".join(sorted(zones)) or "none"
        found = f"A control plane stands in two zones at least, and its subnets are in {have}."
        yield cluster.problem("subnets", found, "subnets in two zones or three")
    groups = list(cluster.items("security_groups"))
    if len(groups) > MOST_GROUPS:
        found = f"{len(groups)} groups, beside the one that EKS makes."
        yield cluster.problem("security_groups", found, f"at most {MOST_GROUPS}")
    for item in groups:
        yield from refer(item, None, item.value, region, "security_groups_defined")


def _endpoint(cluster: Item, region: Region) -> t.Iterator[Problem]:
    said = cluster.child("endpoint")
    private, public = said.get("private", True) is True, said.get("public", False) is True
    everybody, cidrs = said.get("open_to_all", False) is True, list(said.items("public_cidrs"))
    if not private and not public:
        yield said.problem("private", "Nobody could reach the API.", "private: true, or public: true with public_cidrs")
    if not public and (cidrs or everybody):
        key = "public_cidrs" if cidrs else "open_to_all"
        yield said.problem(key, "The API is not reached from the internet.", f"public: true, or no {key}")
    elif public and not cidrs and not everybody:
        found = "It does not say who may reach the API from the internet."
        yield said.problem("public_cidrs", found, "public_cidrs: [203.0.113.0/24], or open_to_all: true")
    elif public and cidrs and everybody:
        yield said.problem("public_cidrs", "Every address comes in already.", "public_cidrs, or open_to_all: true")
    if len(cidrs) > MOST_CIDRS:
        yield said.problem("public_cidrs", f"{len(cidrs)} ranges; EKS takes {MOST_CIDRS}.", "fewer, larger ranges")
    for item in cidrs:
        yield from _public_range(item)
    if public and not private and not everybody and list(region.items("eks_node_groups")):
        found = (
            "Nodes would reach the API from the addresses of NAT gateways, which public_cidrs cannot name in advance."
        )
        yield said.problem("private", found, "private: true, so that nodes stay within the VPC")


def _public_range(item: Item) -> t.Iterator[Problem]:
    found = ranges.parse(item.value)
    if isinstance(found, ranges.BadRange):
        yield item.problem(None, found.found, found.right)
    elif str(found) == EVERYBODY:
        yield item.problem(None, "That is every address there is.", "open_to_all: true, if it is meant")
    elif any(found.overlaps(other) for other in INSIDE):
        text = f"{found} is not of the internet: from there nobody comes with such an address."
        yield item.problem(None, text, "a public range; within the VPC the private endpoint answers")


def _key(cluster: Item, region: Region) -> t.Iterator[Problem]:
    arn = cluster.text("secrets_key_arn")
    match = KEY.fullmatch(arn)
    if not arn:
        return
    where = region.shared("region_partition", "aws"), region.shared("region_aws_region", "")
    if match is None:
        found = f"{shown(arn)} is not the ARN of a key."
        yield cluster.problem("secrets_key_arn", found, f"arn:{where[0]}:kms:{where[1]}:<account>:key/<id>")
    elif (match["partition"], match["region"]) != where:
        found = f"The key lies in {match['region']} ({match['partition']})."
        yield cluster.problem("secrets_key_arn", found, f"a key in {where[1]} ({where[0]})")


def _services(cluster: Item, region: Region) -> t.Iterator[Problem]:
    """The range of services is private, of a size that EKS takes, and apart from the VPC's."""
    text = cluster.text("service_cidr")
    if not text:
        return
    found = ranges.parse(text)
    if isinstance(found, ranges.BadRange):
        yield cluster.problem("service_cidr", found.found, found.right)
        return
    low, high = SERVICE_SIZES
    if not low <= found.prefixlen <= high or not any(found.subnet_of(one) for one in SERVICES):
        right = f"a range from /{low} to /{high} within {', '.join(map(str, SERVICES))}"
        yield cluster.problem("service_cidr", f"EKS takes no {found} for services.", right)
    vpc = home_of(cluster, region)
    for cidr in [vpc.get("cidr"), *vpc.get("secondary_cidrs", [])] if vpc else []:
        other = ranges.parse(cidr)
        if not isinstance(other, ranges.BadRange) and other.overlaps(found):
            text = f"{found} overlaps {cidr} of its VPC: pods could not tell services from machines."
            yield cluster.problem("service_cidr", text, "a range that the VPC and its peers do not have")
