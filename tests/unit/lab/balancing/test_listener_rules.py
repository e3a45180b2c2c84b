# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t

import pytest

Refused = t.Any
Balancing = t.Any
Action = dict[str, t.Any]


@pytest.fixture
def listener(balancing: Balancing, fixed: Action) -> str:
    return str(balancing.listener(balancing.balancer()["LoadBalancerArn"], fixed))


def rules(balancing: Balancing, listener: str) -> list[dict[str, t.Any]]:
    return t.cast("list[t.Any]", balancing.elb.describe_rules(ListenerArn=listener)["Rules"])


def test_rules_are_tried_by_priority_and_the_default_one_last(
    balancing: Balancing, listener: str, fixed: Action
) -> None:
    for priority in (20, 10, 100):
        balancing.rule(listener, priority, fixed)
    assert [rule["Priority"] for rule in rules(balancing, listener)] == ["10", "20", "100", "default"]
    assert [rule["IsDefault"] for rule in rules(balancing, listener)] == [False, False, False, True]


def test_conditions_are_shown_as_aws_shows_them(balancing: Balancing, listener: str, fixed: Action) -> None:
    hosts = ["api.example.com", "*.example.org"]
    conditions = [
        {"Field": "host-header", "HostHeaderConfig": {"Values": hosts}},
        {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}},
        {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X-Kind", "Values": ["job"]}},
        {"Field": "query-string", "QueryStringConfig": {"Values": [{"Key": "v", "Value": "2"}]}},
    ]
    balancing.rule(listener, 10, fixed, Conditions=conditions)
    shown = rules(balancing, listener)[0]["Conditions"]
    assert shown == [{**conditions[0], "Values": hosts}, *conditions[1:]]
    # What was read may be sent back.
    balancing.elb.modify_rule(RuleArn=rules(balancing, listener)[0]["RuleArn"], Conditions=shown)
    assert rules(balancing, listener)[0]["Conditions"] == shown


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ([], "condition must be specified"),
        ([{"Field": "cookie", "Values": ["a"]}], "must be one of"),
        ([{"Field": "host-header"}], "value must be specified"),
        ([{"Field": "host-header", "Values": ["a" * 125 + ".com"]}], "too long; the limit is '128'"),
        ([{"Field": "host-header", "Values": ["api_1.example.com"]}], "not allowed"),
        ([{"Field": "host-header", "Values": ["localhost"]}], "after its last '.'"),
        ([{"Field": "path-pattern", "Values": ["/a b"]}], "not allowed"),
        ([{"Field": "path-pattern", "Values": ["/a"]}, {"Field": "path-pattern", "Values": ["/b"]}], "only have one"),
        ([{"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.1"]}}], "CIDR block"),
        ([{"Field": "source-ip", "Values": ["10.0.0.0/8"]}], "not compatible"),
        ([{"Field": "http-request-method", "HttpRequestMethodConfig": {"Values": ["get"]}}], "A-Z"),
        ([{"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "Host", "Values": ["a"]}}], "host-header"),
        ([{"Field": "path-pattern", "PathPatternConfig": {"Values": [f"/{i}" for i in range(6)]}}], "'5' condition"),
        ([{"Field": "path-pattern", "Values": ["/*/*/*/*/*/*/*"]}], "'6' condition wildcards"),
    ],
)
def test_wrong_conditions_are_refused(
    balancing: Balancing, refused: Refused, listener: str, fixed: Action, conditions: t.Any, words: str
) -> None:
    with refused("ValidationError", words):
        balancing.rule(listener, 10, fixed, Conditions=conditions)


def test_a_priority_is_taken_once(balancing: Balancing, refused: Refused, listener: str, fixed: Action) -> None:
    balancing.rule(listener, 10, fixed)
    with refused("PriorityInUse", "'10'"):
        balancing.rule(listener, 10, fixed)
    with refused("ValidationError", "less than or equal to 50000"):
        balancing.rule(listener, 50001, fixed)


def test_priorities_change_places_in_one_call(
    balancing: Balancing, refused: Refused, listener: str, fixed: Action
) -> None:
    one, two, three = (balancing.rule(listener, number, fixed) for number in (1, 2, 3))
    swap = [{"RuleArn": one, "Priority": 2}, {"RuleArn": two, "Priority": 1}]
    balancing.elb.set_rule_priorities(RulePriorities=swap)
    assert [rule["RuleArn"] for rule in rules(balancing, listener)][:3] == [two, one, three]
    with refused("PriorityInUse"):
        balancing.elb.set_rule_priorities(RulePriorities=[{"RuleArn": one, "Priority": 3}])
    twice = [{"RuleArn": one, "Priority": 9}, {"RuleArn": two, "Priority": 9}]
    with refused("ValidationError", "multiple times"):
        balancing.elb.set_rule_priorities(RulePriorities=twice)


def test_the_default_rule_changes_with_its_listener_alone(
    balancing: Balancing, refused: Refused, listener: str, fixed: Action
) -> None:
    default = rules(balancing, listener)[0]["RuleArn"]
    with refused("OperationNotPermitted", "cannot be deleted"):
        balancing.elb.delete_rule(RuleArn=default)
    with refused("OperationNotPermitted"):
        balancing.elb.modify_rule(RuleArn=default, Actions=[fixed])
    with refused("OperationNotPermitted"):
        balancing.elb.set_rule_priorities(RulePriorities=[{"RuleArn": default, "Priority": 5}])
    again = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}
    balancing.elb.modify_listener(ListenerArn=listener, DefaultActions=[again])
    assert rules(balancing, listener)[0]["Actions"] == [again]


