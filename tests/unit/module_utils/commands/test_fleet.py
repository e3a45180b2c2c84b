# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A fleet's bucket, pack and associations through their phases, and how far its nodes are."""

from __future__ import annotations

import dataclasses
import io
import json
import typing as t
import zipfile

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.module_utils._fleet import Ask, Fleet
from ansible_collections.cloister.aws.plugins.module_utils._fleet_compliance import State, look
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome
from ansible_collections.cloister.aws.plugins.module_utils._teardown import tear_down

from tests.unit.lab.commands.world import TRUST
from tests.unit.lab.commands.world import Fleet as Nodes

OWNER = Owner("us", "fleet")
ACCOUNT = "123456789012"
BUCKET = f"us-fleet-{ACCOUNT}"
# What stands for Ansible on a node: it fails where a file says so.
ANSIBLE = """#!/bin/sh
for last; do :; done
echo "$*" >> "$CONTAINER/runs"
cat "$last"
if [ -e "$CONTAINER/broken" ]; then echo "fatal: broken" >&2; exit 2; fi
"""
UNZIP = '#!/bin/sh\nexec python3 -m zipfile -e "$2" .\n'


def packed(text: str) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as pack:
        pack.writestr("role_vllm.yml", text)
    return file.getvalue()


class World:
    """A fleet to be brought about, with machines whose role is the region's."""

    def __init__(self, nodes: Nodes, aws: Aws) -> None:
        self.nodes, self.aws = nodes, aws
        nodes.put("ansible-playbook", ANSIBLE)
        nodes.put("unzip", UNZIP)
        worn = {"cloister:stack": "identity", "cloister:part": "node", "cloister:region": "us"}
        tags = [{"Key": key, "Value": value} for key, value in worn.items()]
        document = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
        nodes.iam.create_role(Path="/cloister/us/", RoleName="us-node", AssumeRolePolicyDocument=document, Tags=tags)
        self.reader = nodes.iam.get_role(RoleName="node")["Role"]["Arn"]
        self.seen = 0

    def apply(self, text: str = "one", check: bool = False, owner: Owner = OWNER, **more: t.Any) -> Outcome:
        plain = Ask(["vllm"], text * 4, "10%", "0", "", "HIGH", False, False, 60, 0, [self.reader])
        ask = dataclasses.replace(plain, **more)
        outcome = Fleet(self.aws, owner, ask).bring_about(lambda: packed(text), check)
        assert outcome.errors == []
        return outcome

    def writes(self) -> list[str]:
        """Actions that changed something since the last look; not those that set a test up."""
        found = [one for one in self.nodes.aws.writes() if one["sequence"] > self.seen]
        self.seen = max([self.seen, *(one["sequence"] for one in found)])
        return [one["action"] for one in found]

    def actions(self, outcome: Outcome) -> dict[str, str]:
        return {f"{member.kind} {member.part}": member.action for member in outcome.members}

    def look(self) -> State:
        (state,) = look(self.aws, OWNER, 20)
        return state


@pytest.fixture
def world(fleet: Nodes, aws: Aws) -> World:
    return World(fleet, aws)


BOTH = ("bucket fleet", "association fleet-vllm")


def test_a_fleet_lives_through_its_phases(world: World) -> None:
    world.writes()
    assert world.actions(world.apply(check=True)) == dict.fromkeys(BOTH, "create")
    assert world.writes() == []
    assert world.actions(world.apply()) == dict.fromkeys(BOTH, "create")
    wrote = world.writes()
    assert wrote.index("CreateBucket") < wrote.index("PutObject") < wrote.index("CreateAssociation")
    assert not {"AddTagsToResource", "PutBucketTagging"} & set(wrote)
    assert not world.apply().changed
    assert not world.apply(check=True).changed
    assert world.writes() == []
    assert world.actions(world.apply("two", check=True)) == dict(zip(BOTH, ("keep", "change"), strict=True))
    assert world.writes() == []
    world.apply("two")
    assert world.writes() == ["PutObject", "UpdateAssociation"]
    assert not world.apply("two").changed
    assert world.actions(world.apply(roles=[], check=True)) == dict.fromkeys(BOTH, "remove")
    assert world.writes() == []
    world.apply(roles=[])
    assert not world.apply(roles=[]).changed
    assert [one for one in world.nodes.aws.holdings() if one["tags"].get("cloister:stack") == "fleet"] == []


FIELDS = (
    {"at_once": "50%"},
    {"max_errors": "3"},
    {"schedule": "rate(1 day)"},
    {"severity": "LOW"},
    {"only_check": True},
)


@pytest.mark.parametrize("more", FIELDS)
def test_every_setting_is_changed_in_place(world: World, more: dict[str, t.Any]) -> None:
    world.apply()
    world.writes()
    world.apply(**more)
    assert world.writes() == ["UpdateAssociation"]
    assert not world.apply(**more).changed
    world.apply()
    assert not world.apply().changed


