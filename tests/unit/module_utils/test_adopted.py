"""What makes a network of others unfit to build on."""

from __future__ import annotations

import re
import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._adopted import Seen, look, problems
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws

VPC = {"name": "main", "id": "vpc-1", "cidrs": ["10.0.0.0/16"]}
PRIVATE = {
    "name": "private-a",
    "id": "subnet-1",
    "vpc_id": "vpc-1",
    "tier": "private",
    "az": "us-west-2a",
    "cidr": "10.0.3.0/24",
}
TO_INTERNET = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"}
TO_NAT = {"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1", "State": "active"}


def seen(*routes: t.Any, support: bool = True, hostnames: bool = True, free: int = 200) -> Seen:
    return {
        "vpcs": {"vpc-1": {"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}},
        "dns": {"vpc-1": {"enableDnsSupport": support, "enableDnsHostnames": hostnames}},
        "subnets": {
            "subnet-1": {
                "SubnetId": "subnet-1",
                "VpcId": "vpc-1",
                "AvailabilityZone": "us-west-2a",
                "CidrBlock": "10.0.3.0/24",
                "AvailableIpAddressCount": free,
            }
        },
        "tables": [{"VpcId": "vpc-1", "Associations": [{"Main": True}], "Routes": list(routes)}],
    }


def test_a_fit_network_has_no_problems() -> None:
    assert problems(seen(TO_NAT), [VPC], [PRIVATE], 16) == []
    assert problems(seen(), [VPC], [{**PRIVATE, "tier": "isolated"}], 16) == []
    assert problems(seen(TO_INTERNET), [VPC], [{**PRIVATE, "tier": "public"}], 16) == []


@pytest.mark.parametrize(
    ("support", "hostnames", "off"),
    [
        (True, False, ["enableDnsHostnames"]),
        (False, True, ["enableDnsSupport"]),
        (False, False, ["enableDnsSupport", "enableDnsHostnames"]),
    ],
)
def test_each_dns_attribute_that_is_off_is_named_with_its_remedy(
    support: bool, hostnames: bool, off: list[str]
) -> None:
    found = problems(seen(support=support, hostnames=hostnames), [VPC], [], 16)
    assert [text.split(" has ")[1].split()[0] for text in found] == off
    assert all("aws ec2 modify-vpc-attribute --vpc-id vpc-1 --enable-dns-" in text for text in found)


@pytest.mark.parametrize(
    ("routes", "changed", "why"),
    [
        ((), {"id": "subnet-9"}, "subnet-9.* does not exist"),
        ((), {"az": "us-west-2b"}, "AvailabilityZone us-west-2a and not us-west-2b"),
        ((), {"cidr": "10.0.4.0/24"}, r"CidrBlock 10\.0\.3\.0/24 and not 10\.0\.4\.0/24"),
        ((), {"vpc_id": "vpc-2"}, "VpcId vpc-1 and not vpc-2"),
        ((TO_INTERNET,), {}, "called private and its default route leads to an internet gateway"),
        ((TO_NAT,), {"tier": "public"}, "called public and has no route to an internet gateway"),
        ((TO_NAT,), {"tier": "isolated"}, "called isolated and has a default route"),
        (({**TO_NAT, "State": "blackhole"},), {}, r"routes to 0\.0\.0\.0/0 that lead to something that is gone"),
    ],
)
def test_a_subnet_that_is_not_as_described_is_told_why(routes: t.Any, changed: t.Any, why: str) -> None:
    found = problems(seen(*routes), [], [{**PRIVATE, **changed}], 16)
    assert len(found) == 1
    assert re.search(why, found[0])


def test_too_few_free_addresses_and_a_missing_range_are_told() -> None:
    found = problems(seen(free=3), [{**VPC, "cidrs": ["10.0.0.0/16", "10.1.0.0/16"]}], [PRIVATE], 16)
    assert "has 10.0.0.0/16 and not 10.1.0.0/16" in found[0]
    assert "3 free addresses and 16 are needed" in found[1]


def test_a_table_of_its_own_counts_before_the_main_one() -> None:
    own = {"VpcId": "vpc-1", "Associations": [{"SubnetId": "subnet-1"}], "Routes": [TO_NAT]}
    both = seen(TO_INTERNET)
    both["tables"].append(own)
    assert problems(both, [], [PRIVATE], 16) == []


def test_a_network_is_read_as_it_is(aws: Aws) -> None:
    vpc = aws.make("ec2", "create_vpc", CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = aws.make("ec2", "create_subnet", VpcId=vpc, CidrBlock="10.0.3.0/24", AvailabilityZone="us-west-2a")
    there = look(aws, {vpc, "vpc-0123456789abcdef0"}, {subnet["Subnet"]["SubnetId"]})
    found = problems(there, [{**VPC, "id": vpc}], [{**PRIVATE, "id": subnet["Subnet"]["SubnetId"], "vpc_id": vpc}], 16)
    assert ["enableDnsHostnames off" in text for text in found] == [True]
    assert look(aws, set(), set()) == {"vpcs": {}, "dns": {}, "subnets": {}, "tables": []}
