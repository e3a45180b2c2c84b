"""Calls that outlive what passes, seen from the embedded AWS's journal."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils import _aws
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, Patience
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, UnsureError

from lab.embedded_aws.client import EmbeddedAws


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Sleep a tenth, and note how long it would have been; botocore's own waits included."""
    asked: list[float] = []
    real = _aws.time.sleep
    monkeypatch.setattr("time.sleep", lambda seconds: (asked.append(seconds), real(min(seconds, 0.01)))[1])
    return asked


def make_vpc(aws: Aws) -> str:
    return str(aws.make("ec2", "create_vpc", CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])


@pytest.mark.parametrize("code", ["RequestLimitExceeded", "Throttling", "ThrottlingException"])
def test_throttling_by_any_name_is_outlived_by_reads_and_creates(
    aws: Aws, embedded_aws: EmbeddedAws, code: str
) -> None:
    embedded_aws.fail("CreateVpc", code, times=8)
    embedded_aws.fail("DescribeVpcs", code, times=8)
    vpc = make_vpc(aws)
    assert vpc in [found["VpcId"] for found in aws.pages("ec2", "describe_vpcs", "Vpcs")]
    assert len([write for write in embedded_aws.writes() if write["error"] is None]) == 1


def test_endless_throttling_ends_within_three_minutes_and_names_the_action(
    aws: Aws, embedded_aws: EmbeddedAws, hurried: list[float]
) -> None:
    embedded_aws.fail("CreateVpc", "RequestLimitExceeded", times=100)
    with pytest.raises(ApiError, match="CreateVpc"):
        make_vpc(aws)
    assert sum(hurried) <= 180


def test_a_new_id_that_is_not_visible_yet_is_waited_for(aws: Aws, embedded_aws: EmbeddedAws) -> None:
    embedded_aws.hide_new_ids(5)
    vpc = make_vpc(aws)
    aws.call("ec2", "modify_vpc_attribute", VpcId=vpc, EnableDnsHostnames={"Value": True})
    assert aws.make("ec2", "create_subnet", VpcId=vpc, CidrBlock="10.0.0.0/24")["Subnet"]["VpcId"] == vpc


def test_an_id_that_never_comes_is_an_error_naming_the_call(aws: Aws) -> None:
    with pytest.raises(ApiError, match=r"DeleteSubnet\(SubnetId=subnet-0abc\).*InvalidSubnetID.NotFound"):
        aws.call("ec2", "delete_subnet", SubnetId="subnet-0abc")


def test_absence_that_is_allowed_is_none(aws: Aws) -> None:
    assert aws.call("ec2", "delete_subnet", SubnetId="subnet-0abc", absent_ok=True) is None


def test_a_create_whose_answer_is_lost_is_sent_once(aws: Aws, embedded_aws: EmbeddedAws) -> None:
    embedded_aws.reset_connections("CreateVpc", applied=True)
    with pytest.raises(UnsureError, match="CreateVpc"):
        make_vpc(aws)
    assert [write["action"] for write in embedded_aws.writes()] == ["CreateVpc"]


def test_a_create_with_a_client_token_is_repeated_and_made_once(aws: Aws, embedded_aws: EmbeddedAws) -> None:
    vpc = make_vpc(aws)
    embedded_aws.fail("CreateRouteTable", "InternalError", times=3, status=500)
    aws.make("ec2", "create_route_table", VpcId=vpc)
    ours = aws.pages("ec2", "describe_route_tables", "RouteTables", Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    assert len(ours) == 2  # the VPC's own main table, and one


def test_expired_credentials_end_at_once_with_advice(aws: Aws, embedded_aws: EmbeddedAws, hurried: list[float]) -> None:
    embedded_aws.fail("DescribeVpcs", "ExpiredToken", times=100)
    with pytest.raises(ApiError, match="credentials have expired: get new ones"):
        aws.pages("ec2", "describe_vpcs", "Vpcs")
    assert sum(hurried) < 10


def test_patience_bears_a_refusal_that_passes(aws: Aws, embedded_aws: EmbeddedAws) -> None:
    vpc = make_vpc(aws)
    embedded_aws.fail("DeleteVpc", "DependencyViolation", times=3)
    aws.call("ec2", "delete_vpc", VpcId=vpc, patience=Patience(frozenset({"DependencyViolation"}), 60))
    assert vpc not in [found["VpcId"] for found in aws.pages("ec2", "describe_vpcs", "Vpcs")]


def test_pages_are_read_to_the_end(aws: Aws) -> None:
    vpc = make_vpc(aws)
    for third in range(12):
        aws.make("ec2", "create_subnet", VpcId=vpc, CidrBlock=f"10.0.{third}.0/24")
    found = aws.pages("ec2", "describe_subnets", "Subnets", MaxResults=5, Filters=[{"Name": "vpc-id", "Values": [vpc]}])
    assert len(found) == 12


def test_side_by_side_keeps_order_and_hands_errors_back() -> None:
    def halve(number: int) -> float:
        if number == 2:
            raise ValueError("two")
        return number / 2

    results: list[t.Any] = _aws.side_by_side(halve, [1, 2, 3])
    assert (results[0], str(results[1]), results[2]) == (0.5, "two", 1.5)
