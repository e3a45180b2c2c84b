# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What HAProxy's checks found, in AWS's words.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html has the reasons,
https://docs.haproxy.org/3.0/management.html#9.1 what `show stat` says of a check.
"""

from __future__ import annotations

import typing as t

from lab.plane.engine import column
from lab.plane.fleet import Member

Row = t.Mapping[str, str]
WELL = {"healthy": True, "reason": "", "description": ""}
NO_ANSWER = {"healthy": False, "reason": "Target.FailedHealthChecks", "description": "Health checks failed"}


def is_up(row: Row) -> bool:
    return row.get("status", "").startswith("UP")


def passed_once(row: Row) -> bool:
    """Whether one that was set down has passed its last check since: enough for a target that is new.

    `check_status` may still be that of a check before.
    """
    return column(row, "check_health") > 0


def verdict(row: Row) -> dict[str, t.Any]:
    """{healthy, reason, description} of a target."""
    if is_up(row):
        return dict(WELL)
    said = row.get("check_status", "").lstrip("* ")
    if said.endswith("TOUT"):
        return {"healthy": False, "reason": "Target.Timeout", "description": "Request timed out"}
    if said == "L7STS":
        code = column(row, "check_code")
        text = f"Health checks failed with these codes: [{code}]"
        return {"healthy": False, "reason": "Target.ResponseCodeMismatch", "description": text}
    return dict(NO_ANSWER)


def initial_seconds(member: Member, hurry: float) -> float:
    """How long a new target may fail its checks before it is called unhealthy."""
    check = member.group.check
    wanted = int(check.get("UnhealthyThresholdCount") or 2) * int(check.get("HealthCheckIntervalSeconds") or 30)
    return max(1.0, wanted / hurry)
