"""Drift: somebody changes one thing of each kind by hand. Each act says what a plan must then find."""

from __future__ import annotations

import typing as t

from tests.integration.playbook import Action, Region
from tests.integration.rehearsal.neighbours import session

Client = t.Callable[[str], t.Any]
Act = t.Callable[[Client, dict[str, t.Any]], Action]
ACTS: list[Act] = []


def act(function: Act) -> Act:
    """Register an act of damage."""
    ACTS.append(function)
    return function


def damage(region: Region) -> tuple[set[Action], set[int]]:
    """Do it all; return what a plan must find, and the sequence numbers of the writes that did it."""
    before = max((write["sequence"] for write in region.lab.writes()), default=0)
    client = session(region)
    expected = {done(client, region.settings) for done in ACTS}
    return expected, {write["sequence"] for write in region.lab.writes(before)}


def ours(client: Client, settings: dict[str, t.Any], describe: str, listed: str, part: str = "") -> dict[str, t.Any]:
    """Return AWS's description of one EC2 thing of the region: that of a part, or the first by part."""
    filters = [{"Name": "tag:cloister:region", "Values": [settings["region_name"]]}]
    found = [
        thing for thing in getattr(client("ec2"), describe)(Filters=filters)[listed] if part in ("", part_of(thing))
    ]
    return t.cast("dict[str, t.Any]", min(found, key=part_of))


def part_of(thing: dict[str, t.Any]) -> str:
    """Return the logical name."""
    return str(next(tag["Value"] for tag in thing["Tags"] if tag["Key"] == "cloister:part"))


@act
def dns_hostnames_are_switched_off(client: Client, settings: dict[str, t.Any]) -> Action:
    vpc = ours(client, settings, "describe_vpcs", "Vpcs")
    client("ec2").modify_vpc_attribute(VpcId=vpc["VpcId"], EnableDnsHostnames={"Value": False})
    return ("network", "VPC", part_of(vpc), "change")


@act
def a_subnet_loses_a_tag(client: Client, settings: dict[str, t.Any]) -> Action:
    subnet = ours(client, settings, "describe_subnets", "Subnets", "private-b")
    client("ec2").delete_tags(Resources=[subnet["SubnetId"]], Tags=[{"Key": "cloister:tier"}])
    return ("network", "subnet", "private-b", "change")


@act
def the_internet_gateway_loses_its_name(client: Client, settings: dict[str, t.Any]) -> Action:
    gateway = ours(client, settings, "describe_internet_gateways", "InternetGateways")
    client("ec2").delete_tags(Resources=[gateway["InternetGatewayId"]], Tags=[{"Key": "Name"}])
    return ("network", "internet gateway", part_of(gateway), "change")


@act
def the_way_to_the_internet_is_deleted(client: Client, settings: dict[str, t.Any]) -> Action:
    table = ours(client, settings, "describe_route_tables", "RouteTables", "main-public")
    client("ec2").delete_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0")
    return ("network", "route table", "main-public", "change")


@act
def a_subnet_is_taken_off_its_route_table(client: Client, settings: dict[str, t.Any]) -> Action:
    table = ours(client, settings, "describe_route_tables", "RouteTables", "main-private-b")
    client("ec2").disassociate_route_table(AssociationId=table["Associations"][0]["RouteTableAssociationId"])
    return ("network", "route table", "main-private-b", "change")


@act
def a_way_out_through_the_nat_gateway_is_deleted(client: Client, settings: dict[str, t.Any]) -> Action:
    table = ours(client, settings, "describe_route_tables", "RouteTables", "main-private-a")
    client("ec2").delete_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0")
    return ("network", "NAT route", "main-private-a 0.0.0.0/0", "create")


@act
def a_static_address_loses_its_name(client: Client, settings: dict[str, t.Any]) -> Action:
    address = ours(client, settings, "describe_addresses", "Addresses")
    client("ec2").delete_tags(Resources=[address["AllocationId"]], Tags=[{"Key": "Name"}])
    return ("network", "Elastic IP", part_of(address), "change")


