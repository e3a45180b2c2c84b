# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Availability zones, prefix lists, and the default VPC a new account has."""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.ec2 import routes
from lab.embedded_aws.truth.ec2.base import Backend, Response, action, refuse, tag_list
from lab.embedded_aws.truth.ec2.kinds import Kind, register
from lab.embedded_aws.truth.ec2.reading import accepts, describe, paged, read_filters
from lab.embedded_aws.truth.ec2.xml import Ec2Result

ZONE_FILTERS = {
    "zone-name": "ZoneName", "zone-id": "ZoneId", "state": "State", "region-name": "RegionName",
    "zone-type": "ZoneType", "group-name": "GroupName", "opt-in-status": "OptInStatus",
}  # fmt: skip


@action
def describe_availability_zones(response: Response) -> t.Any:
    found = [_zone_view(zone) for zone in response.ec2_backend.describe_availability_zones()]
    for parameter, key in (("ZoneNames", "ZoneName"), ("ZoneIds", "ZoneId")):
        wanted = response._get_param(parameter, [])
        unknown = sorted(set(wanted) - {one[key] for one in found})
        if unknown:
            refuse("InvalidParameterValue", f"Invalid availability zone: [{', '.join(unknown)}]")
        found = [one for one in found if not wanted or one[key] in wanted]
    for name, values in read_filters(response):
        if name not in ZONE_FILTERS:
            refuse("InvalidParameterValue", f"The filter '{name}' is invalid")
        found = [one for one in found if accepts(values, [one[ZONE_FILTERS[name]]])]
    return Ec2Result({"AvailabilityZones": found})


def _zone_view(zone: t.Any) -> dict[str, t.Any]:
    return {
        "ZoneName": zone.name, "ZoneId": zone.zone_id, "RegionName": zone.region_name, "State": "available",
        "ZoneType": "availability-zone", "OptInStatus": "opt-in-not-required", "GroupName": f"{zone.region_name}-zg-1",
        "NetworkBorderGroup": zone.region_name, "Messages": [],
    }  # fmt: skip


def _list_view(prefix_list: t.Any) -> dict[str, t.Any]:
    return {
        "PrefixListId": prefix_list.id, "PrefixListName": prefix_list.prefix_list_name,
        "PrefixListArn": prefix_list.prefix_list_arn, "AddressFamily": prefix_list.address_family,
        "State": prefix_list.state, "OwnerId": prefix_list.owner_id, "Version": prefix_list.version,
        "MaxEntries": prefix_list.max_entries, "Tags": tag_list(prefix_list.ec2_backend, prefix_list.id),
    }  # fmt: skip


# Where Route 53's health checkers call from: https://ip-ranges.amazonaws.com/ip-ranges.json, ROUTE53_HEALTHCHECKS.
HEALTH_CHECKERS = (
    *("15.177.0.0/18", "54.183.255.128/26", "54.228.16.0/26", "54.232.40.64/26", "54.241.32.64/26"),
    *("54.243.31.192/26", "54.244.52.192/26", "54.245.168.0/26", "54.248.220.0/26", "54.250.253.192/26"),
    *("54.251.31.128/26", "54.252.79.128/26", "54.252.254.192/26", "54.255.254.192/26", "107.23.255.0/26"),
    *("176.34.159.192/26", "177.71.207.128/26"),
)
PREFIX_LIST = register(
    Kind(
        type="prefix-list", prefix="pl", missing=("InvalidPrefixListID.NotFound", "prefix list ID"),
        id_key="PrefixListId", objects=lambda backend: backend.managed_prefix_lists.values(), view=_list_view,
        filters={"prefix-list-id": "PrefixListId", "prefix-list-name": "PrefixListName", "owner-id": "OwnerId"},
    )
)  # fmt: skip


@action
def describe_managed_prefix_lists(response: Response) -> t.Any:
    return describe(response, PREFIX_LIST, "PrefixLists", "PrefixListIds")


@action
def describe_prefix_lists(response: Response) -> t.Any:
    """The older listing: AWS's own lists alone, with their blocks."""
    found = t.cast("dict[str, t.Any]", describe(response, PREFIX_LIST, "PrefixLists", "PrefixListIds").result)
    lists = response.ec2_backend.managed_prefix_lists
    rows = [
        {"PrefixListId": one["PrefixListId"], "PrefixListName": one["PrefixListName"],
         "Cidrs": [entry["Cidr"] for entry in next(iter(lists[one["PrefixListId"]].entries.values()), [])]}
        for one in found["PrefixLists"]
        if one["OwnerId"] == "AWS"
    ]  # fmt: skip
    return paged(response, "PrefixLists", rows)


def add_prefix_lists(backend: Backend) -> None:
    """Add those of AWS's own prefix lists that moto lacks."""
    name = f"com.amazonaws.{backend.region_name}.route53-healthchecks"
    entries = [{"Cidr": cidr, "Description": "default"} for cidr in HEALTH_CHECKERS]
    backend._create_aws_managed_prefix_list(name, "IPv4", entries)


def finish_default_vpc(backend: Backend) -> None:
    """Give the default VPC the way out that AWS gives it; moto leaves it closed."""
    vpc = backend.get_default_vpc()
    gateway = backend.create_internet_gateway()
    gateway.vpc = vpc
    table = next(one for one in backend.route_tables.values() if one.vpc_id == vpc.id)
    routes.put(backend, table, "DestinationCidrBlock", "0.0.0.0/0", {"gateway": gateway})
    for zone in backend.subnets.values():
        for subnet in zone.values():
            subnet.default_for_az = subnet.map_public_ip_on_launch = True
