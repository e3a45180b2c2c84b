# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The load balancers and target groups of edges, so that the rules for those that are listed hold for them too."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils import _edge as edge
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import BROKEN, Path
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region, Stack

BALANCERS, GROUPS = "load_balancers_defined", "load_balancers_target_groups"
# Which variable a key comes from: of the load balancer with the addresses, of the one behind it, of target groups.
OUTER = {
    "name": "name",
    "addresses": "addresses",
    "security_groups": "security_groups",
    "listeners": "listeners",
    "records": "names",
}
INNER = {"name": "name", "listeners": "alb", "subnets": "alb", "security_groups": "alb"}
GROUP = {
    "name": "listeners",
    "port": "listeners",
    "vpc": "vpc",
    "health_check": "health_check",
    "deregistration_delay_seconds": "drain_seconds",
    "unhealthy_draining_seconds": "unhealthy_draining_seconds",
}


def of(stack: Stack) -> dict[str, t.Any] | None:
    """Return what a stack says of an edge; None where it says none, or something that is told of elsewhere."""
    mine = {name: value for name, value in stack.values.items() if name.startswith(edge.PREFIX)}
    whole = all(mine.get(f"{edge.PREFIX}{name}") is not None for name in edge.NEEDED)
    return edge.said(mine) if whole and not _broken(mine) else None


def computed(region: Region) -> dict[str, list[Item]]:
    """Return what edges give beside what is listed, by the variable that would list it."""
    made: dict[str, list[Item]] = {BALANCERS: [], GROUPS: []}
    for stack in region.stacks:
        said = of(stack)
        if said is None:
            continue
        parts = edge.parts(said)
        behind = "alb" if said["mode"] == edge.ALB else "listeners"
        outer, *inner = parts["load_balancers"]
        # One without addresses is told of by the rules of edges.
        made[BALANCERS] += [_item(stack, "addresses", outer, OUTER)] if said["addresses"] else []
        made[BALANCERS] += [_item(stack, "alb", one, INNER) for one in inner]
        made[GROUPS] += [_item(stack, behind, one, GROUP) for one in parts["target_groups"]]
    return made


def _item(stack: Stack, variable: str, value: t.Any, keys: t.Mapping[str, str]) -> Item:
    origins: dict[str | int, Path] = {key: _path(name) for key, name in keys.items()}
    return Item(stack.name, _path(variable), value, computed=True, origins=origins)


def _path(name: str) -> Path:
    return (f"{edge.PREFIX}{name}",)


def _broken(value: t.Any) -> bool:
    """Return whether something in it could not be read, at any depth."""
    if isinstance(value, t.Mapping):
        return any(map(_broken, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(_broken, value))
    return value is BROKEN
