# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Golden images on the embedded AWS: versions, what a bake has to do, how stages move, which versions go."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError, MissingError, OwnershipError
from ansible_collections.cloister.aws.plugins.module_utils._golden_images import (
    Golden,
    Move,
    judge,
    move,
    prune,
)
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome, reconcile
from ansible_collections.cloister.aws.plugins.module_utils.kinds.image_stage import ImageStage
from ansible_collections.cloister.aws.plugins.module_utils.kinds.machine_image import (
    PASSED,
    REJECTED,
    VERDICT,
    MachineImage,
    want,
)

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.test_operator_way import World as Machines

OWNER = Owner("kr", "images")
PATH = "/cloister/kr/gpu-ami"


class World:
    """A machine to make images from, and what became of them."""

    def __init__(self, aws: Aws, lab: EmbeddedAws) -> None:
        self.aws, self.lab = aws, lab
        self.machines = Machines(aws)
        self.machine = self.machines.machine()
        self.kind = MachineImage(aws, OWNER)

    def bake(self, number: int, verdict: str = PASSED, image: str = "gpu") -> str:
        wish = want(image, f"20261121-12000{number}", f"inputs-{number}", self.machine, "")
        outcome = reconcile(self.kind, [wish], check=False, purge=False)
        assert not outcome.errors
        (found,) = [found for found in self.kind.find() if found.part == wish.part]
        if verdict:
            judge(self.aws, OWNER, image, found.id, verdict, check=False)
        return found.id

    def move(self, way: Move, identifier: str = "", check: bool = False) -> Outcome:
        return move(self.aws, OWNER, "gpu", way, identifier, check)

    def candidate(self, number: int) -> str:
        made = self.bake(number)
        self.move("candidate", made)
        return made

    def stages(self) -> dict[str, str]:
        found = self.aws.pages("ssm", "get_parameters_by_path", "Parameters", Path=PATH)
        return {one["Name"].rpartition("/")[2]: one["Value"] for one in found}

    def verdicts(self) -> dict[str, str]:
        return {found.id: found.tags.get(VERDICT, "") for found in self.kind.find()}

    def writes(self) -> list[str]:
        return [write["action"] for write in self.lab.writes()]


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws)


def told(outcome: Outcome) -> list[tuple[str, str]]:
    return [(member.part, member.action) for member in outcome.members]


def test_a_version_and_its_snapshot_carry_our_tags_and_a_second_run_makes_no_other(world: World) -> None:
    made = world.bake(1)
    tagged = [one for one in world.lab.holdings() if one["tags"].get("cloister:part") == "gpu-20261121-120001"]
    assert sorted(one["kind"] for one in tagged) == ["ec2:image", "ec2:snapshot"]
    assert all(one["tags"]["cloister:keep"] == "true" for one in tagged)
    world.lab.clear_journal()
    assert world.bake(1, verdict="") == made
    assert world.writes() == []


def test_a_version_whose_answer_was_lost_is_taken(world: World) -> None:
    world.lab.reset_connections("CreateImage", applied=True)
    made = world.bake(1)
    assert list(world.verdicts()) == [made]


def test_an_image_of_that_name_that_is_not_ours_is_refused(world: World) -> None:
    world.aws.call("ec2", "create_image", InstanceId=world.machine, Name="kr-gpu-20261121-120001")
    wish = want("gpu", "20261121-120001", "inputs", world.machine, "")
    (error,) = reconcile(world.kind, [wish], check=False, purge=False).errors
    assert "is not this region's; deregister or rename it" in str(error)


def test_a_version_is_waited_for(world: World) -> None:
    world.lab.delays(machine_image=0.3)
    world.bake(1)
    (found,) = world.kind.find()
    assert found.raw["State"] == "available"


