# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tags of groups, which AWS keeps apart from everybody else's; and filters by them.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-tagging.html
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.autoscaling.base import (
    Params,
    Response,
    action,
    done,
    group_named,
    invalid,
    paged,
    params,
)
from lab.embedded_aws.truth.autoscaling.group import Group

MOST_TAGS = 50
KIND = "auto-scaling-group"


def checked(name: str, given: list[Params]) -> list[Params]:
    """Tags as a group keeps them; refuses keys AWS does not take and tags of another group."""
    kept: dict[str, Params] = {}
    for tag in given:
        key = str(tag.get("Key") or "")
        if not 1 <= len(key) <= 128 or len(str(tag.get("Value") or "")) > 256:
            invalid(f"The tag '{key}' must have a key of 1 to 128 characters and a value of at most 256.")
        if key.lower().startswith("aws:"):
            invalid("Tag keys starting with aws: are reserved for internal use")
        if tag.get("ResourceId") not in (None, name) or tag.get("ResourceType") not in (None, KIND):
            invalid(f"Invalid resource of tag '{key}': expected {KIND} {name}.")
        if key in kept:
            invalid(f"Duplicate tag key '{key}' specified.")
        kept[key] = {
            "Key": key, "Value": str(tag.get("Value") or ""), "PropagateAtLaunch": bool(tag.get("PropagateAtLaunch")),
        }  # fmt: skip
    if len(kept) > MOST_TAGS:
        invalid(f"An Auto Scaling group may have at most {MOST_TAGS} tags.")
    return list(kept.values())


def accepted(group: Group, name: str, values: list[str]) -> bool:
    """Whether a group passes a filter; refuses filters AWS has not."""
    if name.startswith("tag:"):
        return any(one["Key"] == name[4:] and one["Value"] in values for one in group.tags)
    if name == "tag-key":
        return any(one["Key"] in values for one in group.tags)
    if name == "tag-value":
        return any(one["Value"] in values for one in group.tags)
    invalid(f"Filter type {name} is not correct. Allowed Filter types are: tag-key tag-value tag:<key>")


@action
def create_or_update_tags(response: Response) -> t.Any:
    backend, given = response.autoscaling_backend, params(response).get("Tags") or []
    new: dict[str, list[Params]] = {}
    for tag in given:
        new.setdefault(str(tag.get("ResourceId")), []).append(tag)
    for name, tags in new.items():
        group = group_named(backend, name)
        merged = {one["Key"]: one for one in group.tags} | {one["Key"]: one for one in checked(name, tags)}
        if len(merged) > MOST_TAGS:
            invalid(f"An Auto Scaling group may have at most {MOST_TAGS} tags.")
        group.tags = list(merged.values())
    return done()


@action
def delete_tags(response: Response) -> t.Any:
    for tag in params(response).get("Tags") or []:
        group = group_named(response.autoscaling_backend, tag.get("ResourceId"))
        group.tags = [one for one in group.tags if one["Key"] != tag["Key"]]
    return done()


@action
def describe_tags(response: Response) -> t.Any:
    backend, given = response.autoscaling_backend, params(response)
    rows = [
        {"ResourceId": group.name, "ResourceType": KIND, **tag}
        for group in backend.autoscaling_groups.values()
        for tag in group.tags
    ]
    keys = {
        "auto-scaling-group": "ResourceId", "key": "Key", "value": "Value", "propagate-at-launch": "PropagateAtLaunch",
    }  # fmt: skip
    for one in given.get("Filters") or []:
        if one["Name"] not in keys:
            invalid(f"Filter type {one['Name']} is not correct. Allowed Filter types are: {' '.join(keys)}")
        rows = [row for row in rows if str(row[keys[one["Name"]]]).lower() in [v.lower() for v in one["Values"]]]
    return paged(given, "Tags", rows, 50, 100)
