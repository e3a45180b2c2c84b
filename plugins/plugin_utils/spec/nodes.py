# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an inventory says of its nodes, before there are any: group_vars of their roles and pools.

A pool names the role of its machines, and a playbook the roles of this collection that such nodes get, its kit. What
group_vars say is held against the specifications of those, as it is written: a value with a template in it is left to
the node, since it may ask for a secret or for what only the node knows.
"""

from __future__ import annotations

import difflib
import os
import typing as t
from dataclasses import dataclass

from ansible_collections.cloister.aws.plugins.plugin_utils.spec.inventory import PREFIXES, SHARED, Role
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import (
    BROKEN,
    Problem,
    did_you_mean,
    locate,
    shown,
)
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules import proxies
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.shapes import Options, Shape

Variables = t.Mapping[str, t.Any]
Kits = t.Mapping[str, t.Sequence[str]]

ALL = "nodes"
OPERATOR = "operator"
# So near to the name of a role that has a kit, another one is a slip.
NEAR = 0.8


def kits(playbook: t.Iterable[Variables]) -> dict[str, list[str]]:
    """Return the roles that nodes get, by their own role, from the plays that say so."""
    said = [play["vars"] for play in playbook if "node_roles" in (play.get("vars") or {})]
    return {str(one["node_role"]): [role.rpartition(".")[2] for role in one["node_roles"]] for one in said}


@dataclass(frozen=True)
class Nodes:
    """What is known of an inventory's nodes.

    ``said`` gives the untemplated variables of a group's files, ``shared`` are those of all hosts; ``folder`` is where
    the files lie, and ``files`` the names of groups that have one.
    """

    kits: Kits
    roles: t.Mapping[str, Role]
    said: t.Callable[[str], Variables]
    shared: Variables
    folder: str
    files: t.Sequence[str]

    def judge(self, region: Region) -> list[Problem]:
        """Return what is wrong with the variables of nodes, and with the files that hold them."""
        pools = list(_pools(region))
        problems = [*_slips(region, self.kits), *self._nobodys({role for role, _pool in pools}, pools)]
        for role, pool in pools:
            if role in self.kits:
                problems += self._fit(role, f"pool_{pool.replace('-', '_')}")
        problems += [
            Problem(one.stack, one.path, one.found, one.right, locate(self._written(one.stack), one.path) or one.where)
            for one in proxies.rules(region, self.kits, self._written, self._file)
        ]
        used = {role for role, _pool in pools if role in self.kits}
        if used:
            problems += self._strangers(ALL, sorted({name for role in used for name in self.kits[role]}))
        return problems

    def configured(self, region: Region) -> list[str]:
        """Return the roles of the region's nodes that have a kit."""
        return sorted({role for role, _pool in _pools(region)} & set(self.kits))

    def _fit(self, role: str, pool: str) -> list[Problem]:
        """Hold the variables of a role's nodes against the specifications of its kit."""
        written = self._written(f"role_{role}", pool)
        options = self._options(self.kits[role])
        given = {name: plain(value) for name, value in {**self.shared, **written}.items() if name in options}
        shape = Shape(f"nodes of role {role}")
        shape.check(options, given)
        here = self._file(f"role_{role}")
        found = [
            Problem(one.stack, one.path, one.found, one.right, locate(written, one.path) or here)
            for one in shape.problems
        ]
        return [*found, *(one for group in (f"role_{role}", pool) for one in self._strangers(group, self.kits[role]))]

    def _written(self, *groups: str) -> dict[str, t.Any]:
        """Return the untemplated variables of nodes in these groups, a later one's before an earlier one's."""
        return {name: value for group in (ALL, *groups) for name, value in self.said(group).items()}

    def _strangers(self, group: str, kit: t.Sequence[str]) -> list[Problem]:
        """Return the variables of a group that none of its nodes' roles reads and that look like one of theirs."""
        own, everything = self._options(kit), self._owners()
        problems = []
        for name in self.said(group):
            place = locate({name: self.said(group)[name]}, (name,)) or self._file(group)
            prefix = next((role for role in sorted(kit, key=len, reverse=True) if name.startswith(f"{role}_")), "")
            if name in own or name in self.roles[SHARED].options:
                continue
            if name in everything:
                found = f"{name} is a variable of the role {everything[name]}, which these nodes do not get."
                problems.append(Problem(group, (name,), found, f"variables of {', '.join(kit)}", place))
            elif prefix:
                right = did_you_mean(name, own) or f"one of {', '.join(sorted(self.roles[prefix].options))}"
                problems.append(Problem(group, (name,), f"The role {prefix} has no variable {name}.", right, place))
        return problems

    def _nobodys(self, used: set[str], pools: t.Sequence[tuple[str, str]]) -> t.Iterator[Problem]:
        """Yield the files of roles and pools that there are none of, and whose names are near to one.

        Others may be for nodes from elsewhere, whose tags nobody here knows.
        """
        known = {"role_": {*used, *self.kits}, "pool_": {pool.replace("-", "_") for _role, pool in pools}}
        for group in self.files:
            kind = next((prefix for prefix in PREFIXES if group.startswith(prefix)), "")
            name = group.removeprefix(kind)
            if kind and name not in known[kind] and (near := _near(name, known[kind])):
                found = f"No pool makes nodes of the group {group}, so nothing reads this file."
                yield Problem("", (), found, f"did you mean {kind}{near}?", self._file(group))

    def _options(self, kit: t.Iterable[str]) -> Options:
        return {name: option for role in kit for name, option in self.roles[role].options.items()}

    def _owners(self) -> dict[str, str]:
        """Return which role of a kit reads a variable."""
        parts = {name for kit in self.kits.values() for name in kit}
        return {name: role for role in sorted(parts) for name in self.roles[role].options}

    def _file(self, group: str) -> str:
        return os.path.join(self.folder, f"{group}.yml")


def plain(value: t.Any) -> t.Any:
    """Return a value as it is written, with `BROKEN`, which nobody judges, for what is a template or encrypted."""
    if isinstance(value, t.Mapping):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, str):
        return BROKEN if "{{" in value or "{%" in value else value
    return value if value is None or isinstance(value, (int, float)) else BROKEN


def _pools(region: Region) -> t.Iterator[tuple[str, str]]:
    """Yield the role and the name of each pool that has a role, the operator host's among them."""
    for pool in region.items("pools_defined"):
        if pool.name and pool.text("role"):
            yield pool.text("role"), pool.name
    for host in region.variables("operator_host"):
        if isinstance(host.value, t.Mapping):
            yield OPERATOR, host.text("name", OPERATOR)


def _slips(region: Region, known: Kits) -> t.Iterator[Problem]:
    for pool in region.items("pools_defined"):
        role = pool.text("role")
        if role and role not in known and (near := _near(role, known)):
            yield _slip(pool, role, near)


def _slip(pool: Item, role: str, near: str) -> Problem:
    found = f"{shown(role)} is no role that configures anything, and very near to one that does."
    return pool.problem("role", found, f"did you mean {near}?")


def _near(name: str, names: t.Iterable[str]) -> str:
    """Return the name that another is a slip of; numbered ones (proxy2) are meant."""
    if any(letter.isdigit() for letter in name):
        return ""
    return next(iter(difflib.get_close_matches(name, list(names), n=1, cutoff=NEAR)), "")
