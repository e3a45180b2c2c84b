"""What the engine does with a whole set: names told apart, renaming, removal left to the end."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.module_utils._kind import NOT_YET, Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import reconcile
from ansible_collections.cloister.aws.plugins.module_utils._removal import remove_unlisted

OWNER = Owner("us", "network")


class Shelf(Kind):
    """A thing with a place, which is the same thing under another name, and replaced when it is painted."""

    noun, made_by, rank = "shelf", "network", 20
    log: t.ClassVar[list[str]] = []

    def __init__(self, *parts: str) -> None:
        super().__init__(t.cast(t.Any, None), OWNER)
        self.log.clear()
        self.world = {f"{self.noun}-{p}": {"tags": OWNER.tags_for(p), "place": p, "colour": "red"} for p in parts}

    def find(self) -> list[Found]:
        return [Found(key, raw["tags"], raw) for key, raw in self.world.items()]

    def fields(self, found: Found) -> dict[str, t.Any]:
        return {"place": found.raw["place"], "colour": found.raw["colour"]}

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        raise AssertionError("nothing is created in these tests")

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> Found:
        self.log.append(f"replace {found.id}")
        return Found(f"{found.id}-new", found.tags, {**found.raw, **want.fields})

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        self.log.append(f"retag {found.id} {sorted(tags)}")

    def delete(self, found: Found) -> None:
        self.log.append(f"delete {found.id}")

    def renames(self, found: Found, want: Want) -> bool:
        return bool(found.raw["place"] == want.fields["place"])


class Book(Shelf):
    """What stands on a shelf."""

    noun, rank = "book", 10


def test_a_name_listed_twice_is_refused() -> None:
    with pytest.raises(InputError, match="shelf a: listed more than once"):
        reconcile(Shelf(), [Want("a", {}), Want("a", {})], check=False)


def test_a_thing_under_an_unlisted_name_is_renamed_not_made_anew() -> None:
    outcome = reconcile(shelf := Shelf("old"), [Want("new", {"place": "old"})], check=False)
    assert [(member.part, member.action, member.id) for member in outcome.members] == [("new", "change", "shelf-old")]
    assert shelf.log == ["retag shelf-old ['Name', 'cloister:part']"]


def test_a_listed_name_is_never_taken_for_a_renamed_one() -> None:
    outcome = reconcile(Shelf("a"), [Want("a", {"place": "a"}), Want("b", {"place": "a"})], check=True)
    assert [member.action for member in outcome.members] == ["keep", "create"]


def test_a_replacement_is_told_by_its_new_id() -> None:
    outcome = reconcile(Shelf("a"), [Want("a", {"colour": "blue"})], check=False)
    assert outcome.ids == {"a": "shelf-a-new"}


def test_what_cannot_be_told_yet_is_no_difference() -> None:
    shelf = Shelf("a")
    shelf.world["shelf-a"]["colour"] = NOT_YET
    assert not reconcile(shelf, [Want("a", {"colour": "blue"})], check=True).changed


def test_without_purge_nothing_is_removed() -> None:
    outcome = reconcile(shelf := Shelf("a", "b"), [Want("a", {})], check=False, purge=False)
    assert not outcome.changed
    assert shelf.log == []


def test_what_stands_on_something_goes_before_it() -> None:
    shelf, book = Shelf("s", "t"), Book("b", "c")
    outcome = remove_unlisted([shelf, book], {"shelf": ["t"], "book": ["c"]}, check=False)
    assert Shelf.log == ["delete book-b", "delete shelf-s"]
    assert [(member.kind, member.part, member.action) for member in outcome.members] == [
        ("book", "b", "remove"),
        ("shelf", "s", "remove"),
    ]


def test_removal_is_predicted_without_a_write_and_spares_what_is_kept() -> None:
    shelf = Shelf("a", "b")
    shelf.world["shelf-b"]["tags"]["cloister:keep"] = "true"
    outcome = remove_unlisted([shelf], {}, check=True)
    assert [member.part for member in outcome.members] == ["a"]
    assert outcome.changed
    assert shelf.log == []


def test_a_rank_is_not_touched_when_the_one_before_is_not_gone() -> None:
    class Glued(Book):
        def delete(self, found: Found) -> None:
            raise InputError("glued")

    outcome = remove_unlisted([Shelf("s"), Glued("b")], {}, check=False)
    assert [str(error) for error in outcome.errors] == ["book b: glued"]
    assert Shelf.log == []
