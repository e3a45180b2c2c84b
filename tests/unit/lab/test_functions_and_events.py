# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Functions run, rules and schedules invoke them, and calls are heard of only through a trail."""

from __future__ import annotations

import io
import json
import typing as t
import zipfile

import pytest
from botocore.exceptions import ClientError

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.lab.conftest import Clients

ACCOUNT = "123456789012"
BUCKET = f"us-trail-{ACCOUNT}"
TRAIL = f"arn:aws:cloudtrail:us-west-2:{ACCOUNT}:trail/us-main"
CALLS = {"source": ["aws.ec2"], "detail-type": ["AWS API Call via CloudTrail"], "detail": {"eventName": ["CreateVpc"]}}
CODE = """
import json, os, time
import boto3

def mark(event, context):
    print("saw", event["detail"]["eventName"])
    vpc = event["detail"]["responseElements"]["vpc"]["vpcId"]
    boto3.client("ec2").create_tags(Resources=[vpc], Tags=[{"Key": "seen", "Value": os.environ["WORD"]}])

def answer(event, context):
    return {"event": event, "left": context.get_remaining_time_in_millis() > 0, "name": context.function_name}

def fail(event, context):
    raise KeyError("nothing")

def look(event, context):
    boto3.client("ec2").describe_vpcs()

def sleep(event, context):
    time.sleep(60)
"""


def code_of(work: t.Callable[[], t.Any]) -> str | None:
    """The code with which it is refused; None when it is not."""
    try:
        work()
    except ClientError as exc:
        return str(exc.response["Error"]["Code"])
    return None


def trust(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": f"{service}.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def allowing(*actions: str, resource: str = "*") -> str:
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def zipped(code: str = CODE) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("work.py", code)
    return packed.getvalue()


def role(client: Clients, name: str, service: str, *actions: str) -> str:
    iam = client("iam")
    arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(service))["Role"]["Arn"]
    iam.put_role_policy(RoleName=name, PolicyName="work", PolicyDocument=allowing("logs:PutLogEvents", *actions))
    return str(arn)


@pytest.fixture
def make(client: Clients) -> t.Callable[..., str]:
    """Make a function of CODE; its role may log and tag."""

    def made(handler: str, name: str = "us-work", **said: t.Any) -> str:
        actions = ("logs:CreateLogStream", "logs:PutLogEvents", "ec2:CreateTags")
        arn = role(client, name, "lambda", *actions)
        client("logs").create_log_group(logGroupName=f"/{name}")
        said = {"LoggingConfig": {"LogGroup": f"/{name}"}, "Runtime": "python3.13", "Timeout": 60, **said}
        about = {"FunctionName": name, "Role": arn, "Handler": f"work.{handler}", "Code": {"ZipFile": zipped()}}
        environment = {"Variables": {"WORD": "yes"}}
        return str(client("lambda").create_function(**about, Environment=environment, **said)["FunctionArn"])

    return made


def trail(client: Clients, logging: bool = True, kind: str = "WriteOnly") -> None:
    s3, api = client("s3"), client("cloudtrail")
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    s3.put_bucket_policy(Bucket=BUCKET, Policy=bucket_policy())
    api.create_trail(Name="us-main", S3BucketName=BUCKET, IsMultiRegionTrail=True)
    selectors = [{"ReadWriteType": kind, "IncludeManagementEvents": True}]
    api.put_event_selectors(TrailName="us-main", EventSelectors=selectors)
    if logging:
        api.start_logging(Name="us-main")


def bucket_policy(trail_arn: str = TRAIL, prefix: str = f"AWSLogs/{ACCOUNT}") -> str:
    ours = {"StringEquals": {"aws:SourceArn": trail_arn}}
    principal = {"Service": "cloudtrail.amazonaws.com"}
    bucket = f"arn:aws:s3:::{BUCKET}"
    look = {"Action": "s3:GetBucketAcl", "Resource": bucket}
    write = {"Action": "s3:PutObject", "Resource": f"{bucket}/{prefix}/*"}
    allow = [{"Effect": "Allow", "Principal": principal, "Condition": ours, **one} for one in (look, write)]
    tls = {"Bool": {"aws:SecureTransport": "false"}}
    deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"{bucket}/*", "Condition": tls}
    return json.dumps({"Version": "2012-10-17", "Statement": [*allow, deny]})


def follow(client: Clients, function: str, pattern: dict[str, t.Any], let_in: bool = True) -> None:
    events = client("events")
    arn = events.put_rule(Name="us-news", EventPattern=json.dumps(pattern))["RuleArn"]
    events.put_targets(Rule="us-news", Targets=[{"Id": "one", "Arn": function}])
    if let_in:
        said = {"Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com", "SourceArn": arn}
        client("lambda").add_permission(FunctionName=function, StatementId="news", **said)


