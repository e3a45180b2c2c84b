# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What happens by itself in AWS and here only when it is asked for: events of AWS's own, and times that come."""

from __future__ import annotations

import typing as t

from lab.embedded_aws.backend_lock import BACKEND


def emit(account: str, region: str, event: dict[str, t.Any]) -> list[str]:
    """Put an event on the default bus, as AWS does; the names of the rules that it met.

    The event of an API call gets there only where a trail logs it. What it leaves out is filled in.
    """
    from lab.embedded_aws.api_events import KIND, heard

    with BACKEND:
        _apply("events")
        from lab.embedded_aws.truth.events.delivery import event_of, put

        whole = {**event_of("aws.events", "", account, region, {}), **event, "account": account, "region": region}
        if whole["detail-type"] == KIND and not heard(account, region):
            return []
        return put(whole)


def fire(account: str, region: str, name: str) -> str:
    """Let the time of a rule come, or of the schedule `group/name`; its ARN. ValueError when there is none.

    Of an association of State Manager, `association/name`, the id is returned.
    """
    with BACKEND:
        if name.startswith("association/"):
            _apply("ssm")
            from lab.embedded_aws.truth.state_manager import associations

            return associations.fire(account, region, name.partition("/")[2])
        _apply("events")
        _apply("scheduler")
        from lab.embedded_aws.truth.events import delivery
        from lab.embedded_aws.truth.scheduler import firing

        group, _, one = name.rpartition("/")
        if group:
            return firing.fire(account, region, group, one)
        rule = next((rule for rule in delivery.rules_of(account, region) if rule.name == name), None)
        if rule is None or not rule.scheduled_expression:
            raise ValueError(f"{region} has no rule {name} with a schedule")
        delivery.fire(rule)
        return str(rule.arn)


def _apply(service: str) -> None:
    import importlib

    from lab.embedded_aws import truth

    importlib.import_module(f"moto.{service}.models")
    truth.apply(service)
