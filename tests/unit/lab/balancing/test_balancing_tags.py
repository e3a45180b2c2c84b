# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws

Refused = t.Any
Balancing = t.Any
OURS = [{"Key": "cloister:region", "Value": "us"}]


@pytest.fixture
def made(balancing: Balancing, fixed: dict[str, t.Any]) -> dict[str, str]:
    """One tagged thing of each kind, by its kind in the tagging API."""
    balancer = balancing.balancer(Tags=OURS)["LoadBalancerArn"]
    listener = balancing.listener(balancer, fixed, Tags=OURS)
    return {
        "elasticloadbalancing:loadbalancer": balancer,
        "elasticloadbalancing:listener": listener,
        "elasticloadbalancing:listener-rule": balancing.rule(listener, 10, fixed, Tags=OURS),
        "elasticloadbalancing:targetgroup": balancing.group(Tags=OURS),
    }


def held(aws: EmbeddedAws) -> dict[str, dict[str, t.Any]]:
    return {one["id"]: one for one in aws.holdings() if one["kind"].startswith("elasticloadbalancing:")}


def test_everything_is_tagged_at_birth_and_after(balancing: Balancing, made: dict[str, str]) -> None:
    arns = list(made.values())
    rows = balancing.elb.describe_tags(ResourceArns=arns)["TagDescriptions"]
    assert [(row["ResourceArn"], row["Tags"]) for row in rows] == [(arn, OURS) for arn in arns]
    balancing.elb.add_tags(ResourceArns=arns, Tags=[{"Key": "team", "Value": "a"}])
    balancing.elb.remove_tags(ResourceArns=arns, TagKeys=["cloister:region"])
    rows = balancing.elb.describe_tags(ResourceArns=arns)["TagDescriptions"]
    assert all(row["Tags"] == [{"Key": "team", "Value": "a"}] for row in rows)


def test_tags_are_checked(balancing: Balancing, refused: Refused, made: dict[str, str]) -> None:
    arn, elb = made["elasticloadbalancing:targetgroup"], balancing.elb
    with refused("DuplicateTagKeys"):
        elb.add_tags(ResourceArns=[arn], Tags=[*OURS, *OURS])
    with refused("TooManyTags"):
        elb.add_tags(ResourceArns=[arn], Tags=[{"Key": f"k{i}", "Value": ""} for i in range(50)])
    with refused("ValidationError", "reserved"):
        elb.add_tags(ResourceArns=[arn], Tags=[{"Key": "aws:mine", "Value": ""}])
    with refused("ValidationError", "20"):
        elb.describe_tags(ResourceArns=[f"{arn[:-2]}{i:02}" for i in range(21)])
    with refused("TargetGroupNotFound"):
        elb.describe_tags(ResourceArns=[f"{arn[:-1]}x"])
    with refused("RuleNotFound"):
        elb.describe_tags(ResourceArns=[f"{made['elasticloadbalancing:listener-rule']}x"])


def test_all_that_exists_is_held_and_goes(aws: EmbeddedAws, balancing: Balancing, made: dict[str, str]) -> None:
    assert {one["kind"]: arn for arn, one in held(aws).items()} == made
    assert all(one["tags"] == {"cloister:region": "us"} for one in held(aws).values())
    balancing.elb.delete_load_balancer(LoadBalancerArn=made["elasticloadbalancing:loadbalancer"])
    balancing.elb.delete_target_group(TargetGroupArn=made["elasticloadbalancing:targetgroup"])
    assert held(aws) == {}


def test_a_change_of_anything_changes_its_fingerprint(
    aws: EmbeddedAws, balancing: Balancing, made: dict[str, str], fixed: dict[str, t.Any]
) -> None:
    balancer, listener, rule, group = made.values()
    elb = balancing.elb
    for arn, change in (
        (balancer, lambda: elb.set_subnets(LoadBalancerArn=balancer, Subnets=balancing.subnets)),
        (
            balancer,
            lambda: elb.modify_load_balancer_attributes(
                LoadBalancerArn=balancer, Attributes=[{"Key": "idle_timeout.timeout_seconds", "Value": "9"}]
            ),
        ),
        (listener, lambda: elb.modify_listener(ListenerArn=listener, Port=81)),
        (rule, lambda: elb.set_rule_priorities(RulePriorities=[{"RuleArn": rule, "Priority": 11}])),
        (group, lambda: elb.modify_target_group(TargetGroupArn=group, HealthCheckPath="/health")),
    ):
        before = held(aws)
        change()
        after = held(aws)
        changed = {one for one in after if after[one]["fingerprint"] != before[one]["fingerprint"]}
        assert arn in changed


def test_the_tagging_api_finds_them(client: t.Any, made: dict[str, str]) -> None:
    filters = [{"Key": "cloister:region", "Values": ["us"]}]
    found = client("resourcegroupstaggingapi").get_resources(
        TagFilters=filters, ResourceTypeFilters=["elasticloadbalancing"]
    )
    assert {row["ResourceARN"] for row in found["ResourceTagMappingList"]} == set(made.values())


def test_new_ones_are_unseen_for_so_many_calls(aws: EmbeddedAws, balancing: Balancing, refused: Refused) -> None:
    aws.hide_new_ids(calls=1, prefixes=["arn:aws:elasticloadbalancing"])
    balancer = balancing.balancer()["LoadBalancerArn"]
    assert balancing.elb.describe_load_balancers()["LoadBalancers"] == []
    assert len(balancing.elb.describe_load_balancers()["LoadBalancers"]) == 1
    group = balancing.group()
    with refused("TargetGroupNotFound"):
        balancing.elb.describe_target_group_attributes(TargetGroupArn=group)
    listener = balancing.listener(balancer, {"Type": "forward", "TargetGroupArn": group})
    with refused("ListenerNotFound"):
        balancing.elb.describe_tags(ResourceArns=[listener])
    aws.clear_faults()
    aws.hide_new_ids(calls=1)
    subnet = balancing.network.subnet(balancing.vpc, "10.0.20.0/24", "us-west-2c")
    with refused("SubnetNotFound"):
        balancing.balancer("second", Subnets=[balancing.subnets[0], subnet])
