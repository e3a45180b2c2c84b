# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t

import pytest

Network = t.Any
Refused = t.Any
HTTPS = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}


def from_cidr(cidr: str = "10.0.0.0/16", **more: t.Any) -> list[dict[str, t.Any]]:
    return [{**HTTPS, "IpRanges": [{"CidrIp": cidr}], **more}]


@pytest.fixture
def group(network: Network) -> str:
    return str(network.group(network.vpc()))


def ingress(ec2: t.Any, group: str) -> list[dict[str, t.Any]]:
    return t.cast(
        "list[dict[str, t.Any]]",
        ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissions"],
    )


def test_a_new_group_lets_everything_out_and_nothing_in(ec2: t.Any, group: str) -> None:
    seen = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]
    assert seen["IpPermissions"] == []
    assert [one["IpProtocol"] for one in seen["IpPermissionsEgress"]] == ["-1"]
    assert seen["IpPermissionsEgress"][0]["IpRanges"] == [{"CidrIp": "0.0.0.0/0"}]
    assert seen["SecurityGroupArn"] == f"arn:aws:ec2:us-west-2:123456789012:security-group/{group}"


def test_names_are_unique_in_their_vpc(ec2: t.Any, network: Network, refused: Refused) -> None:
    vpc = network.vpc()
    network.group(vpc, "web")
    network.group(network.vpc("10.1.0.0/16"), "web")
    with refused("InvalidGroup.Duplicate", f"'web' already exists for VPC '{vpc}'"):
        network.group(vpc, "web")


@pytest.mark.parametrize("name", ["sg-web", "wéb", "w" * 256, "a|b"])
def test_a_bad_name_is_refused(network: Network, refused: Refused, name: str) -> None:
    with refused("InvalidParameterValue"):
        network.group(network.vpc(), name)


@pytest.mark.parametrize("description", ["it's", "ü", "d" * 256])
def test_a_bad_description_is_refused(ec2: t.Any, network: Network, refused: Refused, description: str) -> None:
    with refused("InvalidParameterValue", "description"):
        ec2.create_security_group(GroupName="web", Description=description, VpcId=network.vpc())


def test_several_rules_arrive_together_with_tags(ec2: t.Any, group: str) -> None:
    tags = [{"ResourceType": "security-group-rule", "Tags": [{"Key": "cloister:part", "Value": "in"}]}]
    permissions = [
        *from_cidr(),
        {"IpProtocol": "udp", "FromPort": 53, "ToPort": 53, "IpRanges": [{"CidrIp": "10.1.0.0/16"}]},
    ]
    made = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=permissions, TagSpecifications=tags)
    assert [rule["ToPort"] for rule in made["SecurityGroupRules"]] == [443, 53]
    filters = [{"Name": "group-id", "Values": [group]}, {"Name": "tag:cloister:part", "Values": ["in"]}]
    assert len(ec2.describe_security_group_rules(Filters=filters)["SecurityGroupRules"]) == 2


def test_a_request_is_taken_whole_or_not_at_all(ec2: t.Any, group: str, refused: Refused) -> None:
    with refused("InvalidParameterValue", "10.0.0.0/33"):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[*from_cidr(), *from_cidr("10.0.0.0/33")])
    assert ingress(ec2, group) == []


def test_the_same_rule_twice_is_refused(ec2: t.Any, group: str, refused: Refused) -> None:
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=from_cidr())
    with refused("InvalidPermission.Duplicate", "peer: 10.0.0.0/16, TCP, from port: 443, to port: 443, ALLOW"):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=from_cidr("10.0.7.7/16"))


def test_a_rule_for_all_protocols_has_no_ports(ec2: t.Any, group: str) -> None:
    everything = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": group, "Description": "each other"}]}]
    rule = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=everything)["SecurityGroupRules"][0]
    assert (rule["FromPort"], rule["ToPort"], rule["ReferencedGroupInfo"]["GroupId"]) == (-1, -1, group)
    assert "FromPort" not in ingress(ec2, group)[0]
    assert ingress(ec2, group)[0]["UserIdGroupPairs"][0]["Description"] == "each other"


@pytest.mark.parametrize(
    "permission",
    [
        {"IpProtocol": "tcp", "IpRanges": [{"CidrIp": "10.0.0.0/16"}]},
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 80, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]},
        {"IpProtocol": "carrier-pigeon", "IpRanges": [{"CidrIp": "10.0.0.0/16"}]},
        {**HTTPS, "IpRanges": [{"CidrIp": "10.0.0.0/16", "Description": "a 'quote'"}]},
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(
    ec2: t.Any, group: str, refused: Refused, permission: dict[str, t.Any]
) -> None:
    with refused("InvalidParameterValue"):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[permission])


def test_a_rule_may_name_a_prefix_list(ec2: t.Any, group: str, refused: Refused) -> None:
    name = [{"Name": "prefix-list-name", "Values": ["com.amazonaws.us-west-2.s3"]}]
    prefix_list = ec2.describe_managed_prefix_lists(Filters=name)["PrefixLists"][0]["PrefixListId"]
    to_s3 = [{**HTTPS, "PrefixListIds": [{"PrefixListId": prefix_list, "Description": "layers"}]}]
    ec2.authorize_security_group_egress(GroupId=group, IpPermissions=to_s3)
    seen = ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissionsEgress"]
    assert {"PrefixListId": prefix_list, "Description": "layers"} in seen[1]["PrefixListIds"]
    with refused("InvalidPrefixListID.NotFound"):
        gone = [{**HTTPS, "PrefixListIds": [{"PrefixListId": "pl-0123456789abcdef0"}]}]
        ec2.authorize_security_group_egress(GroupId=group, IpPermissions=gone)


