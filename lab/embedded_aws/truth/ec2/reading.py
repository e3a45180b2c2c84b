# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every Describe in one way: ids, filters with wildcards, tags, pages."""

from __future__ import annotations

import functools
import re
import typing as t

from lab.embedded_aws.truth.ec2.base import Response, catch_up, refuse, tags_of
from lab.embedded_aws.truth.ec2.kinds import Kind, refuse_missing
from lab.embedded_aws.truth.ec2.xml import Ec2Result

View = dict[str, t.Any]
_WILD = re.compile(r"[*?\\]")
_STEP = re.compile(r"\\.|.", re.DOTALL)


def describe(response: Response, kind: Kind, result: str, ids_param: str) -> Ec2Result:
    """The answer of a Describe action over one kind; `result` is the list's key in the output."""
    response.error_on_dryrun()
    backend = response.ec2_backend
    catch_up(backend)
    things = _wanted(kind, list(kind.objects(backend)), response._get_param(ids_param, []))
    filters = read_filters(response)
    views = [kind.view(thing) for thing in _by_tags(backend, things, filters)]
    rest = [one for one in filters if not one[0].startswith("tag")]
    for name, _ in rest:
        if name not in kind.filters:
            refuse("InvalidParameterValue", f"The filter '{name}' is invalid")
    kept = [view for view in views if all(accepts(values, dig(view, kind.filters[name])) for name, values in rest)]
    return paged(response, result, kept)


def paged(response: Response, result: str, items: list[t.Any]) -> Ec2Result:
    """One page of `items` under the key `result`; the token is the offset of the next."""
    size = int(response._get_param("MaxResults", 0) or 0)
    start = int(response._get_param("NextToken", 0) or 0)
    if not size:
        return Ec2Result({result: items[start:]})
    more = str(start + size) if len(items) > start + size else None
    return Ec2Result({result: items[start : start + size], "NextToken": more})


def read_filters(response: Response) -> list[tuple[str, list[str]]]:
    """(name, values) of the request's filters; some actions call the parameter Filter."""
    given = response._get_param("Filters", []) or response._get_param("Filter", [])
    return [(one.get("Name", ""), list(one.get("Values") or [])) for one in given]


def _wanted(kind: Kind, things: list[t.Any], ids: list[str]) -> list[t.Any]:
    if not ids:
        return things
    known = {thing.id: thing for thing in things}
    missing = [one for one in ids if one not in known]
    if missing:
        refuse_missing(kind, missing)
    return [known[one] for one in ids]


def _by_tags(backend: t.Any, things: list[t.Any], filters: list[tuple[str, list[str]]]) -> list[t.Any]:
    for name, values in filters:
        if name.startswith("tag:"):
            key = name[4:]
            things = [thing for thing in things if accepts(values, [tags_of(backend, thing.id).get(key)])]
        elif name == "tag-key":
            things = [thing for thing in things if accepts(values, list(tags_of(backend, thing.id)))]
        elif name == "tag-value":
            things = [thing for thing in things if accepts(values, list(tags_of(backend, thing.id).values()))]
    return things


def dig(view: t.Any, path: str) -> list[t.Any]:
    """The values at a path such as CidrBlockAssociationSet[].CidrBlock."""
    found = [view]
    for step in path.split("."):
        key = step.removesuffix("[]")
        found = [one[key] for one in found if isinstance(one, dict) and one.get(key) is not None]
        if step.endswith("[]"):
            found = [item for items in found for item in items]
    return found


def accepts(values: list[str], found: list[t.Any]) -> bool:
    """Whether any found value is one of `values`, which may hold * and ?; behind a backslash they are themselves."""
    texts = [_text(one) for one in found if one is not None]
    for value in values:
        if not _WILD.search(value):
            if value in texts:
                return True
        elif any(_pattern(value).fullmatch(one) for one in texts):
            return True
    return False


@functools.lru_cache(maxsize=256)
def _pattern(value: str) -> re.Pattern[str]:
    wild = {"*": ".*", "?": "."}
    return re.compile("".join(wild.get(step) or re.escape(step[-1]) for step in _STEP.findall(value)), re.DOTALL)


def _text(value: t.Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
