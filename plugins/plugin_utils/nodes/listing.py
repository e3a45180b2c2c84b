# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""List the nodes of a place: Systems Manager's and EC2's, hybrid ones with their tags.

A page of DescribeInstanceInformation has 50 nodes at most, and each page waits for the one before it
(https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeInstanceInformation.html). EC2 gives a
thousand at once. So the first page is read beside EC2's; when it is not the last, EC2's ids are asked for by fifty,
side by side.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, all_done, each, side_by_side
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError
from ansible_collections.cloister.aws.plugins.module_utils._owner import REGION, tag_dict
from ansible_collections.cloister.aws.plugins.plugin_utils.nodes.node import (
    EC2,
    HYBRID,
    Node,
    Place,
    Raw,
    node,
)

A_PAGE = 50
"""The most nodes that DescribeInstanceInformation gives at once."""
MANY = 1000
"""The most machines that DescribeInstances gives at once."""
# What is about to be gone is no node any more.
STANDING = ("pending", "running", "stopping", "stopped")


@dataclass(frozen=True)
class Wanted:
    """Which nodes: of a region of Cloister's (all when empty), with these tags, platforms and resource types."""

    region_name: str = ""
    tags: t.Mapping[str, t.Sequence[str]] = field(default_factory=dict)
    platforms: t.Sequence[str] = ()
    resource_types: t.Sequence[str] = (EC2, HYBRID)

    @property
    def all_tags(self) -> dict[str, t.Sequence[str]]:
        """Return the tags, the one of the region among them."""
        return {**self.tags, **({REGION: [self.region_name]} if self.region_name else {})}

    def takes(self, one: Node) -> bool:
        """Return whether a node is wanted. One whose platform is not known yet is not kept out by it."""
        return (
            one["resource_type"] in self.resource_types
            and (not self.platforms or one["platform"] in (*self.platforms, ""))
            and all(one["tags"].get(key) in values for key, values in self.all_tags.items())
        )


def nodes(aws: Aws, place: Place, account: str, wanted: Wanted) -> list[Node]:
    """Return the wanted nodes of a place, by id. Raise `ApiError` when AWS does not answer every question."""
    reads: list[t.Callable[[], t.Any]] = [lambda: _machines(aws, wanted), lambda: _first_page(aws, wanted)]
    machines, (rows, more) = all_done(side_by_side(lambda read: read(), reads))
    if more:
        rows = _by_id(aws, [machine["InstanceId"] for machine in machines], wanted)
    known = {str(row["InstanceId"]): row for row in rows}
    joined = [node(known.get(one["InstanceId"]), one, tag_dict(one.get("Tags")), place, account) for one in machines]
    hybrid = [row for row in known.values() if row.get("ResourceType") == HYBRID]
    for row, tags in zip(hybrid, _tags(aws, hybrid, wanted), strict=True):
        joined.append(node(row, None, tags, place, account))
    return sorted((one for one in joined if wanted.takes(one)), key=lambda one: one["id"])


def _machines(aws: Aws, wanted: Wanted) -> list[Raw]:
    if EC2 not in wanted.resource_types:
        return []
    filters = [{"Name": f"tag:{key}", "Values": list(map(_literal, said))} for key, said in wanted.all_tags.items()]
    filters.append({"Name": "instance-state-name", "Values": list(STANDING)})
    found = aws.pages("ec2", "describe_instances", "Reservations", Filters=filters, MaxResults=MANY)
    return [machine for reservation in found for machine in reservation["Instances"]]


def _literal(value: str) -> str:
    """Return a value as EC2's filters take it: * and ? would stand for others there."""
    return value.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?")


def _first_page(aws: Aws, wanted: Wanted) -> tuple[list[Raw], bool]:
    """Return the first nodes that Systems Manager tells of, and whether there are more."""
    filters = [{"Key": f"tag:{REGION}", "Values": [wanted.region_name]}] if wanted.region_name else []
    answer = aws.call("ssm", "describe_instance_information", Filters=filters, MaxResults=A_PAGE)
    return answer["InstanceInformationList"], bool(answer.get("NextToken"))


def _by_id(aws: Aws, ids: t.Sequence[str], wanted: Wanted) -> list[Raw]:
    """Return what Systems Manager says of machines, and of all hybrid nodes, which nobody else lists."""
    filters = [("InstanceIds", list(ids[first : first + A_PAGE])) for first in range(0, len(ids), A_PAGE)]
    if HYBRID in wanted.resource_types:
        filters.append(("ResourceType", [HYBRID]))
    try:
        return [row for rows in each(lambda one: _rows(aws, *one), filters) for row in rows]
    except ApiError as exc:
        if exc.code != "InvalidInstanceId":
            raise
        # A machine that was listed a moment ago is gone, and one such id spoils its fifty.
        return aws.pages("ssm", "describe_instance_information", "InstanceInformationList", MaxResults=A_PAGE)


def _rows(aws: Aws, key: str, values: t.Sequence[str]) -> list[Raw]:
    which = [{"Key": key, "Values": list(values)}]
    return aws.pages(
        "ssm", "describe_instance_information", "InstanceInformationList", Filters=which, MaxResults=A_PAGE
    )


def _tags(aws: Aws, hybrid: t.Sequence[Raw], wanted: Wanted) -> list[dict[str, str]]:
    """Return the tags of hybrid nodes; AWS tells them one node at a time."""
    if HYBRID not in wanted.resource_types:
        return [{} for _row in hybrid]
    return each(lambda row: _tags_of(aws, str(row["InstanceId"])), hybrid)


def _tags_of(aws: Aws, identifier: str) -> dict[str, str]:
    answer = aws.call("ssm", "list_tags_for_resource", absent_ok=True, ResourceType=HYBRID, ResourceId=identifier)
    return tag_dict((answer or {}).get("TagList"))
