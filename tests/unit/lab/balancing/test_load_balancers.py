# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws

Refused = t.Any
Balancing = t.Any


def one(elb: t.Any, arn: str) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", elb.describe_load_balancers(LoadBalancerArns=[arn])["LoadBalancers"][0])


def test_an_application_load_balancer_looks_as_aws_shows_it(balancing: Balancing) -> None:
    made = balancing.balancer("us-public")
    assert made["LoadBalancerArn"].partition(":loadbalancer/app/us-public/")[2].isalnum()
    assert made["DNSName"].startswith("us-public-")
    assert made["DNSName"].endswith(".us-west-2.elb.amazonaws.com")
    assert (made["CanonicalHostedZoneId"], made["Scheme"]) == ("Z1H1FL5HABSF5", "internet-facing")
    assert [zone["ZoneName"] for zone in made["AvailabilityZones"]] == ["us-west-2a", "us-west-2b"]
    assert (made["VpcId"], made["SecurityGroups"]) == (balancing.vpc, [balancing.security_group])


def test_an_internal_one_says_so_in_its_name(balancing: Balancing) -> None:
    assert balancing.balancer("inner", Scheme="internal")["DNSName"].startswith("internal-inner-")


def test_a_network_one_has_names_and_a_zone_of_its_own(balancing: Balancing) -> None:
    made = balancing.network_balancer()
    identifier = made["LoadBalancerArn"].rpartition("/")[2]
    assert made["DNSName"] == f"edge-{identifier}.elb.us-west-2.amazonaws.com"
    assert (made["CanonicalHostedZoneId"], made.get("SecurityGroups", [])) == ("Z18D5FSROUN65G", [])


def test_it_takes_its_time_and_is_then_active(aws: EmbeddedAws, balancing: Balancing) -> None:
    aws.delays(load_balancer=60)
    made = balancing.balancer()
    assert made["State"]["Code"] == "provisioning"
    assert one(balancing.elb, made["LoadBalancerArn"])["State"]["Code"] == "provisioning"
    aws.skip(60)
    assert one(balancing.elb, made["LoadBalancerArn"])["State"]["Code"] == "active"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a" * 33, "cannot be longer than '32' characters"),
        ("-web", "cannot begin or end with '-'"),
        ("web-", "cannot begin or end with '-'"),
        ("internal-web", "cannot begin with 'internal-'"),
        ("web_1", "alphanumeric characters or hyphens"),
    ],
)
def test_names_are_checked(balancing: Balancing, refused: Refused, name: str, words: str) -> None:
    with refused("ValidationError", words):
        balancing.balancer(name)


def test_the_same_request_again_gets_the_same_load_balancer(balancing: Balancing, refused: Refused) -> None:
    first, second = balancing.balancer(), balancing.balancer()
    assert first["LoadBalancerArn"] == second["LoadBalancerArn"]
    with refused("DuplicateLoadBalancerName", "exists, but with different settings"):
        balancing.balancer(Scheme="internal")


def test_an_application_one_needs_two_zones(balancing: Balancing, network: t.Any, refused: Refused) -> None:
    with refused("ValidationError", "At least two subnets in two different Availability Zones must be specified"):
        balancing.balancer(Subnets=balancing.subnets[:1])
    twin = network.subnet(balancing.vpc, "10.0.9.0/24", "us-west-2a")
    with refused("InvalidConfigurationRequest", "multiple subnets in the same Availability Zone"):
        balancing.balancer(Subnets=[balancing.subnets[0], twin])


def test_its_subnets_exist_and_are_of_one_vpc(balancing: Balancing, network: t.Any, refused: Refused) -> None:
    with refused("SubnetNotFound", "subnet-0123456789abcdef0"):
        balancing.balancer(Subnets=[balancing.subnets[0], "subnet-0123456789abcdef0"])
    elsewhere = network.subnet(network.vpc("10.9.0.0/16"), "10.9.0.0/24", "us-west-2b")
    with refused("InvalidConfigurationRequest", "same VPC"):
        balancing.balancer(Subnets=[balancing.subnets[0], elsewhere])


