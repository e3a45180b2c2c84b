# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""DescribeInstanceInformation: which nodes are asked for, and a page of them at a time.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeInstanceInformation.html,
https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_InstanceInformationStringFilter.html
"""

from __future__ import annotations

import json
import re
import typing as t

from lab.embedded_aws.truth.managed_nodes.pings import STATUSES, Node
from lab.embedded_aws.truth.patching import refuser

Response = t.Any  # moto's SimpleSystemManagerResponse
Filter = dict[str, t.Any]

refuse = refuser("ssm")
LEAST, MOST = 5, 50
# AWS does not say how many come unasked; few, so that whoever reads one page alone is found out.
UNASKED = 10
MOST_VALUES = 100
INSTANCE = re.compile(r"(i-[0-9a-f]{8}([0-9a-f]{9})?|mi-[0-9a-f]{17})")
KEYS = {
    "InstanceIds": "InstanceId", "PingStatus": "PingStatus", "PlatformType": "PlatformType",
    "PlatformTypes": "PlatformType", "ResourceType": "ResourceType", "AgentVersion": "AgentVersion",
    "ActivationIds": "ActivationId", "IamRole": "IamRole", "AssociationStatus": "AssociationStatus",
    "SourceIds": "SourceId", "SourceTypes": "SourceType",
}  # fmt: skip
VALUES = {
    "PingStatus": STATUSES, "PlatformType": ("Windows", "Linux", "MacOS"),
    "PlatformTypes": ("Windows", "Linux", "MacOS"), "ResourceType": ("EC2Instance", "ManagedInstance"),
    "AssociationStatus": ("Success", "Pending", "Failed"),
    "SourceTypes": ("AWS::EC2::Instance", "AWS::SSM::ManagedInstance", "AWS::IoT::Thing"),
}  # fmt: skip


def describe_instance_information(self: Response) -> str:
    from lab.embedded_aws.truth import managed_nodes

    given = json.loads(self.body) if self.body else {}
    filters = _filters(given)
    found = [
        node
        for node in managed_nodes.nodes(self.current_account, self.region)
        if all(_meets(node, one) for one in filters)
    ]
    found.sort(key=lambda node: str(node["InstanceId"]))
    page, token = _page(found, given)
    rows = [{key: value for key, value in node.items() if key != "tags"} for node in page]
    return json.dumps({"InstanceInformationList": rows, **token})


def _filters(given: dict[str, t.Any]) -> list[Filter]:
    """The filters of either form, checked."""
    old, new = given.get("InstanceInformationFilterList") or [], given.get("Filters") or []
    if old and new:
        refuse("ValidationException", "InstanceInformationFilterList and Filters cannot be used together")
    filters = [{"Key": one["key"], "Values": one["valueSet"]} for one in old] or new
    tags = [one for one in filters if one["Key"].startswith("tag")]
    if tags and (old or len(tags) < len(filters)):
        refuse("InvalidFilterKey", "Tag filters can't be combined with other filter types")
    for one in filters:
        _check(one)
    return filters


def _check(one: Filter) -> None:
    key, values = one["Key"], one["Values"]
    if not (key in KEYS or key == "tag-key" or (key.startswith("tag:") and key != "tag:")):
        refuse("InvalidFilterKey", f"The specified key isn't valid: {key}")
    if not 1 <= len(values) <= MOST_VALUES:
        refuse("ValidationException", f"Member must have length between 1 and {MOST_VALUES}: {key}")
    wrong = [value for value in values if key in VALUES and value not in VALUES[key]]
    if wrong:
        refuse("InvalidInstanceInformationFilterValue", f"The specified filter value isn't valid: {wrong[0]}")
    if key == "InstanceIds" and not all(map(INSTANCE.fullmatch, values)):
        refuse("InvalidInstanceId", f"The instance ids {', '.join(values)} are not all valid")


def _meets(node: Node, one: Filter) -> bool:
    key, values = one["Key"], one["Values"]
    if key == "tag-key":
        return any(name in values for name in node["tags"])
    if key.startswith("tag:"):
        return node["tags"].get(key.removeprefix("tag:")) in values
    return node.get(KEYS[key]) in values


def _page(found: list[Node], given: dict[str, t.Any]) -> tuple[list[Node], dict[str, str]]:
    """The page that a token leads to, and the token of the next one; a token is the last id of its page."""
    most, token = given.get("MaxResults") or UNASKED, given.get("NextToken")
    if not LEAST <= most <= MOST:
        refuse("ValidationException", f"MaxResults must be from {LEAST} to {MOST}, not {most}")
    if token and not INSTANCE.fullmatch(token):
        refuse("InvalidNextToken", "The specified token isn't valid")
    left = [node for node in found if not token or node["InstanceId"] > token]
    page = left[:most]
    return page, {"NextToken": page[-1]["InstanceId"]} if len(left) > most else {}
