"""System 4, operators in a VPC of their own and a private cluster: what stands."""

from __future__ import annotations

import base64
import json
import re
import typing as t
from pathlib import Path

import pytest

from tests.integration.playbook import Region
from tests.integration.systems import private
from tests.integration.systems.built import Built, changed, tags

ZONES = ("ap-northeast-2a", "ap-northeast-2b", "ap-northeast-2c")


def test_4_01_the_cluster_has_a_vpc_in_three_zones_and_operators_another(private_eks: Built) -> None:
    vpcs = private_eks.described("describe_vpcs", "Vpcs")
    assert {name: vpc["CidrBlock"] for name, vpc in vpcs.items()} == {
        "eks": "192.168.0.0/16", "operator": "172.20.0.0/16",
    }  # fmt: skip
    subnets = private_eks.described("describe_subnets", "Subnets")
    private_zones = [subnets[f"eks-private-{zone}"]["AvailabilityZone"] for zone in "abc"]
    assert private_zones == list(ZONES)


def test_4_01_vpcs_that_are_peered_and_overlap_are_refused(tmp_path: Path) -> None:
    vpcs = [{"name": name, "cidr": "192.168.0.0/16", "nat": "none"} for name in ("eks", "operator")]
    inventory = changed("examples/private-eks", tmp_path, network={"network_vpcs": vpcs, "network_subnets": []})
    region = Region.raised(inventory, tmp_path)
    run = region.play("site.yml")
    reads = region.lab.reads()["total"]
    region.lab.stop()
    assert run.rc != 0
    assert (reads, run.writes) == (0, [])
    assert "192.168.0.0/16" in run.output
    assert "network_vpcs" in run.output


def test_4_02_routes_lead_both_ways_over_the_peering(private_eks: Built) -> None:
    (peering,) = private_eks.described("describe_vpc_peering_connections", "VpcPeeringConnections").values()
    assert peering["Status"]["Code"] == "active"
    tables = private_eks.described("describe_route_tables", "RouteTables")
    ways = {
        (name, route["DestinationCidrBlock"])
        for name, table in tables.items()
        for route in table["Routes"]
        if route.get("VpcPeeringConnectionId") == peering["VpcPeeringConnectionId"]
    }
    there = {("operator-private-a", "192.168.0.0/16")}
    assert ways == there | {(f"eks-private-{zone}", "172.20.0.0/16") for zone in "abc"}


def user_data(private_eks: Built) -> str:
    """What the operator host does at its first boot."""
    template = private_eks.described("describe_launch_templates", "LaunchTemplates")["operator"]
    versions = private_eks.ec2.describe_launch_template_versions(
        LaunchTemplateId=template["LaunchTemplateId"], Versions=["$Latest"]
    )["LaunchTemplateVersions"]
    return base64.b64decode(versions[0]["LaunchTemplateData"].get("UserData", "")).decode()


def test_4_04_nobody_comes_in_but_through_systems_manager_and_the_commands_are_told(private_eks: Built) -> None:
    machine = private.machine(private_eks)
    groups = private_eks.ec2.describe_security_groups(GroupIds=[one["GroupId"] for one in machine["SecurityGroups"]])
    assert [rule for one in groups["SecurityGroups"] for rule in one["IpPermissions"]] == []
    assert machine.get("PublicIpAddress") is None
    assert machine.get("KeyName") is None
    told = private_eks.region.play("site.yml", "--limit", "operator")
    assert told.rc == 0, told.output
    assert f"aws ssm start-session --region {private.AWS_REGION} --target {machine['InstanceId']}" in told.output
    assert f"aws eks update-kubeconfig --region {private.AWS_REGION} --name private-eks-main" in told.output


def test_4_05_no_credentials_and_no_key_are_written_onto_the_host(private_eks: Built) -> None:
    text = user_data(private_eks)
    assert not re.search(r"aws_(access|secret)|AKIA|PRIVATE KEY|\.ssh/id_", text)


def test_4_07_the_load_balancer_is_internal_and_sends_443_to_addresses(private_eks: Built) -> None:
    balancer, group = private.balancer(private_eks), private.group(private_eks)
    assert (balancer["Type"], balancer["Scheme"]) == ("network", "internal")
    assert sorted(place["ZoneName"] for place in balancer["AvailabilityZones"]) == list(ZONES)
    assert (group["Protocol"], group["Port"], group["TargetType"]) == ("TCP", 443, "ip")
    listeners = private_eks.client("elbv2").describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    assert [(one["Port"], one["Protocol"]) for one in listeners] == [(443, "TCP")]


def test_4_08_the_api_is_asked_for_readyz_or_over_tcp(private_eks: Built) -> None:
    group = private.group(private_eks)
    asked = group["HealthCheckProtocol"], group["HealthCheckPath"], group["Matcher"]["HttpCode"]
    assert asked == ("HTTPS", "/readyz", "200")
    provider = {**private_eks.said("private_api", "private_api_provider"), "health_check": {"protocol": "TCP"}}
    with private_eks.saying("private_api", private_api_provider=provider):
        assert private_eks.drift("--limit", "private_api").actions == {
            ("private_api", "target group", "api-main", "change")
        }


def test_4_10_the_endpoint_asked_and_was_let_in(private_eks: Built) -> None:
    service = private.service(private_eks)
    assert service["AcceptanceRequired"] is True
    (connection,) = private_eks.ec2.describe_vpc_endpoint_connections()["VpcEndpointConnections"]
    assert connection["VpcEndpointId"] == private.endpoint(private_eks)["VpcEndpointId"]
    assert connection["VpcEndpointState"] == "available"


