"""The engine, on a kind that lives in a dict."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._errors import (
    ImmutableError,
    OwnershipError,
    RegionError,
    UnsureError,
)
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import reconcile

OWNER = Owner("us", "network", {"owner": "platform"})


class Box(Kind):
    """A thing with a size that can change and a colour that cannot."""

    noun, made_by, rank = "box", "network", 1
    immutable: t.ClassVar = {"colour": "make a new one"}

    def __init__(self) -> None:
        super().__init__(t.cast(t.Any, None), OWNER)
        self.world: dict[str, dict[str, t.Any]] = {}
        self.writes: list[str] = []
        self.waited: list[str] = []
        self.lost_answers = 0
        self.strangers: dict[str, str] = {}

    def find(self) -> list[Found]:
        return [Found(key, raw["tags"], raw) for key, raw in self.world.items() if OWNER.owns(raw["tags"])]

    def fields(self, found: Found) -> dict[str, t.Any]:
        return {"size": found.raw["size"], "colour": found.raw["colour"]}

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        self.writes.append(f"create {want.part}")
        key = f"box-{len(self.world)}"
        self.world[key] = {"tags": dict(tags), **want.fields}
        if self.lost_answers:
            self.lost_answers -= 1
            raise UnsureError("CreateBox", "500", "no answer")
        return Found(key, tags, self.world[key])

    def complete(self, found: Found, want: Want) -> None:
        self.writes.append(f"complete {want.part} beside {len(self.world)}")

    def settled(self, found: Found) -> bool:
        return not found.raw.get("slow")

    def settle(self, found: Found) -> None:
        self.waited.append(found.part)

    def vet(self, want: Want, found: Found | None) -> None:
        if want.fields["size"] < 0:
            raise RegionError("too small")

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        self.writes.append(f"update {want.part} {sorted(changed)}")
        self.world[found.id].update({name: want.fields[name] for name in changed})

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        self.writes.append(f"retag {found.part} {sorted(tags)}")
        self.world[found.id]["tags"].update(tags)

    def delete(self, found: Found) -> None:
        self.writes.append(f"delete {found.part}")
        del self.world[found.id]

    def foreign(self, want: Want) -> str | None:
        return self.strangers.get(want.part)


@pytest.fixture
def box() -> Box:
    return Box()


def want(part: str, size: int = 1, colour: str = "red") -> Want:
    return Want(part, {"size": size, "colour": colour})


def actions(outcome: t.Any) -> dict[str, str]:
    return {member.part: member.action for member in outcome.members}


def test_check_predicts_what_apply_does_and_writes_nothing(box: Box) -> None:
    predicted = reconcile(box, [want("a"), want("b")], check=True)
    assert predicted.changed
    assert box.writes == []
    assert predicted.ids["a"] == "(known after apply: box a)"
    applied = reconcile(box, [want("a"), want("b")], check=False)
    assert actions(applied) == actions(predicted) == {"a": "create", "b": "create"}
    assert applied.ids["a"] in box.world


def test_a_second_run_writes_nothing(box: Box) -> None:
    reconcile(box, [want("a")], check=False)
    box.writes.clear()
    outcome = reconcile(box, [want("a")], check=False)
    assert not outcome.changed
    assert box.writes == []


def test_only_what_differs_is_written(box: Box) -> None:
    reconcile(box, [want("a"), want("b")], check=False)
    box.writes.clear()
    outcome = reconcile(box, [want("a", size=2), want("b")], check=False)
    assert box.writes == ["update a ['size']"]
    assert outcome.members[0].changes == [{"field": "size", "before": 1, "after": 2}]


def test_tags_lost_by_hand_come_back_and_strange_tags_stay(box: Box) -> None:
    reconcile(box, [want("a")], check=False)
    tags = box.world["box-0"]["tags"]
    del tags["owner"]
    tags["kubernetes.io/role/elb"] = "1"
    reconcile(box, [want("a")], check=False)
    assert box.writes[2:] == ["retag a ['owner']"]
    assert tags["kubernetes.io/role/elb"] == "1"


def test_what_is_no_longer_listed_goes_and_what_is_kept_stays(box: Box) -> None:
    reconcile(box, [want("a"), want("b")], check=False)
    box.world["box-1"]["tags"]["cloister:keep"] = "true"
    outcome = reconcile(box, [], check=False)
    assert actions(outcome) == {"a": "remove", "b": "keep"}
    assert list(box.world) == ["box-1"]


def test_immutable_fields_are_all_refused_before_the_first_write(box: Box) -> None:
    reconcile(box, [want("a"), want("b")], check=False)
    box.writes.clear()
    with pytest.raises(ImmutableError) as refused:
        reconcile(box, [want("a", colour="blue"), want("b", colour="green"), want("c")], check=False)
    assert "box a (box-0): colour is red and cannot become blue" in str(refused.value)
    assert "box b" in str(refused.value)
    assert "make a new one" in str(refused.value)
    assert box.writes == []


def test_two_of_one_name_are_refused_with_both_ids(box: Box) -> None:
    reconcile(box, [want("a")], check=False)
    box.world["box-9"] = dict(box.world["box-0"])
    with pytest.raises(OwnershipError, match="box-0, box-9"):
        reconcile(box, [want("a")], check=False)


def test_a_stranger_in_the_place_is_refused_before_the_first_write(box: Box) -> None:
    box.strangers["b"] = "box-77"
    with pytest.raises(OwnershipError, match="box-77"):
        reconcile(box, [want("a"), want("b")], check=False)
    assert box.writes == []


def test_a_thing_of_another_region_is_neither_adopted_nor_touched(box: Box) -> None:
    box.world["box-7"] = {"tags": Owner("kr", "network").tags_for("a"), "size": 5, "colour": "red"}
    reconcile(box, [want("a")], check=False)
    assert box.writes[0] == "create a"
    reconcile(box, [], check=False)
    assert list(box.world) == ["box-7"]


def test_a_create_with_a_lost_answer_is_looked_up_and_not_repeated(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    box.lost_answers = 1
    outcome = reconcile(box, [want("a")], check=False)
    assert not outcome.errors
    assert box.writes.count("create a") == 1
    assert outcome.ids == {"a": "box-0"}


def test_one_failing_member_does_not_stop_the_others_and_is_told(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    create = box.create

    def sometimes(wanted: Want, tags: t.Mapping[str, str]) -> Found:
        if wanted.part == "b":
            raise OwnershipError("no room")
        return create(wanted, tags)

    monkeypatch.setattr(box, "create", sometimes)
    outcome = reconcile(box, [want("a"), want("b"), want("c")], check=False)
    assert {raw["tags"]["cloister:part"] for raw in box.world.values()} == {"a", "c"}
    assert [str(error) for error in outcome.errors] == ["box b: no room"]


def test_each_is_completed_only_when_all_were_made_and_waited_for_at_the_end(box: Box) -> None:
    reconcile(box, [want(part) for part in "abc"], check=False)
    assert sorted(box.writes[:3]) == ["create a", "create b", "create c"]
    assert sorted(box.writes[3:]) == [f"complete {part} beside 3" for part in "abc"]
    assert sorted(box.waited) == ["a", "b", "c"]


def test_what_a_killed_run_left_unsettled_is_waited_for_again(box: Box) -> None:
    reconcile(box, [want("a"), want("b")], check=False)
    box.waited.clear()
    box.world["box-1"]["slow"] = True
    outcome = reconcile(box, [want("a"), want("b")], check=False)
    assert not outcome.changed
    assert box.waited == ["b"]


def test_what_the_kind_speaks_against_is_refused_before_the_first_write(box: Box) -> None:
    with pytest.raises(RegionError, match="too small"):
        reconcile(box, [want("a"), want("b", size=-1)], check=False)
    assert box.writes == []
