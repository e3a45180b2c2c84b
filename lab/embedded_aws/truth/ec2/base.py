# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the EC2 truths share: registering actions, refusing, tags, state of our own, slow changes."""

from __future__ import annotations

import datetime
import heapq
import itertools
import secrets
import typing as t
from collections.abc import Callable

from moto.ec2.exceptions import EC2ClientError

from lab.embedded_aws.clock import current as clock
from lab.embedded_aws.delays import current as delays
from lab.embedded_aws.truth.ec2.xml import Ec2Result

Response = t.Any  # moto's EC2Response: _get_param, ec2_backend, region, current_account
Backend = t.Any  # moto's EC2Backend of one account and region
Tags = dict[str, str]

ACTIONS: dict[str, Callable[[Response], t.Any]] = {}
_order = itertools.count()


def action(answer: Callable[[Response], t.Any]) -> Callable[[Response], t.Any]:
    """Register `answer` as the EC2 action its name spells."""
    ACTIONS[answer.__name__] = answer
    return answer


def refuse(code: str, message: str) -> t.NoReturn:
    """Raise an EC2 error with AWS's code."""
    raise EC2ClientError(code, message)


def done() -> Ec2Result:
    """The answer of an action that returns nothing but success."""
    return Ec2Result({"Return": True})


def new_id(prefix: str) -> str:
    """A long resource id, such as vpc-0123456789abcdef0."""
    return f"{prefix}-0{secrets.token_hex(8)}"


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)


def tags_of(backend: Backend, resource_id: str) -> Tags:
    """A resource's tags, straight from moto's table."""
    tags: Tags = backend.tags.get(resource_id) or {}
    return tags


def tag_list(backend: Backend, resource_id: str) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags_of(backend, resource_id).items()]


def forget(backend: Backend, resource_id: str) -> None:
    """Drop the tags of something that is gone."""
    backend.tags.pop(resource_id, None)


def own(backend: Backend, name: str) -> dict[str, t.Any]:
    """A dict of ours kept on the backend; emptied with it."""
    return t.cast("dict[str, t.Any]", backend.__dict__.setdefault("cloister", {}).setdefault(name, {}))


def after(backend: Backend, delay: str, change: Callable[[], None]) -> None:
    """Make `change` once the named delay has passed; at once when it is zero."""
    seconds = delays[delay]
    if seconds <= 0:
        change()
        return
    pending = own(backend, "timeline").setdefault("pending", [])
    heapq.heappush(pending, (clock.now() + seconds, next(_order), change))


def catch_up(backend: Backend) -> None:
    """Make the changes whose time has come; called before each EC2 action."""
    pending = backend.__dict__.get("cloister", {}).get("timeline", {}).get("pending")
    while pending and pending[0][0] <= clock.now():
        heapq.heappop(pending)[2]()


def same_request(backend: Backend, kind: str, token: str | None, made: Callable[[], t.Any]) -> t.Any:
    """What an earlier request with this ClientToken made, else what `made` makes now."""
    if not token:
        return made()
    table = own(backend, f"tokens:{kind}")
    if token not in table:
        table[token] = made()
    return table[token]