def test_a_version_that_failed_is_told_with_its_reason(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.lab.delays(machine_image=30)
    wish = want("gpu", "20261121-120001", "inputs", world.machine, "")
    pages = Aws.pages

    def failed(self: Aws, service: str, action: str, result: str, /, **params: t.Any) -> list[t.Any]:
        rows = pages(self, service, action, result, **params)
        ended = {"State": "failed", "StateReason": {"Message": "a disk could not be read"}}
        return [{**row, **ended} for row in rows] if action == "describe_images" else rows

    monkeypatch.setattr(Aws, "pages", failed)
    (error,) = reconcile(world.kind, [wish], check=False, purge=False).errors
    assert "gpu-20261121-120001 is failed: a disk could not be read; bake it again" in str(error)


def test_a_bake_goes_on_where_it_was_cut_short(world: World) -> None:
    def todo(inputs: str, again: bool = False) -> tuple[str, str]:
        way, found = Golden.read(world.aws, OWNER).todo("gpu", inputs, again)
        return way, found.id if found else ""

    assert todo("inputs-1") == ("bake", "")
    first = world.bake(1, verdict="")
    assert todo("inputs-1") == ("test", first)
    world.bake(1)
    assert todo("inputs-1") == ("nothing", first)
    assert todo("inputs-2") == ("bake", "")
    world.bake(2, verdict=REJECTED)
    with pytest.raises(InputError, match="was made from just this, and was rejected"):
        todo("inputs-2")
    assert todo("inputs-1", again=True) == todo("inputs-2", again=True) == ("bake", "")


def test_a_verdict_is_written_once_and_only_planned_in_check_mode(world: World) -> None:
    made = world.bake(1, verdict="")

    def judged(check: bool) -> list[tuple[str, str]]:
        return told(judge(world.aws, OWNER, "gpu", made, REJECTED, check))

    world.lab.clear_journal()
    assert judged(check=True) == [("gpu-20261121-120001", "change")]
    assert world.writes() == []
    assert judged(check=False) == [("gpu-20261121-120001", "change")]
    assert world.verdicts() == {made: REJECTED}
    world.lab.clear_journal()
    assert judged(check=False) == [("gpu-20261121-120001", "keep")]
    assert world.writes() == []


def test_stages_move_one_after_the_other(world: World) -> None:
    first = world.candidate(1)
    assert told(world.move("promote")) == [("gpu-ami/current", "create")]
    assert world.stages() == {"candidate": first, "current": first}
    second = world.candidate(2)
    assert told(world.move("promote")) == [("gpu-ami/previous", "create"), ("gpu-ami/current", "change")]
    assert world.stages() == {"candidate": second, "current": second, "previous": first}


@pytest.mark.parametrize("way", ["promote", "rollback"])
def test_a_move_made_twice_changes_nothing(world: World, way: Move) -> None:
    for number in (1, 2):
        world.candidate(number)
        world.move("promote")
    world.move(way)
    world.lab.clear_journal()
    assert not world.move(way).changed
    assert world.writes() == []


def test_a_plan_tells_the_same_and_writes_nothing(world: World) -> None:
    world.candidate(1)
    world.move("promote")
    world.candidate(2)
    world.lab.clear_journal()
    planned = told(world.move("promote", check=True))
    assert world.writes() == []
    assert planned == told(world.move("promote"))


def test_taking_back_rejects_what_was_current_and_it_does_not_come_again(world: World) -> None:
    first = world.candidate(1)
    world.move("promote")
    second = world.candidate(2)
    world.move("promote")
    world.move("rollback")
    assert world.stages()["current"] == first
    assert world.verdicts() == {first: PASSED, second: REJECTED}
    with pytest.raises(InputError, match=f"the candidate {second} .* was rejected"):
        world.move("promote")


@pytest.mark.parametrize("way", ["promote", "rollback"])
@pytest.mark.parametrize("refused", [1, 2])
def test_a_move_that_was_cut_short_is_finished_by_the_same_move(
    world: World, monkeypatch: pytest.MonkeyPatch, way: Move, refused: int
) -> None:
    first = world.candidate(1)
    world.move("promote")
    second = world.candidate(2)
    if way == "rollback":
        world.move("promote")
    made = iter(range(1, 9))
    call = Aws.call

    def cut(self: Aws, service: str, action: str, /, **params: t.Any) -> t.Any:
        if action in ("put_parameter", "create_tags") and next(made) == refused:
            raise KeyboardInterrupt
        return call(self, service, action, **params)

    with monkeypatch.context() as patched:
        patched.setattr(Aws, "call", cut)
        patched.setattr(Aws, "make", cut)
        with pytest.raises(KeyboardInterrupt):
            world.move(way)
    world.move(way)
    assert world.stages() == {"candidate": second, "current": first if way == "rollback" else second, "previous": first}
    assert world.verdicts()[second] == (REJECTED if way == "rollback" else PASSED)


@pytest.mark.parametrize(
    ("way", "found"),
    [
        ("promote", "has no candidate; bake one"),
        ("rollback", "has no previous version to go back to"),
    ],
)
def test_a_move_without_its_stage_says_what_is_missing(world: World, way: Move, found: str) -> None:
    with pytest.raises(MissingError, match=found):
        world.move(way)


def test_a_version_that_has_not_passed_becomes_no_candidate(world: World) -> None:
    with pytest.raises(InputError, match="has not passed its tests"):
        world.move("candidate", world.bake(1, verdict=""))
    with pytest.raises(MissingError, match="the candidate shall be ami-0123456789abcdef0"):
        world.move("candidate", "ami-0123456789abcdef0")


def test_a_stage_that_somebody_else_made_is_refused(world: World) -> None:
    world.aws.make("ssm", "put_parameter", Name=f"{PATH}/candidate", Value="x", Type="String")
    made = world.bake(1)
    with pytest.raises(OwnershipError, match="has its place and is not ours"):
        world.move("candidate", made)


def test_a_stage_whose_answer_was_lost_is_taken(world: World) -> None:
    made = world.bake(1)
    world.lab.reset_connections("PutParameter", applied=True)
    world.move("candidate", made)
    assert world.stages() == {"candidate": made}
    (found,) = ImageStage(world.aws, OWNER).find()
    assert found.tags["cloister:keep"] == "true"


def test_old_versions_go_with_their_snapshots_unless_somebody_has_them(world: World) -> None:
    made = {number: world.bake(number) for number in range(1, 7)}
    world.move("candidate", made[1])  # of a stage
    other = world.bake(9, image="cpu")
    runs = {"MinCount": 1, "MaxCount": 1, "InstanceType": "t3.micro", "SubnetId": world.machines.subnet}
    world.aws.make("ec2", "run_instances", ImageId=made[2], **runs)
    data = {"ImageId": made[3], "InstanceType": "t3.micro"}
    tags = [{"Key": "cloister:region", "Value": "kr"}, {"Key": "cloister:part", "Value": "x"}]
    world.aws.make(
        "ec2",
        "create_launch_template",
        LaunchTemplateName="kr-x",
        LaunchTemplateData=data,
        TagSpecifications=[{"ResourceType": "launch-template", "Tags": tags}],
    )
    world.lab.clear_journal()
    planned = prune(world.aws, OWNER, {"gpu": 2}, check=True)
    assert world.writes() == []
    went = prune(world.aws, OWNER, {"gpu": 2}, check=False)
    assert told(planned) == told(went) == [("gpu-20261121-120004", "remove")]
    assert set(world.verdicts()) == {*made.values(), other} - {made[4]}
    assert not [one for one in world.lab.holdings() if one["tags"].get("cloister:part") == "gpu-20261121-120004"]
    assert not prune(world.aws, OWNER, {"gpu": 2}, check=False).members
