# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""EventBridge: rules, exact patterns, targets, and what reaches them."""

from __future__ import annotations


def apply() -> None:
    """Let moto answer as AWS does."""
    from moto.events.models import EventsBackend, Rule

    from lab.embedded_aws import truth
    from lab.embedded_aws.truth.events import delivery, interfaces, rules
    from lab.embedded_aws.truth.patching import before, install

    truth.apply("awslambda")
    truth.apply("cloudtrail")
    interfaces.listen()
    before(EventsBackend, "put_rule", rules.check_put)
    before(EventsBackend, "put_targets", rules.check_targets)
    before(EventsBackend, "put_events", rules.check_events)
    for method in ("enable_rule", "disable_rule", "remove_targets"):
        before(EventsBackend, method, rules.check_there)
    rules.keep_what_stands(EventsBackend)
    install(EventsBackend, rules.iter_tagged_resources)
    install(Rule, delivery.send_to_targets)
