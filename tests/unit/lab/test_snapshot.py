"""The embedded AWS tells of itself what a reader of a real account would find."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, Connection
from ansible_collections.cloister.aws.plugins.module_utils.reachability.flow import Vantage, reach
from ansible_collections.cloister.aws.plugins.module_utils.reachability.read import KINDS, read
from ansible_collections.cloister.aws.plugins.module_utils.reachability.services import reach_service

from lab.embedded_aws.client import EmbeddedAws
from tests.clients import Clients
from tests.unit.lab.conftest import REGION, Network


@pytest.fixture
def real(aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> Aws:
    """The reader's way to AWS."""
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    return Aws(Connection(REGION))


@pytest.fixture
def vpc(ec2: t.Any, network: Network) -> str:
    """A VPC with all that is judged in it."""
    vpc, other = network.vpc(), network.vpc("10.1.0.0/16")
    public, private = network.subnet(vpc), network.subnet(vpc, "10.0.2.0/24", "us-west-2b")
    gateway, nat = network.gateway(vpc), network.nat
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=public)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
    own = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=own, SubnetId=private)
    ec2.create_route(RouteTableId=own, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat(public))
    peering = ec2.create_vpc_peering_connection(VpcId=vpc, PeerVpcId=other)["VpcPeeringConnection"]
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering["VpcPeeringConnectionId"])
    ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.s3", RouteTableIds=[own])
    group = network.group(vpc)
    ingress = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[ingress])
    ec2.create_vpc_endpoint(
        VpcId=vpc, ServiceName=f"com.amazonaws.{REGION}.ecr.dkr", VpcEndpointType="Interface",
        SubnetIds=[private], SecurityGroupIds=[group], PrivateDnsEnabled=True,
    )  # fmt: skip
    return vpc


def private_of(ec2: t.Any, vpc: str) -> Vantage:
    """A place in the private subnet, as a task of the default group has it."""
    subnets = ec2.describe_subnets(Filters=[{"Name": "cidr-block", "Values": ["10.0.2.0/24"]}])["Subnets"]
    groups = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["SecurityGroups"]
    default = next(one["GroupId"] for one in groups if one["GroupName"] == "default")
    return Vantage(vpc, subnets[0]["SubnetId"], (default,), "10.0.2.77")


@pytest.mark.usefixtures("vpc")
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in ("load_balancers", "target_groups")])
def test_a_network_is_told_as_the_api_tells_it(aws: EmbeddedAws, real: Aws, client: Clients, kind: str) -> None:
    said = {"Name": "example.internal", "CallerReference": "1"}
    vpc = client("ec2").describe_vpcs(Filters=[{"Name": "cidr", "Values": ["10.0.0.0/16"]}])["Vpcs"][0]["VpcId"]
    zone = client("route53").create_hosted_zone(**said, VPC={"VPCRegion": REGION, "VPCId": vpc})["HostedZone"]["Id"]
    record = {"Name": "*.api.example.internal", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "10.0.2.9"}]}
    changes = [{"Action": "CREATE", "ResourceRecordSet": record}]
    client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})
    assert aws.snapshot(REGION)[kind] == t.cast("t.Any", read(real, kinds=KINDS))[kind]


