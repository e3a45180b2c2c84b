# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What stands in the way of a deletion. AWS says "has a dependency"; this says which, and whose.

https://docs.aws.amazon.com/vpc/latest/userguide/delete-vpc.html tells what keeps a VPC; a network interface is what
keeps a subnet or a security group, beside rules of other groups that refer to it.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._errors import OwnershipError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind
from ansible_collections.cloister.aws.plugins.module_utils._owner import PART, REGION, STACK, tag_dict

_MOST = 10


@dataclass(frozen=True)
class _Content:
    """What can stand in a VPC: how it is listed, by which filter, and what comes with the VPC and goes with it."""

    action: str
    result: str
    id_key: str
    filter: str = "vpc-id"
    with_the_vpc: t.Callable[[t.Mapping[str, t.Any]], bool] = lambda raw: False


def _is_main(raw: t.Mapping[str, t.Any]) -> bool:
    return any(item.get("Main") for item in raw.get("Associations", ()))


def _is_default(raw: t.Mapping[str, t.Any]) -> bool:
    return raw.get("GroupName") == "default" or bool(raw.get("IsDefault"))


def _is_gone(raw: t.Mapping[str, t.Any]) -> bool:
    return str(raw["State"]).lower() == "deleted"


_IN_A_VPC = (
    _Content("describe_subnets", "Subnets", "SubnetId"),
    _Content("describe_internet_gateways", "InternetGateways", "InternetGatewayId", "attachment.vpc-id"),
    _Content("describe_security_groups", "SecurityGroups", "GroupId", with_the_vpc=_is_default),
    _Content("describe_route_tables", "RouteTables", "RouteTableId", with_the_vpc=_is_main),
    _Content("describe_network_acls", "NetworkAcls", "NetworkAclId", with_the_vpc=_is_default),
    _Content("describe_vpc_endpoints", "VpcEndpoints", "VpcEndpointId", with_the_vpc=_is_gone),
)


def blockers(aws: Aws, region: str, thing: str) -> list[str]:
    """Return what keeps ``thing`` (an id of a subnet, VPC, security group, internet gateway) from being deleted.

    Each in words: id, what it is, and which stack of ``region`` made it or that it is not of the region.
    """
    kind = thing.partition("-")[0]
    if kind == "subnet":
        return _interfaces(aws, region, "subnet-id", [thing])
    if kind == "sg":
        return _interfaces(aws, region, "group-id", [thing]) + _referring(aws, region, thing)
    if kind == "vpc":
        content = each(lambda item: _content(aws, region, item, thing), _IN_A_VPC)
        return _interfaces(aws, region, "vpc-id", [thing]) + [text for texts in content for text in texts]
    if kind == "igw":
        return _public_addresses(aws, region, thing)
    return []


def refuse_tenants(aws: Aws, region: str, found: t.Sequence[Found]) -> None:
    """Raise when an instance that is not the region's stands in one of the subnets among ``found``.

    Asked before the first deletion, so that it does not lose its way out before anyone is told.
    """
    subnets = [item.id for item in found if item.id.startswith("subnet-")]
    interfaces = _describe_interfaces(aws, "subnet-id", subnets) if subnets else []
    tenants = {instance: tags for instance, tags in _instances(aws, interfaces).items() if tags.get(REGION) != region}
    if tenants:
        named = "; ".join(f"{instance} ({_whose(region, tags)})" for instance, tags in sorted(tenants.items()))
        raise OwnershipError(
            f"nothing was deleted: in the subnets of region {region} stand instances that are not its own: {named}. "
            "Move or terminate them where they were made, then run again"
        )


def _interfaces(aws: Aws, region: str, name: str, values: list[str]) -> list[str]:
    interfaces = _describe_interfaces(aws, name, values)
    instances = _instances(aws, interfaces)
    return [_interface(region, raw, instances) for raw in interfaces]


