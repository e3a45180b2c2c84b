"""System 2, tasks in private subnets behind endpoints instead of a NAT gateway: what stands. Rows 2.04 to 2.08."""

from __future__ import annotations

import pytest

from tests.integration.systems.built import Built, Thing, default_routes

PRIVATE = ("private-a", "private-c")
THREE = {"ecr-api", "ecr-dkr", "logs"}
GROUP = ("endpoints", "security group", "endpoints", "change")


def endpoints(fargate: Built) -> dict[str, Thing]:
    return fargate.described("describe_vpc_endpoints", "VpcEndpoints")


def test_2_04_endpoints_take_the_place_of_public_addresses_and_nat(fargate: Built) -> None:
    assert fargate.described("describe_addresses", "Addresses") == {}
    tables = fargate.described("describe_route_tables", "RouteTables")
    assert {name for name, to in default_routes(tables).items() if to} == {"main-public"}
    subnets = fargate.described("describe_subnets", "Subnets").values()
    assert not any(subnet["MapPublicIpOnLaunch"] for subnet in subnets)


def test_2_05_image_pulls_and_logs_have_their_three_endpoints_and_s3(fargate: Built) -> None:
    found = endpoints(fargate)
    assert {name for name, one in found.items() if one["VpcEndpointType"] == "Interface"} == THREE
    assert all(found[name]["PrivateDnsEnabled"] for name in THREE)
    tables = fargate.described("describe_route_tables", "RouteTables")
    assert set(found["main-s3"]["RouteTableIds"]) == {table["RouteTableId"] for table in tables.values()}


@pytest.mark.parametrize("name", sorted(THREE))
def test_2_05_a_missing_endpoint_is_named_and_comes_back(fargate: Built, name: str) -> None:
    fargate.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoints(fargate)[name]["VpcEndpointId"]])
    fargate.found_and_healed(("endpoints", "VPC endpoint", name, "create"))


def test_2_05_without_the_way_to_s3_image_layers_are_missed_aloud(fargate: Built) -> None:
    found = endpoints(fargate)
    gone = [found[name]["VpcEndpointId"] for name in ("main-s3", "ecr-dkr")]
    fargate.ec2.delete_vpc_endpoints(VpcEndpointIds=gone)
    alone = fargate.drift("--limit", "endpoints")
    assert "has an endpoint for ecr.dkr and none for s3, where image layers lie" in " ".join(alone.output.split())
    fargate.found_and_healed(
        ("network", "VPC endpoint", "main-s3", "create"), ("endpoints", "VPC endpoint", "ecr-dkr", "create")
    )


@pytest.mark.parametrize("attribute", ["EnableDnsHostnames", "EnableDnsSupport"])
def test_2_06_private_names_are_not_given_to_endpoints_in_a_vpc_that_cannot_resolve_them(
    fargate: Built, attribute: str
) -> None:
    fargate.ec2.modify_vpc_attribute(VpcId=fargate.id("main"), **{attribute: {"Value": False}})
    fargate.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoints(fargate)["logs"]["VpcEndpointId"]])
    alone = fargate.region.play("site.yml", "--limit", "endpoints")
    assert alone.rc != 0
    assert alone.region_writes == []
    assert f"{fargate.id('main')} has {attribute} off; set them on the VPC" in " ".join(alone.output.split())
    fargate.found_and_healed(("network", "VPC", "main", "change"), ("endpoints", "VPC endpoint", "logs", "create"))


def test_2_07_all_ranges_of_the_vpc_come_in_on_443_and_nothing_else_does(fargate: Built) -> None:
    group = fargate.described("describe_security_groups", "SecurityGroups")["endpoints"]
    (rule,) = group["IpPermissions"]
    assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", 443, 443)
    assert {item["CidrIp"] for item in rule["IpRanges"]} == {"10.0.0.0/16", "10.1.0.0/16"}
    assert all(endpoints(fargate)[name]["Groups"][0]["GroupId"] == group["GroupId"] for name in THREE)


def test_2_07_an_endpoint_group_without_443_is_named_and_opened(fargate: Built) -> None:
    group = fargate.described("describe_security_groups", "SecurityGroups")["endpoints"]
    fargate.ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
    fargate.found_and_healed(GROUP)


def test_2_07_another_group_on_an_endpoint_is_taken_off(fargate: Built) -> None:
    groups = fargate.described("describe_security_groups", "SecurityGroups")
    ours, other = groups["endpoints"]["GroupId"], groups["app"]["GroupId"]
    endpoint = endpoints(fargate)["ecr-dkr"]["VpcEndpointId"]
    fargate.ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, AddSecurityGroupIds=[other], RemoveSecurityGroupIds=[ours])
    fargate.found_and_healed(("endpoints", "VPC endpoint", "ecr-dkr", "change"))


def test_2_08_each_endpoint_has_one_interface_in_each_private_subnet(fargate: Built) -> None:
    subnets = fargate.described("describe_subnets", "Subnets")
    private = {subnets[name]["SubnetId"] for name in PRIVATE}
    for name in THREE:
        interfaces = fargate.ec2.describe_network_interfaces(
            NetworkInterfaceIds=endpoints(fargate)[name]["NetworkInterfaceIds"]
        )["NetworkInterfaces"]
        assert sorted(interface["SubnetId"] for interface in interfaces) == sorted(private)


def test_when_all_is_healed_nothing_differs(fargate: Built) -> None:
    assert fargate.drift().actions == set()
