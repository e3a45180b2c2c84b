# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tags: given with a create, set later, listed, and the rules for them.

Rules: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.ec2 import kinds
from lab.embedded_aws.truth.ec2.base import Backend, Response, Tags, action, catch_up, done, refuse
from lab.embedded_aws.truth.ec2.reading import accepts, paged, read_filters

MOST_TAGS = 50


def requested(response: Response, *types: str) -> Tags:
    """The tags a create names for a resource of the first type; refuses types the action does not make."""
    tags: Tags = {}
    for specification in response._get_param("TagSpecifications", []):
        kind = specification.get("ResourceType")
        if kind not in types:
            refuse("InvalidParameterValue", f"'{kind}' is not a valid taggable resource type for this operation.")
        given = checked(specification.get("Tags") or [])
        if kind == types[0]:
            tags.update(given)
    return tags


def put(backend: Backend, resource_id: str, tags: Tags) -> None:
    """Set tags; refuses more than a resource may have."""
    merged = {**(backend.tags.get(resource_id) or {}), **tags}
    if sum(1 for key in merged if not key.startswith("aws:")) > MOST_TAGS:
        refuse("TagLimitExceeded", "The maximum number of Tags for a resource has been reached.")
    if merged:
        backend.tags[resource_id] = merged


def checked(given: list[dict[str, t.Any]]) -> Tags:
    """The tags given; refuses keys and values AWS does not take."""
    tags: Tags = {}
    for tag in given:
        key, value = str(tag.get("Key", "")), str(tag.get("Value") or "")
        if key in tags:
            refuse("InvalidParameterValue", f"Duplicate tag key '{key}' specified.")
        if key.lower().startswith("aws:"):
            refuse("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
        if not 1 <= len(key) <= 128:
            refuse("InvalidParameterValue", f"Tag key '{key}' must have 1 to 128 characters.")
        if len(value) > 256:
            refuse("InvalidParameterValue", f"Tag value for '{key}' exceeds the maximum length of 256 characters")
        tags[key] = value
    return tags


@action
def create_tags(response: Response) -> t.Any:
    response.error_on_dryrun()
    backend, ids = response.ec2_backend, response._get_param("Resources", [])
    catch_up(backend)
    tags = checked(response._get_param("Tags", []))
    for one in ids:
        _must_exist(backend, one)
    for one in ids:
        put(backend, one, tags)
    return done()


@action
def delete_tags(response: Response) -> t.Any:
    response.error_on_dryrun()
    wanted = response._get_param("Tags", [])
    for one in response._get_param("Resources", []):
        _must_exist(response.ec2_backend, one)
        table = response.ec2_backend.tags.get(one) or {}
        named = {tag["Key"]: tag.get("Value") for tag in wanted} or dict.fromkeys(list(table))
        for key, value in named.items():
            if key in table and value in (None, table[key]):
                del table[key]
    return done()


@action
def describe_tags(response: Response) -> t.Any:
    backend, filters = response.ec2_backend, read_filters(response)
    catch_up(backend)
    rows = [
        {"ResourceId": one, "ResourceType": type_of(one), "Key": key, "Value": value}
        for one, tags in list(backend.tags.items())
        for key, value in tags.items()
    ]
    keys = {"key": "Key", "resource-id": "ResourceId", "resource-type": "ResourceType", "value": "Value"}
    for name, values in filters:
        if name.startswith("tag:"):
            rows = [row for row in rows if row["Key"] == name[4:] and accepts(values, [row["Value"]])]
        elif name in keys:
            rows = [row for row in rows if accepts(values, [row[keys[name]]])]
        else:
            refuse("InvalidParameterValue", f"The filter '{name}' is invalid")
    return paged(response, "Tags", rows)


def type_of(resource_id: str) -> str:
    """The resource type AWS names for an id."""
    from moto.ec2.utils import EC2_PREFIX_TO_RESOURCE

    kind = kinds.of(resource_id)
    return kind.type if kind else EC2_PREFIX_TO_RESOURCE.get(resource_id.rpartition("-")[0], "")


def _must_exist(backend: Backend, resource_id: str) -> None:
    if kinds.of(resource_id):
        kinds.find(backend, resource_id)
        return
    backend.do_resources_exist([resource_id])
