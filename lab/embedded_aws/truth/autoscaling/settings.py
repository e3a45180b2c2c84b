# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is set beside a group: metrics that are collected, processes that are suspended.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-suspend-resume-processes.html
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.autoscaling import scaling
from lab.embedded_aws.truth.autoscaling.base import Response, action, done, group_of, invalid, params

PROCESSES = (
    "Launch", "Terminate", "AddToLoadBalancer", "AlarmNotification", "AZRebalance", "HealthCheck", "InstanceRefresh",
    "ReplaceUnhealthy", "ScheduledActions",
)  # fmt: skip
METRICS = (
    "GroupMinSize", "GroupMaxSize", "GroupDesiredCapacity", "GroupInServiceInstances", "GroupPendingInstances",
    "GroupStandbyInstances", "GroupTerminatingInstances", "GroupTotalInstances", "GroupInServiceCapacity",
    "GroupPendingCapacity", "GroupStandbyCapacity", "GroupTerminatingCapacity", "GroupTotalCapacity",
    "WarmPoolDesiredCapacity", "WarmPoolWarmedCapacity", "WarmPoolPendingCapacity", "WarmPoolTerminatingCapacity",
    "WarmPoolTotalCapacity", "GroupAndWarmPoolDesiredCapacity", "GroupAndWarmPoolTotalCapacity",
)  # fmt: skip


@action
def enable_metrics_collection(response: Response) -> t.Any:
    given, group = params(response), group_of(response)
    if given.get("Granularity") != "1Minute":
        invalid("Invalid granularity. The only valid granularity is 1Minute.")
    wanted = _metrics(given) or list(METRICS)
    group.metrics = [one for one in METRICS if one in wanted or one in group.metrics]
    return done()


@action
def disable_metrics_collection(response: Response) -> t.Any:
    given, group = params(response), group_of(response)
    unwanted = _metrics(given) or list(METRICS)
    group.metrics = [one for one in group.metrics if one not in unwanted]
    return done()


def _metrics(given: dict[str, t.Any]) -> list[str]:
    metrics: list[str] = given.get("Metrics") or []
    unknown = [one for one in metrics if one not in METRICS]
    if unknown:
        invalid(f"Invalid metric: {', '.join(unknown)}")
    return metrics


@action
def suspend_processes(response: Response) -> t.Any:
    group = group_of(response)
    group.suspended |= _processes(response)
    return done()


@action
def resume_processes(response: Response) -> t.Any:
    group = group_of(response)
    group.suspended -= _processes(response)
    scaling.tend(group)
    return done()


def _processes(response: Response) -> set[str]:
    wanted = set(params(response).get("ScalingProcesses") or PROCESSES)
    unknown = wanted - set(PROCESSES)
    if unknown:
        invalid(f"Invalid scaling process: {', '.join(sorted(unknown))}")
    return wanted
