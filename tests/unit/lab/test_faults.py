# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import subprocess
import threading
import time
import typing as t

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError

from lab.embedded_aws.client import EmbeddedAws

Clients = t.Any


def codes(call: t.Callable[[], t.Any], times: int) -> list[str]:
    seen = []
    for _ in range(times):
        try:
            call()
            seen.append("ok")
        except ClientError as error:
            seen.append(error.response["Error"]["Code"])
    return seen


@pytest.mark.parametrize(
    ("code", "status"),
    [("RequestLimitExceeded", 503), ("ThrottlingException", 400), ("InternalError", 500), ("Unavailable", 503)],
)
def test_the_first_calls_fail_with_the_code_and_status(
    aws: EmbeddedAws, client: Clients, refused: t.Any, code: str, status: int
) -> None:
    aws.fail("CreateVpc", code, times=2)
    ec2 = client("ec2")
    with refused(code, "ec2:CreateVpc", status=status):
        ec2.create_vpc(CidrBlock="10.0.0.0/16")
    assert codes(lambda: ec2.create_vpc(CidrBlock="10.0.0.0/16"), 2) == [code, "ok"]
    assert ec2.describe_vpcs()["Vpcs"]


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("ssm", "get_parameter", {"Name": "/x"}),
        ("iam", "list_roles", {}),
        ("route53", "list_hosted_zones", {}),
        ("logs", "describe_log_groups", {}),
        ("sts", "get_caller_identity", {}),
        ("eks", "list_clusters", {}),
    ],
)
def test_every_protocol_carries_an_injected_error(
    aws: EmbeddedAws, client: Clients, refused: t.Any, service: str, operation: str, parameters: dict[str, str]
) -> None:
    aws.fail("*", "ThrottlingException", message="slow down")
    with refused("ThrottlingException", "slow down", status=400):
        getattr(client(service), operation)(**parameters)


def test_boto_retries_what_it_should(aws: EmbeddedAws, client: Clients) -> None:
    aws.fail("ec2:CreateVpc", "RequestLimitExceeded", times=2)
    client("ec2", attempts=3).create_vpc(CidrBlock="10.0.0.0/16")
    assert [record["error"] for record in aws.writes()] == ["RequestLimitExceeded", "RequestLimitExceeded", None]


def test_each_action_fails_on_its_own_when_asked(aws: EmbeddedAws, client: Clients) -> None:
    aws.fail("ec2:Describe*", "InternalError", times=1, each=True)
    ec2 = client("ec2")
    assert codes(ec2.describe_vpcs, 2) == ["InternalError", "ok"]
    assert codes(ec2.describe_subnets, 2) == ["InternalError", "ok"]


def test_a_failed_write_changes_nothing(aws: EmbeddedAws, client: Clients) -> None:
    aws.fail("CreateInternetGateway", "InternalError")
    before = aws.holdings()
    codes(client("ec2").create_internet_gateway, 1)
    assert [one for one in aws.holdings() if one["kind"] == "ec2:internet-gateway" and not one["default"]] == []
    assert len(aws.holdings()) >= len(before)


def test_an_answer_can_be_lost_after_the_work_is_done(aws: EmbeddedAws, client: Clients) -> None:
    aws.fail("CreateInternetGateway", "InternalError", applied=True)
    assert codes(client("ec2").create_internet_gateway, 1) == ["InternalError"]
    assert [one["kind"] for one in aws.holdings() if not one["default"]] == ["ec2:internet-gateway"]


def test_a_reset_connection_is_no_answer(aws: EmbeddedAws, client: Clients) -> None:
    aws.reset_connections("DescribeVpcs", times=1)
    with pytest.raises((ConnectionClosedError, HTTPClientError)):
        client("ec2").describe_vpcs()
    assert client("ec2").describe_vpcs()["Vpcs"]


def test_a_slow_answer_comes_late(aws: EmbeddedAws, client: Clients) -> None:
    client("ec2").describe_vpcs()
    aws.slow("DescribeVpcs", seconds=0.4)
    begun = time.monotonic()
    client("ec2").describe_vpcs()
    assert time.monotonic() - begun >= 0.4


def test_latency_is_added_to_each_call_and_calls_wait_side_by_side(aws: EmbeddedAws, client: Clients) -> None:
    client("ec2").describe_vpcs()
    aws.latency(500)
    begun = time.monotonic()
    threads = [threading.Thread(target=client("ec2").describe_vpcs) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 0.5 <= time.monotonic() - begun < 5 * 0.5


def test_sessions_end_after_so_many_writes(aws: EmbeddedAws, client: Clients) -> None:
    aws.expire_credentials(after_writes=1)
    ec2 = client("ec2")
    assert codes(ec2.describe_vpcs, 1) == ["ok"]
    assert codes(ec2.create_internet_gateway, 2) == ["ok", "RequestExpired"]
    assert codes(ec2.describe_vpcs, 1) == ["RequestExpired"]
    assert codes(client("sts").get_caller_identity, 1) == ["ExpiredToken"]
    assert codes(client("ssm").describe_parameters, 1) == ["ExpiredTokenException"]
    aws.expire_credentials(None)
    assert codes(ec2.describe_vpcs, 1) == ["ok"]


@pytest.mark.parametrize(("when", "applied"), [("before", 1), ("after", 2)])
def test_a_process_is_killed_at_a_write(aws: EmbeddedAws, client: Clients, when: str, applied: int) -> None:
    victim = subprocess.Popen(["sleep", "60"])
    try:
        client("ec2").describe_vpcs()
        aws.kill_at_write(victim.pid, write=2, when=when)
        client("ec2").create_internet_gateway()
        assert victim.poll() is None
        with pytest.raises((ConnectionClosedError, HTTPClientError)):
            client("ec2").create_internet_gateway()
        assert victim.wait(timeout=5) == -9
    finally:
        victim.kill()
    made = [one for one in aws.holdings() if one["kind"] == "ec2:internet-gateway" and not one["default"]]
    assert len(made) == applied


def test_a_kill_can_wait_for_one_action(aws: EmbeddedAws, client: Clients) -> None:
    victim = subprocess.Popen(["sleep", "60"])
    try:
        aws.kill_at_write(victim.pid, write=1, action="CreateVpc")
        client("ec2").create_internet_gateway()
        assert victim.poll() is None
        with pytest.raises((ConnectionClosedError, HTTPClientError)):
            client("ec2").create_vpc(CidrBlock="10.0.0.0/16")
        assert victim.wait(timeout=5) == -9
    finally:
        victim.kill()


def test_clearing_ends_every_fault(aws: EmbeddedAws, client: Clients) -> None:
    aws.fail("*", "InternalError", times=100)
    aws.hide_new_ids(calls=100)
    aws.expire_credentials(after_writes=0)
    aws.clear_faults()
    vpc = client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    assert client("ec2").describe_vpcs(VpcIds=[vpc])["Vpcs"]


def test_a_misspelt_rule_is_refused(aws: EmbeddedAws) -> None:
    with pytest.raises(ValueError, match="tims"):
        aws._call("POST", "fault", {"action": "*", "kind": "error", "tims": 1})
