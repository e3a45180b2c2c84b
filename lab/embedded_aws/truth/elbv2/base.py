# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the load balancing truths share: registering actions, refusing, pages, checks of enumerations."""

from __future__ import annotations

import secrets
import typing as t
from collections.abc import Callable, Sequence

from moto.core.responses import ActionResult, EmptyResult

from lab.embedded_aws.truth.patching import refuser

Response = t.Any  # moto's ELBV2Response: params, elbv2_backend, region, current_account
Backend = t.Any  # moto's ELBv2Backend of one account and region
Params = dict[str, t.Any]
View = dict[str, t.Any]

ACTIONS: dict[str, Callable[[Response], t.Any]] = {}
PAGE = 400

refuse = refuser("elbv2")


def action(answer: Callable[[Response], t.Any]) -> Callable[[Response], t.Any]:
    """Register `answer` as the action its name spells."""
    ACTIONS[answer.__name__] = answer
    return answer


def params(response: Response) -> Params:
    """The request's parameters, typed by botocore's model; those not given are absent."""
    return t.cast("Params", response.params)


def members(given: Params) -> Params:
    """A structure under AWS's keys; other truths write theirs with a small first letter, as moto does."""
    return {key[:1].upper() + key[1:]: value for key, value in given.items()}


def answer(**shown: t.Any) -> ActionResult:
    return ActionResult(shown)


def done() -> EmptyResult:
    return EmptyResult()


def invalid(message: str) -> t.NoReturn:
    refuse("ValidationError", message)


def misconfigured(message: str) -> t.NoReturn:
    refuse("InvalidConfigurationRequest", message)


def not_modelled(what: str) -> t.NoReturn:
    """Answered as NotModelled; see unknown.py."""
    raise NotImplementedError(what)


def one_of(given: Params, key: str, known: Sequence[str]) -> None:
    """Refuse a value of `key` that AWS's enumeration lacks."""
    value = given.get(key)
    if value is not None and value not in known:
        member = key[0].lower() + key[1:]
        invalid(
            f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: "
            f"Member must satisfy enum value set: [{', '.join(known)}]"
        )


def within(given: Params, key: str, lowest: int, highest: int) -> None:
    """Refuse a number of `key` outside the range."""
    value = given.get(key)
    if value is None or lowest <= int(value) <= highest:
        return
    member = key[0].lower() + key[1:]
    word = "greater than or equal to" if int(value) < lowest else "less than or equal to"
    bound = lowest if int(value) < lowest else highest
    invalid(
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: "
        f"Member must have value {word} {bound}"
    )


def at_most(given: Params, key: str, most: int, noun: str) -> None:
    if len(given.get(key) or []) > most:
        invalid(f"The maximum number of {noun} that can be specified in a single call is {most}")


def paged(given: Params, key: str, things: list[t.Any], view: Callable[[t.Any], View]) -> ActionResult:
    """One page of `things` under `key`; the marker is the offset of the next."""
    within(given, "PageSize", 1, PAGE)
    start, size = int(given.get("Marker") or 0), int(given.get("PageSize") or PAGE)
    more = str(start + size) if len(things) > start + size else None
    return ActionResult({key: [view(one) for one in things[start : start + size]], "NextMarker": more})


def hexadecimal(digits: int = 16) -> str:
    return secrets.token_hex(digits // 2)


def arn(backend: Backend, rest: str) -> str:
    """The ARN of something of this service, such as loadbalancer/app/web/0123456789abcdef."""
    return f"arn:{backend.partition}:elasticloadbalancing:{backend.region_name}:{backend.account_id}:{rest}"


def settings(given: Params) -> dict[str, str]:
    """{key: value} of an Attributes parameter."""
    return {one["Key"]: str(one.get("Value") or "") for one in given.get("Attributes") or []}


def pairs(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in values.items()]
