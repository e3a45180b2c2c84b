# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t

from lab.embedded_aws.client import EmbeddedAws

Clients = t.Any


def test_a_write_is_recorded_with_what_it_named_and_made(aws: EmbeddedAws, client: Clients) -> None:
    vpc = client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    subnet = client("ec2").create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
    first, second = aws.writes()
    assert (first["sequence"], first["service"], first["action"], first["made"]) == (1, "ec2", "CreateVpc", [vpc])
    assert (second["named"], second["made"]) == ([vpc], [subnet])
    assert (second["status"], second["error"], second["region"]) == (200, None, "us-west-2")
    assert second["access_key"] == aws.environment["AWS_ACCESS_KEY_ID"]


def test_reads_are_counted_and_not_recorded(aws: EmbeddedAws, client: Clients) -> None:
    for _ in range(3):
        client("ec2").describe_vpcs()
    client("sts").get_caller_identity()
    assert aws.writes() == []
    assert aws.reads()["actions"] == {"ec2:DescribeVpcs": 3, "sts:GetCallerIdentity": 1}
    assert aws.reads()["total"] == 4


def test_the_run_id_comes_from_the_user_agent(aws: EmbeddedAws, client: Clients) -> None:
    run = client("ec2", user_agent_appid="cloister-ab12cd")
    run.create_vpc(CidrBlock="10.0.0.0/16")
    run.describe_vpcs()
    assert aws.writes()[0]["run_id"] == "ab12cd"
    assert aws.reads()["runs"] == {"ab12cd": 1}


def test_a_refused_write_is_recorded_with_its_code(aws: EmbeddedAws, client: Clients, refused: t.Any) -> None:
    with refused("InvalidVpcID.NotFound"):
        client("ec2").delete_vpc(VpcId="vpc-00000000000000000")
    record = aws.writes()[0]
    assert (record["error"], record["status"], record["made"]) == ("InvalidVpcID.NotFound", 400, [])


def test_writes_since_a_sequence(aws: EmbeddedAws, client: Clients) -> None:
    for _ in range(3):
        client("ec2").create_internet_gateway()
    assert [record["sequence"] for record in aws.writes(since=1)] == [2, 3]


def test_names_stand_in_for_ids_where_a_service_has_names(aws: EmbeddedAws, client: Clients) -> None:
    client("ssm").put_parameter(Name="/cloister/us/lock", Value="1", Type="String")
    client("logs").create_log_group(logGroupName="/cloister/us")
    assert [record["named"] for record in aws.writes()] == [["/cloister/us/lock"], ["/cloister/us"]]


def test_rest_services_are_recorded_by_action(aws: EmbeddedAws, client: Clients) -> None:
    made = client("route53").create_hosted_zone(Name="example.com", CallerReference="1")
    zone = made["HostedZone"]["Id"].rpartition("/")[2]
    client("route53").delete_hosted_zone(Id=zone)
    first, second = aws.writes()
    assert (first["action"], first["made"]) == ("CreateHostedZone", [zone])
    assert (second["action"], second["named"]) == ("DeleteHostedZone", [zone])


def test_a_dry_run_is_no_write(aws: EmbeddedAws, client: Clients, refused: t.Any) -> None:
    with refused("DryRunOperation"):
        client("ec2").create_vpc(CidrBlock="10.0.0.0/16", DryRun=True)
    assert aws.writes() == []


def test_clearing_counts_from_zero(aws: EmbeddedAws, client: Clients) -> None:
    client("ec2").create_internet_gateway()
    aws.clear_journal()
    assert aws.writes() == []
    assert len(client("ec2").describe_internet_gateways(Filters=[{"Name": "attachment.vpc-id", "Values": ["*"]}])) > 0
    assert aws.reads()["total"] == 1
