"""What lies in a network: VPCs and their ranges, subnets, gateways, addresses, flow logs."""

from __future__ import annotations

from ipaddress import ip_network

from ansible_collections.cloister.aws.plugins.module_utils.kinds.elastic_ip import ElasticIp
from ansible_collections.cloister.aws.plugins.module_utils.kinds.flow_log import FlowLog
from ansible_collections.cloister.aws.plugins.module_utils.kinds.internet_gateway import InternetGateway
from ansible_collections.cloister.aws.plugins.module_utils.kinds.log_group import LogGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.subnet import Subnet
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc import Vpc
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc_range import VpcRange

from tests.integration.playbook import Action
from tests.integration.rehearsal.damage.hands import Hands, act, tag, told


@act(Vpc)
def dns_hostnames_are_switched_off(hands: Hands) -> set[Action]:
    vpc = hands.all(Vpc)[0]
    hands.ec2.modify_vpc_attribute(VpcId=vpc["VpcId"], EnableDnsHostnames={"Value": False})
    return {told(Vpc, vpc, "change")}


@act(Vpc)
def the_default_security_group_of_the_last_vpc_is_opened(hands: Hands) -> set[Action]:
    vpc = hands.all(Vpc)[-1]
    filters = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}, {"Name": "group-name", "Values": ["default"]}]
    group = hands.ec2.describe_security_groups(Filters=filters)["SecurityGroups"][0]["GroupId"]
    rule = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    hands.ec2.authorize_security_group_egress(GroupId=group, IpPermissions=[rule])
    return {told(Vpc, vpc, "change")}


@act(VpcRange)
def a_range_that_no_subnet_uses_is_taken_away(hands: Hands) -> set[Action]:
    for vpc in hands.all(Vpc):
        inside = hands.ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc["VpcId"]]}])["Subnets"]
        used = [ip_network(subnet["CidrBlock"]) for subnet in inside]
        for item in vpc["CidrBlockAssociationSet"]:
            unused = not any(cut.subnet_of(ip_network(item["CidrBlock"])) for cut in used)
            if unused and item["CidrBlock"] != vpc["CidrBlock"]:
                hands.ec2.disassociate_vpc_cidr_block(AssociationId=item["AssociationId"])
                return {("network", VpcRange.noun, f"{tag(vpc)} {item['CidrBlock']}", "create")}
    return set()


@act(Subnet)
def a_subnet_loses_a_tag(hands: Hands) -> set[Action]:
    subnet = hands.named(Subnet, "private-")[-1]
    hands.ec2.delete_tags(Resources=[subnet["SubnetId"]], Tags=[{"Key": "cloister:tier"}])
    return {told(Subnet, subnet, "change")}


@act(Subnet)
def a_private_subnet_hands_out_public_addresses(hands: Hands) -> set[Action]:
    subnet = hands.named(Subnet, "private-")[0]
    hands.ec2.modify_subnet_attribute(SubnetId=subnet["SubnetId"], MapPublicIpOnLaunch={"Value": True})
    return {told(Subnet, subnet, "change")}


@act(InternetGateway)
def the_internet_gateway_loses_its_name(hands: Hands) -> set[Action]:
    gateway = hands.all(InternetGateway)[0]
    hands.ec2.delete_tags(Resources=[gateway["InternetGatewayId"]], Tags=[{"Key": "Name"}])
    return {told(InternetGateway, gateway, "change")}


@act(ElasticIp)
def a_static_address_loses_its_name(hands: Hands) -> set[Action]:
    addresses = hands.all(ElasticIp)[:1]
    for address in addresses:
        hands.ec2.delete_tags(Resources=[address["AllocationId"]], Tags=[{"Key": "Name"}])
    return {told(ElasticIp, address, "change") for address in addresses}


@act(FlowLog)
def a_flow_log_is_deleted(hands: Hands) -> set[Action]:
    logs = hands.all(FlowLog)[:1]
    for log in logs:
        hands.ec2.delete_flow_logs(FlowLogIds=[log["FlowLogId"]])
    return {told(FlowLog, log, "create") for log in logs}


@act(LogGroup)
def a_log_group_forgets_sooner(hands: Hands) -> set[Action]:
    logs = hands.client("logs")
    groups = logs.describe_log_groups(logGroupNamePrefix=f"/{hands.region_name}/")["logGroups"][:1]
    told_of = set()
    for group in groups:
        logs.put_retention_policy(logGroupName=group["logGroupName"], retentionInDays=1)
        tags = logs.list_tags_for_resource(resourceArn=group["logGroupArn"])["tags"]
        told_of.add((tags["cloister:stack"], LogGroup.noun, tags["cloister:part"], "change"))
    return told_of
