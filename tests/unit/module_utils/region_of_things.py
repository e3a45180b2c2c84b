"""A small region on the embedded AWS, laid without the modules that make regions."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._owner import KEEP, Owner, tag_list

NETWORK = Owner("us", "network")


@dataclass
class Things:
    """What was laid, by name, and how more of it is."""

    aws: Aws
    ids: dict[str, str] = field(default_factory=dict)

    def make(self, name: str, action: str, kind: str, owner: Owner | None = NETWORK, **params: t.Any) -> str:
        """Make one with the owner's tags, or with none."""
        keep = {KEEP: "true"} if action == "allocate_address" else {}
        tags = [{"ResourceType": kind, "Tags": tag_list(owner.tags_for(name, keep))}] if owner else []
        answer = self.aws.make("ec2", action, **params, **({"TagSpecifications": tags} if tags else {}))
        found = [value for part in (answer, *answer.values()) if isinstance(part, dict) for value in part.values()]
        prefix = {"natgateway": "nat-", "internet-gateway": "igw-", "route-table": "rtb-", "elastic-ip": "eipalloc-"}
        start = {"security-group": "sg-", "network-interface": "eni-", **prefix}.get(kind, f"{kind}-")
        self.ids[name] = next(value for value in found if isinstance(value, str) and value.startswith(start))
        return self.ids[name]

    def __getitem__(self, name: str) -> str:
        return self.ids[name]


def lay_network(aws: Aws) -> Things:
    """A VPC with a way out, a NAT gateway with a kept address, two groups that name each other."""
    things = Things(aws)
    vpc = things.make("main", "create_vpc", "vpc", CidrBlock="10.0.0.0/16")
    subnet = things.make(
        "private-a", "create_subnet", "subnet", VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone="us-west-2a"
    )
    gateway = things.make("way-out", "create_internet_gateway", "internet-gateway")
    aws.call("ec2", "attach_internet_gateway", InternetGatewayId=gateway, VpcId=vpc)
    address = things.make("nat-a", "allocate_address", "elastic-ip", Domain="vpc")
    things.make("nat-gateway-a", "create_nat_gateway", "natgateway", SubnetId=subnet, AllocationId=address)
    table = things.make("private", "create_route_table", "route-table", VpcId=vpc)
    aws.call("ec2", "associate_route_table", RouteTableId=table, SubnetId=subnet)
    groups = [
        things.make(name, "create_security_group", "security-group", GroupName=name, Description=name, VpcId=vpc)
        for name in ("app", "database")
    ]
    for one, other in (groups, groups[::-1]):
        permission = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "UserIdGroupPairs": [{"GroupId": other}]}
        aws.call("ec2", "authorize_security_group_ingress", GroupId=one, IpPermissions=[permission])
    return things
