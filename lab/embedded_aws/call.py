# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An HTTP request read as an AWS call: which service, which action, who asks, what it names."""

from __future__ import annotations

import dataclasses
import functools
import json
import re
import time
import typing as t
from urllib.parse import parse_qsl, unquote

from lab.embedded_aws.backend_lock import BACKEND
from lab.embedded_aws.http_server import HttpRequest

# Verbs that change nothing. AssumeRole and its like hand out keys but leave no resource behind.
READ_VERBS = (
    "Describe", "Get", "List", "Head", "Lookup", "Search", "Simulate", "Test", "BatchGet", "Query", "Scan",
    "Filter", "Check", "Validate", "Decode", "Preview", "AssumeRole", "Decrypt", "Verify", "Select",
)  # fmt: skip

# Signing names that differ from botocore's service names.
BOTOCORE_NAMES = {
    "servicequotas": "service-quotas", "tagging": "resourcegroupstaggingapi", "monitoring": "cloudwatch",
    "elasticloadbalancing": "elbv2",
}  # fmt: skip

_CREDENTIAL = re.compile(r"Credential=([^/]+)/\d+/([^/]*)/([^/]+)/aws4_request")
_RUN_ID = re.compile(r"\bapp/cloister-([A-Za-z0-9._-]+)")
_ID = re.compile(r"\b(?:[a-z]{1,8}-){1,3}[0-9a-f]{8}(?:[0-9a-f]{9})?\b|arn:aws[a-z-]*:[^\s\"'<>,}]+")


@dataclasses.dataclass(slots=True)
class Call:
    """One AWS call. `service` is the signing name (ec2, iam, route53, tagging, ...)."""

    request: HttpRequest
    service: str
    action: str
    region: str
    protocol: str
    access_key: str
    run_id: str | None
    started: float
    fields: dict[str, str]

    @property
    def writes(self) -> bool:
        """Whether the call may change something; a dry run may not."""
        return not self.action.startswith(READ_VERBS) and self.fields.get("DryRun") != "true"

    @property
    def name(self) -> str:
        return f"{self.service}:{self.action}"

    def named(self) -> list[str]:
        """Every id, ARN and name the request carries, in the order it carries them."""
        found: dict[str, None] = {}
        for key, value in self.fields.items():
            if _is_name(key):
                found.setdefault(value)
            for match in _ID.finditer(value):
                found.setdefault(match.group())
        return list(found)


_NAME_KEYS = frozenset({
    "RoleName", "PolicyName", "InstanceProfileName", "PolicyArn", "Name", "logGroupName", "HostedZoneId", "Id",
    "ResourceId", "GroupName", "AutoScalingGroupName", "LaunchTemplateName", "VpcEndpointIds",
    "name", "Names", "cluster", "clusterName", "service", "serviceName", "family", "taskDefinition", "capacityProvider",
    "nodegroupName", "addonName", "fargateProfileName", "associationId",
})  # fmt: skip


def _is_name(key: str) -> bool:
    # Tags of Auto Scaling groups name their group each: Tags.member.1.ResourceId.
    return key in _NAME_KEYS or key.endswith(".ResourceId")


def read(request: HttpRequest) -> Call:
    """Read `request` as an AWS call; an unsigned or unknown one has empty fields."""
    authorization = request.headers.get("authorization", "")
    scope = _CREDENTIAL.search(authorization) or _CREDENTIAL.search(unquote(request.query).replace("X-Amz-", ""))
    access_key, region, service = scope.groups() if scope else ("", "us-east-1", "")
    run = _RUN_ID.search(request.headers.get("user-agent", ""))
    call = Call(
        request=request, service=service.lower(), action="", region=region, protocol="", access_key=access_key,
        run_id=run.group(1) if run else None, started=time.time(), fields={},
    )  # fmt: skip
    _read_action(call)
    return call


def _read_action(call: Call) -> None:
    request = call.request
    kind = request.headers.get("content-type", "")
    target = request.headers.get("x-amz-target")
    if target:
        call.protocol, call.action = "json", target.rpartition(".")[2]
        call.fields = dict(_flatten(_json(request.body)))
    elif kind.startswith("application/x-www-form-urlencoded"):
        call.protocol = "ec2" if call.service == "ec2" else "query"
        call.fields = dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))
        call.action = call.fields.get("Action", "")
    elif call.service:
        _read_rest(call)


def _read_rest(call: Call) -> None:
    """REST services name the action by method and path; moto's router knows botocore's models."""
    name = BOTOCORE_NAMES.get(call.service, call.service)
    with BACKEND:
        call.protocol = rest_protocol(name)
        route = _route(name, call.request)
    if route is None:
        return
    operation, uri = route
    call.action = operation.name
    call.fields = {key: str(value) for key, value in uri.items()}
    if call.protocol == "rest-json":
        call.fields.update(_flatten(_json(call.request.body)))
    elif call.protocol == "rest-xml" and call.service != "s3":
        text = call.request.body.decode("utf-8", "replace")
        call.fields.update(re.findall(r"<(\w+)>([^<]+)</\1>", text))


@functools.cache
def rest_protocol(name: str) -> str:
    from botocore.exceptions import UnknownServiceError
    from moto.core.utils import get_service_model

    try:
        return str(get_service_model(name).metadata.get("protocol", "rest-json"))
    except UnknownServiceError:
        return "rest-json"


def _route(service: str, request: HttpRequest) -> t.Any:
    """(operation, path parameters) of a REST request, None when the service has no such path."""
    from botocore.exceptions import UnknownServiceError
    from moto.core.request import Request
    from moto.core.routing import get_service_router
    from werkzeug.exceptions import NotFound

    url = "http://127.0.0.1" + request.target
    try:
        return get_service_router(service).match(Request.from_primitives(request.method, url, request.headers, b""))
    except (NotFound, NotImplementedError, UnknownServiceError):
        return None


def _json(body: bytes) -> t.Any:
    try:
        return json.loads(body) if body else {}
    except ValueError:
        return {}


def _flatten(value: t.Any, key: str = "") -> t.Iterator[tuple[str, str]]:
    """Leaves as (last key, text); lists repeat under a numbered key so that no value is lost."""
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _flatten(inner, name)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _flatten(inner, f"{key}.{number}" if not isinstance(inner, dict) else key)
    elif value is not None:
        yield key, value if isinstance(value, str) else json.dumps(value)


def ids_in(text: str) -> t.Iterator[str]:
    """Ids and ARNs that stand in `text`, in order, possibly repeated."""
    return (match.group() for match in _ID.finditer(text))
