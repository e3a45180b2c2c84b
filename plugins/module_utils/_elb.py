# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What all kinds of Elastic Load Balancing have in common: names, tags, and how they are found.

Its listings take no tag filters. What is ours is called ``<region>-<part>`` or stands on something that is, so only
that is asked for its tags. https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTags.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, Patience, each
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError, OwnershipError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import STACK, Owner, tag_dict, tag_list

MOST_ARNS = 20
LONGEST_NAME = 32
IN_USE = Patience(frozenset({"ResourceInUse"}), seconds=120)
"""What is met while AWS still takes apart what held a target group, an address or a listener."""


class ElbKind(Kind):
    """A kind of Elastic Load Balancing; its id is its ARN."""

    arn_key: t.ClassVar[str]

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Set these tags, leaving others alone."""
        self.aws.call("elbv2", "add_tags", ResourceArns=[found.id], Tags=tag_list(tags))

    def made(self, answer: t.Mapping[str, t.Any], listed: str, tags: t.Mapping[str, str]) -> Found:
        """Wrap the answer of a create, which does not repeat the tags."""
        raw = answer[listed][0]
        return Found(raw[self.arn_key], tags, raw)


class NamedElbKind(ElbKind):
    """A kind that has a name of its own in AWS, unique in the account's AWS region."""

    describe: t.ClassVar[str]
    listed: t.ClassVar[str]
    name_key: t.ClassVar[str]

    def __init__(self, aws: Aws, owner: Owner) -> None:
        super().__init__(aws, owner)
        self._namesakes: dict[str, Found] = {}

    def find(self) -> list[Found]:
        """Return what the owner owns."""
        head = f"{self.owner.region}-"
        listed = self.aws.pages("elbv2", self.describe, self.listed)
        raws = {raw[self.arn_key]: raw for raw in listed if raw[self.name_key].startswith(head)}
        tags = tags_of(self.aws, raws)
        self._namesakes = {raw[self.name_key]: Found(arn, tags.get(arn, {}), raw) for arn, raw in raws.items()}
        return [found for found in self._namesakes.values() if self.owner.owns(found.tags)]

    def foreign(self, want: Want) -> str | None:
        """Return what has the name and is not ours: a create with the same settings would silently take it."""
        there = self._namesakes.get(aws_name(self.owner.region, want.part))
        if there is None:
            return None
        if Owner(self.owner.region).owns(there.tags):
            raise OwnershipError(
                f"{self.noun} {want.part}: stack {there.tags[STACK]} has {there.id} of that name already; list it in "
                "one of the two stacks, or name ours otherwise"
            )
        return there.id


def aws_name(region: str, part: str) -> str:
    """Return the name in AWS."""
    return f"{region}-{part}"


def check_name(noun: str, region: str, part: str) -> None:
    """Raise `InputError` for a name that AWS would refuse."""
    name = aws_name(region, part)
    if len(name) > LONGEST_NAME:
        raise InputError(
            f"{noun} {part} would be called {name}, {len(name)} characters, and AWS takes {LONGEST_NAME}: shorten it"
        )
    if name.startswith("internal-"):
        raise InputError(f"{noun} {part} would be called {name}, and AWS keeps names that start with internal-")


def tags_of(aws: Aws, arns: t.Iterable[str]) -> dict[str, dict[str, str]]:
    """Return tags by ARN; what is gone since it was listed is left out."""
    ordered = sorted(arns)
    batches = [ordered[start : start + MOST_ARNS] for start in range(0, len(ordered), MOST_ARNS)]
    return {arn: tags for batch in each(lambda batch: _tags(aws, batch), batches) for arn, tags in batch.items()}


def _tags(aws: Aws, arns: t.Sequence[str]) -> dict[str, dict[str, str]]:
    answer = aws.call("elbv2", "describe_tags", absent_ok=True, ResourceArns=list(arns))
    if answer is None:  # one of them is gone, and that refuses the whole question
        return {} if len(arns) == 1 else {arn: tags for one in arns for arn, tags in _tags(aws, [one]).items()}
    return {item["ResourceArn"]: tag_dict(item.get("Tags")) for item in answer["TagDescriptions"]}


def attributes(raw: t.Iterable[t.Mapping[str, str]]) -> dict[str, t.Any]:
    """Return AWS's ``[{Key, Value}]`` with values as people write them: ``true``, ``60``, ``defensive``."""
    return {item["Key"]: _plain(item.get("Value", "")) for item in raw}


def attribute_list(values: t.Mapping[str, t.Any]) -> list[dict[str, str]]:
    """Return the form that AWS takes, sorted by key."""
    return [{"Key": key, "Value": _text(values[key])} for key in sorted(values)]


def _plain(value: t.Any) -> t.Any:
    text = str(value)
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    return int(text) if text.isdecimal() else text


def _text(value: t.Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
