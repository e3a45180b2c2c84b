# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the Auto Scaling truths share: registering actions, refusing, groups by name, pages."""

from __future__ import annotations

import typing as t
from collections.abc import Callable

from moto.core.responses import ActionResult, EmptyResult

from lab.embedded_aws.truth.patching import refuser

Response = t.Any  # moto's AutoScalingResponse: params, autoscaling_backend
Backend = t.Any  # moto's AutoScalingBackend of one account and region; its groups are ours
Params = dict[str, t.Any]

ACTIONS: dict[str, Callable[[Response], t.Any]] = {}

refuse = refuser("autoscaling")


def action(answer: Callable[[Response], t.Any]) -> Callable[[Response], t.Any]:
    """Register `answer` as the action its name spells."""
    ACTIONS[answer.__name__] = answer
    return answer


def params(response: Response) -> Params:
    """The request's parameters, typed by botocore's model; those not given are absent."""
    return t.cast("Params", dict(response.params))


def answer(**members: t.Any) -> ActionResult:
    return ActionResult(members)


def done() -> EmptyResult:
    return EmptyResult()


def invalid(message: str) -> t.NoReturn:
    refuse("ValidationError", message)


def not_modelled(what: str) -> t.NoReturn:
    """Answered as NotModelled; see unknown.py."""
    raise NotImplementedError(what)


def group_named(backend: Backend, name: str | None) -> t.Any:
    """The group of a name; refuses with AWS's words."""
    group = backend.autoscaling_groups.get(name or "")
    if group is None:
        invalid(f"AutoScalingGroup name not found - AutoScalingGroup '{name}' not found")
    return group


def group_of(response: Response) -> t.Any:
    """The group that a request names and may change: not one that is being deleted."""
    group = group_named(response.autoscaling_backend, params(response).get("AutoScalingGroupName"))
    if group.deleting:
        refuse("ScalingActivityInProgress", f"AutoScalingGroup {group.name} is pending delete")
    return group


def paged(given: Params, key: str, items: list[t.Any], usual: int, most: int) -> ActionResult:
    """One page of `items` under `key`; the token is the offset of the next."""
    size = int(given.get("MaxRecords") or usual)
    if not 1 <= size <= most:
        invalid(f"1 validation error detected: Value '{size}' at 'maxRecords' must be from 1 to {most}")
    start = int(given.get("NextToken") or 0)
    more = str(start + size) if len(items) > start + size else None
    return ActionResult({key: items[start : start + size], "NextToken": more})
