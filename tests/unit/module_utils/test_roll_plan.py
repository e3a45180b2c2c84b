"""Who goes when in a roll, by what load balancers and nodes say."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._balanced_fleet import Fleet, Machine, State, Targets
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._roll_plan import Pace, Plan, Planner, Word, settled, sizes

HTTPS, HTTP = "edge-https", "edge-http"
SERVES, WELL = Word(there=True, failing=False, wants=True), Word(there=True, failing=False, wants=False)
FAILS, NEW = Word(there=True, failing=True, wants=False), Word(there=False, failing=False, wants=True)


def machine(name: str, state: str = "healthy", zone: str = "a", **more: t.Any) -> Machine:
    """A machine that both target groups find in a state, or each in its own: ``healthy/absent``."""
    said = state.split("/") * 2
    return Machine(name, zone, **{"in_service": True, "states": {HTTPS: State(said[0]), HTTP: State(said[1])}, **more})


def targets(cross_zone: bool = True, cuts: bool = False, in_use: bool = True) -> dict[str, Targets]:
    return {name: Targets(name, name, in_use, cuts, cross_zone) for name in (HTTPS, HTTP)}


def fleet(*machines: Machine, lacking: int = 0, **how: bool) -> Fleet:
    return Fleet({one.id: one for one in machines}, targets(**how), {"proxy": lacking})


FOUR = [machine(f"i-{number}", zone=zone) for number, zone in enumerate("abca", 1)]


def plan(
    of: Fleet, batches: str = "1,25%", place: str = "1,100%", mends: bool = False, sweeps: bool = False, **words: Word
) -> Plan:
    """Plan for a fleet; nodes that are not named have something to change."""
    said = {one: words.get(one.replace("-", ""), SERVES) for one in of.machines}
    return Planner(of, said, Pace(batches, place), mends, sweeps).plan()


def order(made: Plan) -> list[tuple[str, str]]:
    return [(" ".join(one["nodes"]), one["way"]) for one in made.batches]


def test_one_goes_first_and_then_a_quarter_at_a_time() -> None:
    assert order(plan(fleet(*FOUR))) == [("i-1", "out"), ("i-2", "out"), ("i-3", "out"), ("i-4", "out")]
    eight = [machine(f"i-{number}") for number in range(1, 9)]
    assert [len(one["nodes"]) for one in plan(fleet(*eight)).batches] == [1, 2, 2, 2, 1]


def test_what_has_nothing_to_change_is_left_alone_or_gone_over_where_it_is() -> None:
    made = plan(fleet(*FOUR), i1=WELL, i2=WELL, i3=WELL)
    assert (order(made), made.well) == ([("i-4", "out")], ["i-1", "i-2", "i-3"])
    swept = plan(fleet(*FOUR), sweeps=True, i1=WELL, i2=WELL, i3=WELL)
    assert (order(swept), swept.well) == ([("i-4", "out"), ("i-1", "in place"), ("i-2 i-3", "in place")], [])
    assert plan(fleet(*FOUR), i1=WELL, i2=WELL, i3=WELL, i4=WELL).batches == []


@pytest.mark.parametrize(
    ("state", "word"),
    [("healthy", FAILS), ("unhealthy", FAILS), ("absent", WELL), ("healthy/absent", WELL), ("draining", FAILS)],
    ids=["failing", "found unhealthy", "deregistered", "deregistered from one", "on its way out"],
)
def test_one_that_a_killed_run_took_out_goes_first_and_does_not_count_as_ill(state: str, word: Word) -> None:
    left = fleet(FOUR[0], FOUR[1], machine("i-3", state), FOUR[3])
    assert order(plan(left, i3=word))[0] == ("i-3", "out")


@pytest.mark.parametrize(
    ("ill", "said"),
    [
        (machine("i-3", "unhealthy"), "i-3 is unhealthy in edge-https"),
        (machine("i-3", "healthy/unhealthy"), "i-3 is unhealthy in edge-http"),
        (machine("i-3", "unused"), "i-3 is unused in edge-https"),
        (machine("i-3", in_service=False), "i-3 is not in service"),
    ],
)
def test_a_fleet_with_an_ill_machine_is_left_alone_and_it_is_named(ill: Machine, said: str) -> None:
    with pytest.raises(RegionError, match=said):
        plan(fleet(FOUR[0], FOUR[1], ill, FOUR[3]))


def test_so_is_one_with_an_ill_machine_that_this_run_is_not_about_or_with_too_few() -> None:
    short = fleet(*FOUR[:3], machine("i-9", "unhealthy"))
    words = dict.fromkeys(["i-1", "i-2"], SERVES)
    with pytest.raises(RegionError, match="i-9 is unhealthy in edge-https"):
        Planner(short, words, Pace("1", "1"), mends=False, sweeps=False).plan()
    with pytest.raises(RegionError, match="pool proxy lacks 1 machines"):
        plan(fleet(*FOUR[:3], lacking=1))


def test_where_that_is_asked_the_ill_go_first_and_the_others_after_them() -> None:
    made = plan(fleet(machine("i-1", "unhealthy"), *FOUR[1:], lacking=1), mends=True)
    assert order(made) == [("i-1", "mend"), ("i-2", "out"), ("i-3", "out"), ("i-4", "out")]
    assert any("i-1 is unhealthy in edge-https" in note for note in made.notes)


def test_new_nodes_are_brought_in_without_being_taken_out_where_that_is_asked() -> None:
    new = fleet(*(machine(f"i-{number}", "unhealthy") for number in range(1, 5)))
    words = dict.fromkeys(["i1", "i2", "i3", "i4"], NEW)
    assert order(plan(new, mends=True, **words)) == [("i-1", "mend"), ("i-2 i-3 i-4", "mend")]
    with pytest.raises(RegionError, match="i-4 is new, and nothing is installed on it"):
        plan(fleet(*FOUR[:3], machine("i-4", "unhealthy")), i4=NEW)


def test_the_last_one_of_a_group_does_not_go() -> None:
    assert order(plan(fleet(*FOUR), batches="100%")) == [("i-1 i-2 i-3", "out"), ("i-4", "out")]
    with pytest.raises(RegionError, match="i-1 cannot be taken out: nobody else would serve edge-"):
        plan(fleet(FOUR[0]))
    made = plan(fleet(FOUR[0]), mends=True)
    assert order(made) == [("i-1", "in place")]


def test_without_crossing_zones_no_zone_goes_without() -> None:
    pair = [machine(f"i-{number}", zone=zone) for number, zone in enumerate("aabb", 1)]
    assert order(plan(fleet(*pair, cross_zone=False), batches="2")) == [("i-1 i-3", "out"), ("i-2 i-4", "out")]
    with pytest.raises(RegionError, match=r"i-2, i-3 cannot be taken out: nobody else would serve .* in b"):
        plan(fleet(*FOUR, cross_zone=False))


def test_health_does_not_fail_first_where_that_would_end_connections() -> None:
    assert plan(fleet(*FOUR)).gently
    made = plan(fleet(*FOUR, cuts=True))
    assert not made.gently
    assert "deregistered before its health fails" in " ".join(made.lines())


def test_nodes_that_no_listener_leads_to_are_changed_where_they_are() -> None:
    assert order(plan(fleet(*FOUR, in_use=False), place="1,3")) == [("i-1", "in place"), ("i-2 i-3 i-4", "in place")]
    alone = Fleet({"i-1": Machine("i-1", "", True, {})}, {}, {})
    assert order(plan(alone)) == [("i-1", "in place")]


def test_a_node_in_a_target_group_that_its_pool_is_not_attached_to_is_refused() -> None:
    stray = machine("i-1", strays=("by-hand",))
    with pytest.raises(InputError, match="i-1 is in target group by-hand"):
        plan(fleet(stray, *FOUR[1:]))
    assert ("i-1", "in place") in order(plan(fleet(stray, *FOUR[1:]), mends=True))


def test_the_plan_reads_as_people_speak() -> None:
    lines = plan(fleet(*FOUR), i1=WELL, i2=WELL, i3=FAILS).lines()
    assert lines == [
        "batch 1: i-3: taken out of service, changed, put back",
        "batch 2: i-4: taken out of service, changed, put back",
        "i-1: as it should be",
        "i-2: as it should be",
    ]


@pytest.mark.parametrize(("said", "found"), [("1", [1]), ("1,25%", [1, 2]), ("1, 2, 50%", [1, 2, 4]), ("1%", [1])])
def test_sizes_are_numbers_or_shares_of_all(said: str, found: list[int]) -> None:
    assert sizes(said, 8, "roll_batches") == found


@pytest.mark.parametrize("said", ["", "0", "a third", "1,,2", "-1", "0%"])
def test_what_is_no_size_is_refused_with_its_name(said: str) -> None:
    with pytest.raises(InputError, match="roll_batches is"):
        sizes(said, 8, "roll_batches")


def test_first_health_checks_are_waited_for_of_those_that_should_serve() -> None:
    young = fleet(machine("i-1", "initial"), FOUR[1])
    assert not settled(young, {"i-1": SERVES})
    assert settled(young, {"i-1": NEW})
    assert settled(young, {"i-1": FAILS, "i-2": SERVES})
