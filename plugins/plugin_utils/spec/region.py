# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A whole region as its inventory describes it: what the rules between variables look at.

Everything here is tolerant: what a problem has already been told of is left out, so that one mistake is told once.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import BROKEN, Path, Problem, spell


@dataclass(frozen=True)
class Stack:
    """A stack: its role, and its variables by name after the specification has been applied."""

    name: str
    role: str
    values: t.Mapping[str, t.Any]


@dataclass(frozen=True)
class Item:
    """A value somewhere in a stack's variables, with the way to it."""

    stack: str
    path: Path
    value: t.Any
    computed: bool = False
    """Whether it stands for what a plan at this path gives, so that it has no keys in any file."""
    origins: t.Mapping[str | int, Path] = field(default_factory=dict)
    """Of what is computed, where in the files some of its keys come from."""

    def get(self, key: str, default: t.Any = None) -> t.Any:
        """Return a key of a dict, or the default where it is missing or broken."""
        found = self.value.get(key, default) if isinstance(self.value, t.Mapping) else default
        return default if found is BROKEN or found is None else found

    def text(self, key: str, default: str = "") -> str:
        """Return a key of a dict as text; the default where it is missing, broken or anything but text."""
        found = self.get(key, default)
        return str(found) if isinstance(found, (str, int)) and not isinstance(found, bool) else default

    def child(self, key: str | int) -> Item:
        """Return what lies under a key, or under an index of a list."""
        try:
            value = self.value[key]
        except (KeyError, IndexError, TypeError):
            value = BROKEN
        return Item(self.stack, self._way(key), value, self.computed)

    def items(self, key: str | None = None) -> t.Iterator[Item]:
        """Yield the sound elements of a list: of this value, or of one of its keys."""
        holder = self if key is None else self.child(key)
        if isinstance(holder.value, (list, tuple)):
            children = (holder.child(index) for index in range(len(holder.value)))
            yield from (child for child in children if child.value is not BROKEN)

    @property
    def name(self) -> str:
        """The logical name, empty where it is broken."""
        return self.text("name")

    @property
    def spelled(self) -> str:
        """How a message refers to it: ``network_subnets[2] (private-a)``."""
        return f"{spell(self.path)} ({self.name})" if self.name else spell(self.path)

    def problem(self, key: str | int | None, found: str, right: str) -> Problem:
        """Return a problem of this value, or of one of its keys."""
        return Problem(self.stack, self.path if key is None else self._way(key), found, right)

    def _way(self, key: str | int) -> Path:
        return self.origins.get(key, self.path) if self.computed else (*self.path, key)


@dataclass(frozen=True)
class Region:
    """All stacks of an inventory, looked at as one."""

    stacks: t.Sequence[Stack]
    aws_regions: t.Mapping[str, str] = field(default_factory=dict)
    """The partition of each AWS region that is known; empty where nothing is."""
    computed: t.Mapping[str, t.Sequence[Item]] = field(default_factory=dict)
    """Elements of list variables that are written nowhere but worked out."""
    unsound: frozenset[str] = frozenset()
    """Variables whose elements are not all known, so that references to them cannot be judged."""

    def variables(self, variable: str) -> t.Iterator[Item]:
        """Yield a variable of each stack whose role has it."""
        for stack in self.stacks:
            if stack.values.get(variable, BROKEN) is not BROKEN:
                yield Item(stack.name, (variable,), stack.values[variable])

    def items(self, variable: str) -> t.Iterator[Item]:
        """Yield the elements of a list variable, over all stacks that have it."""
        for holder in self.variables(variable):
            yield from holder.items()
        yield from self.computed.get(variable, ())

    def shared(self, variable: str, default: t.Any = None) -> t.Any:
        """Return a region-wide variable."""
        return next((item.value for item in self.variables(variable)), default)

    def shared_item(self, variable: str) -> Item | None:
        """Return a region-wide variable with its path."""
        return next(self.variables(variable), None)

    def named(self, variable: str) -> dict[str, Item]:
        """Return the elements of a list variable by name; of two with one name the first."""
        found: dict[str, Item] = {}
        for item in self.items(variable):
            if item.name:
                found.setdefault(item.name, item)
        return found

    def adopted(self, noun: str) -> dict[str, str]:
        """Return ids by name of what others made, for a kind's noun such as ``VPC``."""
        adopted = self.shared("region_adopted", {})
        kinds = adopted.get(noun) if isinstance(adopted, t.Mapping) else None
        return {str(name): str(value) for name, value in kinds.items()} if isinstance(kinds, t.Mapping) else {}

    def sound(self, variable: str) -> bool:
        """Return whether every element of a list variable has a name, so that references to it can be judged."""
        holders = [stack.values[variable] for stack in self.stacks if variable in stack.values]
        return variable not in self.unsound and all(
            isinstance(holder, (list, tuple))
            and all(isinstance(item, t.Mapping) and isinstance(item.get("name"), str) for item in holder)
            for holder in holders
        )


def vpc_of(item: Item, region: Region) -> Item | None:
    """Return the VPC that a subnet or a plan names; where there is a single VPC it need not."""
    vpcs = region.named("network_vpcs")
    name = item.text("vpc")
    return vpcs.get(name) if name else next(iter(vpcs.values())) if len(vpcs) == 1 else None
