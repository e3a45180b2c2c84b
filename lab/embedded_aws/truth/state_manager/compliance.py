# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How compliant nodes are: with each association by its last run, with patches by the last scan or installation.

https://docs.aws.amazon.com/systems-manager/latest/userguide/compliance-about.html
"""

from __future__ import annotations

import json
import re
import typing as t

from lab.embedded_aws.truth.patching import refuser
from lab.embedded_aws.truth.run_command import commands
from lab.embedded_aws.truth.run_command.pages import page
from lab.embedded_aws.truth.state_manager.associations import Body, status, store, tend

Response = t.Any  # moto's SimpleSystemManagerResponse

refuse = refuser("ssm")
PATCHING, MISSING = "AWS-RunPatchBaseline", re.compile(r"^Missing: (\d+)$", re.MULTILINE)
BASELINE = "pb-0123456789abcdef0"
SEVERITIES = ("Critical", "High", "Medium", "Low", "Informational", "Unspecified")


def list_compliance_items(self: Response) -> str:
    given = json.loads(self.body or "{}")
    rows = _filtered(given, _items(self))
    if given.get("ResourceIds"):
        rows = [row for row in rows if row["ResourceId"] in given["ResourceIds"]]
    return json.dumps(page(given, rows, "ComplianceItems"))


def list_resource_compliance_summaries(self: Response) -> str:
    given = json.loads(self.body or "{}")
    items = _items(self)
    pairs = sorted({(row["ResourceId"], row["ComplianceType"]) for row in items})
    rows = []
    for node, kind in pairs:
        mine = [row for row in items if (row["ResourceId"], row["ComplianceType"]) == (node, kind)]
        bad = [row for row in mine if row["Status"] == "NON_COMPLIANT"]
        rows.append(
            {
                "ComplianceType": kind, "ResourceType": "ManagedInstance", "ResourceId": node,
                "Status": "NON_COMPLIANT" if bad else "COMPLIANT", "OverallSeverity": _worst(bad or mine),
                "ExecutionSummary": mine[-1]["ExecutionSummary"], **_summaries(mine),
            }
        )  # fmt: skip
    return json.dumps(page(given, _filtered(given, rows), "ResourceComplianceSummaryItems"))


def list_compliance_summaries(self: Response) -> str:
    given = json.loads(self.body or "{}")
    items = _filtered(given, _items(self))
    kinds = sorted({row["ComplianceType"] for row in items})
    rows = [
        {"ComplianceType": kind, **_summaries([row for row in items if row["ComplianceType"] == kind])}
        for kind in kinds
    ]
    return json.dumps(page(given, rows, "ComplianceSummaryItems"))


def describe_instance_patch_states(self: Response) -> str:
    given = json.loads(self.body)
    found = _patched(self)
    rows = [found[node] for node in given["InstanceIds"] if node in found]
    return json.dumps({"InstancePatchStates": rows})


ACTIONS = (
    list_compliance_items, list_resource_compliance_summaries, list_compliance_summaries,
    describe_instance_patch_states,
)  # fmt: skip


def _items(self: Response) -> list[Body]:
    tend(self.ssm_backend)
    rows = []
    for one in store(self.ssm_backend).values():
        for node, (run, found) in one.last_on().items():
            if not found.over:
                continue
            rows.append(
                {
                    "ComplianceType": "Association", "ResourceType": "ManagedInstance", "ResourceId": node,
                    "Id": one.id, "Title": one.name, "Severity": one.said.get("ComplianceSeverity", "UNSPECIFIED"),
                    "Status": "COMPLIANT" if status(found) == "Success" else "NON_COMPLIANT",
                    "ExecutionSummary": {
                        "ExecutionTime": run.created, "ExecutionId": run.command.id, "ExecutionType": "Command",
                    },
                    "Details": {"DocumentName": one.document, "DocumentVersion": "1", "DetailedText": ""},
                }
            )  # fmt: skip
    for node, state in _patched(self).items():
        missing = state["MissingCount"]
        summary = {"ExecutionTime": state["OperationEndTime"], "ExecutionId": "", "ExecutionType": "Command"}
        rows.append(
            {
                "ComplianceType": "Patch", "ResourceType": "ManagedInstance", "ResourceId": node, "Id": "all",
                "Title": f"{missing} missing", "Severity": "UNSPECIFIED", "ExecutionSummary": summary,
                "Status": "NON_COMPLIANT" if missing else "COMPLIANT", "Details": {},
            }
        )  # fmt: skip
    return rows


def _patched(self: Response) -> dict[str, Body]:
    """What the last scan or installation found on each node."""
    found: dict[str, Body] = {}
    ran = [one for one in commands.store(self.ssm_backend).values() if one.document.name == PATCHING]
    for command in sorted(ran, key=lambda one: one.requested):
        operation = command.asked["Parameters"]["Operation"][0]
        for one in command.invocations:
            said = MISSING.findall(one.plugins[0].out)
            if one.over and said:
                found[one.node] = {
                    "InstanceId": one.node, "PatchGroup": "", "BaselineId": BASELINE, "Operation": operation,
                    "OperationStartTime": one.plugins[0].began, "OperationEndTime": one.plugins[0].ended,
                    "MissingCount": int(said[-1]), "FailedCount": 0, "InstalledPendingRebootCount": 0,
                    "RebootOption": command.asked["Parameters"].get("RebootOption", ["RebootIfNeeded"])[0],
                }  # fmt: skip
    return found


def _filtered(given: Body, rows: list[Body]) -> list[Body]:
    for one in given.get("Filters") or ():
        if one.get("Type", "EQUAL") != "EQUAL" or (rows and one["Key"] not in rows[0]):
            refuse("InvalidFilter", f"The filter {one['Key']} isn't valid.")
        rows = [row for row in rows if row[one["Key"]] in one["Values"]]
    return rows


def _summaries(rows: list[Body]) -> Body:
    both = {}
    for word, key, count in (
        ("COMPLIANT", "CompliantSummary", "CompliantCount"),
        ("NON_COMPLIANT", "NonCompliantSummary", "NonCompliantCount"),
    ):
        mine = [row["Severity"].capitalize() for row in rows if row["Status"] == word]
        severities = {f"{one}Count": mine.count(one) for one in SEVERITIES}
        both[key] = {count: len(mine), "SeveritySummary": severities}
    return both


def _worst(rows: t.Sequence[Body]) -> str:
    order = [one.upper() for one in SEVERITIES]
    return min((row["Severity"] for row in rows), key=order.index, default="UNSPECIFIED")
