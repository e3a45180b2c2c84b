# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Endpoint services: offered through a network load balancer, connected to once their owner accepts."""

from __future__ import annotations

import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws

Network = t.Any
Refused = t.Any
OTHER = "arn:aws:iam::999988887777:root"


class World:
    """A network load balancer in one VPC, and a subnet of another VPC that wants to reach it."""

    def __init__(self, client: t.Any, network: Network) -> None:
        self.ec2, self.elb = client("ec2"), client("elbv2")
        self.home = network.vpc("10.0.0.0/16")
        self.subnets = [network.subnet(self.home, f"10.0.{number}.0/24", f"us-west-2{zone}") for number, zone in
                        enumerate("ab", 1)]  # fmt: skip
        self.group = network.group(self.home, "balancer")
        self.vpc = network.vpc("172.20.0.0/16")
        self.subnet = network.subnet(self.vpc, "172.20.1.0/24", "us-west-2a")
        self.far = network.subnet(self.vpc, "172.20.2.0/24", "us-west-2d")
        self.balancer = self.make_balancer("one")

    def make_balancer(self, name: str) -> str:
        made = self.elb.create_load_balancer(
            Name=name, Type="network", Scheme="internal", Subnets=self.subnets, SecurityGroups=[self.group]
        )
        return str(made["LoadBalancers"][0]["LoadBalancerArn"])

    def offer(self, **more: t.Any) -> dict[str, t.Any]:
        made = self.ec2.create_vpc_endpoint_service_configuration(NetworkLoadBalancerArns=[self.balancer], **more)
        return t.cast("dict[str, t.Any]", made["ServiceConfiguration"])

    def connect(self, name: str, **more: t.Any) -> dict[str, t.Any]:
        wanted = {"VpcId": self.vpc, "SubnetIds": [self.subnet], "VpcEndpointType": "Interface", **more}
        return t.cast("dict[str, t.Any]", self.ec2.create_vpc_endpoint(ServiceName=name, **wanted)["VpcEndpoint"])

    def state(self, endpoint: str) -> str:
        return str(self.ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]["State"])


@pytest.fixture
def world(client: t.Any, network: Network) -> World:
    return World(client, network)


def test_a_service_is_offered_in_the_zones_of_its_balancer(world: World) -> None:
    tags = [{"ResourceType": "vpc-endpoint-service", "Tags": [{"Key": "Name", "Value": "api"}]}]
    made = world.offer(TagSpecifications=tags)
    assert made["ServiceName"] == f"com.amazonaws.vpce.us-west-2.{made['ServiceId']}"
    assert made["AvailabilityZones"] == ["us-west-2a", "us-west-2b"]
    assert made["AcceptanceRequired"] is True
    found = world.ec2.describe_vpc_endpoint_service_configurations(Filters=[{"Name": "tag:Name", "Values": ["api"]}])
    assert [one["ServiceId"] for one in found["ServiceConfigurations"]] == [made["ServiceId"]]


def test_an_endpoint_waits_for_its_acceptance(world: World, aws: EmbeddedAws) -> None:
    service = world.offer()
    endpoint = world.connect(service["ServiceName"])["VpcEndpointId"]
    assert world.state(endpoint) == "pendingAcceptance"
    listed = world.ec2.describe_vpc_endpoint_connections(
        Filters=[{"Name": "service-id", "Values": [service["ServiceId"]]}]
    )["VpcEndpointConnections"]
    assert [(one["VpcEndpointId"], one["VpcEndpointState"]) for one in listed] == [(endpoint, "pendingAcceptance")]
    aws.delays(vpc_endpoint=60)
    named = {"ServiceId": service["ServiceId"], "VpcEndpointIds": [endpoint]}
    assert world.ec2.accept_vpc_endpoint_connections(**named)["Unsuccessful"] == []
    assert world.state(endpoint) == "pending"
    aws.delays(vpc_endpoint=0)
    again = world.ec2.accept_vpc_endpoint_connections(**named)["Unsuccessful"]
    assert [one["Error"]["Code"] for one in again] == ["InvalidState"]


