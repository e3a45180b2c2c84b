"""Load balancers: what they do with what comes in, and whom they send it to."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils.kinds.listener import Listener
from ansible_collections.cloister.aws.plugins.module_utils.kinds.listener_rule import ListenerRule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.load_balancer import LoadBalancer
from ansible_collections.cloister.aws.plugins.module_utils.kinds.target import Target
from ansible_collections.cloister.aws.plugins.module_utils.kinds.target_group import TargetGroup

from tests.integration.playbook import Action
from tests.integration.rehearsal.damage.hands import Hands, Thing, act, tag, told


def _ours(hands: Hands, raws: list[Thing], key: str) -> list[Thing]:
    """Return those that are the region's, with their tags, by part."""
    tags = hands.client("elbv2").describe_tags
    things = [{**raw, "Tags": tags(ResourceArns=[raw[key]])["TagDescriptions"][0]["Tags"]} for raw in raws]
    region = {"Key": "cloister:region", "Value": hands.region_name}
    return sorted((thing for thing in things if region in thing["Tags"]), key=tag)


def _balancers(hands: Hands, kind: str = "application") -> list[Thing]:
    raws = hands.client("elbv2").describe_load_balancers()["LoadBalancers"]
    return [one for one in _ours(hands, raws, "LoadBalancerArn") if one["Type"] == kind]


def _groups(hands: Hands) -> list[Thing]:
    return _ours(hands, hands.client("elbv2").describe_target_groups()["TargetGroups"], "TargetGroupArn")


def _listeners(hands: Hands, kind: str = "application") -> list[Thing]:
    listing, standing = hands.client("elbv2").describe_listeners, _balancers(hands, kind)
    raws = [raw for one in standing for raw in listing(LoadBalancerArn=one["LoadBalancerArn"])["Listeners"]]
    return _ours(hands, raws, "ListenerArn")


def _rules(hands: Hands) -> t.Iterator[Thing]:
    for listener in _listeners(hands):
        raws = hands.client("elbv2").describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]
        yield from _ours(hands, [raw for raw in raws if not raw["IsDefault"]], "RuleArn")


@act(LoadBalancer)
def silent_connections_live_shorter(hands: Hands) -> set[Action]:
    for balancer in _balancers(hands)[:1]:
        attribute = {"Key": "idle_timeout.timeout_seconds", "Value": "5"}
        arn = balancer["LoadBalancerArn"]
        hands.client("elbv2").modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[attribute])
        return {told(LoadBalancer, balancer, "change")}
    return set()


@act(LoadBalancer)
def everybody_is_let_in_at_another_balancer(hands: Hands) -> set[Action]:
    for balancer in _balancers(hands)[1:2]:
        filters = [{"Name": "vpc-id", "Values": [balancer["VpcId"]]}, {"Name": "group-name", "Values": ["default"]}]
        group = hands.ec2.describe_security_groups(Filters=filters)["SecurityGroups"][0]["GroupId"]
        arn = balancer["LoadBalancerArn"]
        hands.client("elbv2").set_security_groups(LoadBalancerArn=arn, SecurityGroups=[group])
        return {told(LoadBalancer, balancer, "change")}
    return set()


@act(LoadBalancer)
def a_network_load_balancer_sends_to_other_zones_or_no_more(hands: Hands) -> set[Action]:
    elb, key = hands.client("elbv2"), "load_balancing.cross_zone.enabled"
    for balancer in _balancers(hands, "network")[:1]:
        arn = balancer["LoadBalancerArn"]
        said = elb.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
        other = "false" if {"Key": key, "Value": "true"} in said else "true"
        elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[{"Key": key, "Value": other}])
        return {told(LoadBalancer, balancer, "change")}
    return set()


@act(TargetGroup)
def targets_are_asked_for_another_page(hands: Hands) -> set[Action]:
    for group in [one for one in _groups(hands) if one["HealthCheckProtocol"] == "HTTP"][:1]:
        hands.client("elbv2").modify_target_group(TargetGroupArn=group["TargetGroupArn"], HealthCheckPath="/broken")
        return {told(TargetGroup, group, "change")}
    return set()


@act(Listener)
def a_port_answers_by_itself(hands: Hands) -> set[Action]:
    for listener in _listeners(hands)[:1]:
        answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}
        hands.client("elbv2").modify_listener(ListenerArn=listener["ListenerArn"], DefaultActions=[answer])
        return {told(Listener, listener, "change")}
    return set()


@act(Listener)
def a_port_of_a_network_load_balancer_leads_elsewhere(hands: Hands) -> set[Action]:
    for listener in _listeners(hands, "network"):
        used = listener["DefaultActions"][0]["TargetGroupArn"]
        beside = [one for one in _groups(hands) if one["LoadBalancerArns"] == [listener["LoadBalancerArn"]]]
        for group in [one for one in beside if one["TargetGroupArn"] != used][:1]:
            action = {"Type": "forward", "TargetGroupArn": group["TargetGroupArn"]}
            hands.client("elbv2").modify_listener(ListenerArn=listener["ListenerArn"], DefaultActions=[action])
            return {told(Listener, listener, "change")}
    return set()


@act(ListenerRule)
def a_rule_means_other_requests(hands: Hands) -> set[Action]:
    for rule in _rules(hands):
        elsewhere = {"Field": "host-header", "HostHeaderConfig": {"Values": ["elsewhere.example.com"]}}
        hands.client("elbv2").modify_rule(RuleArn=rule["RuleArn"], Conditions=[elsewhere])
        return {told(ListenerRule, rule, "change")}
    return set()


@act(Target)
def a_listed_target_is_taken_out(hands: Hands) -> set[Action]:
    for group in [one for one in _groups(hands) if tag(one, "cloister:targets") == "listed"]:
        arn = group["TargetGroupArn"]
        health = hands.client("elbv2").describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        for target in [one["Target"] for one in health if not one["Target"]["Id"].startswith("arn:")]:
            place = {"Id": target["Id"], "Port": target["Port"]}
            hands.client("elbv2").deregister_targets(TargetGroupArn=arn, Targets=[place])
            part = f"{tag(group)} {target['Id']}:{target['Port']}"
            return {(tag(group, "cloister:stack"), Target.noun, part, "create")}
    return set()
