# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
import typing as t

import pytest

Refused = t.Any
Balancing = t.Any


def pairs(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in values.items()]


def of_balancer(balancing: Balancing, arn: str) -> dict[str, str]:
    rows = balancing.elb.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    return {row["Key"]: row["Value"] for row in rows}


def of_group(balancing: Balancing, arn: str) -> dict[str, str]:
    rows = balancing.elb.describe_target_group_attributes(TargetGroupArn=arn)["Attributes"]
    return {row["Key"]: row["Value"] for row in rows}


def set_on_balancer(balancing: Balancing, arn: str, values: dict[str, str]) -> None:
    balancing.elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=pairs(values))


def set_on_group(balancing: Balancing, arn: str, values: dict[str, str]) -> None:
    balancing.elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=pairs(values))


def test_an_application_load_balancer_has_its_defaults(balancing: Balancing) -> None:
    found = of_balancer(balancing, balancing.balancer()["LoadBalancerArn"])
    expected = {
        "access_logs.s3.enabled": "false", "idle_timeout.timeout_seconds": "60", "routing.http2.enabled": "true",
        "load_balancing.cross_zone.enabled": "true", "routing.http.desync_mitigation_mode": "defensive",
        "client_keep_alive.seconds": "3600", "deletion_protection.enabled": "false",
        "routing.http.drop_invalid_header_fields.enabled": "false", "ipv6.deny_all_igw_traffic": "false",
    }  # fmt: skip
    assert expected.items() <= found.items()
    assert "dns_record.client_routing_policy" not in found


def test_a_network_load_balancer_has_others(balancing: Balancing) -> None:
    found = of_balancer(balancing, balancing.network_balancer(Scheme="internal")["LoadBalancerArn"])
    expected = {
        "load_balancing.cross_zone.enabled": "false", "dns_record.client_routing_policy": "any_availability_zone",
        "ipv6.deny_all_igw_traffic": "true", "zonal_shift.config.enabled": "false",
    }  # fmt: skip
    assert expected.items() <= found.items()
    assert "idle_timeout.timeout_seconds" not in found


@pytest.mark.parametrize(
    ("code", "key", "value"),
    [
        ("ValidationError", "idle_timeout.seconds", "60"),
        ("InvalidConfigurationRequest", "dns_record.client_routing_policy", "any_availability_zone"),
        ("InvalidConfigurationRequest", "idle_timeout.timeout_seconds", "4001"),
        ("InvalidConfigurationRequest", "idle_timeout.timeout_seconds", "long"),
        ("InvalidConfigurationRequest", "deletion_protection.enabled", "yes"),
        ("InvalidConfigurationRequest", "routing.http.desync_mitigation_mode", "strict"),
        ("InvalidConfigurationRequest", "load_balancing.cross_zone.enabled", "false"),
    ],
)
def test_wrong_attributes_of_a_load_balancer_are_refused(
    balancing: Balancing, refused: Refused, code: str, key: str, value: str
) -> None:
    arn = balancing.balancer()["LoadBalancerArn"]
    with refused(code, key):
        set_on_balancer(balancing, arn, {key: value})


def test_at_most_twenty_attributes_change_at_once(balancing: Balancing, refused: Refused) -> None:
    arn = balancing.balancer()["LoadBalancerArn"]
    values = of_balancer(balancing, arn)
    assert len(values) > 20
    with refused("ValidationError", "less than or equal to 20"):
        set_on_balancer(balancing, arn, values)


def test_a_protected_load_balancer_is_not_deleted(balancing: Balancing, refused: Refused) -> None:
    arn = balancing.balancer()["LoadBalancerArn"]
    set_on_balancer(balancing, arn, {"deletion_protection.enabled": "true"})
    with refused("OperationNotPermitted", "deletion protection is enabled"):
        balancing.elb.delete_load_balancer(LoadBalancerArn=arn)
    set_on_balancer(balancing, arn, {"deletion_protection.enabled": "false"})
    balancing.elb.delete_load_balancer(LoadBalancerArn=arn)


