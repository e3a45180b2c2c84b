# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Calendars: times that come again, a time zone that there is, and something that is done.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from __future__ import annotations

import typing as t
import zoneinfo

from ansible_collections.cloister.aws.plugins.module_utils._cron import fault
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, did_you_mean, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region

# With -start behind it, it is the name of a schedule, which has 64 characters at most.
LONGEST_NAME = 58
TIMES = {"start": "cron(0 8 ? * MON-FRI *)", "stop": "cron(0 20 ? * MON-FRI *)"}


def rules(region: Region) -> t.Iterator[Problem]:
    """Whatever Scheduler would refuse, and calendars at which nothing happens."""
    holders = [holder for holder in region.variables("schedule_calendars") if holder.value]
    for holder in holders[1:]:
        found = f"The stack {holders[0].stack} has calendars too, and one function serves the whole region."
        yield holder.problem(None, found, f"all calendars in {holders[0].stack}")
    for calendar in region.items("schedule_calendars"):
        yield from _times(calendar)
        yield from _zone(calendar)
        if len(calendar.name) > LONGEST_NAME:
            found = (
                f"{calendar.name}-start, {len(calendar.name) + 6} characters long, would be too long for a schedule."
            )
            yield calendar.problem("name", found, f"at most {LONGEST_NAME} characters")


def _times(calendar: Item) -> t.Iterator[Problem]:
    said = {key: calendar.text(key) for key in TIMES}
    if not any(said.values()):
        yield calendar.problem(None, "It neither starts nor stops anything.", "start: or stop:, or both")
    for key, text in said.items():
        wrong = fault(text) if text else ""
        if wrong:
            yield calendar.problem(key, f"{shown(text)} {wrong}.", f"such as {TIMES[key]}")
    if said["start"] and said["start"] == said["stop"]:
        yield calendar.problem("stop", f"It starts at {said['start']}, too.", "another time")


def _zone(calendar: Item) -> t.Iterator[Problem]:
    # A machine without time zones of its own knows none, and says nothing.
    zones = zoneinfo.available_timezones()
    zone = calendar.text("time_zone", "UTC")
    if zones and zone not in zones:
        right = did_you_mean(zone, zones) or "a name such as Asia/Seoul or UTC"
        yield calendar.problem("time_zone", f"There is no time zone called {shown(zone)}.", right)
