# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documents that commands run: AWS's, as the files beside this say, and those of the account.

https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-schemas-features.html (schema 2.2)
"""

from __future__ import annotations

import dataclasses
import functools
import json
import re
import typing as t
from pathlib import Path

import yaml

from lab.embedded_aws.truth.patching import refuser

refuse = refuser("ssm")

FOLDER = Path(__file__).with_name("documents")
REFERENCE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
Values = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Step:
    """A plugin and what it is told."""

    action: str
    name: str
    inputs: Values


@dataclasses.dataclass(frozen=True)
class Document:
    """A document of schema 2.2: ``parameters`` by name, as it writes them."""

    name: str
    version: str
    parameters: dict[str, Values]
    steps: tuple[Step, ...]

    def values(self, given: dict[str, list[str]]) -> Values:
        """The value of every parameter; refused as AWS refuses what does not fit."""
        for name in given:
            if name not in self.parameters:
                refuse("InvalidParameters", f"document {self.name} does not support parameters: {name}")
        return {name: self._value(name, said, given.get(name)) for name, said in self.parameters.items()}

    def told(self, values: Values) -> tuple[Step, ...]:
        """The steps with the values of parameters in their places."""
        return tuple(Step(step.action, step.name, _filled(step.inputs, values)) for step in self.steps)

    def _value(self, name: str, said: Values, given: list[str] | None) -> t.Any:
        if given is None and "default" not in said:
            if said["type"] == "String" and name == "SourceType":
                return ""  # AWS's own says that it is optional, and has no default.
            refuse("InvalidParameters", f'Parameter "{name}" requires argument.')
        if said["type"] == "StringList":
            return given if given is not None else said["default"]
        if said["type"] == "StringMap":
            return _map(name, given[0]) if given else said["default"]
        value = given[0] if given else str(said["default"])
        allowed, pattern = said.get("allowedValues"), said.get("allowedPattern")
        wrong = (allowed and value not in allowed) or (pattern and not re.search(f"^(?:{pattern})$", value))
        if given and wrong:
            refuse("InvalidParameters", f'Parameter "{name}" has value "{value}" not matching {allowed or pattern}.')
        return value


def find(backend: t.Any, name: str) -> Document:
    """A document by name or ARN; InvalidDocument when there is none that machines can run."""
    short = name.rpartition("/")[2]
    content = _of_aws(short)
    version = "1"
    if content is None:
        # moto's store of the account's own.
        own = backend._documents.get(short)
        if own is None or own.default_version is None:
            refuse("InvalidDocument", f"Document with name {name} does not exist.")
        known = own.versions[own.default_version]
        content, version = _read(known.content), str(own.default_version)
    if str(content.get("schemaVersion")) != "2.2":
        raise NotImplementedError("documents of other schemas than 2.2")
    steps = tuple(Step(one["action"], one["name"], one.get("inputs") or {}) for one in content["mainSteps"])
    return Document(short, version, content.get("parameters") or {}, steps)


@functools.cache
def _of_aws(name: str) -> Values | None:
    file = FOLDER / f"{name}.yml"
    if not re.fullmatch(r"AWS-\w+", name) or not file.exists():
        return None
    return t.cast("Values", yaml.safe_load(file.read_text(encoding="utf-8")))


def _read(content: str) -> Values:
    return t.cast("Values", json.loads(content) if content.lstrip().startswith("{") else yaml.safe_load(content))


def _map(name: str, text: str) -> Values:
    try:
        read = json.loads(text)
    except ValueError:
        read = None
    if not isinstance(read, dict):
        refuse("InvalidParameters", f'Parameter "{name}" is not a valid JSON map.')
    return read


def _filled(inputs: t.Any, values: Values) -> t.Any:
    """Parameters in the place of references; one that is all of a text keeps its own type."""
    if isinstance(inputs, dict):
        return {key: _filled(one, values) for key, one in inputs.items()}
    if isinstance(inputs, list):
        return [_filled(one, values) for one in inputs]
    if not isinstance(inputs, str):
        return inputs
    alone = REFERENCE.fullmatch(inputs)
    if alone:
        return values[alone[1]]
    return REFERENCE.sub(lambda found: str(values[found[1]]), inputs)
