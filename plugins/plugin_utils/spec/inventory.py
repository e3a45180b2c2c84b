# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From inventory hosts to a region: each stack's role, its variables, and what belongs to no role."""

from __future__ import annotations

import os
import typing as t
from dataclasses import dataclass
from functools import cached_property

from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import (
    BROKEN,
    Path,
    Problem,
    did_you_mean,
    locate,
)
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Region, Stack
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.shapes import Options, Shape

SHARED = "region"
# Groups of nodes, which an inventory has only when there are such.
NODES = ("nodes", "offline_nodes")
PREFIXES = ("role_", "pool_")
# What Ansible and the playbooks themselves read of a host.
OURS = ("inventory_hostname", "stack_role")

Template = t.Callable[[t.Any], t.Any]


@dataclass(frozen=True)
class Role:
    """A role's argument specification and its untemplated defaults, which are read when they are asked for."""

    options: Options
    read_defaults: t.Callable[[], t.Mapping[str, t.Any]] = dict

    @cached_property
    def defaults(self) -> t.Mapping[str, t.Any]:
        """From variable to what it is when nobody says."""
        return self.read_defaults()


@dataclass
class Reading:
    """What was read: the region, the problems so far, and each stack's untemplated variables."""

    region: Region
    problems: list[Problem]
    written: dict[str, t.Mapping[str, t.Any]]


def read(
    hosts: t.Mapping[str, t.Mapping[str, t.Any]],
    roles: t.Mapping[str, Role],
    templates: t.Callable[[t.Mapping[str, t.Any]], Template],
    in_inventory: t.Callable[[str], bool],
) -> Reading:
    """Read all stacks. ``hosts`` are their untemplated variables; ``templates`` makes a templating function of them.

    ``in_inventory`` says whether a place (``file:line``) lies in the inventory.
    """
    stacks, problems = [], []
    for host, variables in hosts.items():
        name = variables.get("stack_role", host)
        role = roles.get(name) if isinstance(name, str) and name != SHARED else None
        if role is None:
            problems.append(_no_role(host, name, variables, roles))
            role = Role({})
        mine = {**roles[SHARED].options, **role.options}
        template = templates({**roles[SHARED].defaults, **role.defaults, **variables})
        shape = Shape(host)
        given = {key: _resolve(shape, template, variables[key], (key,)) for key in mine if key in variables}
        defaults = {**roles[SHARED].defaults, **role.defaults}
        absent = {
            key: _default(template, value)
            for key, value in defaults.items()
            if value is not None and key in mine and key not in given and not mine[key].get("required")
        }
        stacks.append(Stack(host, str(name), shape.check(mine, {**absent, **given})))
        problems += shape.problems
        problems += strangers(host, str(name), variables, roles, in_inventory)
    return Reading(Region(stacks), problems, dict(hosts))


def _no_role(host: str, name: t.Any, variables: t.Mapping[str, t.Any], roles: t.Iterable[str]) -> Problem:
    known = [role for role in roles if role != SHARED]
    found = f"Stack {host} wants the role {name}, which does not exist."
    right = did_you_mean(name, known) or f"one of {', '.join(sorted(known))}"
    if "stack_role" in variables:
        return Problem(host, ("stack_role",), found, right)
    found += " A stack is built by the role of its own name, or by the one that its variable stack_role names."
    return Problem(host, ("stack_role",), found, right, locate(variables, ("inventory_hostname",)))


