# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
import typing as t

from lab.embedded_aws.client import EmbeddedAws

Network = t.Any
TAGS = [{"Key": "cloister:region", "Value": "us"}]


def owned(aws: EmbeddedAws) -> list[str]:
    return [one["kind"] for one in aws.holdings() if one["tags"].get("cloister:region") == "us"]


def ours(aws: EmbeddedAws) -> list[str]:
    return [one["kind"] for one in aws.holdings() if not one["default"]]


def test_nothing_is_held_at_first(aws: EmbeddedAws) -> None:
    assert aws.holdings() == []


def test_what_aws_makes_itself_is_told_apart(aws: EmbeddedAws, ec2: t.Any) -> None:
    ec2.describe_vpcs()
    kinds = {one["kind"] for one in aws.holdings()}
    assert {"ec2:vpc", "ec2:subnet", "ec2:internet-gateway", "ec2:route-table", "ec2:security-group"} <= kinds
    assert ours(aws) == []


def test_every_service_is_listed_with_its_tags(aws: EmbeddedAws, ec2: t.Any, client: t.Any) -> None:
    statement = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client("iam").create_role(RoleName="web", AssumeRolePolicyDocument=trust, Tags=TAGS)
    client("iam").create_instance_profile(InstanceProfileName="web", Tags=TAGS)
    client("ssm").put_parameter(Name="/cloister/us/lock", Value="1", Type="String", Tags=TAGS)
    client("logs").create_log_group(logGroupName="/cloister/us", tags={"cloister:region": "us"})
    zone = client("route53").create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"]
    client("route53").change_tags_for_resource(
        ResourceType="hostedzone", ResourceId=zone.rpartition("/")[2], AddTags=TAGS
    )
    ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": TAGS}])
    assert owned(aws) == [
        "ec2:vpc", "iam:instance-profile", "iam:role", "logs:log-group", "route53:hostedzone", "ssm:parameter",
    ]  # fmt: skip


def test_what_has_ended_is_not_held(aws: EmbeddedAws, ec2: t.Any, network: Network) -> None:
    vpc = network.vpc()
    gateway, subnet, address = network.gateway(vpc), network.subnet(vpc), network.address()
    nat = network.nat(subnet, address)
    assert {"ec2:natgateway", "ec2:elastic-ip"} <= set(ours(aws))
    ec2.delete_nat_gateway(NatGatewayId=nat)
    ec2.release_address(AllocationId=address)
    ec2.delete_subnet(SubnetId=subnet)
    ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    ec2.delete_internet_gateway(InternetGatewayId=gateway)
    ec2.delete_vpc(VpcId=vpc)
    assert ours(aws) == []


def test_a_fingerprint_changes_with_anything_about_the_thing(aws: EmbeddedAws, ec2: t.Any, network: Network) -> None:
    def fingerprints() -> dict[str, str]:
        return {one["id"]: one["fingerprint"] for one in aws.holdings()}

    vpc = network.vpc(dns=False)
    group = network.group(vpc)
    before = fingerprints()
    assert fingerprints() == before
    permission = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=permission)
    ec2.create_tags(Resources=[vpc], Tags=TAGS)
    changed = {one for one, fingerprint in fingerprints().items() if before.get(one) not in (None, fingerprint)}
    assert changed == {vpc, group}


def test_every_account_and_region_is_listed(aws: EmbeddedAws, client: t.Any, other_account: t.Any) -> None:
    client("ec2", "ap-northeast-2").allocate_address(Domain="vpc")
    other_account("ec2").allocate_address(Domain="vpc")
    held = {(one["account"], one["region"]) for one in aws.holdings() if one["kind"] == "ec2:elastic-ip"}
    assert held == {("123456789012", "ap-northeast-2"), ("999988887777", "us-west-2")}


def test_a_reset_empties_everything(aws: EmbeddedAws, client: t.Any) -> None:
    client("ec2").allocate_address(Domain="vpc")
    client("logs").create_log_group(logGroupName="/x")
    aws.reset()
    assert aws.holdings() == []
    assert aws.writes() == []
    assert client("logs").describe_log_groups()["logGroups"] == []