def test_a_group_of_another_network_is_refused(ec2: t.Any, network: Network, group: str, refused: Refused) -> None:
    stranger = network.group(network.vpc("10.1.0.0/16"))
    with refused("InvalidGroup.NotFound", "different networks"):
        pair = [{**HTTPS, "UserIdGroupPairs": [{"GroupId": stranger}]}]
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=pair)
    with refused("InvalidGroup.NotFound", "does not exist"):
        pair = [{**HTTPS, "UserIdGroupPairs": [{"GroupId": "sg-0123456789abcdef0"}]}]
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=pair)


def test_rules_are_revoked_by_content_and_by_id(ec2: t.Any, group: str, refused: Refused) -> None:
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=from_cidr())
    made = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=from_cidr("10.1.0.0/16"))
    by_content = ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=from_cidr())
    assert by_content["RevokedSecurityGroupRules"][0]["CidrIpv4"] == "10.0.0.0/16"
    rule = made["SecurityGroupRules"][0]["SecurityGroupRuleId"]
    ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[rule])
    assert ingress(ec2, group) == []
    with refused("InvalidPermission.NotFound"):
        ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=from_cidr())
    with refused("InvalidSecurityGroupRuleId.NotFound"):
        ec2.revoke_security_group_ingress(GroupId=group, SecurityGroupRuleIds=[rule])


def test_the_way_out_is_closed_by_revoking_it(ec2: t.Any, group: str) -> None:
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    ec2.revoke_security_group_egress(GroupId=group, IpPermissions=everything)
    assert ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"][0]["IpPermissionsEgress"] == []


def test_a_rule_is_changed_in_place(ec2: t.Any, group: str) -> None:
    made = ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=from_cidr())["SecurityGroupRules"][0]
    rule = made["SecurityGroupRuleId"]
    wanted = {**HTTPS, "FromPort": 8443, "ToPort": 8443, "CidrIpv4": "10.2.0.0/16", "Description": "moved"}
    changes = [{"SecurityGroupRuleId": rule, "SecurityGroupRule": wanted}]
    ec2.modify_security_group_rules(GroupId=group, SecurityGroupRules=changes)
    seen = ec2.describe_security_group_rules(SecurityGroupRuleIds=[rule])["SecurityGroupRules"][0]
    assert (seen["FromPort"], seen["CidrIpv4"], seen["Description"]) == (8443, "10.2.0.0/16", "moved")


def test_a_description_is_changed_alone(ec2: t.Any, group: str) -> None:
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=from_cidr())
    described = [{**HTTPS, "IpRanges": [{"CidrIp": "10.0.0.0/16", "Description": "why"}]}]
    ec2.update_security_group_rule_descriptions_ingress(GroupId=group, IpPermissions=described)
    assert ingress(ec2, group)[0]["IpRanges"] == [{"CidrIp": "10.0.0.0/16", "Description": "why"}]


def test_more_than_sixty_rules_are_refused(ec2: t.Any, group: str, refused: Refused) -> None:
    ranges = [{"CidrIp": f"10.0.{number}.0/24"} for number in range(61)]
    with refused("RulesPerSecurityGroupLimitExceeded"):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{**HTTPS, "IpRanges": ranges}])


def test_a_group_in_use_is_not_deleted(ec2: t.Any, network: Network, refused: Refused) -> None:
    vpc = network.vpc()
    group = network.group(vpc)
    eni = ec2.create_network_interface(SubnetId=network.subnet(vpc), Groups=[group])["NetworkInterface"]
    with refused("DependencyViolation", f"resource {group} has a dependent object"):
        ec2.delete_security_group(GroupId=group)
    ec2.delete_network_interface(NetworkInterfaceId=eni["NetworkInterfaceId"])
    ec2.delete_security_group(GroupId=group)
    with refused("InvalidGroup.NotFound", f"The security group '{group}' does not exist"):
        ec2.describe_security_groups(GroupIds=[group])


def test_a_group_that_others_refer_to_is_not_deleted(ec2: t.Any, network: Network, refused: Refused) -> None:
    vpc = network.vpc()
    web, app = network.group(vpc, "web"), network.group(vpc, "app")
    pair = [{**HTTPS, "UserIdGroupPairs": [{"GroupId": web}]}]
    for group in (web, app):
        ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=pair)
    with refused("DependencyViolation"):
        ec2.delete_security_group(GroupId=web)
    ec2.delete_security_group(GroupId=app)
    ec2.delete_security_group(GroupId=web)


def test_the_default_group_stays(ec2: t.Any, network: Network, refused: Refused) -> None:
    filters = [{"Name": "vpc-id", "Values": [network.vpc()]}]
    default = ec2.describe_security_groups(Filters=filters)["SecurityGroups"][0]["GroupId"]
    with refused("CannotDelete", default):
        ec2.delete_security_group(GroupId=default)


def test_groups_are_found_by_what_their_rules_say(ec2: t.Any, group: str) -> None:
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=from_cidr("10.3.0.0/16"))
    filters = [{"Name": "ip-permission.cidr", "Values": ["10.3.*"]}]
    assert [one["GroupId"] for one in ec2.describe_security_groups(Filters=filters)["SecurityGroups"]] == [group]
