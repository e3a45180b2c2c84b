# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws

Network = t.Any
Refused = t.Any


def nat_of(ec2: t.Any, gateway: str) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", ec2.describe_nat_gateways(NatGatewayIds=[gateway])["NatGateways"][0])


@pytest.fixture
def public(network: Network) -> tuple[str, str, str]:
    """(vpc, internet gateway, subnet)."""
    vpc = network.vpc()
    return vpc, network.gateway(vpc), network.subnet(vpc)


def test_a_vpc_takes_one_internet_gateway(ec2: t.Any, network: Network, refused: Refused) -> None:
    vpc = network.vpc()
    network.gateway(vpc)
    second = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    with refused("InvalidParameterValue", f"Network {vpc} already has an internet gateway attached"):
        ec2.attach_internet_gateway(InternetGatewayId=second, VpcId=vpc)


def test_an_internet_gateway_serves_one_vpc(ec2: t.Any, network: Network, refused: Refused) -> None:
    gateway = network.gateway(network.vpc())
    with refused("Resource.AlreadyAssociated", gateway):
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=network.vpc("10.1.0.0/16"))


def test_an_attached_gateway_is_not_deleted(ec2: t.Any, network: Network, refused: Refused) -> None:
    vpc = network.vpc()
    gateway = network.gateway(vpc)
    with refused("DependencyViolation", gateway):
        ec2.delete_internet_gateway(InternetGatewayId=gateway)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    with refused("Gateway.NotAttached"):
        ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.delete_internet_gateway(InternetGatewayId=gateway)


def test_a_gateway_stays_while_addresses_are_mapped(
    ec2: t.Any, network: Network, public: tuple[str, str, str], refused: Refused
) -> None:
    vpc, gateway, subnet = public
    network.nat(subnet)
    with refused("DependencyViolation", "mapped public address(es)"):
        ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)


def test_addresses_are_tagged_at_birth_and_belong_to_nobody(ec2: t.Any) -> None:
    tags = [{"Key": "cloister:keep", "Value": "true"}]
    made = ec2.allocate_address(Domain="vpc", TagSpecifications=[{"ResourceType": "elastic-ip", "Tags": tags}])
    other = ec2.allocate_address(Domain="vpc")
    assert made["PublicIp"].startswith("198.1")
    assert made["PublicIp"] != other["PublicIp"]
    kept = ec2.describe_addresses(Filters=[{"Name": "tag:cloister:keep", "Values": ["true"]}])["Addresses"]
    assert [one["AllocationId"] for one in kept] == [made["AllocationId"]]


def test_an_address_in_use_is_not_released(
    ec2: t.Any, network: Network, public: tuple[str, str, str], refused: Refused
) -> None:
    address = network.address()
    gateway = network.nat(public[2], address)
    with refused("InvalidIPAddress.InUse"):
        ec2.release_address(AllocationId=address)
    ec2.delete_nat_gateway(NatGatewayId=gateway)
    ec2.release_address(AllocationId=address)
    with refused("InvalidAllocationID.NotFound"):
        ec2.describe_addresses(AllocationIds=[address])


def test_an_address_goes_to_an_interface_and_back(ec2: t.Any, network: Network, public: tuple[str, str, str]) -> None:
    eni = ec2.create_network_interface(SubnetId=public[2])["NetworkInterface"]["NetworkInterfaceId"]
    address = network.address()
    association = ec2.associate_address(AllocationId=address, NetworkInterfaceId=eni)["AssociationId"]
    seen = ec2.describe_addresses(AllocationIds=[address])["Addresses"][0]
    assert (seen["AssociationId"], seen["NetworkInterfaceId"]) == (association, eni)
    ec2.disassociate_address(AssociationId=association)
    ec2.release_address(AllocationId=address)


def test_the_address_limit_is_enforced_once_set(aws: EmbeddedAws, ec2: t.Any, refused: Refused) -> None:
    aws.limits(addresses=1)
    ec2.allocate_address(Domain="vpc")
    with refused("AddressLimitExceeded"):
        ec2.allocate_address(Domain="vpc")


