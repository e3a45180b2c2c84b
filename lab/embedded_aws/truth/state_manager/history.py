# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What ran of associations: executions, and their nodes with the commands that tell more.

https://docs.aws.amazon.com/systems-manager/latest/userguide/state-manager-associations-history.html
"""

from __future__ import annotations

import json
import typing as t

from lab.embedded_aws.truth.patching import refuser
from lab.embedded_aws.truth.run_command.pages import page
from lab.embedded_aws.truth.state_manager.associations import Association, Body, Execution, status, store, tend

Response = t.Any  # moto's SimpleSystemManagerResponse

refuse = refuser("ssm")


def describe_association_executions(self: Response) -> str:
    given = json.loads(self.body)
    association = _named(self, given["AssociationId"])
    rows = [_told(association, run) for run in reversed(association.executions)]
    for one in given.get("Filters") or ():
        rows = [row for row in rows if _holds(row[one["Key"]], one["Type"], one["Value"])]
    return json.dumps(page(given, rows, "AssociationExecutions"))


def describe_association_execution_targets(self: Response) -> str:
    given = json.loads(self.body)
    association = _named(self, given["AssociationId"])
    run = next((one for one in association.executions if one.id == given["ExecutionId"]), None)
    if run is None:
        refuse("AssociationExecutionDoesNotExist", "The specified execution ID doesn't exist.")
    rows = [_target(association, run, one) for one in run.command.invocations]
    for one in given.get("Filters") or ():
        rows = [row for row in rows if row[one["Key"]] == one["Value"]]
    return json.dumps(page(given, rows, "AssociationExecutionTargets"))


def describe_instance_associations_status(self: Response) -> str:
    given = json.loads(self.body)
    tend(self.ssm_backend)
    rows = [
        {
            "AssociationId": one.id, "Name": one.document, "DocumentVersion": "1", "InstanceId": given["InstanceId"],
            "AssociationVersion": str(run.version), "ExecutionDate": run.created, "Status": status(found),
            "DetailedStatus": status(found), "AssociationName": one.name,
        }
        for one in store(self.ssm_backend).values()
        for node, (run, found) in one.last_on().items()
        if node == given["InstanceId"]
    ]  # fmt: skip
    return json.dumps(page(given, rows, "InstanceAssociationStatusInfos"))


ACTIONS = (
    describe_association_executions, describe_association_execution_targets, describe_instance_associations_status,
)  # fmt: skip


def _named(self: Response, identifier: str) -> Association:
    tend(self.ssm_backend)
    found = store(self.ssm_backend).get(identifier)
    if found is None:
        refuse("AssociationDoesNotExist", "The specified association doesn't exist.")
    return found


def _told(association: Association, run: Execution) -> Body:
    ended, details = run.ending()
    counts = ", ".join(f"{key}={value}" for key, value in sorted(run.counts().items()))
    return {
        "AssociationId": association.id, "AssociationVersion": str(run.version), "ExecutionId": run.id,
        "Status": ended, "DetailedStatus": details, "CreatedTime": run.created, "LastExecutionDate": run.created,
        "ResourceCountByStatus": f"{{{counts}}}",
    }  # fmt: skip


def _target(association: Association, run: Execution, one: t.Any) -> Body:
    return {
        "AssociationId": association.id, "AssociationVersion": str(run.version), "ExecutionId": run.id,
        "ResourceId": one.node, "ResourceType": "ManagedInstance", "Status": status(one),
        "DetailedStatus": one.ending.details, "LastExecutionDate": run.created,
        "OutputSource": {"OutputSourceId": run.command.id, "OutputSourceType": "RunCommand"},
    }  # fmt: skip


def _holds(have: t.Any, how: str, value: str) -> bool:
    if how == "EQUAL":
        return str(have) == value
    raise NotImplementedError("filters of executions by time")
