# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Refuse an inventory that cannot become a region, before anything is asked of AWS.

Reads the variables of all stacks, the roles' argument specifications and defaults; the judging is plugin_utils/spec's.
"""

from __future__ import annotations

import functools
import os
import typing as t

import yaml
from ansible.plugins.action import ActionBase
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.catalogue import regions_by_partition
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.inventory import Reading, Role, homeless, orphans, read
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.needs import needs, vpc_ranges
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.nodes import Nodes, kits
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, locate, message, search
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Region
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules import judge, ways

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
ROLES = os.path.join(ROOT, "roles")
CONFIGURE = os.path.join(ROOT, "playbooks", "configure_nodes.yml")
YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class ActionModule(ActionBase):
    """The task ``cloister.aws.region_spec``; see the module of that name for its documentation."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _VALID_ARGS = frozenset(("group",))

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Read, judge, and fail with every problem at once, or tell what the region needs of AWS."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        variables = task_vars or {}
        sources = [os.path.abspath(source) for source in variables.get("ansible_inventory_sources") or ()]
        groups = variables.get("groups", {})
        stacks = list(groups.get(self._task.args.get("group", "stacks"), ()))
        if not stacks:
            return {**result, "failed": True, "msg": _NO_STACKS}
        bases = tuple(source if os.path.isdir(source) else os.path.dirname(source) for source in sources)
        roles = {name: self._role(name) for name in _role_names()}
        reading = self._read(stacks, variables, bases, roles)
        region = Region(reading.region.stacks, regions_by_partition())
        problems = reading.problems + orphans(sources, groups.get("all", ()), groups, _role_names()) + judge(region)
        problems += homeless(stacks, groups, variables.get("region_layers", ()))
        nodes = self._nodes(bases, roles, reading.written[stacks[0]])
        problems += nodes.judge(region)
        problems = problems or ways.cannot_be_laid_out(region)
        if problems:
            said = message(problems, lambda problem: _place(problem, reading, sources))
            return {**result, "failed": True, "msg": said}
        told = {"needs": needs(region), "vpc_ranges": vpc_ranges(region)}
        of_nodes = {"node_roles": nodes.configured(region), "node_kits": nodes.kits}
        return {**result, "changed": False, "stacks": stacks, **told, **of_nodes}

    def _read(
        self, stacks: list[str], variables: dict[str, t.Any], bases: t.Sequence[str], roles: t.Mapping[str, Role]
    ) -> Reading:
        hostvars = variables["hostvars"]

        def templates(mine: t.Mapping[str, t.Any]) -> t.Callable[[t.Any], t.Any]:
            available = {**mine, "hostvars": hostvars}
            return self._templar.copy_with_new_env(available_variables=available).template  # type: ignore[no-any-return]

        hosts = {stack: hostvars.raw_get(stack) for stack in stacks}
        return read(hosts, roles, templates, lambda place: place.startswith(tuple(base + os.sep for base in bases)))

    def _nodes(self, bases: t.Sequence[str], roles: t.Mapping[str, Role], shared: t.Mapping[str, t.Any]) -> Nodes:
        folders = [os.path.join(base, "group_vars") for base in bases]
        files = [name.split(".")[0] for folder in folders if os.path.isdir(folder) for name in os.listdir(folder)]

        @functools.cache
        def said(group: str) -> dict[str, t.Any]:
            found = [file for folder in folders for file in self._loader.find_vars_files(folder, group)]
            read = (self._loader.load_from_file(file, trusted_as_template=True) for file in found)
            return {name: value for one in read for name, value in (one or {}).items()}

        with open(CONFIGURE, encoding="utf-8") as file:
            given = kits(yaml.load(file, Loader=YAML))  # noqa: S506 - a safe loader, in C where there is one
        return Nodes(given, roles, said, shared, folders[0], sorted(files))

    def _role(self, name: str) -> Role:
        with open(os.path.join(ROLES, name, "meta", "argument_specs.yml"), encoding="utf-8") as file:
            specification = yaml.load(file, Loader=YAML)  # noqa: S506 - a safe loader, in C where there is one
        points = specification["argument_specs"].values()
        options = {name: option for point in points for name, option in point.get("options", {}).items()}
        return Role(options, functools.partial(self._defaults, os.path.join(ROLES, name, "defaults", "main.yml")))

    def _defaults(self, file: str) -> dict[str, t.Any]:
        found = self._loader.load_from_file(file, trusted_as_template=True) if os.path.exists(file) else {}
        return found or {}


_NO_STACKS = (
    "This inventory has no host in the group stacks, so there is nothing to build. "
    "Right would be: an inventory like inventories/us, whose stacks.yml lists its stacks (-i inventories/us)"
)


def _role_names() -> list[str]:
    return [
        name
        for name in sorted(os.listdir(ROLES))
        if os.path.exists(os.path.join(ROLES, name, "meta", "argument_specs.yml"))
    ]


def _place(problem: Problem, reading: Reading, sources: list[str]) -> str:
    """Return file and line of a problem, from the current folder where that is shorter."""
    written = reading.written.get(problem.stack, {})
    place = problem.where or locate(written, problem.path)
    if not place and problem.path:
        place = search(sources, problem.stack, str(problem.path[0]))
    if not place and problem.stack:
        # What is written nowhere is missing from where the stack's variables would be.
        shared = str(problem.path[0]).startswith("region_")
        place = os.path.join(
            _base(sources), *(("group_vars", "all") if shared else ("host_vars", f"{problem.stack}.yml"))
        )
    near = os.path.relpath(place) if place.startswith(os.sep) else place
    return place if near.startswith(os.pardir) else near


def _base(sources: list[str]) -> str:
    return next((source if os.path.isdir(source) else os.path.dirname(source) for source in sources), "inventory")
