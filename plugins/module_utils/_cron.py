# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Expressions of EventBridge Scheduler that repeat: what is wrong with one. Pure.

https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html#cron-based
"""

from __future__ import annotations

import re
import typing as t

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


class Field(t.NamedTuple):
    """One of the six: its name, the numbers it may have, words for them, and what else may stand there alone."""

    name: str
    least: int
    most: int
    words: tuple[str, ...] = ()
    alone: str = r"\*"


FIELDS = (
    Field("minutes", 0, 59),
    Field("hours", 0, 23),
    Field("day of the month", 1, 31, alone=r"\*|\?|L|LW|\d{1,2}W"),
    Field("month", 1, 12, _MONTHS),
    Field("day of the week", 1, 7, _DAYS, rf"\*|\?|L|(?:[1-7]|{'|'.join(_DAYS)})(?:L|#[1-5])"),
    Field("year", 1970, 2199),
)


def fault(text: str) -> str:
    """Return what is wrong with ``text`` as a time that comes again; empty when nothing is."""
    said = re.fullmatch(r"cron\((.*)\)", text)
    if not said:
        return "is no cron(...)"
    parts = said[1].split()
    if len(parts) != len(FIELDS):
        return f"has {len(parts)} fields, and not {len(FIELDS)}: {', '.join(field.name for field in FIELDS)}"
    for part, field in zip(parts, FIELDS, strict=True):
        if not _fits(part, field):
            return f"has {part} as {field.name}"
    if [parts[2], parts[4]].count("?") != 1:
        return "must have ? as either day of the month or day of the week, and only one of them"
    return ""


def _fits(part: str, field: Field) -> bool:
    if re.fullmatch(field.alone, part):
        return True
    return all(_one_fits(one, field) for one in part.split(","))


def _one_fits(one: str, field: Field) -> bool:
    """A number or word, a range of them, or a start; any with a step."""
    whole, slash, step = one.partition("/")
    if slash and not (step.isascii() and step.isdigit() and int(step) > 0):
        return False
    if whole == "*":
        return bool(slash)
    numbers = [_number(bound, field) for bound in whole.split("-", 1)]
    return all(number is not None for number in numbers)


def _number(text: str, field: Field) -> int | None:
    if text.upper() in field.words:
        return field.words.index(text.upper()) + 1
    number = int(text) if text.isascii() and text.isdigit() else -1
    return number if field.least <= number <= field.most else None
