# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules of EventBridge: which events, or which times, invoke a function.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html. A rule hears only of its own region. Calls
of the API reach it only where a trail of CloudTrail logs them, and reading calls never do:
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
"""

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Patience, each
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, InputError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner, tag_dict, tag_list

LONGEST_NAME, LONGEST_PATTERN = 64, 2048
PRINCIPAL = "events.amazonaws.com"
API_CALL = "AWS API Call via CloudTrail"
_TARGET = "function"
_NAME = re.compile(r"[\.\-_A-Za-z0-9]+")
_GONE = "ResourceNotFoundException"
_BUSY = Patience(frozenset({"ConcurrentModificationException"}), seconds=60)


class EventRule(Kind):
    """A rule of the default bus, called ``<region_name>-<part>``; its id is its ARN.

    Fields: ``pattern`` (None for a schedule), ``schedule`` (an expression, or empty), ``description``, ``enabled``,
    and ``targets``: by id, ``{"arn", "input"}`` (None: the event itself). ``raw["targets"]`` is AWS's list.
    """

    noun = "event rule"
    made_by = "the stack whose function it invokes"
    rank = 20

    def find(self) -> list[Found]:
        """Return ours, by name and tags."""
        prefix = f"{self.owner.region}-"
        raws = self.aws.pages("events", "list_rules", "Rules", NamePrefix=prefix)
        return [item for item in each(self._read, raws) if item and self.owner.owns(item.tags)]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return what it is, its pattern as data."""
        raw = found.raw
        return {
            "pattern": json.loads(raw["EventPattern"]) if raw.get("EventPattern") else None,
            "schedule": raw.get("ScheduleExpression", ""),
            "description": raw.get("Description", ""),
            "enabled": raw.get("State") == "ENABLED",
            "targets": {one["Id"]: {"arn": one["Arn"], "input": one.get("Input")} for one in raw["targets"]},
        }

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it, without targets yet."""
        name = tags["Name"]
        answer = self.aws.make("events", "put_rule", Name=name, Tags=tag_list(tags), **_settings(want.fields))
        return Found(answer["RuleArn"], tags, {"Name": name, "targets": []})

    def complete(self, found: Found, want: Want) -> None:
        """Lead it to its targets."""
        self._lead_to(found, want.fields["targets"])

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Bring it to what is wanted; it is put whole."""
        if set(changed) - {"targets"}:
            name = found.raw["Name"]
            self.aws.call("events", "put_rule", patience=_BUSY, Name=name, **_settings(want.fields))
        if "targets" in changed:
            self._lead_to(found, want.fields["targets"])

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Set these tags, leaving others alone."""
        self.aws.call("events", "tag_resource", ResourceARN=found.id, Tags=tag_list(tags))

    def delete(self, found: Found) -> None:
        """Take its targets from it, then delete it."""
        try:
            self._lead_to(found, {})
            self.aws.call("events", "delete_rule", patience=_BUSY, Name=found.raw["Name"])
        except ApiError as exc:
            if exc.code != _GONE:
                raise

    def foreign(self, want: Want) -> str | None:
        """Return a rule of that name that is not ours."""
        name = f"{self.owner.region}-{want.part}"
        raws = self.aws.pages("events", "list_rules", "Rules", NamePrefix=name)
        found = [item for item in each(self._read, [raw for raw in raws if raw["Name"] == name]) if item]
        return next((item.id for item in found if not self.owner.owns(item.tags)), None)

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return its name."""
        return {"name": found.raw["Name"]}

    def _read(self, raw: t.Mapping[str, t.Any]) -> Found | None:
        """Read tags and targets beside each other; None when it is gone by now."""
        reads: list[t.Callable[[], t.Any]] = [
            lambda: self.aws.call("events", "list_tags_for_resource", ResourceARN=raw["Arn"])["Tags"],
            lambda: self.aws.pages("events", "list_targets_by_rule", "Targets", Rule=raw["Name"]),
        ]
        try:
            tags, targets = each(lambda read: read(), reads)
        except ApiError as exc:
            if exc.code != _GONE:
                raise
            return None
        return Found(raw["Arn"], tag_dict(tags), {**raw, "targets": targets})

    def _lead_to(self, found: Found, wanted: t.Mapping[str, t.Mapping[str, t.Any]]) -> None:
        rule = {"Rule": found.raw["Name"]}
        gone = sorted({one["Id"] for one in found.raw["targets"]} - set(wanted))
        if gone:
            self._take("remove_targets", Ids=gone, **rule)
        if wanted:
            said = [
                {"Id": key, "Arn": one["arn"], **({"Input": one["input"]} if one["input"] else {})}
                for key, one in wanted.items()
            ]
            self._take("put_targets", Targets=said, **rule)

    def _take(self, action: str, **params: t.Any) -> None:
        """Call an action that tells of refusals in its answer."""
        answer = self.aws.call("events", action, patience=_BUSY, **params)
        for failed in answer.get("FailedEntries") or ():
            text = f"{action} of {params['Rule']} was refused: {failed.get('ErrorCode')}: {failed.get('ErrorMessage')}"
            raise ApiError(action, str(failed.get("ErrorCode")), text)


def _settings(fields: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    when = (
        {"EventPattern": _text(fields["pattern"])} if fields["pattern"] else {"ScheduleExpression": fields["schedule"]}
    )
    state = "ENABLED" if fields["enabled"] else "DISABLED"
    return {"Description": fields["description"], "State": state, **when}


def _text(pattern: t.Any) -> str:
    return json.dumps(pattern, separators=(",", ":"), sort_keys=True)


def rule_name(owner: Owner, part: str) -> str:
    """Return the name of a rule in AWS."""
    return f"{owner.region}-{part}"


def rule_arn(owner: Owner, part: str, partition: str, aws_region: str, account: str) -> str:
    """Return the ARN that a rule has or will have, so that a function can let it in before it is made."""
    return f"arn:{partition}:events:{aws_region}:{account}:rule/{rule_name(owner, part)}"


def hears_calls(want: Want) -> bool:
    """Return whether it waits for calls of the API, of which it hears only through a trail."""
    return API_CALL in ((want.fields["pattern"] or {}).get("detail-type") or ())


def want(rule: t.Mapping[str, t.Any], owner: Owner, function_arn: str) -> Want:
    """Return the wish for an entry {name, reason, pattern, every_minutes, input, enabled}; one of the two says when."""
    name = rule_name(owner, rule["name"])
    pattern, minutes = rule["pattern"] or None, rule["every_minutes"]
    found = []
    if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        found.append(f"its name in AWS would be {name}: at most {LONGEST_NAME} letters, digits, ., - and _")
    if (pattern is None) == (minutes is None):
        found.append("it says both pattern and every_minutes, or neither; one of them says when")
    if pattern and len(_text(pattern)) > LONGEST_PATTERN:
        found.append(f"its pattern has {len(_text(pattern))} characters and AWS takes {LONGEST_PATTERN}")
    if found:
        raise InputError(f"event rule {rule['name']}: {'; '.join(found)}")
    said = rule["input"]
    fields = {
        "pattern": pattern,
        "schedule": f"rate({minutes} {'minute' if minutes == 1 else 'minutes'})" if minutes else "",
        "description": rule["reason"],
        "enabled": rule["enabled"],
        "targets": {_TARGET: {"arn": function_arn, "input": _text(said) if said is not None else None}},
    }
    return Want(rule["name"], fields)
