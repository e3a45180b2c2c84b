"""What stands between a cluster's API and its consumers, worked out from what an inventory says."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils import _private_api as private_api

PROVIDER: dict[str, t.Any] = {"vpc": "eks", "subnets": ["a", "b"], "security_groups": ["api"]}
CONSUMERS = [{"name": "operator", "vpc": "operator", "subnets": ["o"], "security_groups": ["endpoint"]}]


def test_the_load_balancer_sends_across_zones_and_asks_no_group_of_who_comes_over_private_link() -> None:
    parts = private_api.parts("main", PROVIDER, CONSUMERS)
    (balancer,), (group,) = parts["load_balancers"], parts["target_groups"]
    assert (balancer["cross_zone"], balancer["private_link_rules"]) == (True, False)
    assert balancer["listeners"] == [{"port": 443, "protocol": "TCP", "forward": group["name"]}]
    assert group["preserve_client_ip"] is False


def test_health_is_readyz_over_https_unless_it_is_tcp() -> None:
    checks = [
        private_api.parts("main", {**PROVIDER, "health_check": said}, [])["target_groups"][0]["health_check"]
        for said in ({}, {"protocol": "HTTPS", "path": "/livez", "matcher": "200-299"}, {"protocol": "TCP"})
    ]
    asked = [(check["protocol"], check.get("path"), check.get("matcher")) for check in checks]
    assert asked == [("HTTPS", "/readyz", "200"), ("HTTPS", "/livez", "200-299"), ("TCP", None, None)]


def test_a_service_asks_and_lets_in_whom_the_inventory_names() -> None:
    accepted = [{"endpoint": "vpce-0a1b2c3d4e5f60718", "reason": "partner"}]
    (service,) = private_api.parts("main", {**PROVIDER, "accepted_endpoints": accepted}, [])["services"]
    assert service["acceptance_required"] is True
    assert (service["principals"], service["accepted_endpoints"]) == ([], ["vpce-0a1b2c3d4e5f60718"])


def test_the_pattern_is_for_interfaces_that_eks_makes_for_this_cluster() -> None:
    detail = private_api.pattern("kr-main")["detail"]
    assert detail["eventName"] == ["CreateNetworkInterface"]
    assert detail["sourceIPAddress"] == ["eks.amazonaws.com"]
    assert detail["requestParameters"]["description"] == ["Amazon EKS kr-main"]


def test_the_function_changes_its_target_group_alone_and_has_two_rules() -> None:
    said = private_api.functions("main", "kr", "arn:group", 15)
    (function,) = said["functions"]
    allowed = {tuple(one["actions"]): one["resources"] for one in function["statements"]}
    writes = ("elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets")
    assert allowed[writes] == ["arn:group"]
    assert function["environment"] == {"CLUSTER": "kr-main", "TARGET_GROUP_ARN": "arn:group", "PORT": "443"}
    assert [rule.get("every_minutes") for rule in said["rules"]] == [None, 15]
    assert {rule["function"] for rule in said["rules"]} == {function["name"]}


def test_each_consumer_has_a_zone_of_its_own_with_the_apis_name() -> None:
    names = {"api-main-operator": {"dns_name": "vpce-1.example", "zone_id": "Z1"}}
    (zone,) = private_api.zones("main", "abc.eks.amazonaws.com", CONSUMERS, names)
    assert (zone["name"], zone["private"], zone["vpcs"]) == ("abc.eks.amazonaws.com", True, ["operator"])
    alias = {"dns_name": "vpce-1.example", "zone_id": "Z1", "evaluate_target_health": True}
    assert zone["records"] == [{"name": "@", "alias": alias}]


def test_clients_are_judged_by_their_own_groups_and_not_by_those_of_their_endpoint() -> None:
    (client,) = private_api.clients([{**CONSUMERS[0], "client_security_groups": ["operator"]}])
    assert client == {"name": "operator", "vpc": "operator", "subnets": ["o"], "security_groups": ["operator"]}
