# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""VPCs.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVpc.html (and _DeleteVpc, _ModifyVpcAttribute)
"""

from __future__ import annotations

import ipaddress
import typing as t

from lab.embedded_aws.limits import current as limits
from lab.embedded_aws.truth.ec2 import tags
from lab.embedded_aws.truth.ec2.base import Backend, Response, action, catch_up, done, forget, refuse, tag_list
from lab.embedded_aws.truth.ec2.kinds import Kind, find, register
from lab.embedded_aws.truth.ec2.reading import describe
from lab.embedded_aws.truth.ec2.xml import Ec2Result

ATTRIBUTES = {
    "EnableDnsSupport": "enable_dns_support",
    "EnableDnsHostnames": "enable_dns_hostnames",
    "EnableNetworkAddressUsageMetrics": "enable_network_address_usage_metrics",
}


def view(vpc: t.Any) -> dict[str, t.Any]:
    return {
        "VpcId": vpc.id, "OwnerId": vpc.owner_id, "State": vpc.state, "CidrBlock": vpc.cidr_block,
        "DhcpOptionsId": vpc.dhcp_options_id, "InstanceTenancy": vpc.instance_tenancy, "IsDefault": vpc.is_default,
        "CidrBlockAssociationSet": [
            {"AssociationId": one["association_id"], "CidrBlock": one["cidr_block"],
             "CidrBlockState": {"State": one["cidr_block_state"]["state"]}}
            for one in vpc.get_cidr_block_association_set()
        ],
        "Ipv6CidrBlockAssociationSet": [
            {"AssociationId": one["association_id"], "Ipv6CidrBlock": one["cidr_block"],
             "Ipv6CidrBlockState": {"State": one["cidr_block_state"]["state"]}}
            for one in vpc.get_cidr_block_association_set(ipv6=True)
        ],
        "Tags": tag_list(vpc.ec2_backend, vpc.id),
    }  # fmt: skip


VPC = register(
    Kind(
        type="vpc", prefix="vpc", missing=("InvalidVpcID.NotFound", "vpc ID"), id_key="VpcId",
        objects=lambda backend: backend.vpcs.values(), view=view,
        filters={
            "vpc-id": "VpcId", "cidr": "CidrBlock", "cidr-block": "CidrBlock", "state": "State",
            "cidr-block-association.cidr-block": "CidrBlockAssociationSet[].CidrBlock",
            "cidr-block-association.association-id": "CidrBlockAssociationSet[].AssociationId",
            "cidr-block-association.state": "CidrBlockAssociationSet[].CidrBlockState.State",
            "dhcp-options-id": "DhcpOptionsId", "is-default": "IsDefault", "isDefault": "IsDefault",
            "owner-id": "OwnerId",
        },
    )
)  # fmt: skip


def networks(vpc: t.Any) -> list[ipaddress.IPv4Network]:
    """The VPC's IPv4 blocks that are associated."""
    return [
        ipaddress.IPv4Network(one["cidr_block"], strict=False)
        for one in vpc.get_cidr_block_association_set()
        if one["cidr_block_state"]["state"] == "associated"
    ]


@action
def describe_vpcs(response: Response) -> t.Any:
    return describe(response, VPC, "Vpcs", "VpcIds")


@action
def create_vpc(response: Response) -> t.Any:
    backend, text = response.ec2_backend, response._get_param("CidrBlock")
    given = tags.requested(response, "vpc")
    network = read_network(text, "cidrBlock")
    if not 16 <= network.prefixlen <= 28:
        refuse("InvalidVpc.Range", f"The CIDR '{text}' is invalid.")
    limits.check("vpcs", len(backend.vpcs), "VpcLimitExceeded", "The maximum number of VPCs has been reached.")
    response.error_on_dryrun()
    vpc = backend.create_vpc(
        str(network),
        response._get_param("InstanceTenancy") or "default",
        amazon_provided_ipv6_cidr_block=response._get_param("AmazonProvidedIpv6CidrBlock", False),
        ipv6_cidr_block_network_border_group=response.region,
    )
    tags.put(backend, vpc.id, given)
    return Ec2Result({"Vpc": {**view(vpc), "State": "pending"}})


