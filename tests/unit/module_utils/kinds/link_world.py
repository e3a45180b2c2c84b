"""A load balancer in VPC main, and VPC operator beside it, which wants to reach it; for tests."""

from __future__ import annotations

import typing as t
from types import SimpleNamespace

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._kind import Kind
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner, tag_list
from ansible_collections.cloister.aws.plugins.module_utils._private_links import Links
from ansible_collections.cloister.aws.plugins.module_utils._private_links_arguments import ENDPOINT, SERVICE
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds import balancer_world
from tests.unit.module_utils.kinds.balancer_world import NETWORK, full

OWNER = Owner("us", "private_api", {"owner": "platform"})
OTHER_ACCOUNT = "999988887777"
Entry = dict[str, t.Any]


def service(name: str = "api", **said: t.Any) -> Entry:
    return full({"name": name, "load_balancer": "api", **said}, SERVICE)


def endpoint(name: str = "api-operator", **said: t.Any) -> Entry:
    place = {"vpc": "operator", "subnets": ["operator-a"], "security_groups": ["api-endpoint"]}
    return full({"name": name, "service": "api", **place, **said}, ENDPOINT)


class World:
    """Both VPCs, and network load balancers api and api2."""

    def __init__(self, aws: Aws, lab: EmbeddedAws) -> None:
        self.aws, self.lab = aws, lab
        balancers = balancer_world.World(aws, lab)
        said = {"type": "network", "scheme": "internal"}
        balancers.lay(load_balancers=[balancer_world.balancer(one, **said) for one in ("api", "api2")])
        self.vpc = self._made("create_vpc", "Vpc", "VpcId", "vpc", "operator", CidrBlock="172.20.0.0/16")
        for number, zone in enumerate("ab", 1):
            place = {"CidrBlock": f"172.20.{number}.0/28", "AvailabilityZone": f"us-west-2{zone}"}
            name = f"operator-{zone}"
            self._made("create_subnet", "Subnet", "SubnetId", "subnet", name, VpcId=self.vpc, **place)
        for name in ("api-endpoint", "others"):
            group = {"GroupName": f"us-{name}", "Description": name, "VpcId": self.vpc}
            self._made("create_security_group", "", "GroupId", "security-group", name, **group)
        lab.clear_journal()

    def _made(self, action: str, key: str, id_key: str, kind: str, part: str, **said: t.Any) -> str:
        tags = [{"ResourceType": kind, "Tags": tag_list(NETWORK.tags_for(part))}]
        answer = self.aws.make("ec2", action, TagSpecifications=tags, **said)
        return str((answer[key] if key else answer)[id_key])

    def links(
        self, services: t.Sequence[Entry], endpoints: t.Sequence[Entry], check: bool = False, wait: bool = True
    ) -> Links:
        def kind(made: type[Kind]) -> Kind:
            return made(self.aws, OWNER)

        params = {"services": services, "endpoints": endpoints, "wait": wait}
        module = SimpleNamespace(names=Names(self.aws, "us", check), params=params, check=check, kind=kind)
        return Links(t.cast(t.Any, module))

    def apply(self, services: t.Sequence[Entry], endpoints: t.Sequence[Entry], **how: t.Any) -> Outcome:
        outcome = self.links(services, endpoints, **how).bring_about()
        for error in outcome.errors:
            raise error
        return outcome

    def lay(self, services: t.Sequence[Entry], endpoints: t.Sequence[Entry]) -> None:
        self.apply(services, endpoints)
        self.lab.clear_journal()

    def writes(self) -> list[str]:
        done = [write["action"].split(":")[-1] for write in self.lab.writes()]
        self.lab.clear_journal()
        return done

    def states(self) -> dict[str, str]:
        """States of all connections by endpoint."""
        listed = self.aws.pages("ec2", "describe_vpc_endpoint_connections", "VpcEndpointConnections")
        return {one["VpcEndpointId"]: one["VpcEndpointState"] for one in listed}
