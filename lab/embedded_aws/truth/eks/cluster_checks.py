# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What AWS checks of a cluster's settings, whether it is made or changed.

https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html and .../APIReference/API_VpcConfigRequest.html
"""

from __future__ import annotations

import ipaddress
import re
import typing as t

from lab.embedded_aws.truth.ec2.subnets import RESERVED, taken
from lab.embedded_aws.truth.eks.base import Backend, Body, ec2_of, invalid, not_modelled, refuse
from lab.embedded_aws.truth.eks.cluster import LOGS

NAME = re.compile(r"[0-9A-Za-z][A-Za-z0-9_-]{0,99}")
FEWEST_FREE = 6
ZONES_WITHOUT = ("use1-az3", "usw1-az2", "cac1-az3")
MOST_CIDRS = 40
ELSEWHERE = [ipaddress.IPv4Network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10",
             "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4")]  # fmt: skip
SERVICES = [ipaddress.IPv4Network(one) for one in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")]
# Given by AWS's API and kept by nothing here, unless they only say what is so anyway.
NOT_MODELLED: dict[str, tuple[t.Any, ...]] = {
    "outpostConfig": (), "remoteNetworkConfig": ({},), "kubeApiServerConfig": ({},), "kubeSchedulerConfig": ({},),
    "kubeControllerManagerConfig": ({},), "computeConfig": ({}, {"enabled": False}),
    "storageConfig": ({}, {"blockStorage": {"enabled": False}}),
    "controlPlaneScalingConfig": ({}, {"tier": "standard"}),
}  # fmt: skip


def modelled(given: Body) -> None:
    for name, harmless in NOT_MODELLED.items():
        if name in given and given[name] not in harmless:
            not_modelled(f"EKS clusters with {name} {given[name]}")
    network = given.get("kubernetesNetworkConfig") or {}
    if network.get("ipFamily", "ipv4") != "ipv4" or (network.get("elasticLoadBalancing") or {}).get("enabled"):
        not_modelled(f"EKS clusters with kubernetesNetworkConfig {network}")
    mode = (given.get("resourcesVpcConfig") or {}).get("controlPlaneEgressMode", "AWS_MANAGED")
    if mode != "AWS_MANAGED":
        not_modelled(f"EKS clusters with controlPlaneEgressMode {mode}")


def places(backend: Backend, subnet_ids: list[str], group_ids: list[str]) -> str:
    """Refuse subnets and groups that EKS cannot put a cluster into; its VPC."""
    ec2 = ec2_of(backend)
    known = {one.id: one for zone in ec2.subnets.values() for one in zone.values()}
    for one in subnet_ids:
        if one not in known:
            invalid(f"The subnet ID '{one}' does not exist (Service: Ec2, Status Code: 400)")
    subnets = [known[one] for one in subnet_ids]
    if len({one.vpc_id for one in subnets}) > 1:
        invalid("Subnets specified must belong to the same VPC")
    if len({one.availability_zone for one in subnets}) < 2:
        invalid("Subnets specified must be in at least two different AZs")
    _zones(subnets)
    for one in subnets:
        if one.cidr.num_addresses - RESERVED - len(taken(ec2, one.id)) < FEWEST_FREE:
            invalid(f"Subnet {one.id} has fewer than {FEWEST_FREE} free IP addresses")
    vpc = str(subnets[0].vpc_id)
    groups = {group.id: group for of_vpc in ec2.groups.values() for group in of_vpc.values()}
    for one in group_ids:
        if one not in groups:
            invalid(f"The security group '{one}' does not exist (Service: Ec2, Status Code: 400)")
    others = [one for one in group_ids if groups[one].vpc_id != vpc]
    if others:
        invalid(f"Security group(s) {others} are not in the same VPC as the subnets. Please specify security groups "
                "that are in the same VPC.")  # fmt: skip
    return vpc


def _zones(subnets: list[t.Any]) -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html names the zones without EKS."""
    wrong = next((one for one in subnets if one.availability_zone_id in ZONES_WITHOUT), None)
    if wrong is not None:
        said = "the targeted availability zone, does not currently have sufficient capacity to support the cluster."
        refuse(
            "UnsupportedAvailabilityZoneException", f"Cannot create cluster because {wrong.availability_zone}, {said}"
        )


def endpoint(private: bool, public: bool, cidrs: list[str]) -> list[str]:
    """Refuse an endpoint nobody reaches; the CIDRs it is open to, none where it is not public."""
    if not private and not public:
        invalid("Private and public endpoint access cannot be false")
    if not public:
        return []
    if len(cidrs) > MOST_CIDRS:
        invalid(f"The number of publicAccessCidrs exceeds the maximum of {MOST_CIDRS}")
    wrong = [one for one in cidrs if not _public(one)]
    if wrong:
        invalid(f"The following CIDRs are not allowed in publicAccessCidrs: [{', '.join(wrong)}]")
    return cidrs or ["0.0.0.0/0"]


def _public(text: str) -> bool:
    try:
        block = ipaddress.IPv4Network(text)
    except ValueError:
        return False
    return not any(block.subnet_of(one) for one in ELSEWHERE)


def services(backend: Backend, vpc_id: str, given: Body) -> Body:
    """The block of Kubernetes's services: one that the VPC does not use."""
    vpc = ec2_of(backend).vpcs[vpc_id]
    blocks = [ipaddress.IPv4Network(one["cidr_block"]) for one in vpc.get_cidr_block_association_set()]
    wanted = given.get("serviceIpv4Cidr")
    if not wanted:
        busy = any(block.overlaps(SERVICES[0]) for block in blocks)
        wanted = "172.20.0.0/16" if busy else "10.100.0.0/16"
    else:
        _check_services(str(wanted), blocks)
    return {"serviceIpv4Cidr": wanted, "ipFamily": "ipv4", "elasticLoadBalancing": {"enabled": False}}


def _check_services(text: str, blocks: list[ipaddress.IPv4Network]) -> None:
    try:
        wanted = ipaddress.IPv4Network(text)
    except ValueError:
        invalid(f"The specified serviceIpv4Cidr is not valid: {text}")
    if not any(wanted.subnet_of(one) for one in SERVICES) or not 12 <= wanted.prefixlen <= 24:
        invalid("serviceIpv4Cidr must be within 10.0.0.0/8, 172.16.0.0/12, or 192.168.0.0/16, and between /24 and /12")
    if any(wanted.overlaps(block) for block in blocks):
        invalid(f"The specified serviceIpv4Cidr {text} overlaps with a CIDR block of the VPC")


def encryption(backend: Backend, given: list[Body] | None) -> list[Body]:
    """Refuse a key that is not there, or anything but secrets."""
    from moto.kms.models import kms_backends

    for one in given or []:
        if one.get("resources") != ["secrets"]:
            invalid("The only supported resource in encryptionConfig is 'secrets'")
        key = str((one.get("provider") or {}).get("keyArn") or "")
        keys = kms_backends[backend.account_id][backend.region_name].keys.values()
        if key not in {one.arn for one in keys}:
            invalid(f"The keyArn in encryptionConfig provider is invalid: {key}")
    return given or []


def logs(given: Body | None, before: set[str]) -> set[str]:
    """The kinds of logs that are on after `given`."""
    after = set(before)
    for one in (given or {}).get("clusterLogging") or []:
        types = set(one.get("types") or [])
        if types - set(LOGS):
            invalid(f"Invalid log types: {sorted(types - set(LOGS))}")
        after = after | types if one.get("enabled") else after - types
    return after
