# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""StartSession, ResumeSession, TerminateSession: only to a node that is online and has a machine behind it.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_StartSession.html (and _ResumeSession, ...)
"""

from __future__ import annotations

import json
import secrets
import typing as t

from lab.embedded_aws import machines
from lab.embedded_aws.machines import Machine
from lab.embedded_aws.sessions import channel_faults, session
from lab.embedded_aws.sessions.session import Session
from lab.embedded_aws.truth import managed_nodes
from lab.embedded_aws.truth.patching import refuser
from lab.embedded_aws.truth.session_manager import documents

Response = t.Any  # moto's SimpleSystemManagerResponse
Body = dict[str, t.Any]

refuse = refuser("ssm")


def start_session(self: Response) -> str:
    from lab.embedded_aws.sessions.listener import listener

    asked = body_of(self)
    target, name = str(asked.get("Target", "")), str(asked.get("DocumentName") or documents.SHELL)
    document = _document(self.ssm_backend, name)
    properties = documents.properties_of(document, asked.get("Parameters") or {})
    node, machine = _connected(self.current_account, self.region, target)
    fault = channel_faults.current.strike(target)
    owner = owner_of(self)
    made = Session(
        id=f"{owner.rpartition('/')[2]}-{secrets.token_hex(9)[:17]}", account=self.current_account, region=self.region,
        target=target, document=name, kind=document["sessionType"], properties=properties, owner=owner,
        reason=str(asked.get("Reason") or ""), machine=machine, fault=fault,
        agent_version=fault.agent_version or node["AgentVersion"],
    )  # fmt: skip
    session.current.add(made)
    return _opened(made, listener.url(made))


def resume_session(self: Response) -> str:
    from lab.embedded_aws.sessions.listener import listener

    found = of_caller(self, str(body_of(self).get("SessionId", "")))
    if found is None:
        refuse("DoesNotExistException", "The session does not exist.")
    if found.over or found.fault.refuse_resume:
        # Without a token, which AWS's plugin reads as "timed out".
        return json.dumps({"SessionId": found.id})
    return _opened(found, listener.url(found))


def terminate_session(self: Response) -> str:
    from lab.embedded_aws.sessions.listener import listener

    found = of_caller(self, str(body_of(self).get("SessionId", "")))
    if found is None:
        refuse("DoesNotExistException", "The session does not exist.")
    listener.end(found)
    return json.dumps({"SessionId": found.id})


def body_of(response: Response) -> Body:
    """What a call asked for."""
    return t.cast("Body", json.loads(response.body) if response.body else {})


def of_caller(response: Response, identifier: str) -> Session | None:
    """A session of the caller's account and region."""
    found = session.current.get(identifier)
    return found if found and (found.account, found.region) == (response.current_account, response.region) else None


def owner_of(response: Response) -> str:
    """The ARN of who calls."""
    from moto.sts.models import sts_backends

    from lab.embedded_aws import truth

    truth.apply("sts")
    backend = sts_backends[response.current_account][response.partition]
    return str(backend.get_caller_identity(response.access_key, response.region)[1])


def connected(account: str, region: str, target: str) -> Machine | None:
    """The machine behind a node that is online; None for all others."""
    found = _node(account, region, target)
    return machines.behind(target) if found is not None else None


def _connected(account: str, region: str, target: str) -> tuple[Body, Machine]:
    node, machine = _node(account, region, target), machines.behind(target)
    if node is None or machine is None:
        refuse("TargetNotConnected", f"{target} is not connected.")
    return node, machine


def _node(account: str, region: str, target: str) -> Body | None:
    known = managed_nodes.nodes(account, region)
    return next((one for one in known if one["InstanceId"] == target and one["PingStatus"] == "Online"), None)


def _document(backend: t.Any, name: str) -> documents.Document:
    if name in backend._documents or name in documents.NOT_MODELLED:
        raise NotImplementedError(f"sessions with {name}, or with any document of the account's own")
    if name not in documents.DOCUMENTS:
        refuse("InvalidDocument", f"Document with name {name} does not exist.")
    return documents.DOCUMENTS[name]


def _opened(found: Session, url: str) -> str:
    return json.dumps({"SessionId": found.id, "TokenValue": found.new_token(), "StreamUrl": url})