def seen(aws: EmbeddedAws, client: Clients, region: str = "us-west-2") -> bool:
    """Whether the function marks a VPC that is made now."""
    ec2 = client("ec2", region)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    aws.settle()
    return {"Key": "seen", "Value": "yes"} in ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0].get("Tags", [])


def test_a_function_runs_and_answers(client: Clients, make: t.Callable[..., str]) -> None:
    make("answer")
    told = client("lambda").invoke(FunctionName="us-work", Payload=b'{"a": [1]}')
    assert json.loads(told["Payload"].read()) == {"event": {"a": [1]}, "left": True, "name": "us-work"}
    assert "FunctionError" not in told


def test_what_a_handler_raises_is_told(client: Clients, make: t.Callable[..., str]) -> None:
    make("fail")
    told = client("lambda").invoke(FunctionName="us-work", LogType="Tail")
    said = json.loads(told["Payload"].read())
    assert (told["FunctionError"], said["errorType"], said["errorMessage"]) == ("Unhandled", "KeyError", "'nothing'")


def test_a_function_ends_when_its_time_is_over(client: Clients, make: t.Callable[..., str]) -> None:
    make("sleep", Timeout=1)
    told = client("lambda").invoke(FunctionName="us-work")
    assert "Task timed out after 1.00 seconds" in told["Payload"].read().decode()


def test_a_function_does_what_its_role_may_and_no_more(client: Clients, make: t.Callable[..., str]) -> None:
    make("look")
    told = client("lambda").invoke(FunctionName="us-work")
    assert "is not authorized to perform: ec2:DescribeVpcs" in told["Payload"].read().decode()
    client("iam").put_role_policy(RoleName="us-work", PolicyName="look", PolicyDocument=allowing("ec2:Describe*"))
    assert client("lambda").invoke(FunctionName="us-work")["Payload"].read() == b"null"


def test_a_function_knows_nothing_of_this_checkout(client: Clients) -> None:
    arn = role(client, "us-work", "lambda")
    code = "def run(event, context):\n    import lab.embedded_aws\n"
    about = {"FunctionName": "us-work", "Role": arn, "Handler": "work.run", "Runtime": "python3.13", "Timeout": 60}
    client("lambda").create_function(Code={"ZipFile": zipped(code)}, **about)
    told = json.loads(client("lambda").invoke(FunctionName="us-work")["Payload"].read())
    assert told["errorType"] == "ModuleNotFoundError"


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


def test_a_function_that_does_not_let_the_rule_in_is_not_invoked(
    aws: EmbeddedAws, client: Clients, make: t.Callable[..., str]
) -> None:
    follow(client, make("mark"), CALLS, let_in=False)
    trail(client)
    assert not seen(aws, client)


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
    ("wrong", "code"),
    [
        ({"Handler": "", "Runtime": "python3.13"}, "InvalidParameterValueException"),
        ({"Role": f"arn:aws:iam::{ACCOUNT}:role/gone"}, "InvalidParameterValueException"),
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "InvalidParameterValueException"),
        ({"Timeout": 901}, "ValidationException"),
        ({"FunctionName": "a b"}, "ValidationException"),
        ({"Layers": ["arn:aws:lambda:us-west-2:1:layer:x:1"]}, "NotModelled"),
        ({"Runtime": "nodejs22.x"}, "NotModelled"),
    ],
)
def test_functions_that_aws_would_not_take_are_refused(client: Clients, wrong: dict[str, t.Any], code: str) -> None:
    about = {"FunctionName": "us-work", "Role": role(client, "fn", "lambda"), "Handler": "work.run"}
    said = {**about, "Runtime": "python3.13", "Code": {"ZipFile": zipped()}, **wrong}
    assert code_of(lambda: client("lambda").create_function(**said)) == code


def test_a_function_takes_one_change_at_a_time(aws: EmbeddedAws, client: Clients, make: t.Callable[..., str]) -> None:
    aws.delays(function=1)
    make("answer")
    api = client("lambda")
    change = lambda: api.update_function_configuration(FunctionName="us-work", MemorySize=512)  # noqa: E731
    assert code_of(change) == "ResourceConflictException"
    aws.delays(function=0)
    api.get_waiter("function_active_v2").wait(FunctionName="us-work", WaiterConfig={"Delay": 1})
    change()
    said = {"Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com"}
    api.add_permission(FunctionName="us-work", StatementId="one", **said)
    again = lambda: api.add_permission(FunctionName="us-work", StatementId="one", **said)  # noqa: E731
    assert code_of(again) == "ResourceConflictException"


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
