"""A VPC with subnets, groups, a certificate and zones, and load balancers made of plain entries, for tests."""

from __future__ import annotations

import typing as t
from datetime import UTC, datetime

from ansible_collections.cloister.aws.plugins.module_utils import _balancer_wants as balancer_wants
from ansible_collections.cloister.aws.plugins.module_utils import _x509
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._balancer_arguments import (
    BALANCER,
    LISTENER,
    RULE,
    TARGET_GROUP,
    Options,
)
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._owner import KEEP, Owner, tag_list
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome, reconcile
from ansible_collections.cloister.aws.plugins.module_utils.kinds import elastic_ip, target, target_group
from ansible_collections.cloister.aws.plugins.module_utils.kinds.listener import Listener
from ansible_collections.cloister.aws.plugins.module_utils.kinds.listener_rule import ListenerRule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.load_balancer import LoadBalancer
from ansible_collections.cloister.aws.plugins.module_utils.kinds.target_group import TargetGroup

from lab.embedded_aws.client import EmbeddedAws

NETWORK, OWNER = Owner("us", "network"), Owner("us", "load_balancers", {"owner": "platform"})
Entry = dict[str, t.Any]
KINDS: dict[str, type[Kind]] = {
    "elastic_ips": elastic_ip.ElasticIp,
    "target_groups": TargetGroup,
    "load_balancers": LoadBalancer,
    "listeners": Listener,
    "rules": ListenerRule,
    "targets": target.Target,
}
SUBNETS = {"public-a": "a", "public-b": "b", "public-c": "c", "second-a": "a"}


def full(said: Entry, options: Options) -> Entry:
    """An entry with the defaults that the module's arguments give it, at all depths."""
    whole = {key: spec.get("default") for key, spec in options.items()} | said
    for key, spec in options.items():
        if "options" in spec and isinstance(whole[key], list):
            whole[key] = [full(one, spec["options"]) for one in whole[key]]
        elif "options" in spec and isinstance(whole[key], dict):
            whole[key] = full(whole[key], spec["options"])
    return whole


def group(name: str = "guard", **said: t.Any) -> Entry:
    return full({"name": name, "protocol": "HTTP", "port": 8080, **said}, TARGET_GROUP)


def balancer(name: str = "public", **said: t.Any) -> Entry:
    """An application load balancer in two zones, unless it is said otherwise."""
    places = {} if "addresses" in said else {"subnets": ["public-a", "public-b"]}
    return full({"name": name, "security_groups": ["alb"], **places, **said}, BALANCER)


def listener(port: int = 80, protocol: str = "HTTP", **said: t.Any) -> Entry:
    """A listener that answers by itself, unless it is said otherwise."""
    action = {} if {"forward", "forward_weights", "redirect"} & {*said} else {"fixed_response": {"status": 404}}
    return full({"port": port, "protocol": protocol, **action, **said}, LISTENER)


def rule(name: str, priority: int, **said: t.Any) -> Entry:
    return full({"name": name, "priority": priority, **said}, RULE)


