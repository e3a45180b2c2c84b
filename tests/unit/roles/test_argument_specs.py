"""Every role's defaults and argument_specs say the same thing."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
import yaml

ROLES = sorted((Path(__file__).parents[3] / "roles").glob("*/"))
TYPES: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "dict": (dict,),
    "float": (float, int),
    "int": (int,),
    "list": (list,),
    "path": (str,),
    "raw": (object,),
    "str": (str,),
}


def is_template(value: t.Any) -> bool:
    return isinstance(value, str) and "{{" in value


def is_required_hint(value: t.Any) -> bool:
    return is_template(value) and "undef(" in value


def has_type(value: t.Any, kind: str) -> bool:
    """Whether a default written in YAML is of the type that argument_specs declares."""
    if is_template(value) or kind == "raw":
        return True
    if kind in ("int", "float") and isinstance(value, bool):
        return False
    return isinstance(value, TYPES[kind])


def undescribed(name: str, option: dict[str, t.Any]) -> list[str]:
    """What in an option, at any depth, has no type or no description."""
    found = [f"{name} has no {field}" for field in ("type", "description") if not option.get(field)]
    if option.get("type") == "list" and "elements" not in option:
        found.append(f"{name} does not say what it is a list of")
    for child, suboption in option.get("options", {}).items():
        found += undescribed(f"{name}.{child}", suboption)
    return found


def disagreements(role: str, defaults: dict[str, t.Any], options: dict[str, dict[str, t.Any]]) -> list[str]:
    """Where the two files of a role differ, one sentence each."""
    found = [f"{name} is in defaults and not in argument_specs" for name in defaults if name not in options]
    for name, option in options.items():
        if not name.startswith(f"{role}_"):
            found.append(f"{name} does not begin with the role's name")
        found += undescribed(name, option)
        if option.get("required"):
            if name in defaults and not is_required_hint(defaults[name]):
                found.append(f"{name} is required and has a default")
            if "default" in option:
                found.append(f"{name} is required and has a default in argument_specs")
        elif name not in defaults:
            found.append(f"{name} is optional and not in defaults")
        elif option.get("default") != defaults[name]:
            found.append(f"{name} is {defaults[name]!r} in defaults and {option.get('default')!r} in argument_specs")
        elif defaults[name] is not None and not has_type(defaults[name], option.get("type", "str")):
            found.append(f"{name} is not of its type {option.get('type')}: {defaults[name]!r}")
    return found


def options_of(role: Path) -> dict[str, dict[str, t.Any]]:
    """The options of all entry points of a role, which may share variables but must agree on them."""
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
    merged: dict[str, dict[str, t.Any]] = {}
    for point in specs.values():
        for name, option in point.get("options", {}).items():
            assert merged.setdefault(name, option) == option, f"{name} differs between entry points"
    return merged


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_defaults_and_argument_specs_agree(role: Path) -> None:
    defaults = yaml.safe_load((role / "defaults" / "main.yml").read_text(encoding="utf-8")) or {}
    assert disagreements(role.name, defaults, options_of(role)) == []


COUNT = {"type": "int", "description": "How many.", "default": 1}


@pytest.mark.parametrize(
    ("defaults", "options", "sentence"),
    [
        ({"pool_size": 1}, {}, "in defaults and not in argument_specs"),
        ({}, {"pool_size": COUNT}, "optional and not in defaults"),
        ({"pool_size": 2}, {"pool_size": COUNT}, "2 in defaults and 1 in argument_specs"),
        ({"pool_size": "1"}, {"pool_size": COUNT | {"default": "1"}}, "not of its type int"),
        ({"pool_size": True}, {"pool_size": COUNT | {"default": True}}, "not of its type int"),
        ({"pool_size": 1}, {"pool_size": {"type": "int", "description": "Size.", "required": True}}, "has a default"),
        ({"size": 1}, {"size": COUNT}, "does not begin with the role's name"),
        ({"pool_size": 1}, {"pool_size": {"type": "int", "default": 1}}, "no description"),
        ({"pool_ids": []}, {"pool_ids": {"type": "list", "description": "Ids.", "default": []}}, "a list of"),
    ],
)
def test_a_disagreement_is_found(defaults: dict[str, t.Any], options: dict[str, t.Any], sentence: str) -> None:
    assert any(sentence in found for found in disagreements("pool", defaults, options))


def test_a_required_variable_may_hint_at_its_value() -> None:
    hint = {"pool_size": "{{ undef(hint='how many machines') }}"}
    assert disagreements("pool", hint, {"pool_size": {"type": "int", "description": "Size.", "required": True}}) == []