def read_network(text: str | None, parameter: str) -> ipaddress.IPv4Network:
    """The IPv4 block `text` names, host bits cleared as AWS does."""
    try:
        if not text or "/" not in text:
            raise ValueError
        return ipaddress.IPv4Network(text, strict=False)
    except ValueError:
        refuse(
            "InvalidParameterValue",
            f"Value ({text}) for parameter {parameter} is invalid. This is not a valid CIDR block.",
        )


@action
def modify_vpc_attribute(response: Response) -> t.Any:
    vpc = find(response.ec2_backend, response._get_param("VpcId"))
    wanted = {name: response._get_param(f"{name}.Value") for name in ATTRIBUTES}
    wanted = {name: value for name, value in wanted.items() if value is not None}
    if len(wanted) > 1:
        names = ", ".join(name[0].lower() + name[1:] for name in sorted(wanted))
        refuse("InvalidParameterCombination", f"Fields for multiple attribute types specified: {names}")
    for name, value in wanted.items():
        setattr(vpc, ATTRIBUTES[name], value in (True, "true"))
    return done()


@action
def delete_vpc(response: Response) -> t.Any:
    backend = response.ec2_backend
    catch_up(backend)
    vpc = find(backend, response._get_param("VpcId"))
    response.error_on_dryrun()
    if _in_use(backend, vpc.id):
        refuse("DependencyViolation", f"The vpc '{vpc.id}' has dependencies and cannot be deleted.")
    for table in [one for one in backend.route_tables.values() if one.vpc_id == vpc.id]:
        backend.route_tables.pop(table.id)
        forget(backend, table.id)
    for group in backend.groups.pop(vpc.id, {}):
        forget(backend, group)
    for acl in [one for one in backend.network_acls.values() if one.vpc_id == vpc.id]:
        backend.network_acls.pop(acl.id)
        forget(backend, acl.id)
    for log in [one for one in backend.flow_logs.values() if one.resource_id == vpc.id]:
        backend.flow_logs.pop(log.id)
        forget(backend, log.id)
    backend.vpcs.pop(vpc.id)
    forget(backend, vpc.id)
    return done()


def _in_use(backend: Backend, vpc_id: str) -> bool:
    """Whether anything but the defaults AWS made with the VPC is still in it."""
    return (
        any(one.vpc_id == vpc_id for zone in backend.subnets.values() for one in zone.values())
        or any(one.vpc and one.vpc.id == vpc_id for one in backend.internet_gateways.values())
        or any(one.vpc_id == vpc_id and not one.main_association_id for one in backend.route_tables.values())
        or any(not one.is_default for one in backend.groups.get(vpc_id, {}).values())
        or any(one.vpc_id == vpc_id and not one.default for one in backend.network_acls.values())
        or any(one.vpc_id == vpc_id and one.state != "deleted" for one in backend.vpc_end_points.values())
        or any(_peers(one, vpc_id) for one in backend.vpc_pcxs.values())
        or any(
            vpc_id in one.attachments and one.attachments[vpc_id].state == "attached"
            for one in backend.vpn_gateways.values()
        )
    )


def _peers(peering: t.Any, vpc_id: str) -> bool:
    return vpc_id in (peering.vpc.id, peering.peer_vpc.id) and peering._status.code == "active"


@action
def associate_vpc_cidr_block(response: Response) -> t.Any:
    backend, text = response.ec2_backend, response._get_param("CidrBlock")
    vpc = find(backend, response._get_param("VpcId"))
    if response._get_param("AmazonProvidedIpv6CidrBlock"):
        one = backend.associate_vpc_cidr_block(vpc.id, None, True)
        block = {"AssociationId": one["association_id"], "Ipv6CidrBlock": one["cidr_block"]}
        block["Ipv6CidrBlockState"] = {"State": "associating"}
        return Ec2Result({"VpcId": vpc.id, "Ipv6CidrBlockAssociation": block})
    network = read_network(text, "cidrBlock")
    if not 16 <= network.prefixlen <= 28 or any(network.overlaps(one) for one in networks(vpc)):
        refuse("InvalidVpc.Range", f"The CIDR '{text}' is invalid.")
    one = backend.associate_vpc_cidr_block(vpc.id, str(network), False)
    block = {"AssociationId": one["association_id"], "CidrBlock": one["cidr_block"]}
    return Ec2Result({"VpcId": vpc.id, "CidrBlockAssociation": {**block, "CidrBlockState": {"State": "associating"}}})
