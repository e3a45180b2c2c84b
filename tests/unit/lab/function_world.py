# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Functions, roles and trails on the embedded AWS, made in a call each, for tests."""

from __future__ import annotations

import io
import json
import typing as t
import zipfile

import pytest
from botocore.exceptions import ClientError

from lab.embedded_aws.client import EmbeddedAws
from tests.clients import Clients

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
