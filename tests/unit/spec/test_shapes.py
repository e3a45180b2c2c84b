"""Variables against an argument specification: each misfit at its path, each fit as it was meant."""

from __future__ import annotations

import typing as t

import pytest
from ansible._internal._datatag._tags import Origin
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import BROKEN, spell
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.shapes import Shape, WasNumber

OPTIONS: dict[str, dict[str, t.Any]] = {
    "pool_name": {"type": "str", "required": True, "description": "What it is called. In full."},
    "pool_count": {"type": "int", "default": 1},
    "pool_ratio": {"type": "float"},
    "pool_spot": {"type": "bool", "default": False},
    "pool_size": {"type": "str", "choices": ["small", "large"], "default": "small"},
    "pool_zones": {"type": "list", "elements": "str", "choices": ["a", "b"], "default": []},
    "pool_labels": {"type": "dict", "default": {}},
    "pool_token": {"type": "str", "no_log": True},
    "pool_disks": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "mutually_exclusive": [["gib", "snapshot"]],
        "options": {
            "name": {"type": "str", "required": True},
            "gib": {"type": "int"},
            "snapshot": {"type": "str"},
            "encryption": {"type": "dict", "options": {"key": {"type": "str", "required": True}}},
        },
    },
}


def check(**values: t.Any) -> tuple[dict[str, t.Any], list[str]]:
    shape = Shape("pool")
    clean = shape.check(OPTIONS, {"pool_name": "x", **values})
    return clean, [f"{spell(problem.path)}: {problem.found} {problem.right}" for problem in shape.problems]


@pytest.mark.parametrize(
    ("variable", "value", "place", "words"),
    [
        ("pool_name", None, "pool_name", "empty"),
        ("pool_name", ["x"], "pool_name", "a list is not a text"),
        ("pool_name", {"x": 1}, "pool_name", "a dict is not a text"),
        ("pool_name", True, "pool_name", "in quotes"),
        ("pool_name", 1.10, "pool_name", "in quotes"),
        ("pool_count", "many", "pool_count", "'many' does not fit"),
        ("pool_count", True, "pool_count", "not a whole number"),
        ("pool_count", 1.5, "pool_count", "not a whole number"),
        ("pool_ratio", "half", "pool_ratio", "a number"),
        ("pool_spot", "no", "pool_spot", "without quotes"),
        ("pool_spot", 0, "pool_spot", "true or false"),
        ("pool_size", "smal", "pool_size", "did you mean small?"),
        ("pool_zones", "a", "pool_zones", "'a' is not a list"),
        ("pool_zones", ["a", "c"], "pool_zones[1]", "one of a, b"),
        ("pool_zones", ["a", None], "pool_zones[1]", "empty"),
        ("pool_labels", "a=b", "pool_labels", "a dict"),
        ("pool_labels", ["a"], "pool_labels", "a dict"),
        ("pool_disks", {"name": "root"}, "pool_disks", "a dict is not a list"),
        ("pool_disks", ["root"], "pool_disks[0]", "'root' is not a dict"),
        ("pool_disks", [{}], "pool_disks[0].name", "missing"),
        ("pool_disks", [{"name": "a"}, {"nmae": "b"}], "pool_disks[1].nmae", "did you mean name?"),
        ("pool_disks", [{"name": "a", "gib": "x"}], "pool_disks[0].gib", "whole number"),
        ("pool_disks", [{"name": "a", "gib": 1, "snapshot": "s"}], "pool_disks[0]", "mutually exclusive"),
        ("pool_disks", [{"name": "a", "encryption": {}}], "pool_disks[0].encryption.key", "missing"),
        ("pool_disks", [{"name": "a", "encryption": "k"}], "pool_disks[0].encryption", "a dict"),
    ],
)
def test_a_misfit_is_told_at_its_path(variable: str, value: t.Any, place: str, words: str) -> None:
    _clean, told = check(**{variable: value})
    assert [line for line in told if line.startswith(f"{place}: ") and words in line], told


def test_what_fits_is_converted_and_completed() -> None:
    clean, told = check(pool_count="3", pool_disks=[{"name": "root", "gib": 20}])
    assert told == []
    assert clean["pool_count"] == 3
    assert clean["pool_size"] == "small"
    assert clean["pool_disks"] == [{"name": "root", "gib": 20}]
    assert "pool_ratio" not in clean


def test_one_broken_element_leaves_the_others_and_their_places() -> None:
    clean, told = check(pool_zones=["a", "c", "b"])
    assert len(told) == 1
    assert clean["pool_zones"] == ["a", BROKEN, "b"]


def test_a_text_that_was_a_number_can_still_be_told() -> None:
    assert isinstance(check(pool_name=12345)[0]["pool_name"], WasNumber)
    assert not isinstance(check(pool_name="12345")[0]["pool_name"], WasNumber)


def test_a_secret_is_never_shown() -> None:
    _clean, told = check(pool_token=["hunter2"])
    assert told
    assert "hunter2" not in "".join(told)


def test_what_is_wanted_is_said_in_the_words_of_the_specification() -> None:
    shape = Shape("pool")
    shape.check(OPTIONS, {})
    assert shape.problems[0].advice == "Right would be: a text (What it is called)"


def test_on_the_command_line_true_and_false_are_texts() -> None:
    here = Origin(description="<CLI option '-e'>")
    clean, told = check(pool_spot=here.tag("true"))
    assert (clean["pool_spot"], told) == (True, [])
    assert "'maybe' is not true or false" in check(pool_spot=here.tag("maybe"))[1][0]
    assert "'true' is not true or false" in check(pool_spot=Origin(path="/us.yml").tag("true"))[1][0]
