# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules and schedules invoke functions, and calls are heard of only through a trail."""

from __future__ import annotations

import json
import typing as t

import pytest
from botocore.exceptions import ClientError

from lab.embedded_aws.client import EmbeddedAws
from tests.clients import Clients
from tests.unit.lab.function_world import (
    ACCOUNT,
    BUCKET,
    CALLS,
    TRAIL,
    bucket_policy,
    code_of,
    follow,
    make,
    role,
    seen,
    trail,
)

__all__ = ["make"]


def test_a_call_is_heard_of_only_while_a_trail_logs_it(
    aws: EmbeddedAws, client: Clients, make: t.Callable[..., str]
) -> None:
    """F5."""
    follow(client, make("mark"), CALLS)
    assert not seen(aws, client)
    trail(client, logging=False)
    assert not seen(aws, client)
    client("cloudtrail").start_logging(Name="us-main")
    assert seen(aws, client)
    client("cloudtrail").stop_logging(Name="us-main")
    assert not seen(aws, client)
    streams = client("logs").describe_log_streams(logGroupName="/us-work")["logStreams"]
    assert len(streams) == 1


def test_a_trail_of_reading_calls_tells_of_no_writing_one(
    aws: EmbeddedAws, client: Clients, make: t.Callable[..., str]
) -> None:
    follow(client, make("mark"), CALLS)
    trail(client, kind="ReadOnly")
    assert not seen(aws, client)


def test_a_rule_hears_of_its_own_region_alone(aws: EmbeddedAws, client: Clients, make: t.Callable[..., str]) -> None:
    follow(client, make("mark"), CALLS)
    trail(client)
    assert not seen(aws, client, "eu-central-1")
    assert seen(aws, client)


def test_a_rule_that_is_too_wide_or_too_narrow_is_no_other_rule(aws: EmbeddedAws, client: Clients) -> None:
    """F6: what a rule meets is exact, noise and all."""
    trail(client)
    events = client("events")
    eks = {"sourceIPAddress": ["eks.amazonaws.com"], "eventName": ["CreateNetworkInterface"]}
    said = [{"prefix": "Amazon EKS kr-main"}]
    patterns = {
        "wide": {"source": ["aws.ec2"], "detail": {"eventName": ["CreateNetworkInterface"]}},
        "exact": {"source": ["aws.ec2"], "detail": {**eks, "requestParameters": {"description": said}}},
        "narrow": {"source": ["aws.eks"], "detail": eks},
    }
    for name, pattern in patterns.items():
        events.put_rule(Name=name, EventPattern=json.dumps(pattern))

    def met(address: str, description: str) -> list[str]:
        detail = {
            "eventName": "CreateNetworkInterface",
            "sourceIPAddress": address,
            "requestParameters": {"description": description},
        }
        event = {"source": "aws.ec2", "detail-type": "AWS API Call via CloudTrail", "detail": detail}
        return aws.emit("us-west-2", event)

    assert met("eks.amazonaws.com", "Amazon EKS kr-main") == ["wide", "exact"]
    assert met("10.0.3.9", "aws-K8S-i-0a1b2c3d") == ["wide"]
    assert met("eks.amazonaws.com", "Amazon EKS other") == ["wide"]


def test_a_schedule_invokes_with_the_role_it_was_given(
    aws: EmbeddedAws, client: Clients, make: t.Callable[..., str]
) -> None:
    function, api = make("answer"), client("scheduler")
    may = role(client, "clock", "scheduler", "lambda:InvokeFunction")
    may_not = role(client, "idle", "scheduler", "logs:PutLogEvents")
    api.create_schedule_group(Name="us-nights")
    about = {"GroupName": "us-nights", "FlexibleTimeWindow": {"Mode": "OFF"}, "ScheduleExpression": "rate(1 day)"}
    for name, arn in (("does", may), ("does-not", may_not)):
        api.create_schedule(Name=name, Target={"Arn": function, "RoleArn": arn, "Input": '{"a": 1}'}, **about)
    aws.fire("us-west-2", "us-nights/does")
    aws.settle()
    assert len(client("logs").describe_log_streams(logGroupName="/us-work")["logStreams"]) == 1
    with pytest.raises(ValueError, match="may not invoke"):
        aws.fire("us-west-2", "us-nights/does-not")
    with pytest.raises(ValueError, match="no enabled schedule"):
        aws.fire("us-west-2", "us-nights/gone")


