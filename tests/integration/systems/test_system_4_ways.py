"""System 4: how operators reach the API, and what they are told when they do not."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils.reachability.flow import INTERNET
from ansible_collections.cloister.aws.plugins.module_utils.reachability.verdict import Verdict

from tests.integration.rehearsal.neighbours import session
from tests.integration.systems import private
from tests.integration.systems.built import Built

LINK_PARTS = ("load balancer", "endpoint service", "endpoint connection", "hosted zone", "function", "event rule")


def asked(one: Built) -> Verdict:
    return one.reach(private.operator(one), private.host(one))


def test_4_06_4_23_operators_reach_the_api_by_its_own_name_and_the_evidence_is_told(private_eks: Built) -> None:
    found = asked(private_eks)
    assert found.reached, found.told()
    (address,) = private.resolved(private_eks, private.host(private_eks))
    face = private.endpoint(private_eks)["NetworkInterfaceIds"][0]
    (seen,) = private_eks.ec2.describe_network_interfaces(NetworkInterfaceIds=[face])["NetworkInterfaces"]
    assert address == seen["PrivateIpAddress"]
    said = "\n".join(found.told()["cleared"])
    for evidence in (address, "is let in to endpoint service", "listens on 443", "2 of 2 targets"):
        assert evidence in said


def test_4_06_the_internet_does_not_reach_the_api(private_eks: Built) -> None:
    assert not private_eks.reach(INTERNET, private.host(private_eks)).reached


def test_4_12_operators_resolve_the_name_to_their_endpoint_alone(private_eks: Built) -> None:
    (address,) = private.resolved(private_eks, private.host(private_eks))
    assert address.startswith("172.20.1.")


@pytest.mark.parametrize("mode", ["peered", "ssm_port_forward"])
def test_4_06_another_mode_takes_private_link_away_and_leads_there_all_the_same(private_eks: Built, mode: str) -> None:
    with private_eks.saying("private_api", private_api_mode=mode):
        run = private_eks.region.play("site.yml", "--limit", "private_api")
        assert run.rc == 0, run.output
        removed = {kind for _stack, kind, _part, action in run.actions if action == "remove"}
        assert removed >= set(LINK_PARTS)
        found = asked(private_eks)
        assert found.reached, found.told()
        assert set(private.resolved(private_eks, private.host(private_eks))) == set(private.interfaces(private_eks))
        assert not private_eks.drift("--limit", "private_api").actions
    back = private_eks.region.play("site.yml", "--limit", "private_api")
    assert back.rc == 0, back.output
    assert asked(private_eks).reached


def test_f12_4_02_a_missing_return_route_is_named_and_comes_back(private_eks: Built) -> None:
    tables = private_eks.described("describe_route_tables", "RouteTables")
    for zone in "abc":
        table = tables[f"eks-private-{zone}"]["RouteTableId"]
        private_eks.ec2.delete_route(RouteTableId=table, DestinationCidrBlock="172.20.0.0/16")
    node = sorted(private.interfaces(private_eks))[0]
    found = private_eks.reach(private.operator(private_eks), node)
    assert found.cause == "no-return-route", found.told()
    private_eks.found_and_healed(*(("network", "route table", f"eks-private-{zone}", "change") for zone in "abc"))
    assert private_eks.reach(private.operator(private_eks), node).reached


def test_4_09_rules_that_are_asked_of_private_link_too_are_diagnosed(private_eks: Built) -> None:
    elb, balancer = private_eks.client("elbv2"), private.balancer(private_eks)
    assert balancer["EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"] == "off"
    elb.set_security_groups(
        LoadBalancerArn=balancer["LoadBalancerArn"],
        SecurityGroups=balancer["SecurityGroups"],
        EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic="on",
    )
    found = asked(private_eks)
    assert (found.stage, found.cause) == ("security_group", "privatelink-enforcement"), found.told()
    private_eks.found_and_healed(("private_api", "load balancer", "api-main", "change"))
    assert asked(private_eks).reached


def test_f11_4_10_an_endpoint_that_nobody_let_in_is_named_and_let_in(private_eks: Built) -> None:
    endpoint = private.endpoint(private_eks)["VpcEndpointId"]
    private_eks.ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
    private_eks.region.lab.fail("ec2:AcceptVpcEndpointConnections", "UnauthorizedOperation", times=1)
    broken = private_eks.region.play("site.yml", "--limit", "private_api")
    assert broken.rc != 0
    own_name = private.endpoint(private_eks)["DnsEntries"][0]["DnsName"]
    found = private_eks.reach(private.operator(private_eks), own_name)
    assert (found.stage, found.cause) == ("tcp", "connection-pending"), found.told()
    assert "pendingAcceptance" in found.said
    healed = private_eks.region.play("site.yml", "--limit", "private_api")
    assert healed.rc == 0, healed.output
    assert asked(private_eks).reached
    assert not private_eks.drift("--limit", "private_api").actions


def test_4_10_a_connection_that_somebody_rejected_is_named_and_let_in_again(private_eks: Built) -> None:
    service, endpoint = private.service(private_eks), private.endpoint(private_eks)
    named: dict[str, t.Any] = {"ServiceId": service["ServiceId"], "VpcEndpointIds": [endpoint["VpcEndpointId"]]}
    private_eks.ec2.reject_vpc_endpoint_connections(**named)
    assert asked(private_eks).cause == "connection-rejected"
    private_eks.found_and_healed(
        ("private_api", "endpoint connection", "api-main api-main-operator", "create"),
    )
    assert asked(private_eks).reached


def test_4_11_a_subnet_without_a_free_address_is_refused_before_the_first_write(private_eks: Built) -> None:
    ec2, endpoint = private_eks.ec2, private.endpoint(private_eks)
    ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint["VpcEndpointId"]])
    subnet = private_eks.described("describe_subnets", "Subnets")["operator-a"]
    taken = []
    while ec2.describe_subnets(SubnetIds=[subnet["SubnetId"]])["Subnets"][0]["AvailableIpAddressCount"]:
        made = ec2.create_network_interface(SubnetId=subnet["SubnetId"])
        taken.append(made["NetworkInterface"]["NetworkInterfaceId"])
    refused = private_eks.region.play("site.yml", "--limit", "private_api")
    for face in taken:
        ec2.delete_network_interface(NetworkInterfaceId=face)
    assert refused.rc != 0
    assert refused.region_writes == []
    assert f"{subnet['SubnetId']} has no free address" in " ".join(refused.output.split())
    healed = private_eks.region.play("site.yml", "--limit", "private_api")
    assert healed.rc == 0, healed.output
    assert asked(private_eks).reached


def test_4_27_another_account_is_told_let_in_by_name_and_cut_off(private_eks: Built) -> None:
    provider = private_eks.said("private_api", "private_api_provider")
    open_to = {**provider, "principals": [f"arn:aws:iam::{private.PARTNER}:root"]}
    with private_eks.saying("private_api", private_api_provider=open_to):
        assert private_eks.region.play("site.yml", "--limit", "private_api").rc == 0
        theirs = session(private_eks.region, private.PARTNER)("ec2")
        vpc = theirs.create_vpc(CidrBlock="192.168.0.0/16")["Vpc"]["VpcId"]
        place: dict[str, t.Any] = {"CidrBlock": "192.168.1.0/24", "AvailabilityZone": f"{private.AWS_REGION}a"}
        subnet = theirs.create_subnet(VpcId=vpc, **place)["Subnet"]["SubnetId"]
        name = private.service(private_eks)["ServiceName"]
        made = theirs.create_vpc_endpoint(VpcId=vpc, ServiceName=name, VpcEndpointType="Interface", SubnetIds=[subnet])
        asking = made["VpcEndpoint"]["VpcEndpointId"]
        told = private_eks.drift("--limit", "private_api")
        assert f"{asking} of account {private.PARTNER} asks to be let in" in " ".join(told.output.split())
        accepted = {**open_to, "accepted_endpoints": [{"endpoint": asking, "reason": "the partner's operators"}]}
        private_eks.say("private_api", private_api_provider=accepted)
        assert private_eks.region.play("site.yml", "--limit", "private_api").rc == 0
        shown = theirs.describe_vpc_endpoints(VpcEndpointIds=[asking])["VpcEndpoints"][0]
        assert shown["State"] == "available"
    private_eks.found_and_healed(
        ("private_api", "endpoint connection", f"api-main {asking}", "remove"),
        ("private_api", "endpoint service", "api-main", "change"),
    )
    assert theirs.describe_vpc_endpoints(VpcEndpointIds=[asking])["VpcEndpoints"][0]["State"] == "rejected"
    theirs.delete_vpc_endpoints(VpcEndpointIds=[asking])
