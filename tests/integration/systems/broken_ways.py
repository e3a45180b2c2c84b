"""One way to break a request at each stage, and to mend it: somebody's hands on a living region."""

from __future__ import annotations

import typing as t
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass

from tests.integration.systems.built import Built

ZONE = "prod.infer.example.internal"
Breaking = t.Callable[[Built], AbstractContextManager[None]]


@dataclass(frozen=True)
class Fault:
    """What is broken, and what the verdict on guard's request to face-generator must then be."""

    stage: str
    cause: str
    breaking: Breaking


def group_of(us: Built, name: str) -> str:
    """The ARN of a target group."""
    return str(us.client("elbv2").describe_target_groups(Names=[f"us-{name}"])["TargetGroups"][0]["TargetGroupArn"])


def inner_listener(us: Built) -> str:
    """The ARN of the internal load balancer's listener."""
    elb = us.client("elbv2")
    arn = elb.describe_load_balancers(Names=["us-internal"])["LoadBalancers"][0]["LoadBalancerArn"]
    return str(elb.describe_listeners(LoadBalancerArn=arn)["Listeners"][0]["ListenerArn"])


def zone_of(us: Built) -> str:
    """The id of the private zone."""
    zones = us.client("route53").list_hosted_zones()["HostedZones"]
    return next(str(zone["Id"]) for zone in zones if zone["Name"] == f"{ZONE}.")


@contextmanager
def nobody_resolves(us: Built) -> t.Iterator[None]:
    where = {"VpcId": us.id("main")}
    us.ec2.modify_vpc_attribute(**where, EnableDnsSupport={"Value": False})
    try:
        yield
    finally:
        us.ec2.modify_vpc_attribute(**where, EnableDnsSupport={"Value": True})


@contextmanager
def the_zone_is_another_vpcs(us: Built) -> t.Iterator[None]:
    """A private zone must have one VPC at least: the default one takes the place of ours."""
    route53, zone = us.client("route53"), zone_of(us)
    other = us.ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    ours, theirs = ({"VPCRegion": "us-west-2", "VPCId": vpc} for vpc in (us.id("main"), other))
    route53.associate_vpc_with_hosted_zone(HostedZoneId=zone, VPC=theirs)
    route53.disassociate_vpc_from_hosted_zone(HostedZoneId=zone, VPC=ours)
    try:
        yield
    finally:
        route53.associate_vpc_with_hosted_zone(HostedZoneId=zone, VPC=ours)
        route53.disassociate_vpc_from_hosted_zone(HostedZoneId=zone, VPC=theirs)


@contextmanager
def the_load_balancer_lets_nobody_in(us: Built) -> t.Iterator[None]:
    group = us.described("describe_security_groups", "SecurityGroups")["internal-alb"]
    rules = {"GroupId": group["GroupId"], "IpPermissions": group["IpPermissions"]}
    us.ec2.revoke_security_group_ingress(**rules)
    try:
        yield
    finally:
        us.ec2.authorize_security_group_ingress(**rules)


@contextmanager
def guard_may_call_nobody(us: Built) -> t.Iterator[None]:
    group = us.described("describe_security_groups", "SecurityGroups")["guard"]
    rules = {"GroupId": group["GroupId"], "IpPermissions": group["IpPermissionsEgress"]}
    us.ec2.revoke_security_group_egress(**rules)
    try:
        yield
    finally:
        us.ec2.authorize_security_group_egress(**rules)


@contextmanager
def an_acl_stops_https(us: Built) -> t.Iterator[None]:
    vpc = [{"Name": "vpc-id", "Values": [us.id("main")]}]
    acl = us.ec2.describe_network_acls(Filters=vpc)["NetworkAcls"][0]["NetworkAclId"]
    entry = {"NetworkAclId": acl, "RuleNumber": 1, "Egress": False}
    ports = {"PortRange": {"From": 443, "To": 443}}
    us.ec2.create_network_acl_entry(**entry, **ports, Protocol="6", RuleAction="deny", CidrBlock="10.0.0.0/8")
    try:
        yield
    finally:
        us.ec2.delete_network_acl_entry(**entry)


@contextmanager
def the_listener_is_on_another_port(us: Built) -> t.Iterator[None]:
    elb, listener = us.client("elbv2"), inner_listener(us)
    elb.modify_listener(ListenerArn=listener, Port=8443)
    try:
        yield
    finally:
        elb.modify_listener(ListenerArn=listener, Port=443)


@contextmanager
def no_rule_has_the_name(us: Built) -> t.Iterator[None]:
    elb = us.client("elbv2")
    rules = elb.describe_rules(ListenerArn=inner_listener(us))["Rules"]
    (rule,) = [one for one in rules if one["Priority"] == "10"]
    for names in ([f"apj.{ZONE}"], rule["Conditions"][0]["HostHeaderConfig"]["Values"]):
        condition = {"Field": "host-header", "HostHeaderConfig": {"Values": names}}
        elb.modify_rule(RuleArn=rule["RuleArn"], Conditions=[condition])
        if names[0].startswith("apj"):
            yield


@contextmanager
def face_generator_is_ill(us: Built) -> t.Iterator[None]:
    """Nobody asks ECS meanwhile, which would replace the task."""
    (interface,) = us.interfaces("face-generator")
    us.region.lab.target_health(interface["PrivateIpAddress"], reason="Target.ResponseCodeMismatch")
    try:
        yield
    finally:
        us.region.lab.target_health(interface["PrivateIpAddress"], healthy=None)


@contextmanager
def face_generator_lets_nobody_in(us: Built) -> t.Iterator[None]:
    group = us.described("describe_security_groups", "SecurityGroups")["face-generator"]
    rules = {"GroupId": group["GroupId"], "IpPermissions": group["IpPermissions"]}
    us.ec2.revoke_security_group_ingress(**rules)
    try:
        yield
    finally:
        us.ec2.authorize_security_group_ingress(**rules)


FAULTS = (
    Fault("dns", "dns-support-off", nobody_resolves),
    Fault("dns", "zone-not-associated", the_zone_is_another_vpcs),
    Fault("security_group", "egress-closed", guard_may_call_nobody),
    Fault("security_group", "balancer-group-closed", the_load_balancer_lets_nobody_in),
    Fault("network_acl", "acl-closed-in", an_acl_stops_https),
    Fault("tcp", "no-listener", the_listener_is_on_another_port),
    Fault("http", "no-rule-for-name", no_rule_has_the_name),
    Fault("target", "target-not-reached", face_generator_lets_nobody_in),
    Fault("target", "targets-unhealthy", face_generator_is_ill),
)
