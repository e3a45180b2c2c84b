# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""AWS's own session documents: which plugin of the agent a session is for, and the parameters it takes.

https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-schema.html, and the documents themselves
as GetDocument shows them. An account's own documents of type Session are not started.
"""

from __future__ import annotations

import hashlib
import json
import re
import typing as t
from collections.abc import Callable

from lab.embedded_aws.truth.patching import refuser

refuse = refuser("ssm")

Document = dict[str, t.Any]
PORT = "^([1-9]|[1-9][0-9]{1,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$"
LOCAL_PORT = PORT.replace("[1-9]|", "[0-9]|", 1)
HOST = r"^[^,$^&\(\)!;'\"<>\`{}\[\]\|#=]{3,}$"
SHELL = "SSM-SessionManagerRunShell"
# AWS has them, we do not.
NOT_MODELLED = ("AWS-StartInteractiveCommand", "AWS-StartNonInteractiveCommand")
CREATED = 1_538_352_000.0


def _port(description: str, default: str, pattern: str = PORT) -> Document:
    return {"type": "String", "description": f"(Optional) {description}", "allowedPattern": pattern, "default": default}


REMOTE_PORT = _port("Port number of the server on the instance", "80")
NEAR_PORT = _port("Port number on local machine to forward traffic to. An open port is chosen at run-time if not", "0")
NEAR_PORT["allowedPattern"] = LOCAL_PORT
FORWARDED = {
    "portNumber": "{{ portNumber }}",
    "type": "LocalPortForwarding",
    "localPortNumber": "{{ localPortNumber }}",
}
DOCUMENTS: dict[str, Document] = {
    SHELL: {
        "schemaVersion": "1.0", "description": "Document to hold regional settings for Session Manager",
        "sessionType": "Standard_Stream", "inputs": {},
    },
    "AWS-StartSSHSession": {
        "schemaVersion": "1.0", "description": "Document to start SSH session over Session Manager",
        "sessionType": "Port",
        "parameters": {"portNumber": _port("Port number of SSH server on the instance", "22")},
        "properties": {"portNumber": "{{ portNumber }}"},
    },
    "AWS-StartPortForwardingSession": {
        "schemaVersion": "1.0", "description": "Document to start port forwarding session over Session Manager",
        "sessionType": "Port",
        "parameters": {"portNumber": REMOTE_PORT, "localPortNumber": NEAR_PORT},
        "properties": FORWARDED,
    },
    "AWS-StartPortForwardingSessionToRemoteHost": {
        "schemaVersion": "1.0",
        "description": "Document to start port forwarding session over Session Manager to remote host",
        "sessionType": "Port",
        "parameters": {
            "host": {
                "type": "String", "description": "(Optional) Hostname or IP address of the destination server",
                "allowedPattern": HOST, "default": "localhost",
            },
            "portNumber": REMOTE_PORT, "localPortNumber": NEAR_PORT,
        },
        "properties": {"host": "{{ host }}", **FORWARDED},
    },
}  # fmt: skip


def properties_of(document: Document, given: dict[str, list[str]]) -> dict[str, str]:
    """What the agent's plugin gets, with each parameter as it was given or by default.

    InvalidParameters for one that the document does not have or does not take.
    """
    declared = document.get("parameters", {})
    values = {name: one["default"] for name, one in declared.items()}
    for name, said in given.items():
        if name not in declared:
            refuse("InvalidParameters", f"Parameter {name} is not defined in the document.")
        pattern = declared[name]["allowedPattern"]
        if len(said) != 1 or not re.search(pattern, said[0]):
            refuse("InvalidParameters", f"Parameter {name} with value {said} does not match the pattern {pattern}.")
        values[name] = said[0]
    wanted = document.get("properties", {})
    return {name: re.sub(r"{{ (\w+) }}", lambda found: values[found[1]], text) for name, text in wanted.items()}


def first(told: Callable[[str], Document | None], original: Callable[..., Document]) -> Callable[..., Document]:
    """What is `told` of AWS's own documents; the others are the account's, and moto's."""

    def answer(self: t.Any, name: str, *given: t.Any, **named: t.Any) -> Document:
        # An account may have preferences of its own under the name of the shell's document.
        own = told(name) if name not in self._documents else None
        return own if own is not None else original(self, name, *given, **named)

    return answer


def content_of(name: str) -> Document | None:
    """GetDocument's answer."""
    if name not in DOCUMENTS:
        return None
    return {
        "Name": name, "DocumentVersion": "1", "Status": "Active", "DocumentType": "Session", "DocumentFormat": "JSON",
        "CreatedDate": CREATED, "Content": json.dumps(DOCUMENTS[name], indent=2),
    }  # fmt: skip


def description_of(name: str) -> Document | None:
    """DescribeDocument's answer, without what is around it."""
    document = DOCUMENTS.get(name)
    if document is None:
        return None
    parameters = [
        {"Name": key, "Type": one["type"], "Description": one["description"], "DefaultValue": one["default"]}
        for key, one in document.get("parameters", {}).items()
    ]
    return {
        "Name": name, "Owner": "Amazon", "CreatedDate": CREATED, "Status": "Active", "DocumentVersion": "1",
        "Description": document["description"], "Parameters": parameters, "DocumentType": "Session",
        "PlatformTypes": ["Windows", "Linux", "MacOS"], "SchemaVersion": "1.0", "LatestVersion": "1",
        "DefaultVersion": "1", "DocumentFormat": "JSON", "Tags": [], "HashType": "Sha256",
        "Hash": hashlib.sha256(json.dumps(document).encode()).hexdigest(),
    }  # fmt: skip
