"""The timeline of a run: who worked and who waited, side by side."""

from __future__ import annotations

from ansible_collections.cloister.aws.plugins.plugin_utils._report import Report
from ansible_collections.cloister.aws.plugins.plugin_utils._timeline import WIDTH, Span, Timeline, united


def wait(what: str, began: float, ended: float) -> dict[str, object]:
    return {"what": what, "began": began, "ended": ended}


def timeline() -> Timeline:
    """A run that began at 100 on the clock: a network, then a cluster and a database side by side."""
    run = Timeline(100.0)
    run.take("network", 100.0, 110.0)
    run.take("eks", 110.0, 160.0, [wait("EKS cluster main", 115.0, 155.0)])
    run.take("database", 110.0, 140.0, [wait("DB instance main", 120.0, 135.0)])
    return run


def test_what_is_waited_for_side_by_side_counts_once() -> None:
    assert timeline().waited == 40.0
    later = timeline()
    later.take("schedule", 160.0, 170.0, [wait("function", 160.0, 165.0)])
    assert later.waited == 45.0


def test_a_row_shows_when_a_stack_worked_and_when_it_waited() -> None:
    rows = {
        line.split("|")[0].strip(): line.split("|")[1] for line in timeline().lines({"network", "eks"}) if "|" in line
    }
    assert set(rows) == {"network", "eks"}
    assert {len(row) for row in rows.values()} == {WIDTH}
    assert rows["network"] == "=" * 10 + " " * 50
    assert rows["eks"] == " " * 10 + "=" * 5 + "." * 40 + "=" * 5


def test_the_longest_waits_are_told_with_what_was_waited_for() -> None:
    told = [line for line in timeline().lines({"network", "eks", "database"}) if " s for " in line]
    assert [line.split() for line in told] == [
        ["eks", "40.0", "s", "for", "EKS", "cluster", "main"],
        ["database", "15.0", "s", "for", "DB", "instance", "main"],
    ]


def test_stacks_are_drawn_in_the_order_in_which_they_began_and_a_short_task_is_seen() -> None:
    run = timeline()
    run.take("guard", 105.0, 105.1)
    drawn = [line for line in run.lines({"guard", "eks", "network", "database"}) if "|" in line]
    assert [line.split()[0] for line in drawn] == ["network", "guard", "database", "eks"]
    assert drawn[1].split("|")[1].strip() == "="


def test_a_run_that_hardly_waited_is_not_drawn() -> None:
    run = Timeline(0.0)
    run.take("network", 0.0, 9.0, [wait("VPC range", 1.0, 1.4)])
    assert list(run.lines({"network"})) == []
    assert list(Timeline(0.0).lines(set())) == []


def test_spans_that_meet_are_one() -> None:
    assert united([Span(3, 4), Span(0, 1), Span(1, 2), Span(1.5, 1.7)]) == [Span(0, 2), Span(3, 4)]


def test_the_report_draws_it_and_keeps_it_as_data() -> None:
    report = Report(run_id="c0ffee", began=100.0, region="kr", aws_region="ap-northeast-2", seconds=60.0)
    member = {"kind": "EKS cluster", "part": "main", "action": "create", "stack": "eks", "id": "x"}
    report.take("eks", 50.0, [{**member, "changes": [], "shows": {}}], check=False)
    report.timeline = timeline()
    assert any(line.startswith("  eks  |") for line in report.lines())
    assert not any(line.startswith("  database  |") for line in report.lines())
    told = report.told()["timeline"]
    assert told["waited"] == 40.0
    assert told["stacks"]["eks"]["waits"] == [wait("EKS cluster main", 15.0, 55.0)]
