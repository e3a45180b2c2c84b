# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is wrong with a time that comes again, and that the embedded AWS agrees."""

from __future__ import annotations

import re

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._cron import fault

from lab.embedded_aws.truth.scheduler.schedules import expression_is_valid

SOUND = (
    "cron(0 8 ? * MON-FRI *)",
    "cron(0 20 * * ? *)",
    "cron(0/15 8-18 ? * 2-6 2026-2030)",
    "cron(30 6,18 1,15 * ? *)",
    "cron(0 0 L * ? *)",
    "cron(0 0 15W * ? *)",
    "cron(0 0 ? JAN-MAR,DEC 6#3 *)",
    "cron(0 0 ? * FRIL *)",
    "cron(*/10 * * * ? *)",
)
BROKEN = {
    "0 8 * * *": "no cron",
    "rate(1 day)": "no cron",
    "cron(0 8 * * MON-FRI)": "5 fields, and not 6",
    "cron(0 8 * * MON-FRI *)": r"must have \?",
    "cron(0 8 ? * ? *)": r"must have \?",
    "cron(60 8 ? * MON *)": "60 as minutes",
    "cron(0 24 ? * MON *)": "24 as hours",
    "cron(0 8 32 * ? *)": "32 as day of the month",
    "cron(0 8 ? 13 MON *)": "13 as month",
    "cron(0 8 ? * MONDAY *)": "MONDAY as day of the week",
    "cron(0 8 ? * 8 *)": "8 as day of the week",
    "cron(0 8 ? * MON 1900)": "1900 as year",
    "cron(0/0 8 ? * MON *)": "0/0 as minutes",
    "cron(0, 8 ? * MON *)": "as minutes",
}


@pytest.mark.parametrize("text", SOUND)
def test_times_that_aws_takes_are_sound(text: str) -> None:
    assert fault(text) == ""
    assert expression_is_valid(text)


@pytest.mark.parametrize("text", BROKEN)
def test_what_is_wrong_with_a_time_is_named(text: str) -> None:
    assert re.search(BROKEN[text], fault(text))
    assert text.startswith("rate") or not expression_is_valid(text)
