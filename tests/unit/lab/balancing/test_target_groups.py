# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws

Refused = t.Any
Balancing = t.Any
Forward = t.Callable[[str], dict[str, t.Any]]


def one(balancing: Balancing, arn: str) -> dict[str, t.Any]:
    answer = balancing.elb.describe_target_groups(TargetGroupArns=[arn])
    return t.cast("dict[str, t.Any]", answer["TargetGroups"][0])


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            {},
            {"HealthCheckProtocol": "HTTP", "HealthCheckTimeoutSeconds": 5, "HealthCheckPath": "/"}
            | {"Matcher": {"HttpCode": "200"}, "ProtocolVersion": "HTTP1", "HealthCheckPort": "traffic-port"},
        ),
        (
            {"ProtocolVersion": "GRPC"},
            {"HealthCheckPath": "/AWS.ALB/healthcheck", "Matcher": {"GrpcCode": "12"}},
        ),
        ({"Protocol": "TCP"}, {"HealthCheckProtocol": "TCP", "HealthCheckTimeoutSeconds": 10}),
        (
            {"Protocol": "TLS", "HealthCheckProtocol": "HTTP"},
            {"HealthCheckTimeoutSeconds": 6, "Matcher": {"HttpCode": "200-399"}, "HealthCheckPath": "/"},
        ),
        (
            {"Protocol": "TCP", "TargetType": "alb"},
            {"HealthCheckProtocol": "HTTP", "HealthCheckTimeoutSeconds": 6, "Matcher": {"HttpCode": "200-399"}},
        ),
    ],
)
def test_health_checks_begin_with_awss_defaults(
    balancing: Balancing, given: dict[str, t.Any], expected: dict[str, t.Any]
) -> None:
    shown = one(balancing, balancing.group(**given))
    assert expected.items() <= shown.items()
    assert (shown["HealthCheckIntervalSeconds"], shown["HealthyThresholdCount"]) == (30, 5)
    assert (shown["UnhealthyThresholdCount"], shown["HealthCheckEnabled"]) == (2, True)


def test_a_group_for_a_function_has_no_port_and_no_vpc(balancing: Balancing, refused: Refused) -> None:
    made = balancing.elb.create_target_group(Name="function", TargetType="lambda")["TargetGroups"][0]
    assert (made["HealthCheckEnabled"], "Port" in made, "VpcId" in made) == (False, False, False)
    with refused("ValidationError", "cannot be specified for target groups with target type 'lambda'"):
        balancing.elb.create_target_group(Name="other", TargetType="lambda", Port=80)


@pytest.mark.parametrize(
    ("code", "given", "words"),
    [
        ("ValidationError", {"Name": "a" * 33}, "cannot be longer than '32' characters"),
        ("ValidationError", {"Name": "app_1"}, "alphanumeric"),
        ("ValidationError", {"Name": "app-"}, "cannot begin or end with '-'"),
        ("ValidationError", {"Protocol": "SCTP"}, "enum value set"),
        ("ValidationError", {"Port": 70000}, "less than or equal to 65535"),
        ("ValidationError", {"VpcId": "vpc-0123456789abcdef0"}, "is not found"),
        ("NotModelled", {"Protocol": "GENEVE"}, "gateway"),
        ("InvalidConfigurationRequest", {"Protocol": "TCP", "ProtocolVersion": "HTTP2"}, "Protocol version"),
        ("InvalidConfigurationRequest", {"TargetType": "alb"}, "target type 'alb'"),
        ("InvalidConfigurationRequest", {"HealthCheckProtocol": "TCP"}, "not supported"),
        ("InvalidConfigurationRequest", {"HealthCheckProtocol": "UDP", "Protocol": "UDP"}, "must be one of"),
        ("InvalidConfigurationRequest", {"HealthCheckEnabled": False}, "must be true"),
        ("ValidationError", {"HealthCheckPath": "health"}, "must begin with a '/'"),
        ("ValidationError", {"HealthCheckIntervalSeconds": 301}, "less than or equal to 300"),
        ("ValidationError", {"HealthCheckTimeoutSeconds": 30}, "greater than the timeout"),
        ("ValidationError", {"HealthyThresholdCount": 11}, "less than or equal to 10"),
        ("ValidationError", {"UnhealthyThresholdCount": 11}, "less than or equal to 10"),
        ("ValidationError", {"HealthCheckPort": "http"}, "traffic-port"),
        ("ValidationError", {"Matcher": {"HttpCode": "200-599"}}, "200-499"),
        ("ValidationError", {"Matcher": {"HttpCode": "ok"}}, "200-499"),
        ("InvalidConfigurationRequest", {"Protocol": "TCP", "Matcher": {"HttpCode": "200"}}, "matchers"),
        ("InvalidConfigurationRequest", {"Protocol": "TCP", "HealthCheckPath": "/"}, "paths"),
        ("InvalidConfigurationRequest", {"Matcher": {"GrpcCode": "0"}}, "GrpcCode"),
    ],
)
def test_what_aws_does_not_take_is_refused(
    balancing: Balancing, refused: Refused, code: str, given: dict[str, t.Any], words: str
) -> None:
    with refused(code, words):
        balancing.group(**{"name": given.get("Name", "app"), **{k: v for k, v in given.items() if k != "Name"}})


