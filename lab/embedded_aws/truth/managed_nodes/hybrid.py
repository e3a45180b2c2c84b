# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Machines from elsewhere: an activation lets so many of them register, and each becomes a node `mi-`.

https://docs.aws.amazon.com/systems-manager/latest/userguide/hybrid-activation-managed-nodes.html,
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateActivation.html. Registering is the agent's
own call, which no SDK has: whoever plays the agent asks `register`.
"""

from __future__ import annotations

import json
import secrets
import time
import typing as t
import uuid

from lab.embedded_aws.truth.managed_nodes import pings
from lab.embedded_aws.truth.managed_nodes.machines import AGENT
from lab.embedded_aws.truth.patching import refuser

Response = t.Any  # moto's SimpleSystemManagerResponse
Backend = t.Any  # moto's SimpleSystemManagerBackend
Given = dict[str, t.Any]

refuse = refuser("ssm")
DAY = 86400
MOST_DAYS = 30
MOST_NODES = 1000
PRINCIPAL = "ssm.amazonaws.com"
ELSEWHERE = "ManagedInstance"


def create_activation(self: Response) -> str:
    given = json.loads(self.body)
    now, limit = time.time(), given.get("RegistrationLimit", 1)
    expires = given.get("ExpirationDate", now + DAY)
    if not 1 <= limit <= MOST_NODES:
        refuse("ValidationException", f"RegistrationLimit must be from 1 to {MOST_NODES}, not {limit}")
    if not now < expires <= now + MOST_DAYS * DAY:
        refuse("InvalidParameters", f"The expiration date must lie within {MOST_DAYS} days")
    _check_role(self.ssm_backend, given["IamRole"])
    identifier, code = str(uuid.uuid4()), secrets.token_urlsafe(15)
    _of(self.ssm_backend, "activations")[identifier] = {
        "ActivationId": identifier, "Description": given.get("Description", ""),
        "DefaultInstanceName": given.get("DefaultInstanceName", ""), "IamRole": given["IamRole"],
        "RegistrationLimit": limit, "RegistrationsCount": 0, "ExpirationDate": expires, "Expired": False,
        "CreatedDate": now, "Tags": given.get("Tags") or [], "code": code,
    }  # fmt: skip
    return json.dumps({"ActivationId": identifier, "ActivationCode": code})


def describe_activations(self: Response) -> str:
    given = json.loads(self.body) if self.body else {}
    found = [_aged(one) for one in _of(self.ssm_backend, "activations").values()]
    for one in given.get("Filters") or []:
        key = {"ActivationIds": "ActivationId"}.get(one["FilterKey"], one["FilterKey"])
        found = [each for each in found if each[key] in one["FilterValues"]]
    rows = [{key: value for key, value in one.items() if key != "code"} for one in found]
    return json.dumps({"ActivationList": rows})


def delete_activation(self: Response) -> str:
    given = json.loads(self.body)
    if _of(self.ssm_backend, "activations").pop(given["ActivationId"], None) is None:
        refuse("InvalidActivationId", f"There is no activation {given['ActivationId']}")
    return "{}"


def deregister_managed_instance(self: Response) -> str:
    identifier = json.loads(self.body)["InstanceId"]
    if _of(self.ssm_backend, "nodes").pop(identifier, None) is None:
        refuse("InvalidInstanceId", f"There is no hybrid node {identifier}")
    self.ssm_backend._resource_tags[ELSEWHERE].pop(identifier, None)
    return "{}"


def update_managed_instance_role(self: Response) -> str:
    given = json.loads(self.body)
    known = _of(self.ssm_backend, "nodes").get(given["InstanceId"])
    if known is None:
        refuse("InvalidInstanceId", f"There is no hybrid node {given['InstanceId']}")
    _check_role(self.ssm_backend, given["IamRole"])
    known["IamRole"] = given["IamRole"]
    return "{}"


ACTIONS = (
    create_activation, describe_activations, delete_activation,
    deregister_managed_instance, update_managed_instance_role,
)  # fmt: skip


def nodes(account: str, region: str) -> t.Iterator[pings.Node]:
    """Every machine that has registered."""
    from moto.ssm.models import ssm_backends

    backend = ssm_backends[account][region]
    for identifier, node in _of(backend, "nodes").items():
        tags = dict(backend._resource_tags[ELSEWHERE].get(identifier) or {})
        yield {**node, **pings.current.of(identifier, online=True), "tags": tags}


def register(account: str, region: str, activation_id: str, code: str, computer: str, address: str) -> str:
    """Register a machine as its agent does, and return its id; ValueError says why it may not."""
    from moto.ssm.models import ssm_backends

    backend = ssm_backends[account][region]
    activation = _of(backend, "activations").get(activation_id)
    if activation is None or activation["code"] != code:
        raise ValueError(f"no activation {activation_id} with this code in {region}")
    if _aged(activation)["Expired"] or activation["RegistrationsCount"] >= activation["RegistrationLimit"]:
        raise ValueError(f"the activation {activation_id} has expired or was used as often as it may be")
    activation["RegistrationsCount"] += 1
    identifier = f"mi-0{secrets.token_hex(8)}"
    _of(backend, "nodes")[identifier] = {
        "InstanceId": identifier, "AgentVersion": AGENT, "IsLatestVersion": True, "PlatformType": "Linux",
        "PlatformName": "Debian GNU/Linux", "PlatformVersion": "12", "ActivationId": activation_id,
        "IamRole": activation["IamRole"], "RegistrationDate": round(time.time(), 3), "ResourceType": ELSEWHERE,
        "Name": activation["DefaultInstanceName"], "IPAddress": address, "ComputerName": computer,
        "SourceId": identifier, "SourceType": "AWS::SSM::ManagedInstance",
    }  # fmt: skip
    tags = {tag["Key"]: tag["Value"] for tag in activation["Tags"]}
    backend._resource_tags[ELSEWHERE][identifier].update(tags)
    return identifier


def validator(original: t.Callable[..., str]) -> t.Callable[..., str]:
    """moto's check of what is tagged, which knows no hybrid nodes."""

    def checked(self: Backend, resource_type: str, resource_id: str) -> str:
        if resource_type == ELSEWHERE and resource_id in _of(self, "nodes"):
            return resource_id
        return original(self, resource_type, resource_id)

    return checked


def _of(backend: Backend, what: str) -> Given:
    from lab.embedded_aws.truth.ec2.base import own

    return own(backend, f"hybrid {what}")


def _aged(activation: Given) -> Given:
    return {**activation, "Expired": time.time() >= activation["ExpirationDate"]}


def _check_role(backend: Backend, name: str) -> None:
    from moto.iam.models import iam_backends

    known = {role.name: role for role in iam_backends[backend.account_id][backend.partition].roles.values()}
    role = known.get(name.removeprefix("service-role/"))
    if role is None or PRINCIPAL not in json.dumps(role.assume_role_policy_document):
        arn = f"arn:{backend.partition}:iam::{backend.account_id}:role/{name}"
        refuse("ValidationException", f"Nonexistent role or missing ssm service principal in trust policy: {arn}")