def test_access_logs_need_a_bucket_that_lets_them_in(client: t.Any, balancing: Balancing, refused: Refused) -> None:
    arn, bucket = balancing.balancer()["LoadBalancerArn"], "us-logs-123456789012"
    on = {"access_logs.s3.enabled": "true"}
    with refused("InvalidConfigurationRequest", "access_logs.s3.bucket"):
        set_on_balancer(balancing, arn, on)
    on["access_logs.s3.bucket"] = bucket
    with refused("InvalidConfigurationRequest", f"Access Denied for bucket: {bucket}"):
        set_on_balancer(balancing, arn, on)
    s3 = client("s3")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    with refused("InvalidConfigurationRequest", "Please check S3bucket permission"):
        set_on_balancer(balancing, arn, on)
    statement = {
        "Effect": "Allow", "Principal": {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"},
        "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/*",
    }  # fmt: skip
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    set_on_balancer(balancing, arn, on)
    assert of_balancer(balancing, arn)["access_logs.s3.enabled"] == "true"


def test_target_groups_have_the_defaults_of_their_kind(balancing: Balancing) -> None:
    over_http = of_group(balancing, balancing.group())
    assert over_http["stickiness.type"] == "lb_cookie"
    assert over_http["deregistration_delay.timeout_seconds"] == "300"
    assert over_http["load_balancing.cross_zone.enabled"] == "use_load_balancer_configuration"
    assert "preserve_client_ip.enabled" not in over_http
    keeps = "preserve_client_ip.enabled"
    assert of_group(balancing, balancing.group("tcp-ip", Protocol="TCP"))[keeps] == "false"
    assert of_group(balancing, balancing.group("tcp", Protocol="TCP", TargetType="instance"))[keeps] == "true"
    udp = of_group(balancing, balancing.group("udp", Protocol="UDP"))
    assert (udp[keeps], udp["stickiness.type"]) == ("true", "source_ip")
    assert udp["target_health_state.unhealthy.connection_termination.enabled"] == "false"
    alb = of_group(balancing, balancing.group("alb", Protocol="TCP", TargetType="alb"))
    assert alb[keeps] == "true"
    assert "proxy_protocol_v2.enabled" not in alb


@pytest.mark.parametrize(
    ("code", "kind", "values"),
    [
        ("ValidationError", "HTTP", {"deregistration_delay": "5"}),
        ("InvalidConfigurationRequest", "HTTP", {"proxy_protocol_v2.enabled": "true"}),
        ("InvalidConfigurationRequest", "HTTP", {"deregistration_delay.timeout_seconds": "3601"}),
        ("InvalidConfigurationRequest", "HTTP", {"slow_start.duration_seconds": "29"}),
        ("InvalidConfigurationRequest", "HTTP", {"load_balancing.algorithm.anomaly_mitigation": "on"}),
        ("InvalidConfigurationRequest", "HTTP", {"stickiness.type": "app_cookie"}),
        ("InvalidConfigurationRequest", "HTTP", {"stickiness.app_cookie.cookie_name": "AWSALB"}),
        ("InvalidConfigurationRequest", "TCP", {"stickiness.type": "lb_cookie"}),
        ("InvalidConfigurationRequest", "TCP", {"slow_start.duration_seconds": "60"}),
        ("InvalidConfigurationRequest", "UDP", {"preserve_client_ip.enabled": "false"}),
        (
            "InvalidConfigurationRequest",
            "TCP",
            {"target_health_state.unhealthy.draining_interval_seconds": "10"},
        ),
    ],
)
def test_wrong_attributes_of_a_target_group_are_refused(
    balancing: Balancing, refused: Refused, code: str, kind: str, values: dict[str, str]
) -> None:
    arn = balancing.group(Protocol=kind)
    with refused(code):
        set_on_group(balancing, arn, values)


def test_attributes_of_a_target_group_change(balancing: Balancing) -> None:
    arn = balancing.group("edge", Protocol="TCP")
    wanted = {"proxy_protocol_v2.enabled": "true", "deregistration_delay.timeout_seconds": "0"}
    set_on_group(balancing, arn, wanted)
    assert wanted.items() <= of_group(balancing, arn).items()


def test_listeners_have_attributes_by_protocol(balancing: Balancing, refused: Refused, fixed: t.Any) -> None:
    elb = balancing.elb
    web = balancing.listener(balancing.balancer()["LoadBalancerArn"], fixed)
    tcp = {"Type": "forward", "TargetGroupArn": balancing.group(Protocol="TCP")}
    edge = balancing.listener(balancing.network_balancer()["LoadBalancerArn"], tcp, 443, Protocol="TCP")
    idle = [{"Key": "tcp.idle_timeout.seconds", "Value": "600"}]
    assert elb.modify_listener_attributes(ListenerArn=edge, Attributes=idle)["Attributes"] == idle
    with refused("InvalidConfigurationRequest", "tcp.idle_timeout.seconds"):
        elb.modify_listener_attributes(ListenerArn=web, Attributes=idle)
    idle[0]["Value"] = "10"
    with refused("InvalidConfigurationRequest", "between 60 and 6000"):
        elb.modify_listener_attributes(ListenerArn=edge, Attributes=idle)
    keys = [row["Key"] for row in elb.describe_listener_attributes(ListenerArn=web)["Attributes"]]
    assert "routing.http.response.server.enabled" in keys