class World:
    """VPC main in us-west-2 with public subnets in three zones, and groups alb and other."""

    def __init__(self, aws: Aws, lab: EmbeddedAws) -> None:
        self.aws, self.lab = aws, lab
        lab.delays(load_balancer=0, target_health=0)
        self.vpc = self._made("create_vpc", "Vpc", "VpcId", "vpc", "main", CidrBlock="10.0.0.0/16")
        gateway = aws.make("ec2", "create_internet_gateway")["InternetGateway"]["InternetGatewayId"]
        aws.call("ec2", "attach_internet_gateway", InternetGatewayId=gateway, VpcId=self.vpc)
        self.subnets = {name: self._subnet(name, number) for number, name in enumerate(SUBNETS)}
        self.groups = {name: self._group(name) for name in ("alb", "other")}
        lab.clear_journal()

    def _made(self, action: str, key: str, id_key: str, kind: str, part: str, **said: t.Any) -> str:
        tags = [{"ResourceType": kind, "Tags": tag_list(NETWORK.tags_for(part))}]
        answer = self.aws.make("ec2", action, TagSpecifications=tags, **said)
        return str((answer[key] if key else answer)[id_key])

    def _subnet(self, name: str, number: int) -> str:
        place = {"VpcId": self.vpc, "CidrBlock": f"10.0.{number}.0/24", "AvailabilityZone": f"us-west-2{SUBNETS[name]}"}
        return self._made("create_subnet", "Subnet", "SubnetId", "subnet", name, **place)

    def _group(self, name: str) -> str:
        said = {"GroupName": f"us-{name}", "Description": name, "VpcId": self.vpc}
        return self._made("create_security_group", "", "GroupId", "security-group", name, **said)

    def lay(self, **lists: t.Sequence[Entry]) -> World:
        """Make what a test stands on, in the order given, and forget the writes."""
        for name, entries in lists.items():
            self.apply(name, *entries)
        self.lab.clear_journal()
        return self

    def apply(self, name: str, *entries: Entry, owner: Owner = OWNER, **how: t.Any) -> Outcome:
        """Bring a list about; raise what went wrong with a member. Listeners and rules are listed by load balancers."""
        how.setdefault("check", False)
        names = Names(self.aws, "us", how["check"])
        outcome = reconcile(KINDS[name](self.aws, owner), self.wanted(name, entries, names), **how)
        for error in outcome.errors:
            raise error
        return outcome

    def wanted(self, name: str, entries: t.Sequence[Entry], names: Names) -> list[Want]:
        """Return the wishes for a list."""
        if name == "target_groups":
            return [target_group.want(entry, names, "us", "main") for entry in entries]
        if name == "targets":
            return target.wants(entries, names)
        if name == "elastic_ips":
            tags = {KEEP: "true"}
            return [Want(entry["name"], {}, {"pool": None}, tags) for entry in entries]
        if name == "listeners":
            return balancer_wants.listeners(entries, names, lambda part: part)
        if name == "rules":
            known = {found.part: found.id for found in Listener(self.aws, OWNER).find()}
            parts = [balancer_wants.listener_part(entry, said) for entry in entries for said in entry["listeners"]]
            return balancer_wants.rules(
                entries, names, {part: known.get(part, "(known after apply: )") for part in parts}
            )
        ids = {part: found.id for part, found in self.standing("elastic_ips").items()}
        return [balancer_wants.balancer(entry, names, "us", ids) for entry in entries]

    def certificate(self, name: str) -> str:
        """A certificate of somebody else's, by its ARN."""
        now, key = datetime.now(UTC), _x509.new_key("EC_prime256v1")
        root = _x509.root(key, "test", 10, (), now)
        made = _x509.issue(key, root, [f"{name}.example.com"], 5, "EC_prime256v1", now)
        said = {"Certificate": made.certificate, "PrivateKey": made.private_key, "CertificateChain": made.chain}
        answer = self.aws.make("acm", "import_certificate", **said)
        self.lab.clear_journal()
        return str(answer["CertificateArn"])

    def standing(self, name: str) -> dict[str, Found]:
        """Return what the region has of a list's kind, by name."""
        return {found.part: found for found in KINDS[name](self.aws, OWNER).find()}

    def fields(self, name: str) -> dict[str, dict[str, t.Any]]:
        """Return their fields, by name."""
        kind = KINDS[name](self.aws, OWNER)
        return {found.part: kind.fields(found) for found in kind.find()}

    def id(self, name: str, part: str) -> str:
        """Return an ARN."""
        return self.standing(name)[part].id

    def writes(self) -> list[str]:
        """What was written since the last time this was asked."""
        done = [write["action"].split(":")[-1] for write in self.lab.writes()]
        self.lab.clear_journal()
        return done


def told(outcome: Outcome) -> list[tuple[str, str]]:
    return [(member.part, member.action) for member in outcome.members]


def changed(outcome: Outcome) -> dict[str, list[str]]:
    """The fields that changed, by part."""
    return {member.part: [change["field"] for change in member.changes] for member in outcome.members if member.changes}
