# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How many tasks of a service run: bounds around the wish, and what moves them within.

https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html,
https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScheduledAction.html
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item

SCHEDULE = re.compile(r"cron\((\S+ ){5}\S+\)|rate\(\d+ (minute|hour|day)s?\)|at\(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\)")
MOST_TASKS = 5000
"""https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-quotas.html: tasks of a service."""


def rules(service: Item) -> t.Iterator[Problem]:
    """The wished number lies within the bounds, and each metric has its value."""
    desired = service.get("desired", 1)
    if isinstance(desired, int) and not 0 <= desired <= MOST_TASKS:
        yield service.problem("desired", f"{desired} tasks.", f"from 0 to {MOST_TASKS}")
    scaling = service.child("scaling")
    if not isinstance(scaling.value, t.Mapping):
        return
    yield from _bounds(scaling, desired)
    if not scaling.get("targets") and not scaling.get("schedules"):
        found = "Nothing moves the number of tasks between these bounds."
        yield scaling.problem("targets", found, "targets, schedules, or no scaling")
    yield from _targets(service, scaling)
    for entry in scaling.items("schedules"):
        said = entry.text("schedule")
        if said and not SCHEDULE.fullmatch(said):
            found = f"{shown(said)} is not a schedule."
            yield entry.problem("schedule", found, "cron(0 8 ? * MON-FRI *), rate(1 day) or at(2026-12-24T18:00:00)")
        yield from _bounds(entry, None)


def _bounds(holder: Item, desired: t.Any) -> t.Iterator[Problem]:
    least, most = holder.get("min"), holder.get("max")
    if not (isinstance(least, int) and isinstance(most, int)):
        return
    if least < 0 or least > most:
        yield holder.problem("min", f"From {least} to {most} there is no number of tasks.", "0 <= min <= max")
    elif isinstance(desired, int) and not least <= desired <= most:
        found = f"{desired} tasks are wanted (desired), outside of {least} to {most}."
        yield holder.problem("min" if desired < least else "max", found, "bounds around desired")


def _targets(service: Item, scaling: Item) -> t.Iterator[Problem]:
    seen: set[str] = set()
    groups = [item.text("name") for item in service.items("target_groups")]
    for target in scaling.items("targets"):
        metric = target.text("metric")
        key, useless = ("count", "percent") if metric == "requests" else ("percent", "count")
        value = target.get(key)
        if value is None:
            yield target.problem(key, f"Scaling by {metric} needs {key}.", f"{{metric: {metric}, {key}: 60}}")
        elif isinstance(value, int) and not 1 <= value <= (100 if key == "percent" else 10**9):
            yield target.problem(key, f"{value} is out of range.", "1 to 100" if key == "percent" else "1 or more")
        if target.get(useless) is not None:
            yield target.problem(useless, f"Scaling by {metric} has no {useless}.", key)
        if metric == "requests" and target.text("target_group") not in groups:
            found = "Requests are counted at a target group of the service, and this one names none of them."
            yield target.problem("target_group", found, f"one of {', '.join(groups)}" if groups else "a target group")
        if metric in seen:
            yield target.problem("metric", f"{metric} is listed twice.", "each metric once")
        seen.add(metric)