@pytest.mark.parametrize("found", [{}, {"192.0.2.1": False}, {"192.0.2.1": False, "192.0.2.2": False}])
@pytest.mark.parametrize("changed", [{}, {"Inverted": True}, {"Disabled": True}])
def test_health_checks_that_records_name_are_told_as_the_api_tells_them(
    aws: EmbeddedAws, real: Aws, client: Clients, found: dict[str, bool], changed: dict[str, bool]
) -> None:
    route53 = client("route53")
    zone = route53.create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"]
    checks = []
    for address in ("192.0.2.1", "192.0.2.2", "192.0.2.3"):
        config = {"Type": "TCP", "IPAddress": address, "Port": 443}
        made = route53.create_health_check(CallerReference=address, HealthCheckConfig=config)["HealthCheck"]["Id"]
        checks.append(made)
        if changed:
            route53.update_health_check(HealthCheckId=made, **changed)
    for number, check in enumerate(checks[:2]):
        record = {"Name": "a.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": f"192.0.2.{number}"}],
                  "SetIdentifier": str(number), "MultiValueAnswer": True, "HealthCheckId": check}  # fmt: skip
        batch = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": record}]}
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)
    for address, healthy in found.items():
        aws.target_health(address, 443, healthy=healthy)
    said = aws.snapshot(REGION)["health_checks"]
    assert said == t.cast("t.Any", read(real))["health_checks"]
    asked = [bool(changed.get("Disabled")) or found.get(address, True) for address in ("192.0.2.1", "192.0.2.2")]
    well = [one != bool(changed.get("Inverted")) for one in asked]
    assert {one["IPAddress"]: one["Healthy"] for one in said} == dict(
        zip(("192.0.2.1", "192.0.2.2"), well, strict=True)
    )


def test_load_balancers_are_told_as_the_api_tells_them(
    aws: EmbeddedAws, real: Aws, client: Clients, network: Network
) -> None:
    elb, vpc = client("elbv2"), network.vpc()
    network.gateway(vpc)
    subnets = [network.subnet(vpc), network.subnet(vpc, "10.0.2.0/24", "us-west-2b")]
    made = elb.create_load_balancer(Name="web", Subnets=subnets, SecurityGroups=[network.group(vpc)])
    group = elb.create_target_group(Name="web", Protocol="HTTP", Port=8080, VpcId=vpc, TargetType="ip")
    arn = group["TargetGroups"][0]["TargetGroupArn"]
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "10.0.2.99", "Port": 8080}])
    forward = [{"Type": "forward", "TargetGroupArn": arn}]
    listener = elb.create_listener(
        LoadBalancerArn=made["LoadBalancers"][0]["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=forward
    )["Listeners"][0]["ListenerArn"]
    host = [{"Field": "host-header", "HostHeaderConfig": {"Values": ["api.example.internal"]}}]
    elb.create_rule(ListenerArn=listener, Priority=10, Conditions=host, Actions=forward)
    said, found = aws.snapshot(REGION), t.cast("t.Any", read(real))
    assert said["load_balancers"] == found["load_balancers"]
    assert said["load_balancers"][0]["Listeners"][0]["Rules"]
    assert said["target_groups"] == found["target_groups"]
    assert said["target_groups"][0]["Targets"]


def test_only_what_is_asked_is_read(aws: EmbeddedAws, real: Aws, vpc: str) -> None:
    before = dict(aws.reads()["actions"])
    found = read(real, [vpc], kinds=["subnets", "security_groups"])
    reads = {name: count - before.get(name, 0) for name, count in aws.reads()["actions"].items()}
    assert {name: count for name, count in reads.items() if count} == {
        "ec2:DescribeSubnets": 1,
        "ec2:DescribeSecurityGroups": 1,
    }
    assert {subnet["VpcId"] for subnet in found["subnets"]} == {vpc}


def test_what_is_built_is_judged(aws: EmbeddedAws, real: Aws, ec2: t.Any, vpc: str) -> None:
    place = private_of(ec2, vpc)
    for snapshot in (t.cast("t.Any", aws.snapshot(REGION)), read(real)):
        assert reach(snapshot, place, "example.com", 443).reached
        assert reach_service(snapshot, place, "s3").reached
        assert reach_service(snapshot, place, "ecr.dkr").reached
        assert reach_service(snapshot, place, "logs").reached


def test_what_is_broken_is_found(aws: EmbeddedAws, ec2: t.Any, vpc: str) -> None:
    place = private_of(ec2, vpc)
    nat = ec2.describe_nat_gateways()["NatGateways"][0]["NatGatewayId"]
    ec2.delete_nat_gateway(NatGatewayId=nat)
    found = reach_service(t.cast("t.Any", aws.snapshot(REGION)), place, "logs")
    assert (found.stage, found.cause) == ("route", "blackhole")