@pytest.mark.parametrize("missing", ["Protocol", "Port", "VpcId"])
def test_a_group_needs_protocol_port_and_vpc(balancing: Balancing, refused: Refused, missing: str) -> None:
    given = {"Name": "app", "Protocol": "HTTP", "Port": 80, "VpcId": balancing.vpc}
    given.pop(missing)
    with refused("ValidationError", "must be specified"):
        balancing.elb.create_target_group(**given)


def test_the_same_request_again_gets_the_same_group(balancing: Balancing, refused: Refused) -> None:
    assert balancing.group() == balancing.group()
    with refused("DuplicateTargetGroupName", "exists, but with different settings"):
        balancing.group(Port=9090)


def test_a_health_check_changes_in_place(balancing: Balancing, refused: Refused) -> None:
    arn = balancing.group()
    balancing.elb.modify_target_group(TargetGroupArn=arn, HealthCheckPath="/health", Matcher={"HttpCode": "200-204"})
    shown = one(balancing, arn)
    assert (shown["HealthCheckPath"], shown["Matcher"]) == ("/health", {"HttpCode": "200-204"})
    with refused("ValidationError", "greater than the timeout"):
        balancing.elb.modify_target_group(TargetGroupArn=arn, HealthCheckIntervalSeconds=5)


def test_a_check_that_becomes_tcp_has_no_path(balancing: Balancing) -> None:
    arn = balancing.group(Protocol="TCP", HealthCheckProtocol="HTTP", HealthCheckPath="/health")
    balancing.elb.modify_target_group(TargetGroupArn=arn, HealthCheckProtocol="TCP")
    shown = one(balancing, arn)
    assert "HealthCheckPath" not in shown
    assert "Matcher" not in shown
    balancing.elb.modify_target_group(TargetGroupArn=arn, HealthCheckProtocol="HTTP")
    assert one(balancing, arn)["HealthCheckPath"] == "/"


def test_a_group_in_use_is_not_deleted(
    balancing: Balancing, refused: Refused, fixed: dict[str, t.Any], forward: Forward
) -> None:
    arn = balancing.group()
    listener = balancing.listener(balancing.balancer()["LoadBalancerArn"], fixed)
    rule = balancing.rule(listener, 10, forward(arn))
    assert len(one(balancing, arn)["LoadBalancerArns"]) == 1
    with refused("ResourceInUse", f"Target group '{arn}' is currently in use by a listener or a rule"):
        balancing.elb.delete_target_group(TargetGroupArn=arn)
    balancing.elb.delete_rule(RuleArn=rule)
    for _ in range(2):
        balancing.elb.delete_target_group(TargetGroupArn=arn)
    with refused("TargetGroupNotFound"):
        one(balancing, arn)


def test_deleting_the_load_balancer_sets_the_group_free(
    balancing: Balancing, refused: Refused, forward: Forward
) -> None:
    arn, balancer = balancing.group(), balancing.balancer()["LoadBalancerArn"]
    listener = balancing.listener(balancer, forward(arn))
    balancing.elb.delete_load_balancer(LoadBalancerArn=balancer)
    with refused("ListenerNotFound"):
        balancing.elb.describe_listeners(ListenerArns=[listener])
    assert one(balancing, arn)["LoadBalancerArns"] == []
    balancing.elb.delete_target_group(TargetGroupArn=arn)


def test_groups_are_listed_by_name_and_by_load_balancer(
    balancing: Balancing, refused: Refused, forward: Forward
) -> None:
    used, _ = balancing.group("used"), balancing.group("unused")
    balancer = balancing.balancer()["LoadBalancerArn"]
    balancing.listener(balancer, forward(used))
    of = balancing.elb.describe_target_groups
    assert [row["TargetGroupName"] for row in of(LoadBalancerArn=balancer)["TargetGroups"]] == ["used"]
    assert [row["TargetGroupName"] for row in of(Names=["unused"])["TargetGroups"]] == ["unused"]
    assert len(of(PageSize=1)["TargetGroups"]) == 1
    with refused("TargetGroupNotFound"):
        of(Names=["nobody"])
    with refused("ValidationError", "at the same time"):
        of(Names=["used"], LoadBalancerArn=balancer)


def test_the_limit_of_groups_is_enforced_once_set(aws: EmbeddedAws, balancing: Balancing, refused: Refused) -> None:
    aws.limits(target_groups=1)
    balancing.group()
    with refused("TooManyTargetGroups"):
        balancing.group("second")
