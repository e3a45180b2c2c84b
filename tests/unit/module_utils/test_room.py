"""What only AWS can say before the first write: zones, what is adopted, and room in the quotas."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner, tag_list
from ansible_collections.cloister.aws.plugins.module_utils._room import Verdict, adopted_problems, look, zone_problems

from lab.embedded_aws.client import EmbeddedAws

US = Owner("us", "network")
NEEDS = {
    "zones": ["us-west-2a"],
    "vpcs": 1,
    "elastic_ips": 1,
    "nat_gateways_by_zone": {"us-west-2a": 1},
    "interface_endpoints_by_vpc": {"main": 10},
    "security_groups": 5,
    "rules_per_security_group": 12,
}


def verdict(aws: Aws, adopted: dict[str, t.Any] | None = None, **needs: t.Any) -> Verdict:
    return look(aws, US, {**NEEDS, **needs}, adopted or {})


def make_vpcs(aws: Aws, count: int, owner: Owner | None = None) -> list[str]:
    tags = tag_list(owner.tags_for("main")) if owner else []
    said = [{"ResourceType": "vpc", "Tags": tags}] if tags else []
    made = [aws.make("ec2", "create_vpc", CidrBlock=f"10.{n}.0.0/16", TagSpecifications=said) for n in range(count)]
    return [answer["Vpc"]["VpcId"] for answer in made]


def test_a_region_that_fits_is_looked_at_without_a_write(aws: Aws, embedded_aws: EmbeddedAws) -> None:
    assert verdict(aws) == Verdict()
    assert embedded_aws.writes() == []


def test_a_zone_that_does_not_exist_is_told_with_those_that_do(aws: Aws) -> None:
    found = verdict(aws, zones=["us-west-2z"])
    assert len(found.problems) == 1
    assert "us-west-2z" in found.problems[0]
    assert "us-west-2a, us-west-2b" in found.problems[0]


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ({"OptInStatus": "not-opted-in", "GroupName": "us-west-2-lax-1"}, "--group-name us-west-2-lax-1"),
        ({"State": "impaired"}, "impaired"),
    ],
)
def test_a_zone_that_cannot_be_used_is_told(zone: dict[str, str], words: str) -> None:
    known = {"ZoneName": "us-west-2-lax-1a", "State": "available", "OptInStatus": "opted-in"}
    assert words in zone_problems(["us-west-2-lax-1a"], [{**known, **zone}])[0]
    assert zone_problems(["us-west-2-lax-1a"], [known]) == []


def test_what_is_adopted_must_be_there(aws: Aws) -> None:
    vpc = make_vpcs(aws, 1)[0]
    assert verdict(aws, {"VPC": {"main": vpc}}).problems == []
    found = verdict(aws, {"VPC": {"main": "vpc-0123456789abcdef0"}}).problems
    assert len(found) == 1
    assert "vpc-0123456789abcdef0" in found[0]
    assert adopted_problems({"subnet": {"a": "subnet-1"}}, {"subnets": [{"SubnetId": "subnet-1"}]}) == []


def test_a_quota_counts_what_is_there_and_what_would_come(aws: Aws) -> None:
    make_vpcs(aws, 4)  # and the default VPC: five of five
    found = verdict(aws).problems
    assert len(found) == 1
    assert "VPCs per Region is 5" in found[0]
    assert "--quota-code L-F678F1CE --desired-value 6" in found[0]


def test_what_the_region_owns_already_is_not_counted_again(aws: Aws, embedded_aws: EmbeddedAws) -> None:
    make_vpcs(aws, 3)
    make_vpcs(aws, 1, US)
    assert verdict(aws).problems == []


def test_no_quota_is_read_when_nothing_would_grow(aws: Aws, embedded_aws: EmbeddedAws) -> None:
    none: dict[str, t.Any] = {"nat_gateways_by_zone": {}, "interface_endpoints_by_vpc": {}}
    assert verdict(aws, vpcs=0, elastic_ips=0, security_groups=0, **none) == Verdict()
    assert not [action for action in embedded_aws.reads()["actions"] if action.startswith("servicequotas")]


def test_rules_are_compared_only_beyond_what_every_account_has(aws: Aws) -> None:
    assert verdict(aws, rules_per_security_group=60).problems == []
    assert "rules per security group" in verdict(aws, rules_per_security_group=61).problems[0]


def test_a_quota_that_cannot_be_read_is_a_note(aws: Aws, embedded_aws: EmbeddedAws) -> None:
    embedded_aws.fail("GetServiceQuota", "AccessDeniedException", times=10)
    found = verdict(aws)
    assert found.problems == []
    assert len(found.notes) == 5
    assert all("AccessDeniedException" in note for note in found.notes)


def test_a_region_that_is_not_enabled_is_told(aws: Aws, embedded_aws: EmbeddedAws) -> None:
    embedded_aws.fail("DescribeVpcs", "AuthFailure", times=10)
    with pytest.raises(ApiError, match="get-region-opt-status --region-name us-west-2"):
        verdict(aws)
