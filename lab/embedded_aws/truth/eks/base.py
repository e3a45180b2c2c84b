# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the EKS truths share: registering actions, refusing, ARNs, tags, pages, and the clock."""

from __future__ import annotations

import datetime
import functools
import typing as t
import uuid
from collections.abc import Callable

from moto.core.responses import ActionResult

from lab.embedded_aws.truth.ec2.base import after as after_on
from lab.embedded_aws.truth.ec2.base import catch_up, own
from lab.embedded_aws.truth.patching import refuser

Response = t.Any  # moto's EKSResponse: params, eks_backend
Backend = t.Any  # moto's EKS backend of one account and region; its clusters are ours
Body = dict[str, t.Any]
Tags = dict[str, str]

ACTIONS: dict[str, Callable[[Response], t.Any]] = {}
MOST_TAGS = 50

refuse = refuser("eks")


def action(answer: Callable[[Response], t.Any]) -> Callable[[Response], t.Any]:
    """Register `answer` as the EKS action its name spells."""
    ACTIONS[answer.__name__] = answer
    return answer


def params(response: Response) -> Body:
    """The request's parameters by their names in botocore's model, those of the path among them."""
    return {key: value for key, value in dict(response.params).items() if value is not None}


def answer(**members: t.Any) -> ActionResult:
    """The answer of an action, by its output's members."""
    return ActionResult(members)


def invalid(message: str) -> t.NoReturn:
    refuse("InvalidParameterException", message)


def bad_request(message: str) -> t.NoReturn:
    refuse("InvalidRequestException", message)


def in_use(message: str) -> t.NoReturn:
    refuse("ResourceInUseException", message)


def missing(message: str) -> t.NoReturn:
    refuse("ResourceNotFoundException", message)


def not_modelled(what: str) -> t.NoReturn:
    """Answered as NotModelled; see unknown.py."""
    raise NotImplementedError(what)


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def new_uuid() -> str:
    return str(uuid.uuid4())


def arn(backend: Backend, path: str) -> str:
    """The ARN of cluster/main, nodegroup/main/apps/<uuid>, ..."""
    return f"arn:{backend.partition}:eks:{backend.region_name}:{backend.account_id}:{path}"


def ec2_of(backend: Backend) -> t.Any:
    """The EC2 backend beside this one; its clock is ours too."""
    from moto.ec2.models import ec2_backends

    return ec2_backends[backend.account_id][backend.region_name]


def after(backend: Backend, delay: str, change: Callable[[], None]) -> None:
    """Make `change` once the named delay has passed; at once when it is zero."""
    after_on(ec2_of(backend), delay, change)


def call_action(dispatch: Callable[[Response], t.Any]) -> Callable[[Response], t.Any]:
    """moto's dispatch, with the changes made first whose time has come."""

    def call(self: Response) -> t.Any:
        from lab.embedded_aws.truth.eks import nodes

        catch_up(ec2_of(self.eks_backend))
        nodes.look(self.eks_backend)
        return dispatch(self)

    return call


def wholly_parsed(owner: type) -> None:
    """Let moto read requests by botocore's model: lists in query strings, integers, names in paths."""
    begin = owner.__init__  # type: ignore[misc]

    @functools.wraps(begin)
    def __init__(self: Response) -> None:  # noqa: N807
        begin(self)
        self.automated_parameter_parsing = True

    owner.__init__ = __init__  # type: ignore[misc]


def read_tags(given: Tags | None) -> Tags:
    """The tags of a create call, refused as AWS refuses them."""
    tags = dict(given or {})
    for key, value in tags.items():
        if key.lower().startswith("aws:"):
            invalid("Tag keys starting with 'aws:' are reserved for AWS use.")
        if not 1 <= len(key) <= 128 or len(value) > 256:
            invalid(f"The tag '{key}' must have a key of 1 to 128 characters and a value of at most 256.")
    if len(tags) > MOST_TAGS:
        invalid(f"The number of tags exceeds the maximum of {MOST_TAGS}.")
    return tags


def same_request(backend: Backend, kind: str, token: str | None, make: Callable[[], t.Any]) -> t.Any:
    """What an earlier request with this clientRequestToken made while that is there, else what `make` makes now."""
    table = own(backend, f"tokens:{kind}")
    known = table.get(token or "")
    if known is not None and not getattr(known, "gone", False):
        return known
    made = make()
    if token:
        table[token] = made
    return made


def first(shown: Body) -> Body:
    """What was just asked for, as the answer shows it: on its way, however little time it takes."""
    if "params" in shown:
        return {**shown, "status": "InProgress", "errors": []}
    return {**shown, "status": "CREATING", "health": {"issues": []}}


def page(given: Body, items: list[t.Any], key: str) -> ActionResult:
    """One page of a list under `key`, and the token of the next."""
    size, start = int(given.get("maxResults") or 100), int(given.get("nextToken") or 0)
    if not 1 <= size <= 100:
        invalid("maxResults needs to be in the range 1 to 100")
    more = str(start + size) if len(items) > start + size else None
    return answer(**{key: items[start : start + size], "nextToken": more})
