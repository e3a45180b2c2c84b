# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Calls that AWS's CloudTrail tells EventBridge of: those that write, and only where a trail logs them.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
What a call asked and was answered is written as CloudTrail does, from the call's own words: EC2's lists lie in
``items``, names begin with a small letter.
"""

from __future__ import annotations

import json
import sys
import time
import typing as t
import uuid
import xml.etree.ElementTree as ET

from lab.embedded_aws.backend_lock import BACKEND
from lab.embedded_aws.call import Call
from lab.embedded_aws.http_server import Answer

Body = dict[str, t.Any]
KIND = "AWS API Call via CloudTrail"
# Where the calls of services that have no region are told.
HOME = {"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}
GLOBAL = ("iam", "route53")
CALLER = "198.51.100.20"


def tell(call: Call, answer: Answer, account: str) -> None:
    """Let rules hear of a call that was answered; nothing is done where there are none."""
    if "moto.events.models" not in sys.modules or not call.writes or answer.status >= 400 or not call.action:
        return
    with BACKEND:
        region = call.region
        if call.service in GLOBAL:
            from moto.utilities.utils import get_partition

            region = HOME[get_partition(region)]
        if heard(account, region):
            asked, answered = _asked(call), _answered(call, answer)
            who = {"type": "IAMUser", "accountId": account, "accessKeyId": call.access_key}
            agent = call.request.headers.get("user-agent", "")
            emit(account, region, call.service, call.action, asked, answered, CALLER, who, agent)


def heard(account: str, region: str) -> bool:
    """Whether a rule of the region could hear of a call."""
    from lab.embedded_aws.truth.cloudtrail.trails import takes_writes
    from lab.embedded_aws.truth.events.delivery import rules_of

    return bool(rules_of(account, region)) and takes_writes(account, region)


def emit(
    account: str,
    region: str,
    service: str,
    action: str,
    asked: Body,
    answered: Body | None,
    address: str,
    who: Body,
    agent: str,
) -> list[str]:
    """Put the event of one call on the bus; the names of the rules that it met."""
    from lab.embedded_aws.truth.events.delivery import event_of, put

    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    detail = {
        "eventVersion": "1.11", "userIdentity": who, "eventTime": now, "eventSource": f"{service}.amazonaws.com",
        "eventName": action, "awsRegion": region, "sourceIPAddress": address, "userAgent": agent,
        "requestParameters": asked or None, "responseElements": answered or None, "requestID": str(uuid.uuid4()),
        "eventID": str(uuid.uuid4()), "readOnly": False, "eventType": "AwsApiCall", "managementEvent": True,
        "recipientAccountId": account, "eventCategory": "Management",
    }  # fmt: skip
    return put(event_of(f"aws.{service}", KIND, account, region, detail))


def of_service(account: str, region: str, service: str, action: str, asked: Body, answered: Body, by: str) -> None:
    """A call that a service of AWS made in the account, with a role of its own: `by` is eks.amazonaws.com."""
    if "moto.events.models" not in sys.modules or not heard(account, region):
        return
    who = {"type": "AssumedRole", "accountId": account, "invokedBy": by}
    emit(account, region, service, action, asked, answered, by, who, by)


def _asked(call: Call) -> Body:
    if call.protocol in ("ec2", "query"):
        return _nested({key: value for key, value in call.fields.items() if key not in ("Action", "Version")})
    try:
        given = json.loads(call.request.body) if call.request.body else {}
    except ValueError:
        given = {}
    # What lies in the path is asked for too.
    small = {key: value for key, value in call.fields.items() if "." not in key and not isinstance(given, dict)}
    return t.cast("Body", _lower({**small, **(given if isinstance(given, dict) else {})}))


def _nested(fields: t.Mapping[str, str]) -> Body:
    """Query parameters as CloudTrail shows them: SecurityGroupId.1=sg-1 is groupSet-like {"items": [...]}, in short."""
    found: Body = {}
    for key, value in fields.items():
        steps = [step for step in key.split(".") if step != "member"]
        if len(steps) == 1:
            found[_small(steps[0])] = value
        else:
            rows = found.setdefault(f"{_small(steps[0])}Set", {"items": []})["items"]
            rows.append({_small(steps[-1]) if not steps[-1].isdigit() else _small(steps[0]): value})
    return found


def _answered(call: Call, answer: Answer) -> Body | None:
    if call.protocol in ("ec2", "query", "rest-xml"):
        try:
            root = ET.fromstring(answer.body)  # noqa: S314 - our own server wrote it
        except ET.ParseError:
            return None
        found = _of_xml(root)
        return found if isinstance(found, dict) else None
    try:
        said = json.loads(answer.body) if answer.body else None
    except ValueError:
        return None
    return t.cast("Body", _lower(said)) if isinstance(said, dict) else None


def _of_xml(node: ET.Element) -> t.Any:
    children = list(node)
    if not children:
        return {"true": True, "false": False}.get(node.text or "", node.text or "")
    names = [child.tag.rpartition("}")[2] for child in children]
    if set(names) <= {"item", "member"}:
        return {"items": [_of_xml(child) for child in children]}
    return {_small(name): _of_xml(child) for name, child in zip(names, children, strict=True)}


def _lower(value: t.Any) -> t.Any:
    if isinstance(value, dict):
        return {_small(key): _lower(inner) for key, inner in value.items()}
    return [_lower(inner) for inner in value] if isinstance(value, list) else value


def _small(name: str) -> str:
    return name[:1].lower() + name[1:]
