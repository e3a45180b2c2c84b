"""A region with a VPC and one stack of security groups, for tests."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner, tag_list
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome, reconcile
from ansible_collections.cloister.aws.plugins.module_utils._security_wants import wants
from ansible_collections.cloister.aws.plugins.module_utils.kinds.security_group import SecurityGroup

from lab.embedded_aws.client import EmbeddedAws

OWNER = Owner("us", "security_groups", {"owner": "platform"})
OPEN_EGRESS = {"all, range 0.0.0.0/0": "everywhere"}


def rule(reason: str, **said: t.Any) -> dict[str, t.Any]:
    entry = {"protocol": "tcp", "ports": [], "group": None, "vpc": None, "cidrs": [], "prefix_list": None}
    return {**entry, "reason": reason, **said}


def group(
    name: str, ingress: t.Sequence[t.Any] = (), egress: t.Sequence[t.Any] = (), **said: t.Any
) -> dict[str, t.Any]:
    entry = {"name": name, "vpc": "main", "reason": f"The {name}", "ingress": list(ingress), "egress": list(egress)}
    return {**entry, **said}


# The app and its database name each other: a circle.
APP = group(
    "app",
    ingress=[rule("clients", cidrs=["0.0.0.0/0"], ports=["443"])],
    egress=[rule("queries", group="database", ports=["3306"])],
)
DATABASE = group("database", ingress=[rule("queries", group="app", ports=["3306"])])


class World:
    """A region with a VPC and one stack of security groups."""

    def __init__(self, aws: Aws, lab: EmbeddedAws) -> None:
        self.aws, self.lab = aws, lab
        self.vpc = self.make_vpc("main", "10.0.0.0/16")
        lab.clear_journal()

    def make_vpc(self, name: str, cidr: str) -> str:
        tags = [{"ResourceType": "vpc", "Tags": tag_list(Owner("us", "network").tags_for(name))}]
        return str(self.aws.make("ec2", "create_vpc", CidrBlock=cidr, TagSpecifications=tags)["Vpc"]["VpcId"])

    def wanted(self, *groups: dict[str, t.Any], check: bool = False, adopted: t.Any = None) -> t.Any:
        return wants(groups, "us", Names(self.aws, "us", check, adopted), self.aws)

    def apply(self, *groups: dict[str, t.Any], check: bool = False, owner: Owner = OWNER, **more: t.Any) -> Outcome:
        outcome = reconcile(SecurityGroup(self.aws, owner), self.wanted(*groups, check=check, **more), check)
        assert outcome.errors == []
        return outcome

    def actions(self) -> list[str]:
        return [write["action"].split(":")[-1] for write in self.lab.writes()]

    def standing(self) -> dict[str, dict[str, t.Any]]:
        kind = SecurityGroup(self.aws, OWNER)
        return {found.part: kind.fields(found) for found in kind.find()}
