# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How attributes are described: their defaults and the values AWS takes, in one table for each kind of thing."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping

from lab.embedded_aws.truth.elbv2.base import invalid, misconfigured

MOST = 20
"""So many may be changed in one call."""


@dataclasses.dataclass(frozen=True)
class Attribute:
    """One attribute: its first value, whether a value is one AWS takes, and how to say what it takes."""

    default: str
    takes: Callable[[str], bool]
    said: str


Table = Mapping[str, Attribute]


def flag(default: str = "false") -> Attribute:
    return choice(default, "true", "false")


def choice(default: str, *known: str) -> Attribute:
    return Attribute(default, lambda value: value in known, f"one of {', '.join(known)}")


def number(default: str, lowest: int, highest: int, *words: str) -> Attribute:
    """A whole number in a range, or one of `words`."""

    def takes(value: str) -> bool:
        return value in words or (value.isdecimal() and lowest <= int(value) <= highest)

    return Attribute(default, takes, " or ".join([*words, f"between {lowest} and {highest}"]))


def text(default: str = "", pattern: str = ".{0,256}") -> Attribute:
    return Attribute(default, lambda value: re.fullmatch(pattern, value) is not None, f"like {pattern}")


def first_values(table: Table) -> dict[str, str]:
    return {key: attribute.default for key, attribute in table.items()}


def check(table: Table, all_keys: set[str], given: Mapping[str, str], noun: str, owner: str) -> None:
    """Refuse keys and values; `all_keys` are those of any type, `owner` says whose `table` it is."""
    if not given:
        invalid(f"At least one {noun.lower()} attribute must be specified")
    if len(given) > MOST:
        invalid(
            f"1 validation error detected: Value at 'attributes' failed to satisfy constraint: "
            f"Member must have length less than or equal to {MOST}"
        )
    for key, value in given.items():
        if key not in all_keys:
            invalid(f"{noun} attribute key '{key}' is not recognized")
        if key not in table:
            misconfigured(f"{noun} attribute key '{key}' is not supported on {owner}")
        if not table[key].takes(value):
            misconfigured(f"The value '{value}' of attribute '{key}' must be {table[key].said}")
