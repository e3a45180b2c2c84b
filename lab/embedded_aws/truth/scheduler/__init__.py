# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""EventBridge Scheduler: groups, schedules that AWS would take, and the role each one invokes with."""

from __future__ import annotations


def apply() -> None:
    """Let moto answer as AWS does."""
    from moto.scheduler.models import EventBridgeSchedulerBackend

    from lab.embedded_aws.truth.patching import before, install, let_be_listed
    from lab.embedded_aws.truth.scheduler import groups, schedules

    before(EventBridgeSchedulerBackend, "create_schedule", schedules.check)
    before(EventBridgeSchedulerBackend, "update_schedule", schedules.check)
    before(EventBridgeSchedulerBackend, "create_schedule_group", groups.check_create)
    for method in ("list_tags_for_resource", "tag_resource", "untag_resource"):
        before(EventBridgeSchedulerBackend, method, groups.check_tagged)
    install(EventBridgeSchedulerBackend, groups.delete_schedule_group)
    let_be_listed(EventBridgeSchedulerBackend, "scheduler", groups.iter_tagged_resources)
