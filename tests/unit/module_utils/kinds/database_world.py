"""A network in which databases are made of plain entries, for tests."""

from __future__ import annotations

import typing as t

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._databases import Databases
from ansible_collections.cloister.aws.plugins.module_utils._db_arguments import DATABASES
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner, tag_list
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome
from ansible_collections.cloister.aws.plugins.module_utils._teardown import tear_down
from ansible_collections.cloister.aws.plugins.module_utils.kinds.db_instance import DbInstance
from ansible_collections.cloister.aws.plugins.module_utils.kinds.db_parameter_group import DbParameterGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.db_subnet_group import DbSubnetGroup

from lab.embedded_aws.client import EmbeddedAws

Entry = dict[str, t.Any]
OWNER, NETWORK = Owner("us", "database", {"owner": "platform"}), Owner("us", "network")


def database(name: str = "main", **said: t.Any) -> Entry:
    """An entry of ``database_instances``, as a module has it: with the defaults of what it leaves out."""
    entry: Entry = {
        "name": name, "engine": "mysql", "engine_version": "8.0", "instance_class": "db.t3.micro",
        "storage": {"gib": 20, "max_gib": 100}, "database": "prod_db", "username": "prod",
        "subnets": ["private-a", "private-b"], "security_groups": ["database"],
        "parameters": {"require_secure_transport": "ON"}, "deletion_protection": False,
    }  # fmt: skip
    result = ArgumentSpecValidator({"databases": DATABASES}).validate({"databases": [{**entry, **said}]})
    assert result.error_messages == []
    return t.cast("Entry", result.validated_parameters["databases"][0])


class World:
    """The network; `make` and `join` are what the two modules do, `bring` is both."""

    def __init__(self, aws: Aws, lab: EmbeddedAws) -> None:
        self.aws, self.lab = aws, lab
        self.vpc = self._ec2("create_vpc", "vpc", "main", CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        for number, name in enumerate(("private-a", "private-b", "private-c")):
            where = {"CidrBlock": f"10.0.{number}.0/24", "AvailabilityZone": f"us-west-2{name[-1]}"}
            self._ec2("create_subnet", "subnet", name, VpcId=self.vpc, **where)
        for name in ("database", "other"):
            said = {"GroupName": f"us-{name}", "Description": name, "VpcId": self.vpc}
            self._ec2("create_security_group", "security-group", name, **said)
        lab.clear_journal()

    def _ec2(self, action: str, kind: str, name: str, **params: t.Any) -> t.Any:
        said = [{"ResourceType": kind, "Tags": tag_list(NETWORK.tags_for(name))}]
        return self.aws.make("ec2", action, TagSpecifications=said, **params)

    def kinds(self, owner: Owner = OWNER) -> tuple[DbInstance, DbSubnetGroup, DbParameterGroup]:
        return DbInstance(self.aws, owner), DbSubnetGroup(self.aws, owner), DbParameterGroup(self.aws, owner)

    def databases(self, check: bool = False, owner: Owner = OWNER) -> Databases:
        return Databases(*self.kinds(owner), Names(self.aws, "us", check), check)

    def make(self, *entries: Entry, check: bool = False, owner: Owner = OWNER) -> Outcome:
        return _sound(self.databases(check, owner).make(entries))

    def join(self, *entries: Entry, check: bool = False) -> Outcome:
        return _sound(self.databases(check).join(entries))

    def bring(self, *entries: Entry, check: bool = False) -> Outcome:
        made, joined = self.make(*entries, check=check), self.join(*entries, check=check)
        return Outcome([*made.members, *(member for member in joined.members if member.action != "keep")])

    def tear_down(self, *released: str) -> Outcome:
        return _sound(tear_down(self.aws, OWNER, {}, released, check=False))

    def rds(self, action: str, **params: t.Any) -> t.Any:
        return self.aws.call("rds", action, **params)

    def modify(self, **params: t.Any) -> None:
        self.rds("modify_db_instance", DBInstanceIdentifier="us-main", ApplyImmediately=True, **params)

    def instance(self) -> Found:
        return self.kinds()[0].find()[0]

    def writes(self) -> list[str]:
        done = [write["action"] for write in self.lab.writes()]
        self.lab.clear_journal()
        return done


def _sound(outcome: Outcome) -> Outcome:
    for error in outcome.errors:
        raise error
    return outcome


def told(outcome: Outcome) -> list[tuple[str, str, str]]:
    """What became of members: kind, part, action; those that are kept are left out."""
    return [(one.kind, one.part, one.action) for one in outcome.members if one.action != "keep"]


def changes(outcome: Outcome) -> list[str]:
    """The fields that change, of all members."""
    return [change["field"] for member in outcome.members for change in member.changes]