def test_a_nat_gateway_takes_its_time_and_then_serves(
    aws: EmbeddedAws, ec2: t.Any, network: Network, public: tuple[str, str, str]
) -> None:
    aws.delays(nat_gateway=60, nat_gateway_delete=60)
    address = network.address()
    gateway = network.nat(public[2], address)
    seen = nat_of(ec2, gateway)
    assert (seen["State"], seen["NatGatewayAddresses"][0]["AllocationId"]) == ("pending", address)
    aws.skip(60)
    assert nat_of(ec2, gateway)["State"] == "available"
    ec2.delete_nat_gateway(NatGatewayId=gateway)
    assert nat_of(ec2, gateway)["State"] == "deleting"
    assert "AssociationId" in ec2.describe_addresses(AllocationIds=[address])["Addresses"][0]
    aws.skip(60)
    assert nat_of(ec2, gateway)["State"] == "deleted"
    assert "AssociationId" not in ec2.describe_addresses(AllocationIds=[address])["Addresses"][0]
    aws.delays(nat_gateway=0, nat_gateway_delete=0)


def test_a_nat_gateway_holds_an_interface_in_its_subnet(
    ec2: t.Any, network: Network, public: tuple[str, str, str], refused: Refused
) -> None:
    gateway = network.nat(public[2])
    filters = [{"Name": "interface-type", "Values": ["nat_gateway"]}]
    eni = ec2.describe_network_interfaces(Filters=filters)["NetworkInterfaces"][0]
    assert (eni["SubnetId"], eni["RequesterManaged"], eni["Status"]) == (public[2], True, "in-use")
    assert eni["Description"] == f"Interface for NAT Gateway {gateway}"
    with refused("InvalidParameterValue", "is currently in use"):
        ec2.delete_network_interface(NetworkInterfaceId=eni["NetworkInterfaceId"])
    with refused("DependencyViolation"):
        ec2.delete_subnet(SubnetId=public[2])
    ec2.delete_nat_gateway(NatGatewayId=gateway)
    ec2.delete_subnet(SubnetId=public[2])


def test_a_nat_gateway_without_an_internet_gateway_fails(ec2: t.Any, network: Network) -> None:
    gateway = network.nat(network.subnet(network.vpc()))
    seen = nat_of(ec2, gateway)
    assert (seen["State"], seen["FailureCode"]) == ("failed", "Gateway.NotAttached")


def test_an_address_serves_one_nat_gateway(ec2: t.Any, network: Network, public: tuple[str, str, str]) -> None:
    address = network.address()
    network.nat(public[2], address)
    seen = nat_of(ec2, network.nat(public[2], address))
    assert (seen["State"], seen["FailureCode"]) == ("failed", "Resource.AlreadyAssociated")
    assert seen["FailureMessage"] == f"Elastic IP address [{address}] is already associated"


def test_a_repeated_request_with_one_token_makes_one_gateway(
    ec2: t.Any, network: Network, public: tuple[str, str, str]
) -> None:
    address = network.address()
    made = [
        ec2.create_nat_gateway(SubnetId=public[2], AllocationId=address, ClientToken="one")["NatGateway"][
            "NatGatewayId"
        ]
        for _ in range(2)
    ]
    assert made[0] == made[1]
    assert len(ec2.describe_nat_gateways()["NatGateways"]) == 1


def test_a_private_nat_gateway_needs_no_address(ec2: t.Any, network: Network) -> None:
    subnet = network.subnet(network.vpc())
    made = ec2.create_nat_gateway(SubnetId=subnet, ConnectivityType="private")["NatGateway"]
    assert nat_of(ec2, made["NatGatewayId"])["State"] == "available"


def test_what_a_nat_gateway_needs_is_checked(ec2: t.Any, network: Network, refused: Refused) -> None:
    subnet = network.subnet(network.vpc())
    with refused("MissingParameter"):
        ec2.create_nat_gateway(SubnetId=subnet)
    with refused("InvalidAllocationID.NotFound"):
        ec2.create_nat_gateway(SubnetId=subnet, AllocationId="eipalloc-0123456789abcdef0")
    with refused("NatGatewayNotFound"):
        ec2.delete_nat_gateway(NatGatewayId="nat-0123456789abcdef0")