def _resolve(shape: Shape, template: Template, value: t.Any, path: Path) -> t.Any:
    """Template a value; where that fails go down to the part that fails and leave `BROKEN` there."""
    try:
        return _plain(template(value))
    except Exception as exc:  # noqa: BLE001 - templates run anything, and all of it is the inventory's mistake
        if isinstance(value, t.Mapping):
            return {str(key): _resolve(shape, template, item, (*path, str(key))) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [_resolve(shape, template, item, (*path, index)) for index, item in enumerate(value)]
        reason = str(exc).strip().splitlines()[0] if str(exc).strip() else type(exc).__name__
        return shape.tell(path, f"The template cannot be filled in: {reason}", "only variables of this inventory")


def _default(template: Template, value: t.Any) -> t.Any:
    try:
        return _plain(template(value))
    except Exception:  # noqa: BLE001 - what the default stands on is missing, and that is told by itself
        return BROKEN


def _plain(value: t.Any) -> t.Any:
    """Return templated data as ordinary dicts and lists, so that it can be copied and compared."""
    if isinstance(value, t.Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def strangers(
    host: str,
    role: str,
    variables: t.Mapping[str, t.Any],
    roles: t.Mapping[str, Role],
    in_inventory: t.Callable[[str], bool],
) -> list[Problem]:
    """Return the variables of a stack that no role reads, or not this stack's.

    In host_vars everything must be the stack's own. Elsewhere an inventory may keep helpers of its own for its
    templates, as long as they do not look like a misspelt variable of a role.
    """
    own = {**roles[SHARED].options, **(roles[role].options if role in roles else {})}
    everything = {name: other for other in roles for name in roles[other].options}
    problems = []
    for name in variables:
        place = locate({name: variables[name]}, (name,))
        if name in own or name in OURS or name.startswith("ansible_") or not in_inventory(place):
            continue
        narrow = f"{os.sep}host_vars{os.sep}" in place
        prefix = next((known for known in sorted(roles, key=len, reverse=True) if name.startswith(f"{known}_")), "")
        near = did_you_mean(name, own if narrow else everything)
        if name in everything and not narrow:
            continue
        if name in everything:
            found = f"{name} is a variable of the role {everything[name]}; stack {host} is built by {role}."
            right = f"host_vars of a stack with the role {everything[name]}"
        elif prefix:
            found, right = f"The role {prefix} has no variable {name}.", near or _known(roles[prefix].options)
        elif narrow or _very_near(name, everything):
            found, right = f"{name} is a variable of no role.", near or _known(own)
        else:
            continue
        problems.append(Problem(host, (name,), found, right))
    return problems


def _known(options: t.Iterable[str]) -> str:
    return f"one of {', '.join(sorted(options))}"


def _very_near(name: str, names: t.Iterable[str]) -> bool:
    return any(sorted(name) == sorted(other) or other.replace("_", "") == name.replace("_", "") for other in names)


def orphans(
    sources: t.Iterable[str], hosts: t.Collection[str], groups: t.Collection[str], roles: t.Collection[str]
) -> list[Problem]:
    """Return the files of host_vars and group_vars that look like a stack's or a group's and belong to none.

    Files for nodes that are away today are nobody's mistake, so a name must be near to a stack, a role or a group.
    """
    problems = []
    for source in sources:
        base = source if os.path.isdir(source) else os.path.dirname(source)
        for folder, names, near in (("host_vars", hosts, {*hosts, *roles}), ("group_vars", groups, {*groups})):
            path = os.path.join(base, folder)
            for entry in sorted(os.listdir(path)) if os.path.isdir(path) else ():
                name = entry.split(".")[0]
                if folder == "group_vars" and (name in NODES or name.startswith(PREFIXES)):
                    continue
                if not name or name in names or not (name in near or did_you_mean(name, near)):
                    continue
                what = "stack" if folder == "host_vars" else "group"
                right = (
                    f"another name ({did_you_mean(name, names) or 'none is near'}), or a {what} {name} in the inventory"
                )
                found = f"There is no {what} called {name}, so nothing reads this file."
                problems.append(Problem("", (), found, right, os.path.join(path, entry)))
    return problems


def homeless(
    stacks: t.Iterable[str], groups: t.Mapping[str, t.Collection[str]], layers: t.Sequence[str]
) -> list[Problem]:
    """Return the stacks that lie in no layer, which nothing would build, or in more than one."""
    problems = []
    for stack in stacks:
        own = [layer for layer in layers if stack in groups.get(layer, ())]
        if layers and len(own) != 1:
            found = f"Stack {stack} lies in {' and in '.join(f'the layer {layer}' for layer in own) or 'no layer'}."
            right = f"one of the groups {', '.join(layers)}, from the ground up"
            problems.append(Problem(stack, (), found, right, "stacks.yml"))
    return problems
