# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""SendCommand and CancelCommand.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html
"""

from __future__ import annotations

import json
import re
import typing as t

from lab.embedded_aws.truth.patching import refuser
from lab.embedded_aws.truth.run_command import dispatch, documents, targets
from lab.embedded_aws.truth.run_command.commands import Body, Command, Ending, store

Response = t.Any  # moto's SimpleSystemManagerResponse

refuse = refuser("ssm")
AT_ONCE = re.compile(r"[1-9]\d*|[1-9]\d?%|100%")
ERRORS = re.compile(r"\d+|\d\d?%|100%")
MOST_IDS, MOST_PARAMETERS = 50, 64 * 1024


def send_command(self: Response) -> str:
    given = json.loads(self.body)
    _check(given)
    document = documents.find(self.ssm_backend, given["DocumentName"])
    command = send(self.ssm_backend, document, given)
    # As it is before anybody was asked, whatever has become of it meanwhile.
    told = {**command.told(), "TargetCount": len(command.invocations) if not command.by_targets else 0}
    pending = dict(zip(("Status", "StatusDetails"), Ending("Pending", "Pending"), strict=False))
    nothing = {"CompletedCount": 0, "ErrorCount": 0, "DeliveryTimedOutCount": 0}
    return json.dumps({"Command": {**told, **pending, **nothing}})


def send(backend: t.Any, document: documents.Document, given: Body, nodes: t.Sequence[str] | None = None) -> Command:
    """Let a command begin on the nodes it names, or on these; its invocations run on in threads."""
    account, region = backend.account_id, backend.region_name
    if nodes is not None:
        pass
    elif given.get("InstanceIds"):
        nodes = targets.by_ids(account, region, given["InstanceIds"])
    else:
        nodes = targets.chosen(account, region, given.get("Targets") or [])
    command = Command(account, region, document, given, nodes)
    store(backend)[command.id] = command
    dispatch.begin(command)
    return command


def cancel_command(self: Response) -> str:
    given = json.loads(self.body)
    command = store(self.ssm_backend).get(given["CommandId"])
    if command is None:
        refuse("InvalidCommandId", "")
    which = given.get("InstanceIds") or []
    strangers = [one for one in which if all(run.node != one for run in command.invocations)]
    if strangers:
        refuse("InvalidInstanceId", f"Instances {strangers} are none of the command's.")
    dispatch.cancel(command, which)
    return "{}"


def _check(given: Body) -> None:
    ids, chosen = given.get("InstanceIds"), given.get("Targets")
    if bool(ids) == bool(chosen):
        refuse("InvalidParameters" if ids else "ValidationException", "Give either InstanceIds or Targets.")
    if len(ids or []) > MOST_IDS:
        refuse("ValidationException", f"Member must have length less than or equal to {MOST_IDS}")
    for name, pattern in (("MaxConcurrency", AT_ONCE), ("MaxErrors", ERRORS)):
        if name in given and not pattern.fullmatch(str(given[name])):
            refuse("ValidationException", f"Value '{given[name]}' at '{name}' failed to satisfy constraint")
    if not 30 <= int(given.get("TimeoutSeconds") or 3600) <= 2_592_000:
        refuse("ValidationException", "TimeoutSeconds must be between 30 and 2592000.")
    if len(given.get("Comment", "")) > 100:
        refuse("ValidationException", "Comment must have length less than or equal to 100")
    if len(json.dumps(given.get("Parameters") or {})) > MOST_PARAMETERS:
        refuse("MaxDocumentSizeExceeded", "The size limit of a document is 64 KB.")
    if given.get("AlarmConfiguration") or given.get("NotificationConfig"):
        raise NotImplementedError("alarms and notifications of commands")
