# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules and their targets: what EventBridge takes, and what a rule keeps when it is put again.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html
"""

from __future__ import annotations

import json
import re
import typing as t

from lab.embedded_aws.truth.events.patterns import MOST_CHARACTERS, PatternError, check
from lab.embedded_aws.truth.patching import refuser

Backend = t.Any  # moto's EventsBackend of one account and region

refuse = refuser("events")

NAME = re.compile(r"[\.\-_A-Za-z0-9]{1,64}")
TARGET_ID = re.compile(r"[\.\-_A-Za-z0-9]{1,64}")
RATE = re.compile(r"rate\((?:1 (?:minute|hour|day)|(?:[2-9]|[1-9]\d+) (?:minutes|hours|days))\)")
CRON = re.compile(r"cron\((?:\S+ ){5}\S+\)")
MOST_TARGETS = 5
SUPPORTED = (":function:",)
UNSUPPORTED = ("RoleArn", "InputTransformer", "InputPath", "DeadLetterConfig")


def invalid(message: str) -> t.NoReturn:
    refuse("ValidationException", message)


def check_put(
    self: Backend,
    name: str,
    description: str | None = None,
    event_bus_arn: str | None = None,
    event_pattern: str | None = None,
    role_arn: str | None = None,
    scheduled_expression: str | None = None,
    state: str | None = None,
    *_: t.Any,
    **__: t.Any,
) -> None:
    if event_bus_arn not in (None, "default"):
        raise NotImplementedError("rules of an event bus of one's own")
    if state not in (None, "ENABLED", "DISABLED"):
        raise NotImplementedError(f"rules that are {state}: reading calls reach no rule here")
    if not NAME.fullmatch(name):
        rule = "Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+"
        invalid(f"1 validation error detected: Value '{name}' at 'name' failed to satisfy constraint: {rule}")
    if len(description or "") > 512:
        invalid("1 validation error detected: 'description' must have length less than or equal to 512")
    if scheduled_expression and not (RATE.fullmatch(scheduled_expression) or CRON.fullmatch(scheduled_expression)):
        invalid("Parameter ScheduleExpression is not valid.")
    if event_pattern:
        _check_pattern(event_pattern)


def _check_pattern(text: str) -> None:
    if len(text) > MOST_CHARACTERS:
        invalid(f"Event pattern must not be larger than {MOST_CHARACTERS} characters")
    try:
        check(json.loads(text))
    except PatternError as wrong:
        refuse("InvalidEventPatternException", f"Event pattern is not valid. Reason: {wrong}")
    except ValueError:
        refuse("InvalidEventPatternException", "Event pattern is not valid. Reason: Filter is not valid JSON")


def check_there(self: Backend, name: str, event_bus_arn: str | None, *_: t.Any, **__: t.Any) -> None:
    if name not in self.event_buses["default"].rules:
        refuse("ResourceNotFoundException", f"Rule {name} does not exist on EventBus default.")


def check_targets(self: Backend, name: str, event_bus_arn: str | None, targets: list[dict[str, t.Any]]) -> None:
    check_there(self, name, event_bus_arn)
    have = {one["Id"] for one in self.event_buses["default"].rules[name].targets}
    if len(have | {one["Id"] for one in targets}) > MOST_TARGETS:
        refuse("LimitExceededException", f"The requested resource exceeds the maximum number allowed: {MOST_TARGETS}")
    for one in targets:
        if not TARGET_ID.fullmatch(one["Id"]):
            invalid(f"1 validation error detected: Value '{one['Id']}' at 'targets.1.member.id' failed to satisfy")
        if ":lambda:" not in one["Arn"] or any(key in one for key in UNSUPPORTED):
            raise NotImplementedError("targets that are no function, input paths and transformers, dead letter queues")
        if one["Arn"].split(":")[3] != self.region_name:
            invalid(f"Provided Arn is not in the same region as the rule: {one['Arn']}")
        if "Input" in one:
            _check_json(one["Input"])


def _check_json(text: str) -> None:
    try:
        json.loads(text)
    except ValueError:
        invalid("JSON syntax error in input for target")


def check_events(self: Backend, events: list[dict[str, t.Any]]) -> None:
    """Nobody but AWS speaks for AWS."""
    if any(str(one.get("Source", "")).startswith("aws.") for one in events):
        refuse("NotAuthorizedForSourceException", "Not authorized for the source.")


def keep_what_stands(owner: type) -> None:
    """A rule that is put again keeps its tags: AWS takes tags for a new one only."""
    put = owner.put_rule  # type: ignore[attr-defined]

    def put_rule(self: Backend, name: str, *given: t.Any, tags: t.Any = None, **named: t.Any) -> t.Any:
        there = name in self.event_buses["default"].rules
        return put(self, name, *given, tags=None if there else tags, **named)

    owner.put_rule = put_rule  # type: ignore[attr-defined]


def iter_tagged_resources(self: Backend) -> t.Iterator[t.Any]:
    """Rules with their targets; the bus that every region has is AWS's."""
    from moto.core.resource_tagging import TaggedResource

    for rule in self.event_buses["default"].rules.values():
        more = {"shown": [rule.describe(), rule.targets], "name": rule.name}
        yield TaggedResource(rule.arn, self.tagger.get_tag_dict_for_resource(rule.arn), "events:rule", more)
