# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a network that others made is fit to build on: read it, then judge what was read (a pure function)."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError

EVERYWHERE = "0.0.0.0/0"
_ATTRIBUTES = {"enableDnsSupport": "EnableDnsSupport", "enableDnsHostnames": "EnableDnsHostnames"}

Entry = t.Mapping[str, t.Any]
Adopted = t.Mapping[str, t.Mapping[str, str]]


class Seen(t.TypedDict):
    """What AWS says of them, by id."""

    vpcs: dict[str, Entry]
    dns: dict[str, dict[str, bool]]
    subnets: dict[str, Entry]
    tables: list[Entry]


def refuse_unfit(aws: Aws, adopted: Adopted, to_check: t.Mapping[str, t.Sequence[Entry]], free_addresses: int) -> None:
    """Raise `InputError` with all that is wrong with what ``adopted`` names of ``to_check``.

    ``to_check``: {vpcs: [{name, cidrs}], subnets: [{name, vpc, tier, az, cidr}]}, as the inventory has them.
    """
    vpc_ids, subnet_ids = adopted.get("VPC", {}), adopted.get("subnet", {})
    vpcs = [{**vpc, "id": vpc_ids[vpc["name"]]} for vpc in to_check["vpcs"] if vpc["name"] in vpc_ids]
    subnets = [
        {**subnet, "id": subnet_ids[subnet["name"]], "vpc_id": vpc_ids.get(subnet["vpc"])}
        for subnet in to_check["subnets"]
        if subnet["name"] in subnet_ids
    ]
    seen = look(aws, {vpc["id"] for vpc in vpcs}, {subnet["id"] for subnet in subnets})
    found = problems(seen, vpcs, subnets, free_addresses)
    if found:
        raise InputError("; ".join(found))


def look(aws: Aws, vpcs: t.Collection[str], subnets: t.Collection[str]) -> Seen:
    """Read VPCs and subnets by id, and the route tables of their VPCs; what does not exist is left out."""
    vpc_filter = [{"Name": "vpc-id", "Values": sorted(vpcs)}]
    subnet_filter = [{"Name": "subnet-id", "Values": sorted(subnets)}]

    def read_vpcs() -> tuple[list[Entry], dict[str, dict[str, bool]]]:
        found = aws.pages("ec2", "describe_vpcs", "Vpcs", Filters=vpc_filter) if vpcs else []
        return found, dict(each(lambda vpc: (vpc["VpcId"], _dns(aws, vpc["VpcId"])), found))

    def read_subnets() -> tuple[list[Entry], list[Entry]]:
        found = aws.pages("ec2", "describe_subnets", "Subnets", Filters=subnet_filter) if subnets else []
        table_filter = [{"Name": "vpc-id", "Values": sorted({subnet["VpcId"] for subnet in found})}]
        return found, aws.pages("ec2", "describe_route_tables", "RouteTables", Filters=table_filter) if found else []

    reads: list[t.Callable[[], t.Any]] = [read_vpcs, read_subnets]
    (found_vpcs, dns), (found_subnets, tables) = each(lambda read: read(), reads)
    return {
        "vpcs": {vpc["VpcId"]: vpc for vpc in found_vpcs},
        "dns": dns,
        "subnets": {subnet["SubnetId"]: subnet for subnet in found_subnets},
        "tables": tables,
    }


def problems(seen: Seen, vpcs: t.Sequence[Entry], subnets: t.Sequence[Entry], free_addresses: int) -> list[str]:
    """Return what is wrong, one sentence each, with what to do about it.

    ``vpcs``: {name, id, cidrs}; ``subnets``: {name, id, vpc_id, tier, az, cidr}, as the inventory has them.
    """
    found = [text for vpc in vpcs for text in _vpc_problems(seen, vpc)]
    return found + [text for subnet in subnets for text in _subnet_problems(seen, subnet, free_addresses)]