@act
def the_s3_endpoint_is_taken_off_a_route_table(client: Client, settings: dict[str, t.Any]) -> Action:
    endpoint = ours(client, settings, "describe_vpc_endpoints", "VpcEndpoints", "main-s3")
    client("ec2").modify_vpc_endpoint(
        VpcEndpointId=endpoint["VpcEndpointId"], RemoveRouteTableIds=[sorted(endpoint["RouteTableIds"])[0]]
    )
    return ("network", "VPC endpoint", "main-s3", "change")


@act
def an_endpoint_is_deleted(client: Client, settings: dict[str, t.Any]) -> Action:
    endpoint = ours(client, settings, "describe_vpc_endpoints", "VpcEndpoints", "logs")
    client("ec2").delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])
    return ("endpoints", "VPC endpoint", "logs", "create")


@act
def ssh_is_opened_to_the_world(client: Client, settings: dict[str, t.Any]) -> Action:
    group = ours(client, settings, "describe_security_groups", "SecurityGroups", "public-alb")
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    client("ec2").authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[rule])
    return ("security_groups", "security group", "public-alb", "change")


@act
def the_door_of_the_endpoints_is_shut(client: Client, settings: dict[str, t.Any]) -> Action:
    group = ours(client, settings, "describe_security_groups", "SecurityGroups", "endpoints")
    client("ec2").revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
    return ("endpoints", "security group", "endpoints", "change")


@act
def the_private_zone_is_lent_to_another_vpc(client: Client, settings: dict[str, t.Any]) -> Action:
    zone = _zone(client, settings)
    vpc = next(vpc for vpc in client("ec2").describe_vpcs()["Vpcs"] if vpc["IsDefault"])
    place = {"VPCRegion": settings["region_aws_region"], "VPCId": vpc["VpcId"]}
    client("route53").associate_vpc_with_hosted_zone(HostedZoneId=zone["Id"], VPC=place)
    return ("dns", "hosted zone", zone["part"], "change")


@act
def a_record_points_elsewhere(client: Client, settings: dict[str, t.Any]) -> Action:
    for zone in client("route53").list_hosted_zones()["HostedZones"]:
        for record in client("route53").list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]:
            if record["Type"] == "TXT" and record["Name"].startswith("_region."):
                changed = {**record, "ResourceRecords": [{"Value": '"elsewhere"'}]}
                batch = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": changed}]}
                client("route53").change_resource_record_sets(HostedZoneId=zone["Id"], ChangeBatch=batch)
                return ("dns", "records", zone["Name"].rstrip("."), "change")
    raise AssertionError("the inventory has no _region record")


@act
def a_role_loses_a_policy(client: Client, settings: dict[str, t.Any]) -> Action:
    iam, prefix = client("iam"), f"/cloister/{settings['region_name']}/"
    for role in sorted(iam.list_roles(PathPrefix=prefix)["Roles"], key=lambda role: role["RoleName"]):
        attached = iam.list_attached_role_policies(RoleName=role["RoleName"])["AttachedPolicies"]
        if attached:
            iam.detach_role_policy(RoleName=role["RoleName"], PolicyArn=attached[0]["PolicyArn"])
            return ("identity", "IAM role", role["RoleName"].removeprefix(f"{settings['region_name']}-"), "change")
    raise AssertionError("no role has an attached policy")


def _zone(client: Client, settings: dict[str, t.Any]) -> dict[str, t.Any]:
    """Return the region's first private zone, with its logical name."""
    for zone in client("route53").list_hosted_zones()["HostedZones"]:
        answer = client("route53").list_tags_for_resource(
            ResourceType="hostedzone", ResourceId=zone["Id"].split("/")[-1]
        )
        tags = {tag["Key"]: tag["Value"] for tag in answer["ResourceTagSet"]["Tags"]}
        if zone["Config"]["PrivateZone"] and tags.get("cloister:region") == settings["region_name"]:
            return {**zone, "part": tags["cloister:part"]}
    raise AssertionError("the inventory has no private zone")