def test_4_11_the_endpoint_stands_with_the_operators_who_alone_come_in(private_eks: Built) -> None:
    endpoint = private.endpoint(private_eks)
    assert endpoint["SubnetIds"] == [private_eks.id("operator-a", "describe_subnets", "Subnets", "SubnetId")]
    group = private_eks.described("describe_security_groups", "SecurityGroups")["eks-api-endpoint"]
    assert [one["GroupId"] for one in endpoint["Groups"]] == [group["GroupId"]]
    (rule,) = group["IpPermissions"]
    assert (rule["FromPort"], rule["ToPort"]) == (443, 443)
    assert [one["CidrIp"] for one in rule["IpRanges"]] == ["172.20.0.0/16"]


def test_4_12_the_name_of_the_api_is_an_alias_of_the_endpoint(private_eks: Built) -> None:
    route53, host = private_eks.client("route53"), private.host(private_eks).lower()
    (zone,) = [one for one in route53.list_hosted_zones()["HostedZones"] if one["Name"] == f"{host}."]
    vpcs = route53.get_hosted_zone(Id=zone["Id"])["VPCs"]
    assert [vpc["VPCId"] for vpc in vpcs] == [private_eks.id("operator")]
    sets = route53.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
    (alias,) = [one["AliasTarget"] for one in sets if one["Name"] == f"{host}." and one["Type"] == "A"]
    first = private.endpoint(private_eks)["DnsEntries"][0]
    assert (alias["DNSName"].rstrip("."), alias["HostedZoneId"]) == (first["DnsName"], first["HostedZoneId"])
    assert alias["EvaluateTargetHealth"] is True


def test_4_18_the_bucket_lets_the_trail_write_before_there_is_one(private_eks: Built) -> None:
    calls = [write["action"] for write in private_eks.region.lab.writes()]
    assert calls.index("PutBucketPolicy") < calls.index("CreateTrail")
    cloudtrail = private_eks.client("cloudtrail")
    (trail,) = cloudtrail.describe_trails()["trailList"]
    assert trail["IsMultiRegionTrail"] is True
    (selector,) = cloudtrail.get_event_selectors(TrailName=trail["TrailARN"])["EventSelectors"]
    assert (selector["ReadWriteType"], selector["IncludeManagementEvents"]) == ("WriteOnly", True)
    assert selector["DataResources"] == []


def cluster_rules(private_eks: Built) -> list[dict[str, t.Any]]:
    group = private.cluster(private_eks)["resourcesVpcConfig"]["clusterSecurityGroupId"]
    (found,) = private_eks.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    return t.cast("list[dict[str, t.Any]]", found["IpPermissions"])


def test_4_21_the_cluster_knows_the_load_balancer_by_its_group_and_by_no_address(private_eks: Built) -> None:
    ours = private_eks.described("describe_security_groups", "SecurityGroups")["private-api"]["GroupId"]
    named = [pair["GroupId"] for rule in cluster_rules(private_eks) for pair in rule["UserIdGroupPairs"]]
    assert ours in named
    assert private.balancer(private_eks)["SecurityGroups"] == [ours]


@pytest.mark.parametrize("part", ["main tcp 443 group private-api", "main tcp 443 range 172.20.0.0/16"])
def test_4_22_a_rule_that_the_cluster_lost_comes_back(private_eks: Built, part: str) -> None:
    rules = private_eks.described("describe_security_group_rules", "SecurityGroupRules")
    rule = rules[part]
    private_eks.ec2.revoke_security_group_ingress(
        GroupId=rule["GroupId"], SecurityGroupRuleIds=[rule["SecurityGroupRuleId"]]
    )
    private_eks.found_and_healed(("eks", "cluster rule", part, "create"))


def test_4_24_nodes_require_imdsv2_at_two_hops_and_are_one_to_five(private_eks: Built) -> None:
    group = private_eks.client("eks").describe_nodegroup(clusterName="private-eks-main", nodegroupName="apps")[
        "nodegroup"
    ]
    assert group["scalingConfig"] == {"minSize": 1, "maxSize": 5, "desiredSize": 3}
    assert (group["amiType"], group["instanceTypes"]) == ("AL2023_x86_64_STANDARD", ["t3.medium"])
    template = private_eks.described("describe_launch_templates", "LaunchTemplates")["main-apps"]
    data = private_eks.ec2.describe_launch_template_versions(
        LaunchTemplateId=template["LaunchTemplateId"], Versions=["$Latest"]
    )["LaunchTemplateVersions"][0]["LaunchTemplateData"]
    assert data["MetadataOptions"]["HttpTokens"] == "required"
    assert data["MetadataOptions"]["HttpPutResponseHopLimit"] == 2
    assert data["BlockDeviceMappings"][0]["Ebs"]["VolumeSize"] == 20


def test_the_function_may_change_this_target_group_alone(private_eks: Built) -> None:
    """4.14, in its role."""
    iam = private_eks.client("iam")
    name = "private-eks-function-api-main-targets"
    (policy,) = iam.list_role_policies(RoleName=name)["PolicyNames"]
    document = iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
    said = document if isinstance(document, dict) else json.loads(document)
    writing = [one for one in said["Statement"] if "elasticloadbalancing:RegisterTargets" in one["Action"]]
    assert [one["Resource"] for one in writing] in (
        [private.group(private_eks)["TargetGroupArn"]],
        [[private.group(private_eks)["TargetGroupArn"]]],
    )
    assert tags(private.service(private_eks))["cloister:stack"] == "private_api"