def _vpc_problems(seen: Seen, vpc: Entry) -> t.Iterator[str]:
    there = seen["vpcs"].get(vpc["id"])
    who = f"adopted VPC {vpc['name']} ({vpc['id']})"
    if there is None:
        yield f"{who} does not exist in this account and region; correct region_adopted"
        return
    ranges = {item["CidrBlock"] for item in there.get("CidrBlockAssociationSet", ())} | {there["CidrBlock"]}
    missing = [cidr for cidr in vpc["cidrs"] if cidr not in ranges]
    if missing:
        yield f"{who} has {', '.join(sorted(ranges))} and not {', '.join(missing)}; correct its entry in network_vpcs"
    for attribute in [name for name in _ATTRIBUTES if not seen["dns"][vpc["id"]][name]]:
        yield (
            f"{who} has {attribute} off, and without it private names do not resolve; its owner turns it on with: "
            f"aws ec2 modify-vpc-attribute --vpc-id {vpc['id']} --{_flag(attribute)} '{{\"Value\":true}}'"
        )


def _subnet_problems(seen: Seen, subnet: Entry, free_addresses: int) -> t.Iterator[str]:
    there = seen["subnets"].get(subnet["id"])
    who = f"adopted subnet {subnet['name']} ({subnet['id']})"
    if there is None:
        yield f"{who} does not exist in this account and region; correct region_adopted"
        return
    for key, name in (("vpc_id", "VpcId"), ("az", "AvailabilityZone"), ("cidr", "CidrBlock")):
        if subnet[key] is not None and there[name] != subnet[key]:
            yield f"{who} has {name} {there[name]} and not {subnet[key]}; correct its entry in network_subnets"
    if there["AvailableIpAddressCount"] < free_addresses:
        yield (
            f"{who} has {there['AvailableIpAddressCount']} free addresses and {free_addresses} are needed "
            "(network_adopted_free_addresses); free some, or cut a new subnet"
        )
    yield from _route_problems(who, subnet["tier"], _routes(seen, there))


def _route_problems(who: str, tier: str, routes: t.Sequence[Entry]) -> t.Iterator[str]:
    dead = [str(route.get("DestinationCidrBlock")) for route in routes if route.get("State") == "blackhole"]
    if dead:
        yield f"{who} has routes to {', '.join(dead)} that lead to something that is gone; have its owner mend them"
    out = next((route for route in routes if route.get("DestinationCidrBlock") == EVERYWHERE), None)
    to_internet = bool(out and str(out.get("GatewayId", "")).startswith("igw-"))
    if tier == "public" and not to_internet:
        yield f"{who} is called public and has no route to an internet gateway; give it one, or call it private"
    if tier != "public" and to_internet:
        yield f"{who} is called {tier} and its default route leads to an internet gateway; call it public"
    if tier == "isolated" and out and not to_internet:
        yield f"{who} is called isolated and has a default route; call it private, or take the route away"


def _routes(seen: Seen, subnet: Entry) -> list[Entry]:
    """Return the routes of the table that the subnet is associated with, or of its VPC's main one."""
    tables = [table for table in seen["tables"] if table["VpcId"] == subnet["VpcId"]]
    for table in tables:
        if any(item.get("SubnetId") == subnet["SubnetId"] for item in table["Associations"]):
            return list(table["Routes"])
    main = (table for table in tables if any(item.get("Main") for item in table["Associations"]))
    return list(next(main, {"Routes": []})["Routes"])


def _dns(aws: Aws, vpc: str) -> dict[str, bool]:
    answers = each(lambda name: aws.call("ec2", "describe_vpc_attribute", VpcId=vpc, Attribute=name), [*_ATTRIBUTES])
    return {name: answer[_ATTRIBUTES[name]]["Value"] for name, answer in zip(_ATTRIBUTES, answers, strict=True)}


def _flag(attribute: str) -> str:
    return "".join(f"-{letter.lower()}" if letter.isupper() else letter for letter in attribute)
