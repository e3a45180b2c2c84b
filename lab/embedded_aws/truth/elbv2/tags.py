# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tags of load balancers, listeners, rules and target groups.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_AddTags.html
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.elbv2.base import Params, Response, action, answer, done, invalid, pairs, params, refuse
from lab.embedded_aws.truth.elbv2.finding import anything

MOST_TAGS, MOST_ARNS = 50, 20


def read_tags(given: Params) -> dict[str, str]:
    """The tags of a create request, checked."""
    tags: dict[str, str] = {}
    for one in given.get("Tags") or []:
        if one["Key"] in tags:
            refuse("DuplicateTagKeys", f"Tag key '{one['Key']}' was specified more than once")
        tags[one["Key"]] = str(one.get("Value") or "")
    _check(tags)
    return tags


def _check(tags: dict[str, str]) -> None:
    if len(tags) > MOST_TAGS:
        refuse("TooManyTags", "The maximum number of tags has been reached")
    for key in tags:
        if key.lower().startswith("aws:"):
            invalid(f"Tag key '{key}' is reserved: the prefix aws: is for use by AWS")


def _arns(given: Params) -> list[str]:
    arns = given.get("ResourceArns") or []
    if len(arns) > MOST_ARNS:
        invalid(f"Too many resources: tags of at most {MOST_ARNS} can be read or set in one call")
    return list(dict.fromkeys(arns))


@action
def add_tags(response: Response) -> t.Any:
    given = params(response)
    things = [anything(response.elbv2_backend, one) for one in _arns(given)]
    more = read_tags(given)
    for one in things:
        _check({**one.tags, **more})
    for one in things:
        one.tags.update(more)
    return done()


@action
def remove_tags(response: Response) -> t.Any:
    given = params(response)
    things = [anything(response.elbv2_backend, one) for one in _arns(given)]
    for one in things:
        for key in given.get("TagKeys") or []:
            one.tags.pop(key, None)
    return done()


@action
def describe_tags(response: Response) -> t.Any:
    found = [anything(response.elbv2_backend, one) for one in _arns(params(response))]
    return answer(TagDescriptions=[{"ResourceArn": one.arn, "Tags": pairs(one.tags)} for one in found])
