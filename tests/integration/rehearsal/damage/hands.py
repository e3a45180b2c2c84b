"""Somebody's hands on a region, and the acts that they know: each is told with the kind that it damages."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.cloister.aws.plugins.module_utils._kind import Ec2Kind, Kind

from tests.integration.playbook import Action, Region
from tests.integration.rehearsal.neighbours import session

Thing = dict[str, t.Any]


@dataclass
class Hands:
    """A boto3 client for each service, and what of the region lies within reach."""

    client: t.Callable[[str], t.Any]
    region_name: str
    aws_region: str

    @property
    def ec2(self) -> t.Any:
        """The client of EC2."""
        return self.client("ec2")

    def all(self, kind: type[Ec2Kind]) -> list[Thing]:
        """Return AWS's descriptions of what the region owns of a kind of EC2, by part."""
        key = "Filter" if kind.noun in ("NAT gateway", "flow log") else "Filters"
        filters = [{"Name": "tag:cloister:region", "Values": [self.region_name]}]
        filters += [{"Name": kind.live[0], "Values": list(kind.live[1])}] if kind.live else []
        return sorted(getattr(self.ec2, kind.describe)(**{key: filters})[kind.listed], key=lambda thing: tag(thing))

    def one(self, kind: type[Ec2Kind], part: str) -> Thing:
        """Return AWS's description of a part that every inventory has, or its like in a VPC of another name."""
        return next(iter([*self.called(kind, part), *self.named(kind, part)]))

    def called(self, kind: type[Ec2Kind], part: str) -> list[Thing]:
        """Return AWS's description of a part where there is one."""
        return [thing for thing in self.all(kind) if tag(thing) == part]

    def named(self, kind: type[Ec2Kind], prefix: str) -> list[Thing]:
        """Return AWS's descriptions of the parts whose names begin so, of which every inventory has two.

        Where the VPC is called otherwise, those whose names have it after the VPC's.
        """
        things = self.all(kind)
        alike = [thing for thing in things if prefix.removeprefix("main") in tag(thing)]
        return [thing for thing in things if tag(thing).startswith(prefix)] or alike


Act = t.Callable[[Hands], set[Action]]
ACTS: list[tuple[type[Kind], Act]] = []


def act(kind: type[Kind]) -> t.Callable[[Act], Act]:
    """Register an act, which returns what a plan must then find: nothing where the inventory has nothing of it."""

    def register(function: Act) -> Act:
        ACTS.append((kind, function))
        return function

    return register


def tag(thing: Thing, key: str = "cloister:part") -> str:
    """Return a tag's value; the logical name when no other is asked for."""
    return str(next(item["Value"] for item in thing["Tags"] if item["Key"] == key))


def told(kind: type[Kind], thing: Thing, action: str) -> Action:
    """Return an action as a report tells it."""
    return (tag(thing, "cloister:stack"), kind.noun, tag(thing), action)


def damage(region: Region) -> tuple[set[Action], set[int]]:
    """Do it all; return what a plan must find, and the sequence numbers of the writes that did it."""
    before = max((write["sequence"] for write in region.lab.writes()), default=0)
    hands = Hands(session(region), region.settings["region_name"], region.settings["region_aws_region"])
    expected = set().union(*(done(hands) for _, done in ACTS))
    return expected, {write["sequence"] for write in region.lab.writes(before)}