def test_one_that_faces_the_internet_needs_a_gateway_to_it(network: t.Any, elb: t.Any, refused: Refused) -> None:
    vpc = network.vpc()
    subnets = [network.subnet(vpc, f"10.0.{i}.0/24", f"us-west-2{zone}") for i, zone in enumerate("ab")]
    with refused("InvalidSubnet", f"VPC {vpc} has no internet gateway"):
        elb.create_load_balancer(Name="web", Subnets=subnets)
    assert elb.create_load_balancer(Name="web", Subnets=subnets, Scheme="internal")["LoadBalancers"]


def test_its_subnets_have_eight_free_addresses(balancing: Balancing, network: t.Any, refused: Refused) -> None:
    small = network.subnet(balancing.vpc, "10.0.8.0/28", "us-west-2a")
    for _ in range(4):
        balancing.ec2.create_network_interface(SubnetId=small)
    with refused("InvalidSubnet", f"Not enough IP space available in {small}", "at least 8 free IP addresses"):
        balancing.balancer(Subnets=[small, balancing.subnets[1]])


def test_its_security_groups_exist_in_its_vpc(balancing: Balancing, network: t.Any, refused: Refused) -> None:
    with refused("InvalidSecurityGroup", "sg-0123456789abcdef0"):
        balancing.balancer(SecurityGroups=["sg-0123456789abcdef0"])
    other = network.group(network.vpc("10.9.0.0/16"))
    with refused("InvalidConfigurationRequest", "One or more security groups are invalid"):
        balancing.balancer(SecurityGroups=[other])
    default = balancing.balancer(SecurityGroups=[])["SecurityGroups"]
    names = balancing.ec2.describe_security_groups(GroupIds=default)["SecurityGroups"]
    assert [group["GroupName"] for group in names] == ["default"]


def test_gateway_load_balancers_are_not_modelled(balancing: Balancing, refused: Refused) -> None:
    with refused("NotModelled"):
        balancing.elb.create_load_balancer(Name="inspect", Type="gateway", Subnets=balancing.subnets[:1])


def test_it_has_an_interface_in_each_subnet(balancing: Balancing, refused: Refused) -> None:
    arn = balancing.balancer()["LoadBalancerArn"]
    found = balancing.interfaces(arn)
    assert sorted(eni["SubnetId"] for eni in found) == sorted(balancing.subnets[:2])
    for eni in found:
        assert (eni["RequesterManaged"], eni["Groups"][0]["GroupId"]) == (True, balancing.security_group)
        assert eni["Association"]["PublicIp"].startswith("198.1")
    with refused("DependencyViolation"):
        balancing.ec2.delete_security_group(GroupId=balancing.security_group)
    with refused("DependencyViolation"):
        balancing.ec2.detach_internet_gateway(InternetGatewayId=balancing.gateway, VpcId=balancing.vpc)
    inner = balancing.balancer("inner", Scheme="internal")["LoadBalancerArn"]
    assert all("Association" not in eni for eni in balancing.interfaces(inner))


def test_elastic_ips_are_for_network_ones_that_face_the_internet(balancing: Balancing, refused: Refused) -> None:
    address = balancing.network.address()
    mappings = [{"SubnetId": balancing.subnets[0], "AllocationId": address}]
    both = [*mappings, {"SubnetId": balancing.subnets[1]}]
    with refused("InvalidConfigurationRequest"):
        balancing.balancer(SubnetMappings=both)
    with refused("InvalidConfigurationRequest"):
        balancing.network_balancer(SubnetMappings=mappings, Scheme="internal")
    made = balancing.network_balancer(SubnetMappings=mappings)
    public = balancing.ec2.describe_addresses(AllocationIds=[address])["Addresses"][0]
    shown = made["AvailabilityZones"][0]["LoadBalancerAddresses"]
    assert shown == [{"IpAddress": public["PublicIp"], "AllocationId": address}]
    assert public["NetworkInterfaceId"] == balancing.interfaces(made["LoadBalancerArn"])[0]["NetworkInterfaceId"]
    with refused("InvalidIPAddress.InUse"):
        balancing.ec2.release_address(AllocationId=address)
    with refused("ResourceInUse", "allocation IDs are not available for use"):
        balancing.network_balancer("second", SubnetMappings=mappings)
    absent = [{"SubnetId": balancing.subnets[0], "AllocationId": "eipalloc-0123456789abcdef0"}]
    with refused("AllocationIdNotFound"):
        balancing.network_balancer("third", SubnetMappings=absent)