def test_what_somebody_changed_is_brought_back(world: World) -> None:
    world.apply()
    (row,) = world.nodes.ssm.list_associations()["Associations"]
    world.nodes.ssm.update_association(AssociationId=row["AssociationId"], AssociationName="us-fleet-vllm")
    assert world.actions(world.apply()) == dict(zip(BOTH, ("keep", "change"), strict=True))
    assert not world.apply().changed


def test_a_teardown_takes_it_all(world: World) -> None:
    world.apply()
    tear_down(world.aws, OWNER, {}, (), check=False)
    assert [one for one in world.nodes.aws.holdings() if one["tags"].get("cloister:stack") == "fleet"] == []


def test_lost_answers_make_nothing_twice(world: World) -> None:
    world.nodes.aws.reset_connections("CreateAssociation", applied=True)
    world.apply()
    assert not world.apply().changed
    assert len(world.nodes.ssm.list_associations()["Associations"]) == 1


def test_without_a_role_of_machines_it_is_refused_before_anything(world: World) -> None:
    world.nodes.iam.delete_role(RoleName="us-node")
    world.writes()
    with pytest.raises(InputError, match="has no role that machines take"):
        world.apply(readers=[])
    assert world.writes() == []


def test_the_regions_roles_of_machines_read_the_pack_and_nobody_else(world: World) -> None:
    world.apply(readers=[])
    said = json.loads(world.nodes.s3.get_bucket_policy(Bucket=BUCKET)["Policy"])
    allowed = [one for one in said["Statement"] if one["Effect"] == "Allow"]
    nobody_else = {"AWS": [f"arn:aws:iam::{ACCOUNT}:role/cloister/us/us-node"]}
    assert [one["Principal"] for one in allowed] == [nobody_else] * 2
    reading, telling = allowed
    assert set(reading["Action"]) == {"s3:GetObject", "s3:ListBucket"}
    assert set(telling["Action"]) == {"s3:PutObject", "s3:PutObjectAcl"}
    assert telling["Resource"] == [f"arn:aws:s3:::{BUCKET}/output/*"]


def test_nodes_run_their_play_and_are_compliant(world: World) -> None:
    node = world.nodes.node()
    world.nodes.node(role="proxy")
    world.apply()
    state = world.look()
    assert (state.nodes, state.compliant, state.complaints()) == ({node: "Success"}, [node], [])
    assert state.line() == "role vllm: 1 of 1 nodes compliant"
    runs = (world.nodes.folder(node) / "runs").read_text()
    assert runs == "-i localhost, -c local -e SSM=True -v role_vllm.yml\n"


def test_a_node_that_it_failed_on_says_why(world: World) -> None:
    good, bad = sorted((world.nodes.node(), world.nodes.node()))
    (world.nodes.folder(bad) / "broken").touch()
    world.apply(max_errors="2")
    state = world.look()
    assert (state.compliant, state.failed) == ([good], [bad])
    assert state.line() == "role vllm: 1 of 2 nodes compliant, 1 failed"
    assert state.complaints() == [f"{bad}: Failed, exit status 2\n    fatal: broken"]


def test_what_aws_has_cut_off_is_read_from_the_bucket(world: World) -> None:
    world.nodes.put("ansible-playbook", "#!/bin/sh\nseq 1 9000\necho 'fatal: the end of it'\nexit 2\n")
    node = world.nodes.node()
    world.apply()
    said = world.look().complaints()
    assert said[0].startswith(f"{node}: Failed, exit status 2\n")
    assert said[0].endswith("    9000\n    fatal: the end of it")


def test_one_failure_keeps_the_others_as_they_were(world: World) -> None:
    nodes = sorted(world.nodes.node() for _ in range(3))
    for node in nodes:
        (world.nodes.folder(node) / "broken").touch()
    world.apply(at_once="1")
    state = world.look()
    assert len(state.failed) == 3
    assert sorted(state.nodes.values()) == ["Failed", "Skipped", "Skipped"]
    ran = [node for node in nodes if (world.nodes.folder(node) / "runs").exists()]
    assert len(ran) == 1


def test_a_node_that_comes_later_gets_it_and_one_that_is_away_is_told(world: World) -> None:
    first = world.nodes.node()
    world.apply()
    world.look()
    second, away = world.nodes.node(), world.nodes.node()
    world.nodes.aws.ping(away, "ConnectionLost")
    state = world.look()
    assert state.nodes == {first: "Success", second: "Success"}
    assert state.offline == [away]
    assert "does not answer Systems Manager" in state.complaints()[0]
    world.nodes.aws.ping(away, None)
    assert sorted(world.look().compliant) == sorted([first, second, away])
