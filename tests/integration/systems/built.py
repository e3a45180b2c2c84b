"""Regions as the reference systems have them, built on an embedded AWS, and what AWS then says of them."""

from __future__ import annotations

import shutil
import typing as t
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import yaml
from ansible_collections.cloister.aws.plugins.module_utils.reachability.flow import Source, reach
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import Snapshot
from ansible_collections.cloister.aws.plugins.module_utils.reachability.vantage import Vantage, vantage_of
from ansible_collections.cloister.aws.plugins.module_utils.reachability.verdict import Verdict

from tests.clients import Clients
from tests.integration.playbook import ROOT, Action, Region, Run
from tests.integration.rehearsal.neighbours import session

Thing = dict[str, t.Any]


@dataclass
class Built:
    """A region and its account, seen through boto3."""

    region: Region

    @classmethod
    def of(cls, inventory: Path, scratch: Path) -> Built:
        """Build it."""
        built = cls(Region.raised(inventory, scratch))
        run = built.region.play("site.yml")
        assert run.rc == 0, run.output
        return built

    @cached_property
    def client(self) -> Clients:
        """boto3 clients of the region's account."""
        return session(self.region)

    @property
    def ec2(self) -> t.Any:
        """The client of EC2."""
        return self.client("ec2")

    def described(self, describe: str, listed: str) -> dict[str, Thing]:
        """AWS's descriptions of what the region owns, by logical name."""
        mine = [{"Name": "tag:cloister:region", "Values": [self.region.settings["region_name"]]}]
        return {tags(thing)["cloister:part"]: thing for thing in getattr(self.ec2, describe)(Filters=mine)[listed]}

    def id(self, part: str, describe: str = "describe_vpcs", listed: str = "Vpcs", key: str = "VpcId") -> str:
        """The id of one of them; of a VPC when no other kind is named."""
        return str(self.described(describe, listed)[part][key])

    @property
    def snapshot(self) -> Snapshot:
        """The region as it is now, as reachability judges it."""
        return t.cast("Snapshot", self.region.lab.snapshot(self.region.settings["region_aws_region"]))

    @property
    def name(self) -> str:
        """The region's name."""
        return str(self.region.settings["region_name"])

    def service(self, name: str) -> Thing:
        """AWS's description of a service on ECS."""
        found = self.client("ecs").describe_services(cluster=f"{self.name}-main", services=[f"{self.name}-{name}"])
        return t.cast("Thing", found["services"][0])

    def tasks(self, service: str) -> list[Thing]:
        """AWS's descriptions of a service's tasks that run."""
        ecs, where = self.client("ecs"), {"cluster": f"{self.name}-main"}
        arns = ecs.list_tasks(**where, serviceName=f"{self.name}-{service}")["taskArns"]
        return t.cast("list[Thing]", ecs.describe_tasks(**where, tasks=arns)["tasks"])

    def interfaces(self, service: str) -> list[Thing]:
        """The network interfaces of a service's tasks."""
        ids = [attached(task)["networkInterfaceId"] for task in self.tasks(service)]
        return t.cast("list[Thing]", self.ec2.describe_network_interfaces(NetworkInterfaceIds=ids)["NetworkInterfaces"])

    def vantage(self, service: str) -> Vantage:
        """Where requests of a service come from."""
        return vantage_of(self.interfaces(service)[0])

    def reach(self, source: Source | str, destination: str, port: int = 443) -> Verdict:
        """How far a request of a service, or of the internet, gets."""
        start = self.vantage(source) if isinstance(source, str) else source
        return reach(self.snapshot, start, destination, port)

    def said(self, stack: str, variable: str) -> t.Any:
        """A variable of a stack, as the region's own copy of the inventory has it; a copy, to be changed."""
        return yaml.safe_load((self.region.inventory / f"host_vars/{stack}.yml").read_text(encoding="utf-8"))[variable]

    def say(self, stack: str, **variables: t.Any) -> None:
        """Change variables of a stack there."""
        file = self.region.inventory / f"host_vars/{stack}.yml"
        said = {**yaml.safe_load(file.read_text(encoding="utf-8")), **variables}
        file.write_text(yaml.safe_dump(said, sort_keys=False), encoding="utf-8")

    @contextmanager
    def saying(self, stack: str, **variables: t.Any) -> t.Iterator[None]:
        """Change them for a while."""
        before = {name: self.said(stack, name) for name in variables}
        self.say(stack, **variables)
        try:
            yield
        finally:
            self.say(stack, **before)

    def drift(self, *arguments: str) -> Run:
        """What a plan finds."""
        run = self.region.play("site.yml", "--check", *arguments)
        assert run.rc == 0, run.output
        assert run.writes == []
        return run

    def found_and_healed(self, *expected: Action) -> None:
        """A plan of the whole region finds exactly this, and one run of the stacks that it names heals it."""
        assert self.drift().actions == set(expected)
        healed = self.region.play("site.yml", "--limit", ",".join({stack for stack, *_ in expected}))
        assert healed.rc == 0, healed.output
        assert healed.actions == set(expected)


def attached(task: Thing) -> dict[str, str]:
    """Return what ECS tells of a task's network interface."""
    (interface,) = [one for one in task["attachments"] if one["type"] == "ElasticNetworkInterface"]
    return {one["name"]: one["value"] for one in interface["details"]}


def tags(thing: Thing) -> dict[str, str]:
    """Return tags by key."""
    return {tag["Key"]: tag["Value"] for tag in thing.get("Tags", ())}


def default_routes(tables: dict[str, Thing]) -> dict[str, str]:
    """Return where the default route of each table leads; empty where it has none."""
    return {
        name: next(
            (
                route.get("GatewayId") or route.get("NatGatewayId", "")
                for route in table["Routes"]
                if route.get("DestinationCidrBlock") == "0.0.0.0/0"
            ),
            "",
        )
        for name, table in tables.items()
    }


def changed(inventory: str, scratch: Path, **variables: dict[str, t.Any]) -> Path:
    """Return a copy of a shipped inventory with some variables of some stacks, or of ``region``, changed."""
    copied = Path(shutil.copytree(ROOT / "inventories" / inventory, scratch / inventory))
    for holder, values in variables.items():
        path = "group_vars/all/region.yml" if holder == "region" else f"host_vars/{holder}.yml"
        file = copied / path
        said = {**yaml.safe_load(file.read_text(encoding="utf-8")), **values}
        file.write_text(yaml.safe_dump(said), encoding="utf-8")
    return copied
