# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Calendars: when what follows them rests and starts again. EventBridge Scheduler has the clock, a function works.

The function finds by tags what follows a calendar, each time anew; it may change nothing that is not the region's.
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._functions import Wishes
from ansible_collections.cloister.aws.plugins.module_utils._owner import REGION
from ansible_collections.cloister.aws.plugins.module_utils.functions.resting import ACTIONS

Calendar = t.Mapping[str, t.Any]
FUNCTION = "resting"
_LOOK = [
    "autoscaling:DescribeAutoScalingGroups",
    "ec2:DescribeInstances",
    "eks:DescribeNodegroup",
    "eks:ListClusters",
    "eks:ListNodegroups",
    "rds:DescribeDBInstances",
]
# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2autoscaling.html (and _amazonec2,
# _amazonelastickubernetesservice, _amazonrds): all of these heed the tags of what they change.
_CHANGE = [
    "autoscaling:CreateOrUpdateTags",
    "autoscaling:DeleteTags",
    "autoscaling:SetInstanceProtection",
    "autoscaling:UpdateAutoScalingGroup",
    "ec2:StartInstances",
    "ec2:StopInstances",
    "eks:TagResource",
    "eks:UntagResource",
    "eks:UpdateNodegroupConfig",
    "rds:StartDBInstance",
    "rds:StopDBInstance",
]


def wishes(calendars: t.Sequence[Calendar], region: str, log_retention_days: int, boundary: str = "") -> Wishes:
    """Return what a stack with these calendars wants; without any, nothing.

    A calendar: {name, reason, time_zone, start, stop, enabled}; ``start`` and ``stop`` are expressions or empty.
    """
    if not calendars:
        return Wishes(boundary=boundary)
    times = [_time(calendar, action) for calendar in calendars for action in ACTIONS if calendar[action]]
    return Wishes([_function(region, log_retention_days)], (), times, boundary)


def _function(region: str, log_retention_days: int) -> dict[str, t.Any]:
    ours = {"StringEquals": {f"aws:ResourceTag/{REGION}": region}}
    return {
        "name": FUNCTION,
        "reason": "Lets rest what follows a calendar, and starts it again",
        "code": "resting",
        "environment": {"REGION_NAME": region},
        "statements": [_may("Look", _LOOK, {}), _may("RestAndStart", _CHANGE, ours)],
        "memory_mib": 256,
        "timeout_seconds": 300,
        "log_retention_days": log_retention_days,
    }


def _may(sid: str, actions: list[str], conditions: dict[str, t.Any]) -> dict[str, t.Any]:
    return {"sid": sid, "effect": "Allow", "actions": actions, "resources": ["*"], "conditions": conditions}


def _time(calendar: Calendar, action: str) -> dict[str, t.Any]:
    return {
        "name": f"{calendar['name']}-{action}",
        "reason": calendar["reason"],
        "function": FUNCTION,
        "expression": calendar[action],
        "time_zone": calendar["time_zone"],
        "input": {"action": action, "schedule": calendar["name"]},
        "enabled": calendar["enabled"],
    }
