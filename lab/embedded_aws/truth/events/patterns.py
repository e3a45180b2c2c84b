# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Event patterns: which are valid, and which events they match, exactly.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import ipaddress
import operator
import re
import typing as t
from collections.abc import Callable

MOST_CHARACTERS = 2048
_MISSING: t.Final = object()
_COMPARE: dict[str, Callable[[t.Any, t.Any], bool]] = {
    "<": operator.lt, "<=": operator.le, "=": operator.eq, ">=": operator.ge, ">": operator.gt,
}  # fmt: skip
_INSIDE_ANYTHING_BUT = ("prefix", "suffix", "wildcard", "equals-ignore-case")


class PatternError(ValueError):
    """A pattern that EventBridge does not take."""


def check(pattern: t.Any) -> None:
    """Raise `PatternError` for what is no pattern."""
    if not isinstance(pattern, dict) or not pattern:
        raise PatternError("Event pattern must be a JSON object that is not empty")
    for key, value in pattern.items():
        if key == "$or":
            if not isinstance(value, list) or len(value) < 2:
                raise PatternError("$or must be an array of two objects or more")
            for one in value:
                check(one)
        elif isinstance(value, dict):
            check(value)
        elif not isinstance(value, list):
            raise PatternError(f'"{key}" must be an object or an array')
        elif not value:
            raise PatternError("Empty arrays are not allowed")
        else:
            for one in value:
                _check_value(one)


def _check_value(value: t.Any) -> None:
    if isinstance(value, list):
        raise PatternError("Nested arrays are not allowed")
    if not isinstance(value, dict):
        return
    name = next(iter(value), "")
    if len(value) != 1 or name not in _TESTS:
        raise PatternError(f"Unrecognized match type {name}")
    _CHECKS[name](value[name])


def matches(pattern: t.Mapping[str, t.Any], event: t.Any) -> bool:
    """Whether every field of the pattern is met. One object of an array must meet all that is said of it."""
    if isinstance(event, list):
        return any(matches(pattern, one) for one in event)
    have = event if isinstance(event, dict) else {}
    return all(_field(key, wanted, have) for key, wanted in pattern.items())


def _field(key: str, wanted: t.Any, have: t.Mapping[str, t.Any]) -> bool:
    if key == "$or":
        return any(matches(one, have) for one in wanted)
    found = have.get(key, _MISSING)
    if isinstance(wanted, dict):
        return matches(wanted, {} if found is _MISSING else found)
    # Only leaves have values: an object is none.
    values = [one for one in (found if isinstance(found, list) else [found]) if not isinstance(one, dict)]
    return any(_value(one, values) for one in wanted)


def _value(wanted: t.Any, values: list[t.Any]) -> bool:
    present = [one for one in values if one is not _MISSING]
    if not isinstance(wanted, dict):
        return any(_same(wanted, one) for one in present)
    ((name, given),) = wanted.items()
    if name == "exists":
        return bool(present) == given
    return any(_TESTS[name](given, one) for one in present)


def _same(wanted: t.Any, have: t.Any) -> bool:
    """True is not 1, and null is null."""
    return isinstance(wanted, bool) == isinstance(have, bool) and bool(wanted == have)


def _text(test: Callable[[str, str], bool]) -> Callable[[t.Any, t.Any], bool]:
    """A test of texts by one or several, with case or without."""

    def run(given: t.Any, have: t.Any) -> bool:
        if isinstance(given, list):
            return any(run(one, have) for one in given)
        if not isinstance(have, str):
            return False
        if isinstance(given, dict):
            return test(given["equals-ignore-case"].lower(), have.lower())
        return test(given, have)

    return run


def _anything_but(given: t.Any, have: t.Any) -> bool:
    if isinstance(given, dict):
        ((name, inner),) = given.items()
        return not _TESTS[name](inner, have)
    return not any(_same(one, have) for one in (given if isinstance(given, list) else [given]))


def _numeric(given: list[t.Any], have: t.Any) -> bool:
    if isinstance(have, bool) or not isinstance(have, (int, float)):
        return False
    return all(_COMPARE[sign](have, limit) for sign, limit in zip(given[::2], given[1::2], strict=True))


def _cidr(given: str, have: t.Any) -> bool:
    try:
        return ipaddress.ip_address(have) in ipaddress.ip_network(given)
    except ValueError:
        return False


def _wildcard(given: str, have: str) -> bool:
    """A star is any text, a backslash takes the meaning from what follows."""
    parts = re.findall(r"\\.|\*|[^\\*]+", given)
    wanted = "".join(".*" if one == "*" else re.escape(one.removeprefix("\\")) for one in parts)
    return re.fullmatch(wanted, have, re.DOTALL) is not None


_TESTS: dict[str, Callable[[t.Any, t.Any], bool]] = {
    "exists": lambda given, have: True,
    "prefix": _text(lambda given, have: have.startswith(given)),
    "suffix": _text(lambda given, have: have.endswith(given)),
    "equals-ignore-case": _text(lambda given, have: have.lower() == given.lower()),
    "wildcard": _text(_wildcard),
    "anything-but": _anything_but,
    "numeric": _numeric,
    "cidr": _cidr,
}


def _check_text(given: t.Any) -> None:
    inner = given.get("equals-ignore-case") if isinstance(given, dict) else given
    for one in inner if isinstance(inner, list) else [inner]:
        if not isinstance(one, str) or not one:
            raise PatternError("prefix, suffix, wildcard and equals-ignore-case match a string that is not empty")


def _check_exists(given: t.Any) -> None:
    if not isinstance(given, bool):
        raise PatternError("exists match pattern must be either true or false")


def _check_anything_but(given: t.Any) -> None:
    if isinstance(given, dict):
        if len(given) != 1 or next(iter(given)) not in _INSIDE_ANYTHING_BUT:
            raise PatternError("Unsupported anything-but pattern")
        return _check_text(next(iter(given.values())))
    for one in given if isinstance(given, list) else [given]:
        if isinstance(one, bool) or not isinstance(one, (str, int, float)):
            raise PatternError("Inside anything but list, only strings and numbers are supported")
    if given == []:
        raise PatternError("Empty arrays are not allowed")
    return None


def _check_numeric(given: t.Any) -> None:
    pairs = given if isinstance(given, list) and len(given) in (2, 4) else [None, None]
    for sign, limit in zip(pairs[::2], pairs[1::2], strict=True):
        if sign not in _COMPARE or isinstance(limit, bool) or not isinstance(limit, (int, float)):
            raise PatternError("Value of numeric must be an array of a comparison and a number, or of two such pairs")


def _check_cidr(given: t.Any) -> None:
    try:
        ipaddress.ip_network(given)
    except (ValueError, TypeError):
        raise PatternError("Malformed CIDR") from None


_CHECKS: dict[str, Callable[[t.Any], None]] = {
    "exists": _check_exists, "anything-but": _check_anything_but, "numeric": _check_numeric, "cidr": _check_cidr,
    **dict.fromkeys(("prefix", "suffix", "equals-ignore-case", "wildcard"), _check_text),
}  # fmt: skip