def test_an_open_service_needs_no_acceptance(world: World) -> None:
    service = world.offer(AcceptanceRequired=False)
    assert world.state(world.connect(service["ServiceName"])["VpcEndpointId"]) == "available"


def test_a_rejected_connection_lets_the_service_go(world: World) -> None:
    service = world.offer(AcceptanceRequired=False)
    endpoint = world.connect(service["ServiceName"])["VpcEndpointId"]
    ids = {"ServiceIds": [service["ServiceId"]]}
    held = world.ec2.delete_vpc_endpoint_service_configurations(**ids)["Unsuccessful"]
    assert [one["Error"]["Code"] for one in held] == ["ExistingVpcEndpointConnections"]
    world.ec2.reject_vpc_endpoint_connections(ServiceId=service["ServiceId"], VpcEndpointIds=[endpoint])
    assert world.state(endpoint) == "rejected"
    assert world.ec2.delete_vpc_endpoint_service_configurations(**ids)["Unsuccessful"] == []
    gone = world.ec2.delete_vpc_endpoint_service_configurations(**ids)["Unsuccessful"]
    assert [one["Error"]["Code"] for one in gone] == ["InvalidVpcEndpointServiceId.NotFound"]


def test_a_zone_without_the_balancer_is_refused(world: World, refused: Refused) -> None:
    service = world.offer()
    with refused("InvalidParameter", "does not support the availability zone", world.far):
        world.connect(service["ServiceName"], SubnetIds=[world.far])


def test_another_account_connects_once_it_is_named(
    world: World, client: t.Any, other_account: t.Any, refused: Refused
) -> None:
    service, other = world.offer(), other_account("ec2")
    vpc = other.create_vpc(CidrBlock="172.30.0.0/16")["Vpc"]["VpcId"]
    subnet = other.create_subnet(VpcId=vpc, CidrBlock="172.30.1.0/24", AvailabilityZone="us-west-2a")["Subnet"]
    wanted = {"VpcId": vpc, "SubnetIds": [subnet["SubnetId"]], "VpcEndpointType": "Interface"}
    with refused("InvalidServiceName"):
        other.create_vpc_endpoint(ServiceName=service["ServiceName"], **wanted)
    world.ec2.modify_vpc_endpoint_service_permissions(ServiceId=service["ServiceId"], AddAllowedPrincipals=[OTHER])
    allowed = world.ec2.describe_vpc_endpoint_service_permissions(ServiceId=service["ServiceId"])["AllowedPrincipals"]
    assert [(one["Principal"], one["PrincipalType"]) for one in allowed] == [(OTHER, "Account")]
    endpoint = other.create_vpc_endpoint(ServiceName=service["ServiceName"], **wanted)["VpcEndpoint"]
    listed = world.ec2.describe_vpc_endpoint_connections()["VpcEndpointConnections"]
    assert [(one["VpcEndpointId"], one["VpcEndpointOwner"]) for one in listed] == [
        (endpoint["VpcEndpointId"], "999988887777")
    ]


def test_a_balancer_serves_one_service_and_must_stand(world: World, aws: EmbeddedAws, refused: Refused) -> None:
    world.offer()
    with refused("InvalidParameter", "already associated"):
        world.offer()
    aws.delays(load_balancer=60)
    world.balancer = world.make_balancer("two")
    aws.delays(load_balancer=0)
    with refused("InvalidParameter", "not active"):
        world.offer()


def test_the_only_balancer_of_a_service_stays(world: World, refused: Refused) -> None:
    service = world.offer()
    with refused("InvalidParameter", "at least one"):
        world.ec2.modify_vpc_endpoint_service_configuration(
            ServiceId=service["ServiceId"], RemoveNetworkLoadBalancerArns=[world.balancer]
        )
    with refused("ResourceInUse"):
        world.elb.delete_load_balancer(LoadBalancerArn=world.balancer)


def test_services_are_held_and_private_names_of_ones_own_are_not_modelled(
    world: World, aws: EmbeddedAws, refused: Refused
) -> None:
    world.offer()
    assert [one["kind"] for one in aws.holdings() if "service" in one["kind"]] == ["ec2:vpc-endpoint-service"]
    with refused("NotModelled", status=501):
        world.offer(PrivateDnsName="api.example.com")