def test_an_internal_network_one_may_choose_its_addresses(balancing: Balancing, refused: Refused) -> None:
    def mapping(address: str) -> list[dict[str, str]]:
        return [{"SubnetId": balancing.subnets[0], "PrivateIPv4Address": address}]

    made = balancing.network_balancer(Scheme="internal", SubnetMappings=mapping("10.0.0.77"))
    assert made["AvailabilityZones"][0]["LoadBalancerAddresses"] == [{"PrivateIPv4Address": "10.0.0.77"}]
    assert balancing.interfaces(made["LoadBalancerArn"])[0]["PrivateIpAddress"] == "10.0.0.77"
    with refused("InvalidConfigurationRequest", "is in use"):
        balancing.network_balancer("second", Scheme="internal", SubnetMappings=mapping("10.0.0.77"))
    with refused("InvalidConfigurationRequest", "not in the range"):
        balancing.network_balancer("third", Scheme="internal", SubnetMappings=mapping("10.0.5.5"))


def test_subnets_or_mappings_but_not_both(balancing: Balancing, refused: Refused) -> None:
    mappings = [{"SubnetId": balancing.subnets[0]}]
    with refused("ValidationError", "not both"):
        balancing.network_balancer(Subnets=balancing.subnets[:1], SubnetMappings=mappings)
    with refused("ValidationError", "At least one subnet"):
        balancing.elb.create_load_balancer(Name="edge", Type="network")


def test_an_application_one_moves_to_other_subnets(balancing: Balancing, refused: Refused) -> None:
    arn = balancing.balancer()["LoadBalancerArn"]
    answer = balancing.elb.set_subnets(LoadBalancerArn=arn, Subnets=balancing.subnets[1:])
    assert [zone["SubnetId"] for zone in answer["AvailabilityZones"]] == balancing.subnets[1:]
    assert sorted(eni["SubnetId"] for eni in balancing.interfaces(arn)) == sorted(balancing.subnets[1:])
    with refused("ValidationError", "two different Availability Zones"):
        balancing.elb.set_subnets(LoadBalancerArn=arn, Subnets=balancing.subnets[:1])


def test_a_network_one_gains_zones_and_keeps_its_addresses(balancing: Balancing, refused: Refused) -> None:
    address = balancing.network.address()
    mappings = [{"SubnetId": balancing.subnets[0], "AllocationId": address}]
    arn = balancing.network_balancer(SubnetMappings=mappings)["LoadBalancerArn"]
    more = balancing.network.address()
    mappings.append({"SubnetId": balancing.subnets[1], "AllocationId": more})
    zones = balancing.elb.set_subnets(LoadBalancerArn=arn, SubnetMappings=mappings)["AvailabilityZones"]
    held = [zone["LoadBalancerAddresses"][0]["AllocationId"] for zone in zones]
    assert held == [address, more]
    zones = balancing.elb.set_subnets(LoadBalancerArn=arn, Subnets=balancing.subnets[:2])["AvailabilityZones"]
    assert [zone["LoadBalancerAddresses"][0]["AllocationId"] for zone in zones] == held
    mappings[0]["AllocationId"] = balancing.network.address()
    with refused("InvalidConfigurationRequest", "cannot be changed"):
        balancing.elb.set_subnets(LoadBalancerArn=arn, SubnetMappings=mappings)


def test_a_network_one_does_not_change_its_subnet_within_a_zone(
    balancing: Balancing, network: t.Any, refused: Refused
) -> None:
    arn = balancing.network_balancer(Subnets=balancing.subnets[:1])["LoadBalancerArn"]
    twin = network.subnet(balancing.vpc, "10.0.9.0/24", "us-west-2a")
    with refused("InvalidConfigurationRequest", "cannot be replaced"):
        balancing.elb.set_subnets(LoadBalancerArn=arn, Subnets=[twin])


def test_security_groups_are_set_on_its_interfaces(balancing: Balancing, network: t.Any) -> None:
    arn = balancing.balancer()["LoadBalancerArn"]
    other = network.group(balancing.vpc, "other")
    assert balancing.elb.set_security_groups(LoadBalancerArn=arn, SecurityGroups=[other])["SecurityGroupIds"] == [other]
    assert {eni["Groups"][0]["GroupId"] for eni in balancing.interfaces(arn)} == {other}


