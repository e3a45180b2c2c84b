"""Ways to break a shipped inventory, `us` unless another is named: one thing each, and what the refusal must say."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from pathlib import Path

import yaml

REGION = "group_vars/all/region.yml"
NETWORK, ENDPOINTS = "host_vars/network.yml", "host_vars/endpoints.yml"
GROUPS, DNS, IDENTITY = "host_vars/security_groups.yml", "host_vars/dns.yml", "host_vars/identity.yml"
STACKS = "stacks.yml"

GONE = object()
"""In place of a value: the key is taken out."""


@dataclass(frozen=True)
class Renamed:
    """In place of a value: the key gets another name."""

    to: str


@dataclass(frozen=True)
class Appended:
    """In place of a value: the element is added to the list."""

    element: t.Any


@dataclass(frozen=True)
class Text:
    """In place of a value: the file as it is written, for what YAML itself would not give back."""

    text: str


@dataclass(frozen=True)
class Broken:
    """One broken inventory. ``path`` leads into ``file``; a text on the way into a list finds an element by name."""

    file: str
    path: tuple[t.Any, ...]
    value: t.Any
    variable: str
    words: str
    told_in: str = ""
    """The file that the refusal names, when it is not the one that was changed."""
    inventory: str = "us"
    """The inventory that a copy of is broken."""

    @property
    def id(self) -> str:
        """A short name for the test."""
        return f"{self.variable or self.file}-{self.words}".replace(" ", "_")

    def apply(self, inventory: Path) -> None:
        """Change a copy of the inventory."""
        file = inventory / self.file
        if isinstance(self.value, Text):
            file.write_text((file.read_text() if file.exists() else "") + self.value.text, encoding="utf-8")
            return
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        holder = content
        for step in self.path[:-1]:
            holder = holder[_index(holder, step)]
        _set(holder, _index(holder, self.path[-1]), self.value)
        file.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True), encoding="utf-8")


def _index(holder: t.Any, step: t.Any) -> t.Any:
    if isinstance(holder, list) and isinstance(step, str):
        return next(number for number, element in enumerate(holder) if element["name"] == step)
    return step


def _set(holder: t.Any, key: t.Any, value: t.Any) -> None:
    if value is GONE:
        del holder[key]
    elif isinstance(value, Renamed):
        holder[value.to] = holder.pop(key)
    elif isinstance(value, Appended):
        holder[key] = [*holder.get(key, []), value.element]
    else:
        holder[key] = value
