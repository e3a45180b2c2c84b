# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How an event gets from its bus to the functions that rules lead it to.

EventBridge finds the rules at once; a function is invoked only when its own policy lets the rule in, and what it
answers is nobody's. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
"""

from __future__ import annotations

import json
import time
import typing as t
import uuid

from lab.embedded_aws import invocations
from lab.embedded_aws.backend_lock import BACKEND
from lab.embedded_aws.delays import current as delays
from lab.embedded_aws.truth.events.patterns import matches

Event = dict[str, t.Any]
Rule = t.Any
PRINCIPAL = "events.amazonaws.com"


def event_of(
    source: str, kind: str, account: str, region: str, detail: t.Any, resources: t.Sequence[str] = ()
) -> Event:
    """An event as a bus carries it."""
    return {
        "version": "0", "id": str(uuid.uuid4()), "detail-type": kind, "source": source, "account": account,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "region": region, "resources": list(resources),
        "detail": detail,
    }  # fmt: skip


def rules_of(account: str, region: str) -> list[Rule]:
    """The rules of the default bus."""
    from moto.events.models import events_backends

    if account not in events_backends or region not in events_backends[account]:
        return []
    return list(events_backends[account][region].event_buses["default"].rules.values())


def put(event: Event) -> list[str]:
    """Give an event to the bus of its account and region; the names of the rules that it met."""
    met = []
    for rule in rules_of(event["account"], event["region"]):
        pattern = rule.event_pattern.get_pattern()
        if rule.state == "ENABLED" and pattern and matches(pattern, event):
            met.append(rule.name)
            to_targets(rule, event)
    return met


def send_to_targets(self: Rule, original_event: Event, transform_input: bool = True) -> None:
    """What PutEvents does with each rule, in moto's words."""
    event = json.loads(json.dumps(original_event, default=str))
    event.pop("ingestion-time", None)
    event["time"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(float(event["time"])))
    pattern = self.event_pattern.get_pattern()
    if self.state == "ENABLED" and pattern and matches(pattern, event):
        to_targets(self, event)


def fire(rule: Rule) -> None:
    """Its time has come."""
    if rule.state == "ENABLED":
        to_targets(rule, event_of("aws.events", "Scheduled Event", rule.account_id, rule.region_name, {}, [rule.arn]))


def to_targets(rule: Rule, event: Event) -> None:
    for target in rule.targets:
        body = target.get("Input") or json.dumps(event)
        invoke_later(rule.account_id, target["Arn"], body, PRINCIPAL, rule.arn)


def invoke_later(account: str, function_arn: str, body: str, principal: str | None, source_arn: str) -> None:
    """Invoke a function soon, if it is there and lets that service in; without a principal, its caller's role did."""
    from lab.embedded_aws.truth.awslambda.permissions import lets_in

    region = function_arn.split(":")[3]

    def work() -> None:
        from moto.awslambda.models import lambda_backends

        with BACKEND:
            found = lambda_backends[account][region].list_functions()
            function = next((one for one in found if one.function_arn == function_arn), None)
            if function is None or (principal and not lets_in(function, principal, source_arn)):
                return
        ready = invocations.ready_of(account, region, function_arn)
        if ready is not None:
            invocations.current.run(ready, body)

    invocations.current.later(work, delays["event_delivery"])
