"""A VPC with subnets, groups and route tables to put endpoints into, for tests."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._endpoint_wants import wants
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner, tag_list
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome, reconcile
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc_endpoint import VpcEndpoint

from lab.embedded_aws.client import EmbeddedAws

OWNER = Owner("us", "endpoints", {"owner": "platform"})
NETWORK = Owner("us", "network")


def interface(service: str, **said: t.Any) -> dict[str, t.Any]:
    entry: dict[str, t.Any] = {
        "name": service.replace(".", "-"), "vpc": "main", "service": service, "type": "interface",
        "subnets": ["private-a", "private-b"], "security_groups": ["endpoints"], "route_tables": [],
        "private_dns": True, "policy": None,
    }  # fmt: skip
    return {**entry, **said}


def gateway(*route_tables: str, **said: t.Any) -> dict[str, t.Any]:
    more = {"type": "gateway", "subnets": [], "security_groups": [], "route_tables": list(route_tables)}
    return interface("s3", **more) | said


class World:
    """A VPC with subnets in two zones (and a second one in the first), two groups and two route tables."""

    def __init__(self, aws: Aws, lab: EmbeddedAws) -> None:
        self.aws, self.lab = aws, lab
        self.vpc = self._make("create_vpc", "vpc", "main", "Vpc", "VpcId", CidrBlock="10.0.0.0/16")
        self.dns(True)
        self.subnets = {
            name: self._make(
                "create_subnet", "subnet", name, "Subnet", "SubnetId", VpcId=self.vpc,
                CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"us-west-2{zone}",
            )
            for number, (name, zone) in enumerate({"private-a": "a", "private-b": "b", "other-a": "a"}.items())
        }  # fmt: skip
        for name in ("endpoints", "others"):
            self._make("create_security_group", "security-group", name, None, "GroupId", GroupName=f"us-{name}",
                       Description=name, VpcId=self.vpc)  # fmt: skip
        self.tables = {
            name: self._make("create_route_table", "route-table", name, "RouteTable", "RouteTableId", VpcId=self.vpc)
            for name in ("private", "isolated")
        }
        lab.clear_journal()

    def _make(self, action: str, kind: str, part: str, answer: str | None, key: str, **params: t.Any) -> str:
        tags = [{"ResourceType": kind, "Tags": tag_list(NETWORK.tags_for(part))}]
        made = self.aws.make("ec2", action, TagSpecifications=tags, **params)
        return str((made[answer] if answer else made)[key])

    def dns(self, on: bool) -> None:
        for name in ("EnableDnsSupport", "EnableDnsHostnames"):
            value: t.Any = {name: {"Value": on}}
            self.aws.call("ec2", "modify_vpc_attribute", VpcId=self.vpc, **value)

    def apply(
        self, *entries: dict[str, t.Any], check: bool = False, owner: Owner = OWNER, wait: bool = True
    ) -> Outcome:
        names = Names(self.aws, "us", check)
        wanted = wants(entries, names, self.aws.region)
        outcome = reconcile(VpcEndpoint(self.aws, owner), wanted, check, wait)
        if outcome.errors:
            raise outcome.errors[0]
        return outcome

    def foreign(self, **params: t.Any) -> str:
        made = self.aws.make("ec2", "create_vpc_endpoint", VpcId=self.vpc, **params)
        self.lab.clear_journal()
        return str(made["VpcEndpoint"]["VpcEndpointId"])

    def standing(self) -> dict[str, dict[str, t.Any]]:
        kind = VpcEndpoint(self.aws, OWNER)
        return {found.part: kind.fields(found) for found in kind.find()}

    def actions(self) -> list[str]:
        return [write["action"].split(":")[-1] for write in self.lab.writes()]
