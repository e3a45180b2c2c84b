# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""CreateAssociation and the other calls that make, change, list and end associations.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateAssociation.html
"""

from __future__ import annotations

import json
import re
import typing as t

from lab.embedded_aws.truth.patching import refuser
from lab.embedded_aws.truth.run_command import documents, targets
from lab.embedded_aws.truth.run_command.pages import page
from lab.embedded_aws.truth.run_command.sending import AT_ONCE, ERRORS
from lab.embedded_aws.truth.state_manager import associations
from lab.embedded_aws.truth.state_manager.associations import KIND, SAID, Association, Body, store, tend

Response = t.Any  # moto's SimpleSystemManagerResponse

refuse = refuser("ssm")
NAME = re.compile(r"[a-zA-Z0-9_\-.]{3,128}")
# https://docs.aws.amazon.com/systems-manager/latest/userguide/reference-cron-and-rate-expressions.html
RATE = re.compile(r"rate\(([1-9]\d*) (minute|hour|day)(s?)\)")
MINUTES = {"minute": 1, "hour": 60, "day": 24 * 60}
CRON = re.compile(
    r"cron\((?:0 )?(?:0/30 \*|0 0?\*?/(?:1|2|4|8|12)|\d{1,2} \d{1,2}) (?:\*|\?) \* (?:\?|\*|[A-Z1-7]{1,3}) \*\)"
)
NEITHER = ("TargetLocations", "TargetMaps", "AutomationTargetParameterName", "AlarmConfiguration", "CalendarNames")


def create_association(self: Response) -> str:
    given = json.loads(self.body)
    _check(self, given["Name"], given)
    if not given.get("InstanceId") and not given.get("Targets"):
        refuse("ValidationException", "An association needs an instance id or targets.")
    if given.get("InstanceId"):
        targets.by_ids(self.current_account, self.region, [given["InstanceId"]])
        if any(_same(one, given) for one in store(self.ssm_backend).values()):
            refuse("AssociationAlreadyExists", "")
    said = {key: given[key] for key in ("InstanceId", *SAID) if key in given}
    tags = {tag["Key"]: tag["Value"] for tag in given.get("Tags") or []}
    made = associations.make(self.ssm_backend, given["Name"], said)
    self.ssm_backend._resource_tags[KIND][made.id].update(tags)
    return json.dumps({"AssociationDescription": told(made)})


def update_association(self: Response) -> str:
    given = json.loads(self.body)
    association = _named(self, given)
    if given.get("AssociationVersion") not in (None, "$LATEST", str(association.version)):
        refuse("InvalidAssociationVersion", "The version you specified isn't valid.")
    _check(self, association.document, given)
    said = {key: given[key] for key in SAID if key in given}
    said.setdefault("Targets", association.said.get("Targets"))
    associations.change(self.ssm_backend, association, said)
    return json.dumps({"AssociationDescription": told(association)})


def delete_association(self: Response) -> str:
    association = _named(self, json.loads(self.body))
    del store(self.ssm_backend)[association.id]
    self.ssm_backend._resource_tags[KIND].pop(association.id, None)
    return "{}"


def describe_association(self: Response) -> str:
    tend(self.ssm_backend)
    return json.dumps({"AssociationDescription": told(_named(self, json.loads(self.body)))})


def list_associations(self: Response) -> str:
    given = json.loads(self.body or "{}")
    tend(self.ssm_backend)
    found = [one for one in store(self.ssm_backend).values() if _passes(one, given.get("AssociationFilterList") or [])]
    brief = (
        "Name", "InstanceId", "AssociationId", "AssociationVersion", "DocumentVersion", "Targets", "LastExecutionDate",
        "Overview", "ScheduleExpression", "AssociationName", "ScheduleOffset", "Duration",
    )  # fmt: skip
    rows = [{key: value for key, value in told(one).items() if key in brief} for one in found]
    return json.dumps(page(given, rows, "Associations"))


def start_associations_once(self: Response) -> str:
    for identifier in json.loads(self.body)["AssociationIds"]:
        association = _named(self, {"AssociationId": identifier})
        associations.start(self.ssm_backend, association, associations.meant(self.ssm_backend, association))
    return "{}"


ACTIONS = (
    create_association, update_association, delete_association, describe_association, list_associations,
    start_associations_once,
)  # fmt: skip


def told(one: Association) -> Body:
    """What DescribeAssociation shows of it."""
    status, details = one.ending()
    counts = one.executions[-1].counts() if one.executions else {}
    shown = {
        "Name": one.document, "AssociationId": one.id, "AssociationVersion": str(one.version), "Date": one.created,
        "LastUpdateAssociationDate": one.updated, "DocumentVersion": "$DEFAULT", **one.said,
        "Overview": {"Status": status, "DetailedStatus": details, "AssociationStatusAggregatedCount": counts},
        "ApplyOnlyAtCronInterval": bool(one.said.get("ApplyOnlyAtCronInterval")),
    }  # fmt: skip
    if one.executions:
        shown["LastExecutionDate"] = one.executions[-1].created
    return shown


def _named(self: Response, given: Body) -> Association:
    """The one that is meant, by id, or by document and instance."""
    known = store(self.ssm_backend)
    if given.get("AssociationId"):
        found = known.get(given["AssociationId"])
    else:
        found = next((one for one in known.values() if _same(one, given)), None)
    if found is None:
        refuse("AssociationDoesNotExist", "The specified association doesn't exist.")
    return found


def _same(one: Association, given: Body) -> bool:
    return one.document == given.get("Name") and one.said.get("InstanceId") == given.get("InstanceId", "")


def _passes(one: Association, filters: list[Body]) -> bool:
    known = {
        "InstanceId": one.said.get("InstanceId"), "Name": one.document, "AssociationId": one.id,
        "AssociationName": one.name, "AssociationStatusName": one.ending()[0],
    }  # fmt: skip
    if any(said["key"] not in known for said in filters):
        raise NotImplementedError("filters of associations by time or group")
    return all(known[said["key"]] == said["value"] for said in filters)


def _check(self: Response, name: str, given: Body) -> None:
    if any(given.get(one) for one in NEITHER):
        raise NotImplementedError("associations across accounts, of automations, with alarms or calendars")
    documents.find(self.ssm_backend, name).values(given.get("Parameters") or {})
    targets.check(given.get("Targets") or [], "InvalidTarget")
    if not NAME.fullmatch(given.get("AssociationName", "xxx")):
        refuse("ValidationException", f"Value '{given['AssociationName']}' at 'associationName' is not valid")
    for key, pattern in (("MaxConcurrency", AT_ONCE), ("MaxErrors", ERRORS)):
        if key in given and not pattern.fullmatch(str(given[key])):
            refuse("ValidationException", f"Value '{given[key]}' at '{key}' failed to satisfy constraint")
    if "ScheduleExpression" in given and not _is_schedule(given["ScheduleExpression"]):
        refuse("InvalidSchedule", f"The schedule {given['ScheduleExpression']} is invalid.")
    if given.get("ApplyOnlyAtCronInterval") and not given.get("ScheduleExpression", "").startswith("cron("):
        refuse("InvalidSchedule", "ApplyOnlyAtCronInterval needs a cron expression.")


def _is_schedule(text: str) -> bool:
    rate = RATE.fullmatch(text)
    if rate:
        number = int(rate[1])
        return (number == 1) == (not rate[3]) and 30 <= number * MINUTES[rate[2]] < 31 * 24 * 60
    return bool(CRON.fullmatch(text))
