# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Ownership: the tags that say which region, stack and part a thing in AWS is. There is no other state."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field

REGION = "cloister:region"
STACK = "cloister:stack"
PART = "cloister:part"
TIER = "cloister:tier"
KEEP = "cloister:keep"
ROLE = "cloister:role"
"""What a machine is for, such as `vllm`: nodes are grouped and configured by it."""
ROLE_NAME = re.compile(r"[a-z0-9_]{1,63}")
"""It becomes half the name of a group of the inventory."""
HOME = "cloister:home"
"""The AWS region of what AWS itself keeps for the whole account: roles, instance profiles, zones."""


def tag_dict(tags: t.Iterable[t.Mapping[str, str]] | None) -> dict[str, str]:
    """Turn AWS's ``[{Key, Value}]`` into a dict."""
    return {tag["Key"]: tag["Value"] for tag in tags or ()}


def elsewhere(what: str, tags: t.Mapping[str, str]) -> str:
    """Return a thing of the account that others have, with what to do when they are a region of the same name."""
    if HOME not in tags:
        return what
    return f"{what} of region {tags.get(REGION)} in {tags[HOME]} (a second region needs another region_name)"


def tag_list(tags: t.Mapping[str, str]) -> list[dict[str, str]]:
    """Turn a dict into AWS's ``[{Key, Value}]``, sorted by key."""
    return [{"Key": key, "Value": tags[key]} for key in sorted(tags)]


@dataclass(frozen=True)
class Owner:
    """Who owns what a module makes: a stack of a region.

    ``stack`` is None where a whole region is looked at (facts, proof of a teardown). ``tags`` are the
    region's own tags (cost centre and the like), put on everything beside the ownership tags.
    """

    region: str
    stack: str | None = None
    tags: t.Mapping[str, str] = field(default_factory=dict)

    def tags_for(self, part: str, extra: t.Mapping[str, str] | None = None) -> dict[str, str]:
        """Return every tag that ``part`` of this stack carries."""
        own = {"Name": f"{self.region}-{part}", REGION: self.region, STACK: str(self.stack), PART: part}
        return {**self.tags, **(extra or {}), **own}

    def owns(self, tags: t.Mapping[str, str]) -> bool:
        """Return whether a thing with these tags is this owner's."""
        return tags.get(REGION) == self.region and PART in tags and self.stack in (None, tags.get(STACK))

    def owns_at(self, tags: t.Mapping[str, str], aws_region: str) -> bool:
        """Return whether a thing of the account is this owner's, and not one of a region of this name elsewhere."""
        return self.owns(tags) and tags.get(HOME) in (None, aws_region)

    def filters(self) -> list[dict[str, t.Any]]:
        """Return EC2 ``Filters`` that select what this owner owns."""
        wanted = {REGION: self.region} if self.stack is None else {REGION: self.region, STACK: self.stack}
        return [{"Name": f"tag:{key}", "Values": [value]} for key, value in wanted.items()]
