# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a data plane is told, and what it tells: targets' health as it really is, and certificates with their keys."""

from __future__ import annotations

import typing as t

import pytest
from cryptography import x509

from lab.embedded_aws.client import EmbeddedAws
from tests.clients import Clients

REGION = "us-west-2"


class Told:
    """A region with one address in a target group behind a network load balancer."""

    def __init__(self, aws: EmbeddedAws) -> None:
        self.aws = aws
        self.ec2, self.elb, self.acm = map(Clients(aws.environment), ("ec2", "elbv2", "acm"))
        vpc = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnet = self.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.1.0/24")["Subnet"]["SubnetId"]
        interface = self.ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]
        self.address = interface["PrivateIpAddress"]
        balancer = self.elb.create_load_balancer(Name="edge", Type="network", Scheme="internal", Subnets=[subnet])
        arn = balancer["LoadBalancers"][0]["LoadBalancerArn"]
        group = self.elb.create_target_group(Name="app", Protocol="TCP", Port=80, VpcId=vpc, TargetType="ip")
        self.group = group["TargetGroups"][0]["TargetGroupArn"]
        to = [{"Type": "forward", "TargetGroupArn": self.group}]
        self.elb.create_listener(LoadBalancerArn=arn, Protocol="TCP", Port=80, DefaultActions=to)
        self.register()

    def register(self) -> None:
        self.elb.register_targets(TargetGroupArn=self.group, Targets=[{"Id": self.address}])

    def health(self) -> dict[str, str]:
        (one,) = self.elb.describe_target_health(TargetGroupArn=self.group)["TargetHealthDescriptions"]
        return t.cast("dict[str, str]", one["TargetHealth"])

    def edge(self) -> dict[str, t.Any]:
        (one,) = self.aws.edges()
        return one

    def number(self) -> int:
        return int(self.edge()["registrations"][self.group][f"{self.address}:80"])


@pytest.fixture
def told(aws: EmbeddedAws) -> Told:
    return Told(aws)


def test_what_nobody_checks_is_as_it_was_judged_before(told: Told) -> None:
    judged = told.health()
    assert judged["State"] == "unhealthy", "no group lets the load balancer in"
    told.aws.target_checks([], {})
    assert told.health() == judged


def test_a_target_that_is_checked_is_what_was_found_and_initial_before(told: Told) -> None:
    told.aws.target_checks([told.address], {})
    assert (told.health()["State"], told.health()["Reason"]) == ("initial", "Elb.InitialHealthChecking")
    ill = {"healthy": False, "reason": "Target.Timeout", "description": "Request timed out"}
    told.aws.target_checks([told.address], {told.number(): ill})
    assert told.health() == {"State": "unhealthy", "Reason": "Target.Timeout", "Description": "Request timed out"}
    told.aws.target_checks([told.address], {told.number(): {"healthy": True}})
    assert told.health() == {"State": "healthy"}


def test_what_was_found_of_an_earlier_registration_does_not_count(told: Told) -> None:
    first = told.number()
    told.aws.target_checks([told.address], {first: {"healthy": True}})
    told.elb.deregister_targets(TargetGroupArn=told.group, Targets=[{"Id": told.address}])
    told.register()
    assert told.number() != first
    assert told.health()["State"] == "initial"


def test_what_a_test_says_of_a_target_goes_before_what_was_found(told: Told) -> None:
    told.aws.target_checks([told.address], {told.number(): {"healthy": True}})
    told.aws.target_health(told.address, reason="Target.Timeout")
    assert told.health()["State"] == "unhealthy"


def test_the_pulse_moves_with_targets_writes_and_what_is_said_of_health_and_only_then(told: Told) -> None:
    pulses = [told.aws.pulse()]
    assert told.aws.pulse() == pulses[0]
    told.elb.deregister_targets(TargetGroupArn=told.group, Targets=[{"Id": told.address}])
    pulses.append(told.aws.pulse())
    told.aws.target_health(told.address)
    pulses.append(told.aws.pulse())
    told.aws.target_checks([], {}, {"198.18.0.1:443": False})
    pulses.append(told.aws.pulse())
    told.aws.target_checks([], {}, {"198.18.0.1:443": False})
    assert told.aws.pulse() == pulses[-1]
    assert len({str(one) for one in pulses}) == 4


def test_the_pulse_does_not_begin_anew_with_the_journal(told: Told) -> None:
    before = told.aws.pulse()[0]
    told.aws.clear_journal()
    told.ec2.create_internet_gateway()
    assert told.aws.pulse()[0] == before + 1 > 1


def test_the_pulse_tells_an_interface_from_another(told: Told) -> None:
    before = told.aws.pulse()[2]
    found = told.ec2.describe_network_interfaces(Filters=[{"Name": "private-ip-address", "Values": [told.address]}])
    (one,) = found["NetworkInterfaces"]
    told.ec2.delete_network_interface(NetworkInterfaceId=one["NetworkInterfaceId"])
    told.ec2.create_network_interface(SubnetId=one["SubnetId"])
    assert told.aws.pulse()[2] != before


def test_certificates_come_with_keys_those_of_amazons_signed_by_the_labs_ca(told: Told) -> None:
    brought = told.aws.issue(["models.example.internal"])
    arn = told.acm.import_certificate(
        Certificate=brought["certificate"], PrivateKey=brought["private_key"], CertificateChain=brought["chain"]
    )["CertificateArn"]
    assert told.edge()["certificates"] == {arn: brought}
    asked = told.acm.request_certificate(DomainName="a.example.com", ValidationMethod="DNS")["CertificateArn"]
    assert asked not in told.edge()["certificates"], "nobody has proved the name"
    proof = told.acm.describe_certificate(CertificateArn=asked)["Certificate"]["DomainValidationOptions"][0]
    prove(told.aws, proof["ResourceRecord"])
    signed = told.edge()["certificates"][asked]
    certificate = x509.load_pem_x509_certificate(signed["certificate"].encode())
    certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(told.aws.authority().encode()))
    assert told.edge()["certificates"][asked] == signed, "the same each time"


def prove(aws: EmbeddedAws, record: dict[str, str]) -> None:
    dns = Clients(aws.environment)("route53")
    zone = dns.create_hosted_zone(Name="example.com", CallerReference="1")["HostedZone"]["Id"]
    values = {"Name": record["Name"], "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": record["Value"]}]}
    change = {"Changes": [{"Action": "CREATE", "ResourceRecordSet": values}]}
    dns.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=change)