def test_a_group_of_schedules_goes_with_what_is_in_it(client: Clients) -> None:
    api, arn = client("scheduler"), role(client, "clock", "scheduler", "lambda:InvokeFunction")
    api.create_schedule_group(Name="us-nights", Tags=[{"Key": "a", "Value": "b"}])
    target = {"Arn": f"arn:aws:lambda:us-west-2:{ACCOUNT}:function:x", "RoleArn": arn}
    about = {"FlexibleTimeWindow": {"Mode": "OFF"}, "ScheduleExpression": "rate(1 day)", "Target": target}
    api.create_schedule(Name="one", GroupName="us-nights", **about)
    assert code_of(lambda: api.create_schedule_group(Name="us-nights")) == "ConflictException"
    api.delete_schedule_group(Name="us-nights")
    assert code_of(lambda: api.get_schedule(Name="one", GroupName="us-nights")) == "ResourceNotFoundException"


@pytest.mark.parametrize(
    "wrong",
    [
        {"ScheduleExpression": "cron(0 8 * * MON *)"},
        {"ScheduleExpression": "cron(0 25 ? * MON *)"},
        {"ScheduleExpression": "rate(0 days)"},
        {"ScheduleExpressionTimezone": "Asia/Soeul"},
        {"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}},
        {"Target": {"Arn": "arn:aws:lambda:us-west-2:123456789012:function:x", "RoleArn": "arn:aws:iam::1:role/x"}},
    ],
)
def test_schedules_that_aws_would_not_take_are_refused(client: Clients, wrong: dict[str, t.Any]) -> None:
    arn = role(client, "clock", "scheduler", "lambda:InvokeFunction")
    target = {"Arn": f"arn:aws:lambda:us-west-2:{ACCOUNT}:function:x", "RoleArn": arn}
    about = {"FlexibleTimeWindow": {"Mode": "OFF"}, "ScheduleExpression": "rate(1 day)", "Target": target}
    said = {"Name": "one", **about, **wrong}
    assert code_of(lambda: client("scheduler").create_schedule(**said)) == "ValidationException"


@pytest.mark.parametrize(
    ("policy", "code"),
    [
        (None, "InsufficientS3BucketPolicyException"),
        (bucket_policy(TRAIL.replace("us-main", "other")), "InsufficientS3BucketPolicyException"),
        (bucket_policy(prefix="elsewhere"), "InsufficientS3BucketPolicyException"),
        (bucket_policy(), None),
    ],
)
def test_a_trail_needs_a_bucket_that_lets_it_in(client: Clients, policy: str | None, code: str | None) -> None:
    """4.18."""
    s3, api = client("s3"), client("cloudtrail")
    make = lambda: api.create_trail(Name="us-main", S3BucketName=BUCKET)  # noqa: E731
    assert code_of(make) == "S3BucketDoesNotExistException"
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    if policy:
        s3.put_bucket_policy(Bucket=BUCKET, Policy=policy)
    assert code_of(make) == code


def test_nobody_but_aws_speaks_for_aws(client: Clients) -> None:
    entry = {"Source": "aws.ec2", "DetailType": "x", "Detail": "{}"}
    with pytest.raises(ClientError, match="NotAuthorizedForSource"):
        client("events").put_events(Entries=[entry])


def test_a_rule_keeps_its_tags_and_goes_only_without_targets(client: Clients, make: t.Callable[..., str]) -> None:
    events = client("events")
    pattern = json.dumps(CALLS)
    arn = events.put_rule(Name="us-news", EventPattern=pattern, Tags=[{"Key": "a", "Value": "b"}])["RuleArn"]
    events.put_rule(Name="us-news", EventPattern=pattern, Tags=[{"Key": "a", "Value": "c"}])
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "a", "Value": "b"}]
    events.put_targets(Rule="us-news", Targets=[{"Id": "one", "Arn": make("answer")}])
    assert code_of(lambda: events.delete_rule(Name="us-news")) == "ValidationException"
    wrong = json.dumps({"source": "aws.ec2"})
    assert code_of(lambda: events.put_rule(Name="x", EventPattern=wrong)) == "InvalidEventPatternException"


def test_a_function_that_does_not_let_the_rule_in_is_not_invoked(
    aws: EmbeddedAws, client: Clients, make: t.Callable[..., str]
) -> None:
    follow(client, make("mark"), CALLS, let_in=False)
    trail(client)
    assert not seen(aws, client)
