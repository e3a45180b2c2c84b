"""Stages of one module: planned before the first write, taken in order, stopped by the first that fails."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Action, Member, Outcome
from ansible_collections.cloister.aws.plugins.module_utils._stages import Stage, in_turn


class Log:
    """Stages that note when they are asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, bool]] = []

    def stage(self, part: str, action: Action = "create", fails: str = "") -> Stage:
        def taken(check: bool) -> Outcome:
            self.asked.append((part, check))
            if fails == ("plan" if check else "raise"):
                raise RegionError(f"{part} fails")
            errors: list[Exception] = [RegionError(f"{part} fails")] if fails == "member" and not check else []
            return Outcome([Member("thing", part, "stack", action, part)], errors)

        return taken


def parts(outcome: Outcome) -> list[str]:
    return [member.part for member in outcome.members]


def test_all_are_planned_before_one_is_taken() -> None:
    log = Log()
    outcome = in_turn([log.stage("a"), log.stage("b")], check=False)
    assert log.asked == [("a", True), ("b", True), ("a", False), ("b", False)]
    assert parts(outcome) == ["a", "b"]


def test_a_plan_is_all_there_is_in_check_mode() -> None:
    log = Log()
    assert in_turn([log.stage("a")], check=True, pending=True).changed
    assert log.asked == [("a", True)]


@pytest.mark.parametrize("pending", [False, True])
def test_where_nothing_changes_they_are_taken_only_for_what_is_pending(pending: bool) -> None:
    log = Log()
    in_turn([log.stage("a", "keep")], check=False, pending=pending)
    assert log.asked == [("a", True)] + ([("a", False)] if pending else [])


def test_what_one_refuses_is_refused_before_any_is_taken() -> None:
    log = Log()
    with pytest.raises(RegionError, match="b fails"):
        in_turn([log.stage("a"), log.stage("b", fails="plan")], check=False)
    assert ("a", False) not in log.asked


@pytest.mark.parametrize(("fails", "told"), [("member", ["a", "b"]), ("raise", ["a"])])
def test_one_that_fails_stops_those_after_it_and_what_was_done_is_told(fails: t.Any, told: list[str]) -> None:
    log = Log()
    outcome = in_turn([log.stage("a"), log.stage("b", fails=fails), log.stage("c")], check=False)
    assert ("c", False) not in log.asked
    assert [str(error) for error in outcome.errors] == ["b fails"]
    assert parts(outcome) == told
