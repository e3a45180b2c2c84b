# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One table of the EC2 kinds: where they are, how they look, how they are filtered, how AWS says they are missing."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Callable, Iterable

from lab.embedded_aws.truth.ec2.base import Backend, refuse


@dataclasses.dataclass(frozen=True)
class Kind:
    """One kind of resource.

    `type` is its name in TagSpecifications; `missing` is (error code, noun) of the not-found error; `filters`
    maps a filter's name to a path into the view, where `[]` steps into each item of a list.
    """

    type: str
    prefix: str
    missing: tuple[str, str]
    id_key: str
    objects: Callable[[Backend], Iterable[t.Any]]
    view: Callable[[t.Any], dict[str, t.Any]]
    filters: dict[str, str]
    gone: Callable[[t.Any], bool] = lambda _: False


KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Add `kind` to the table, by its id prefix."""
    KINDS[kind.prefix] = kind
    return kind


def of(resource_id: str) -> Kind | None:
    """The kind that an id belongs to."""
    return KINDS.get(resource_id.rpartition("-")[0])


def find(backend: Backend, resource_id: str) -> t.Any:
    """The object of a known kind with this id; refuses with AWS's not-found error."""
    kind = of(resource_id)
    if kind is None:
        refuse("InvalidID", f"The ID '{resource_id}' is not valid")
    for thing in kind.objects(backend):
        if thing.id == resource_id and not kind.gone(thing):
            return thing
    refuse_missing(kind, [resource_id])


def refuse_missing(kind: Kind, ids: list[str]) -> t.NoReturn:
    """The not-found (or malformed) error for ids of one kind."""
    code, noun = kind.missing
    malformed = next((one for one in ids if not one.startswith(kind.prefix + "-")), None)
    if malformed and code.endswith(".NotFound"):
        refuse(code.replace(".NotFound", ".Malformed"), f'Invalid id: "{malformed}" (expecting "{kind.prefix}-...")')
    verb = "does" if len(ids) == 1 else "do"
    refuse(code, f"The {noun} '{', '.join(ids)}' {verb} not exist")