def test_a_rule_changes_in_part(balancing: Balancing, refused: Refused, listener: str, fixed: Action) -> None:
    arn = balancing.rule(listener, 10, fixed)
    with refused("ValidationError", "Either conditions or actions"):
        balancing.elb.modify_rule(RuleArn=arn)
    group = balancing.group()
    balancing.elb.modify_rule(RuleArn=arn, Actions=[{"Type": "forward", "TargetGroupArn": group}])
    shown = rules(balancing, listener)[0]
    assert (shown["Actions"][0]["TargetGroupArn"], shown["Conditions"][0]["Values"]) == (group, ["/api/*"])


def test_a_rules_target_group_is_checked_like_a_listeners(
    balancing: Balancing, refused: Refused, listener: str
) -> None:
    with refused("IncompatibleProtocols"):
        balancing.rule(listener, 10, {"Type": "forward", "TargetGroupArn": balancing.group(Protocol="TCP")})


def test_rules_go_with_their_listener(balancing: Balancing, refused: Refused, listener: str, fixed: Action) -> None:
    arn = balancing.rule(listener, 10, fixed)
    balancing.elb.delete_listener(ListenerArn=listener)
    with refused("RuleNotFound"):
        balancing.elb.describe_rules(RuleArns=[arn])
    with refused("ListenerNotFound"):
        balancing.rule(listener, 11, fixed)


def test_transforms_are_not_modelled(balancing: Balancing, refused: Refused, listener: str, fixed: Action) -> None:
    rewrite = {"Type": "url-rewrite", "UrlRewriteConfig": {"Rewrites": [{"Regex": "^/a", "Replace": "/b"}]}}
    with refused("NotModelled", "transforms"):
        balancing.rule(listener, 10, fixed, Transforms=[rewrite])


def test_rules_of_network_load_balancers_are_not_modelled(balancing: Balancing, refused: Refused) -> None:
    action = {"Type": "forward", "TargetGroupArn": balancing.group(Protocol="TCP")}
    listener = balancing.listener(balancing.network_balancer()["LoadBalancerArn"], action, 443, Protocol="TCP")
    with refused("NotModelled"):
        balancing.rule(listener, 10, action)


def test_rules_come_in_pages(balancing: Balancing, listener: str, fixed: Action) -> None:
    for number in range(1, 5):
        balancing.rule(listener, number, fixed)
    pages = balancing.elb.get_paginator("describe_rules").paginate(ListenerArn=listener, PageSize=2)
    assert [rule["Priority"] for page in pages for rule in page["Rules"]] == ["1", "2", "3", "4", "default"]
