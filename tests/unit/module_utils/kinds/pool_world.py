"""A VPC, two subnets, groups and a role, on which pools are made of plain entries, for tests."""

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.cloister.aws.plugins.module_utils import _image_lock as image_lock
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._iam_policy import text, trust
from ansible_collections.cloister.aws.plugins.module_utils._instance_refresh import Refresher
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner, tag_list
from ansible_collections.cloister.aws.plugins.module_utils._pool_arguments import POOLS, completed
from ansible_collections.cloister.aws.plugins.module_utils._pool_making import Maker
from ansible_collections.cloister.aws.plugins.module_utils._pool_settling import Settled, Settler
from ansible_collections.cloister.aws.plugins.module_utils._pools import Ground, look, refuse_secrets
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome
from ansible_collections.cloister.aws.plugins.module_utils.kinds import iam_role
from ansible_collections.cloister.aws.plugins.module_utils.kinds.auto_scaling_group import AutoScalingGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.launch_template import LaunchTemplate

from lab.embedded_aws.client import EmbeddedAws

OWNER = Owner("us", "pools", {"owner": "platform"})
NETWORK, IDENTITY = Owner("us", "network"), Owner("us", "identity")
ECS_IMAGE = "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id"
GPU_IMAGE = "/aws/service/ecs/optimized-ami/amazon-linux-2023/gpu/recommended/image_id"
Entry = dict[str, t.Any]


def pool(name: str = "cpu", **said: t.Any) -> Entry:
    """An entry of ``pools_defined``, as a module has it: with the defaults of what it leaves out."""
    entry: Entry = {
        "name": name, "cluster": "main", "image": {"parameter": ECS_IMAGE}, "instance_types": ["t3.medium"],
        "size": {"min": 1, "max": 4}, "subnets": ["private-a", "private-b"], "security_groups": ["node"],
        "instance_profile": "node",
    }  # fmt: skip
    result = ArgumentSpecValidator({"pools": POOLS}).validate({"pools": [{**entry, **said}]})
    assert result.error_messages == []
    return completed(result.validated_parameters["pools"][0])


class World:
    """The network, the role and the lock file; `make` and `settle` are what the two modules do."""

    def __init__(self, aws: Aws, lab: EmbeddedAws, scratch: Path) -> None:
        self.aws, self.lab, self.lock_file = aws, lab, scratch / "images.lock.yml"
        self.vpc = self.ec2("create_vpc", "vpc", "main", CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        self.subnets = {name: self.subnet(name, number) for number, name in enumerate(("private-a", "private-b"))}
        self.groups = {name: self.group(name) for name in ("node", "other")}
        self.profile("node")
        lab.clear_journal()

    def ec2(self, action: str, kind: str, name: str, owner: Owner = NETWORK, **params: t.Any) -> t.Any:
        said = [{"ResourceType": kind, "Tags": tag_list(owner.tags_for(name))}]
        return self.aws.make("ec2", action, TagSpecifications=said, **params)

    def subnet(self, name: str, number: int) -> str:
        where = {"CidrBlock": f"10.0.{number}.0/24", "AvailabilityZone": f"us-west-2{name[-1]}"}
        return str(self.ec2("create_subnet", "subnet", name, VpcId=self.vpc, **where)["Subnet"]["SubnetId"])

    def group(self, name: str) -> str:
        said = {"GroupName": f"us-{name}", "Description": name, "VpcId": self.vpc}
        return str(self.ec2("create_security_group", "security-group", name, **said)["GroupId"])

    def profile(self, name: str) -> None:
        """Make a role and the profile that hands it on."""
        said = {"Path": iam_role.path(IDENTITY), "Tags": tag_list(IDENTITY.tags_for(name))}
        trusted = text(trust(["ec2"], [], {}, [], "aws"))
        self.aws.make("iam", "create_role", RoleName=f"us-{name}", AssumeRolePolicyDocument=trusted, **said)
        self.aws.make("iam", "create_instance_profile", InstanceProfileName=f"us-{name}", **said)
        both = {"InstanceProfileName": f"us-{name}", "RoleName": f"us-{name}"}
        self.aws.call("iam", "add_role_to_instance_profile", **both)

    def names(self, check: bool = False) -> Names:
        return Names(self.aws, "us", check)

    def made(
        self, *pools: Entry, check: bool = False, refresh: bool = False, owner: Owner = OWNER
    ) -> tuple[Ground, Outcome]:
        """Do what the module ``pools`` does; raise what went wrong with a member."""
        refuse_secrets(pools, "us")
        maker = Maker(LaunchTemplate(self.aws, owner), AutoScalingGroup(self.aws, owner), check)
        names, file = self.names(check), str(self.lock_file)
        ground, outcome = maker.make(pools, lambda: look(self.aws, names, pools, file, refresh), self.keep)
        for error in outcome.errors:
            raise error
        return ground, outcome

    def make(self, *pools: Entry, **how: t.Any) -> Outcome:
        return self.made(*pools, **how)[1]

    def keep(self, ground: Ground) -> None:
        if ground.images.new:
            image_lock.add(str(self.lock_file), self.aws.region, ground.images.new)

    def settled(
        self, *pools: Entry, check: bool = False, capacity_seconds: float = 20, refresh_seconds: float = 20
    ) -> Settled:
        """Do what the module ``pools_settled`` does; raise what went wrong with a member."""
        kinds = AutoScalingGroup(self.aws, OWNER), LaunchTemplate(self.aws, OWNER)
        settled = Settler(Refresher(self.aws, *kinds, refresh_seconds), capacity_seconds, check).settle(pools)
        for error in settled.outcome.errors:
            raise error
        return settled

    def settle(self, *pools: Entry, **how: t.Any) -> Outcome:
        return self.settled(*pools, **how).outcome

    def template(self, name: str = "cpu") -> Found:
        return next(found for found in LaunchTemplate(self.aws, OWNER).find() if found.part == name)

    def data(self, name: str = "cpu") -> Entry:
        return t.cast(Entry, self.template(name).raw["data"])

    def scaling(self, name: str = "cpu") -> Found:
        return next(found for found in AutoScalingGroup(self.aws, OWNER).find() if found.part == name)

    def machines(self, name: str = "cpu") -> list[Entry]:
        return t.cast("list[Entry]", self.scaling(name).raw["Instances"])

    def update(self, **said: t.Any) -> None:
        """Change the group cpu by hand."""
        self.aws.call("autoscaling", "update_auto_scaling_group", AutoScalingGroupName="us-cpu", **said)

    def writes(self) -> list[str]:
        """Return what was written since this was asked last; what the lab does by itself is not among it."""
        done = [write["action"].split(":")[-1] for write in self.lab.writes()]
        self.lab.clear_journal()
        return done


def plan(outcome: Outcome) -> list[tuple[str, str, str]]:
    """What becomes of whom."""
    return [(member.kind, member.part, member.action) for member in outcome.members]


def fields(outcome: Outcome) -> list[str]:
    """The fields that change, of all members together."""
    return sorted(change["field"] for member in outcome.members for change in member.changes)