def test_a_network_one_has_groups_from_its_birth_or_never(balancing: Balancing, refused: Refused) -> None:
    group, key = balancing.security_group, "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic"
    bare = balancing.network_balancer("bare")["LoadBalancerArn"]
    with refused("InvalidConfigurationRequest", "created without security groups"):
        balancing.elb.set_security_groups(LoadBalancerArn=bare, SecurityGroups=[group])
    arn = balancing.network_balancer(SecurityGroups=[group])["LoadBalancerArn"]
    with refused("InvalidConfigurationRequest"):
        balancing.elb.set_security_groups(LoadBalancerArn=arn, SecurityGroups=[])
    balancing.elb.set_security_groups(LoadBalancerArn=arn, SecurityGroups=[group], **{key: "off"})
    assert one(balancing.elb, arn)[key] == "off"


def test_dual_stack_needs_ipv6_in_the_subnets(balancing: Balancing, refused: Refused) -> None:
    arn = balancing.balancer()["LoadBalancerArn"]
    with refused("InvalidConfigurationRequest", "IPv6 CIDR block"):
        balancing.elb.set_ip_address_type(LoadBalancerArn=arn, IpAddressType="dualstack")
    answer = balancing.elb.set_ip_address_type(LoadBalancerArn=arn, IpAddressType="ipv4")
    assert answer["IpAddressType"] == "ipv4"


def test_what_a_deleted_one_held_is_in_use_for_a_while(
    aws: EmbeddedAws, balancing: Balancing, refused: Refused
) -> None:
    aws.delays(load_balancer_delete=60)
    arn = balancing.balancer()["LoadBalancerArn"]
    balancing.elb.delete_load_balancer(LoadBalancerArn=arn)
    with refused("LoadBalancerNotFound"):
        one(balancing.elb, arn)
    with refused("DependencyViolation"):
        balancing.ec2.delete_subnet(SubnetId=balancing.subnets[0])
    aws.skip(60)
    balancing.ec2.delete_subnet(SubnetId=balancing.subnets[0])
    balancing.ec2.delete_security_group(GroupId=balancing.security_group)
    balancing.ec2.detach_internet_gateway(InternetGatewayId=balancing.gateway, VpcId=balancing.vpc)


def test_deleting_it_again_is_no_error_and_frees_its_address(balancing: Balancing) -> None:
    address = balancing.network.address()
    mappings = [{"SubnetId": balancing.subnets[0], "AllocationId": address}]
    arn = balancing.network_balancer(SubnetMappings=mappings)["LoadBalancerArn"]
    for _ in range(2):
        balancing.elb.delete_load_balancer(LoadBalancerArn=arn)
    balancing.ec2.release_address(AllocationId=address)


def test_listings_know_names_arns_and_pages(balancing: Balancing, refused: Refused) -> None:
    made = [balancing.balancer(name)["LoadBalancerArn"] for name in ("one", "two", "three")]
    elb = balancing.elb
    assert elb.describe_load_balancers(Names=["two"])["LoadBalancers"][0]["LoadBalancerArn"] == made[1]
    with refused("LoadBalancerNotFound", "[four]"):
        elb.describe_load_balancers(Names=["two", "four"])
    with refused("ValidationError", "at the same time"):
        elb.describe_load_balancers(Names=["two"], LoadBalancerArns=[made[0]])
    with refused("ValidationError", "not a valid load balancer ARN"):
        elb.describe_load_balancers(LoadBalancerArns=["arn:aws:ec2:us-west-2:1:vpc/vpc-1"])
    first = elb.describe_load_balancers(PageSize=2)
    rest = elb.describe_load_balancers(PageSize=2, Marker=first["NextMarker"])
    listed = [row["LoadBalancerArn"] for row in [*first["LoadBalancers"], *rest["LoadBalancers"]]]
    assert (listed, "NextMarker" in rest) == (made, False)


def test_the_limit_is_enforced_once_set(aws: EmbeddedAws, balancing: Balancing, refused: Refused) -> None:
    aws.limits(load_balancers=1)
    balancing.balancer()
    with refused("TooManyLoadBalancers"):
        balancing.balancer("second")
    limits = balancing.elb.describe_account_limits()["Limits"]
    assert {"Name": "application-load-balancers", "Max": "1"} in limits
