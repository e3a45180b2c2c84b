# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Variables against a role's argument specification, with the path of each thing that does not fit.

Types, choices and the relations between options are judged by Ansible's own ``ArgumentSpecValidator``, a value at a
time so that each refusal has its path. Its conversions are narrower here: a role reads its variables as they were
written, so a list written as ``a,b`` or a boolean written as ``"no"`` would mean something else in a template.
"""

from __future__ import annotations

import copy
import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import (
    BROKEN,
    Path,
    Problem,
    did_you_mean,
    shown,
    spell,
    typed,
)

Options = t.Mapping[str, t.Mapping[str, t.Any]]

RELATIONS = ("mutually_exclusive", "required_together", "required_one_of", "required_if", "required_by")
WRITTEN = {
    "str": (str, int),
    "int": (str, int),
    "float": (str, int, float),
    "bool": (bool,),
    "list": (list, tuple),
    "dict": (dict,),
    "path": (str,),
}
TYPED = {"true": True, "false": False}
# What is one of these is what it should be already; the validator, which finds that too, takes long to be made.
PLAIN = {"str": str, "int": int, "bool": bool}
NOUNS = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false, without quotes",
    "list": "a list",
    "dict": "a dict (name: value)",
    "path": "a path",
}


class WasNumber(str):
    """A text that was written as a number: YAML has already dropped leading zeros, or read them as octal."""

    __slots__ = ()


class Shape:
    """One stack's variables being held against a specification; ``problems`` fills up on the way."""

    def __init__(self, stack: str) -> None:
        self.stack = stack
        self.problems: list[Problem] = []

    def check(self, options: Options, values: t.Mapping[t.Any, t.Any], path: Path = ()) -> dict[str, t.Any]:
        """Return ``values`` with conversions and defaults; what does not fit is `BROKEN` there."""
        for key in values:
            if key not in options:
                self._unknown(key, options, path)
        clean = {name: self._option(spec, values, (*path, name)) for name, spec in options.items()}
        return {name: value for name, value in clean.items() if value is not None}

    def tell(self, path: Path, found: str, right: str) -> t.Any:
        """Note a problem; return what stands for the broken value."""
        self.problems.append(Problem(self.stack, path, found, right))
        return BROKEN

    def _unknown(self, key: t.Any, options: Options, path: Path) -> None:
        right = did_you_mean(key, options) or f"known here: {', '.join(sorted(options))}"
        self.tell((*path, key), f"{shown(key)} is not known here.", right)

    def _option(self, spec: t.Mapping[str, t.Any], values: t.Mapping[t.Any, t.Any], path: Path) -> t.Any:
        name = path[-1]
        if name not in values:
            if spec.get("required"):
                return self.tell(path, f"{name} is missing.", wanted(spec))
            return copy.deepcopy(spec.get("default"))
        return self._value(spec, values[name], path)

    def _value(self, spec: t.Mapping[str, t.Any], value: t.Any, path: Path) -> t.Any:
        if value is BROKEN:
            return BROKEN
        clean = self._scalar(spec, value, path)
        if clean is BROKEN:
            return BROKEN
        if isinstance(clean, dict) and spec.get("options"):
            return self._node(spec, clean, path)
        if isinstance(clean, list) and spec.get("elements"):
            element = {
                "type": spec["elements"],
                **{k: v for k, v in spec.items() if k in ("choices", "options", "no_log", *RELATIONS)},
            }
            return [self._value(element, item, (*path, index)) for index, item in enumerate(clean)]
        return clean

    def _scalar(self, spec: t.Mapping[str, t.Any], value: t.Any, path: Path) -> t.Any:
        kind = spec.get("type", "str")
        secret = bool(spec.get("no_log"))
        have = kind_of(value) if secret or isinstance(value, (list, tuple, dict)) else shown(value)
        right = wanted(spec)
        if value is None:
            return self.tell(path, f"{spell(path)} is empty.", f"{right}; or take the line out")
        # bool is an int to Python, not to a person: `name: yes` and `name: 1.10` lose what was meant.
        if kind == "bool" and typed(value) and value in TYPED:
            return TYPED[value]  # a role reads what is meant for the command line through the filter bool
        if kind in WRITTEN and (not isinstance(value, WRITTEN[kind]) or (isinstance(value, bool) and kind != "bool")):
            return self.tell(path, f"{have} is not {NOUNS[kind]}.", right + _quote(kind, value))
        if kind in ("list", "dict"):
            return value  # there is nothing to convert, and the validator would copy all that is in it
        if isinstance(value, PLAIN.get(kind, ())) and value in spec.get("choices", (value,)):
            return value
        rule = {key: spec[key] for key in ("type", "choices") if key in spec}
        result = ArgumentSpecValidator({"value": rule}).validate({"value": value})
        if not result.error_messages:
            fit = result.validated_parameters["value"]
            return WasNumber(fit) if kind == "str" and isinstance(value, int) else fit
        near = did_you_mean(value, [str(choice) for choice in spec.get("choices", ())])
        return self.tell(path, f"{have} does not fit.", "; ".join(filter(None, [right, near])))

    def _node(self, spec: t.Mapping[str, t.Any], value: dict[t.Any, t.Any], path: Path) -> dict[str, t.Any]:
        before = len(self.problems)
        clean = self.check(spec["options"], value, path)
        relations = {name: spec[name] for name in RELATIONS if spec.get(name)}
        if relations and len(self.problems) == before:
            options = {name: {"type": "raw"} for name in spec["options"]}
            for text in ArgumentSpecValidator(options, **relations).validate(value).error_messages:
                self.tell(path, f"{text}.", "the options together as the role's README says")
        return clean


def kind_of(value: t.Any) -> str:
    """Return what a person calls the type of a value."""
    if isinstance(value, bool):
        return "true or false"
    names = {str: "a text", int: "a number", float: "a number", list: "a list", tuple: "a list", dict: "a dict"}
    return next((name for kind, name in names.items() if isinstance(value, kind)), type(value).__name__)


def wanted(spec: t.Mapping[str, t.Any]) -> str:
    """Return in words what a specification asks for."""
    if spec.get("choices"):
        return "one of " + ", ".join(str(choice) for choice in spec["choices"])
    kind = spec.get("type", "str")
    text = NOUNS.get(kind, kind)
    if kind == "list" and spec.get("elements"):
        text += " of " + {"dict": "dicts", "str": "texts", "int": "whole numbers"}.get(
            spec["elements"], spec["elements"]
        )
    description = spec.get("description", "")
    first = (
        (description if isinstance(description, str) else " ".join(map(str, description))).split(". ")[0].strip(" .")
    )
    return f"{text} ({first})" if first else text


def _quote(kind: str, value: t.Any) -> str:
    if kind in ("str", "path") and isinstance(value, (bool, float)):
        return ", in quotes so that YAML leaves it as it is"
    return ""