def _describe_interfaces(aws: Aws, name: str, values: list[str]) -> list[t.Mapping[str, t.Any]]:
    filters = [{"Name": name, "Values": values}]
    return aws.pages("ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=filters)


def living_on(kind: Kind, interfaces: t.Sequence[t.Mapping[str, t.Any]]) -> list[str]:
    """Return the instances that keep what has these interfaces; not the region's own where all of the stack goes."""
    found = _instances(kind.aws, interfaces)
    own = kind.owner.region if kind.taken_down else ""
    return sorted(instance for instance, tags in found.items() if not own or tags.get(REGION) != own)


def _instances(aws: Aws, interfaces: t.Sequence[t.Mapping[str, t.Any]]) -> dict[str, dict[str, str]]:
    """Return the tags of the instances that the interfaces belong to, by id; those that are ending are left out."""
    ids = sorted({instance for raw in interfaces if (instance := raw.get("Attachment", {}).get("InstanceId"))})
    filters = [
        {"Name": "instance-id", "Values": ids},
        {"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]},
    ]
    reservations = aws.pages("ec2", "describe_instances", "Reservations", Filters=filters) if ids else []
    return {raw["InstanceId"]: tag_dict(raw.get("Tags")) for item in reservations for raw in item["Instances"]}


def _interface(region: str, raw: t.Mapping[str, t.Any], instances: t.Mapping[str, t.Mapping[str, str]]) -> str:
    instance = raw.get("Attachment", {}).get("InstanceId")
    if instance:
        what = f"of instance {instance}, {_whose(region, instances.get(instance, {}))}"
    elif raw.get("RequesterManaged") or raw.get("InterfaceType", "interface") != "interface":
        what = f"made by AWS for {raw.get('Description') or raw.get('InterfaceType')}"
    else:
        what = f"{raw.get('Description') or 'without description'}, {_whose(region, tag_dict(raw.get('TagSet')))}"
    return f"network interface {raw['NetworkInterfaceId']} ({what}, account {raw.get('OwnerId', 'unknown')})"


def _referring(aws: Aws, region: str, group: str) -> list[str]:
    filters = ("ip-permission.group-id", "egress.ip-permission.group-id")
    found = each(
        lambda name: aws.pages(
            "ec2", "describe_security_groups", "SecurityGroups", Filters=[{"Name": name, "Values": [group]}]
        ),
        filters,
    )
    groups = {raw["GroupId"]: raw for raws in found for raw in raws if raw["GroupId"] != group}
    return [
        f"rules of security group {name} ({_whose(region, tag_dict(raw.get('Tags')))})" for name, raw in groups.items()
    ]


def _content(aws: Aws, region: str, content: _Content, vpc: str) -> list[str]:
    filters = [{"Name": content.filter, "Values": [vpc]}]
    found = aws.pages("ec2", content.action, content.result, Filters=filters)
    return [
        f"{raw[content.id_key]} ({_whose(region, tag_dict(raw.get('Tags')))})"
        for raw in found
        if not content.with_the_vpc(raw)
    ]


def _public_addresses(aws: Aws, region: str, gateway: str) -> list[str]:
    answer = aws.call("ec2", "describe_internet_gateways", absent_ok=True, InternetGatewayIds=[gateway])
    gateways = answer["InternetGateways"] if answer else []
    vpcs = [item["VpcId"] for raw in gateways for item in raw.get("Attachments", ())]
    interfaces = _describe_interfaces(aws, "vpc-id", vpcs) if vpcs else []
    mapped = [raw for raw in interfaces if raw.get("Association", {}).get("PublicIp")]
    instances = _instances(aws, mapped)
    return [f"{raw['Association']['PublicIp']} on {_interface(region, raw, instances)}" for raw in mapped]


def _whose(region: str, tags: t.Mapping[str, str]) -> str:
    name = f"called {tags['Name']}, " if tags.get("Name") else ""
    if tags.get(REGION) == region and PART in tags:
        return f"{name}of stack {tags.get(STACK)}"
    return f"{name}not of region {region}"


def told(found: t.Sequence[str]) -> str:
    """Return ``found`` as one text, cut short when it is long."""
    more = f"; and {len(found) - _MOST} more" if len(found) > _MOST else ""
    return "; ".join(found[:_MOST]) + more
