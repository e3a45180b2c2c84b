# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a schedule does when its time comes: it invokes its function with its own role."""

from __future__ import annotations

import json

from lab.embedded_aws.truth.ecs.grants import allowed
from lab.embedded_aws.truth.events.delivery import invoke_later


def fire(account: str, region: str, group: str, name: str) -> str:
    """Fire one that is enabled; its ARN. ValueError when there is none, or its role may not invoke the function."""
    from moto.scheduler.models import scheduler_backends

    backend = scheduler_backends[account][region]
    found = backend.schedule_groups.get(group)
    schedule = found.schedules.get(name) if found else None
    if schedule is None or schedule.state != "ENABLED":
        raise ValueError(f"{region} has no enabled schedule {group}/{name}")
    target = schedule.target
    if not allowed(backend, target["RoleArn"], "lambda:InvokeFunction", target["Arn"]):
        raise ValueError(f"{target['RoleArn']} may not invoke {target['Arn']}")
    invoke_later(account, target["Arn"], target.get("Input") or json.dumps({}), None, schedule.arn)
    return str(schedule.arn)
