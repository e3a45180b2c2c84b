# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""State Manager: associations run on the nodes they are for, again when they change, and on those that come later."""

from __future__ import annotations

import time
import typing as t

import pytest

Fleet = t.Any
Refused = t.Callable[..., t.Any]
Json = dict[str, t.Any]
ROLE = [{"Key": "tag:cloister:role", "Values": ["vllm"]}]


def make(fleet: Fleet, *lines: str, **more: t.Any) -> str:
    given = {"Name": "AWS-RunShellScript", "Targets": ROLE, "Parameters": {"commands": list(lines)}, **more}
    return str(fleet.ssm.create_association(**given)["AssociationDescription"]["AssociationId"])


def ran(fleet: Fleet, identifier: str, version: int = 1, seconds: float = 20) -> list[Json]:
    """The executions, the newest first, once none goes on and the newest is of this version."""
    end = time.monotonic() + seconds
    while True:
        rows = fleet.ssm.describe_association_executions(AssociationId=identifier)["AssociationExecutions"]
        begun = bool(rows) and rows[0]["AssociationVersion"] == str(version)
        if begun and not any(row["Status"] in ("Pending", "InProgress") for row in rows):
            return t.cast("list[Json]", rows)
        assert time.monotonic() < end, rows
        time.sleep(0.05)


def on(fleet: Fleet, row: Json) -> dict[str, str]:
    """Status by node of an execution."""
    said = {key: row[key] for key in ("AssociationId", "ExecutionId")}
    rows = fleet.ssm.describe_association_execution_targets(**said)["AssociationExecutionTargets"]
    return {one["ResourceId"]: one["Status"] for one in rows}


def compliance(fleet: Fleet, kind: str = "Association") -> dict[str, str]:
    only = [{"Key": "ComplianceType", "Values": [kind], "Type": "EQUAL"}]
    rows = fleet.ssm.list_resource_compliance_summaries(Filters=only)["ResourceComplianceSummaryItems"]
    return {row["ResourceId"]: row["Status"] for row in rows}


def test_one_runs_at_once_on_all_that_it_is_for(fleet: Fleet) -> None:
    good, bad = fleet.node(), fleet.node()
    fleet.node(role="proxy")
    made = make(fleet, f'[ "$CONTAINER" = {fleet.folder(good)} ]', MaxErrors="10", ComplianceSeverity="HIGH")
    (run,) = ran(fleet, made)
    assert (run["Status"], run["ResourceCountByStatus"]) == ("Failed", "{Failed=1, Success=1}")
    assert on(fleet, run) == {good: "Success", bad: "Failed"}
    assert compliance(fleet) == {good: "COMPLIANT", bad: "NON_COMPLIANT"}
    (row,) = fleet.ssm.list_compliance_summaries()["ComplianceSummaryItems"]
    assert row["CompliantSummary"]["CompliantCount"] == 1
    assert row["NonCompliantSummary"]["SeveritySummary"]["HighCount"] == 1


def test_its_command_tells_more_of_each_node(fleet: Fleet) -> None:
    node = fleet.node()
    made = make(fleet, "echo hello")
    (run,) = ran(fleet, made)
    said = {"AssociationId": made, "ExecutionId": run["ExecutionId"]}
    (row,) = fleet.ssm.describe_association_execution_targets(**said)["AssociationExecutionTargets"]
    assert row["OutputSource"]["OutputSourceType"] == "RunCommand"
    assert fleet.result(row["OutputSource"]["OutputSourceId"], node)["StandardOutputContent"] == "hello\n"


def test_a_changed_one_runs_again_and_keeps_only_what_is_said_again(fleet: Fleet) -> None:
    node = fleet.node()
    log = fleet.folder(node) / "log"
    made = make(fleet, f"echo one >> {log}", ScheduleExpression="rate(1 day)", AssociationName="us-fleet-vllm")
    ran(fleet, made)
    fleet.ssm.update_association(AssociationId=made, Parameters={"commands": [f"echo two >> {log}"]})
    ran(fleet, made, version=2)
    assert log.read_text() == "one\ntwo\n"
    told = fleet.ssm.describe_association(AssociationId=made)["AssociationDescription"]
    assert told["Targets"] == ROLE
    assert "ScheduleExpression" not in told
    assert "AssociationName" not in told


def test_a_node_that_comes_later_is_brought_there_alone(fleet: Fleet) -> None:
    first = fleet.node()
    made = make(fleet, "true")
    ran(fleet, made)
    second = fleet.node()
    newest, oldest = ran(fleet, made)
    assert (on(fleet, oldest), on(fleet, newest)) == ({first: "Success"}, {second: "Success"})


def test_one_that_does_not_answer_is_left_until_it_does(fleet: Fleet) -> None:
    fleet.node()
    lost = fleet.node()
    fleet.aws.ping(lost, "ConnectionLost")
    made = make(fleet, "true")
    ran(fleet, made)
    assert lost not in compliance(fleet)
    fleet.aws.ping(lost, None)
    newest, _ = ran(fleet, made)
    assert on(fleet, newest) == {lost: "Success"}


def test_its_time_comes_when_it_is_told_to(fleet: Fleet) -> None:
    node = fleet.node()
    log = fleet.folder(node) / "log"
    make(
        fleet,
        f"echo run >> {log}",
        AssociationName="us-nightly",
        ScheduleExpression="cron(15 13 ? * * *)",
        ApplyOnlyAtCronInterval=True,
    )
    assert not log.exists()
    made = fleet.aws.fire("us-west-2", "association/us-nightly")
    ran(fleet, made)
    assert log.read_text() == "run\n"
    fleet.ssm.start_associations_once(AssociationIds=[made])
    ran(fleet, made)
    assert log.read_text() == "run\nrun\n"


def test_rate_limits_hold_for_associations_too(fleet: Fleet) -> None:
    for _ in range(3):
        fleet.node()
    made = make(fleet, "exit 1", MaxConcurrency="1", MaxErrors="0")
    (run,) = ran(fleet, made)
    assert run["ResourceCountByStatus"] == "{Failed=1, Skipped=2}"


def test_one_is_tagged_listed_held_and_ended(fleet: Fleet, refused: Refused) -> None:
    tags = [{"Key": "cloister:region", "Value": "us"}]
    made = make(fleet, "true", AssociationName="us-fleet-vllm", Tags=tags)
    assert fleet.ssm.list_tags_for_resource(ResourceType="Association", ResourceId=made)["TagList"] == tags
    only = [{"key": "AssociationName", "value": "us-fleet-vllm"}]
    rows = fleet.ssm.list_associations(AssociationFilterList=only)["Associations"]
    assert [row["AssociationId"] for row in rows] == [made]
    held = [one for one in fleet.aws.holdings() if one["kind"] == "ssm:association"]
    assert [one["tags"] for one in held] == [{"cloister:region": "us"}]
    fleet.ssm.delete_association(AssociationId=made)
    with refused("AssociationDoesNotExist"):
        fleet.ssm.describe_association(AssociationId=made)
    assert [one for one in fleet.aws.holdings() if one["kind"] == "ssm:association"] == []


WRONG = (
    ({"Name": "AWS-RunNothing"}, "InvalidDocument"),
    ({"Parameters": {}}, "InvalidParameters"),
    ({"Targets": []}, "ValidationException"),
    ({"Targets": [{"Key": "colour", "Values": ["red"]}]}, "InvalidTarget"),
    ({"ScheduleExpression": "rate(5 minutes)"}, "InvalidSchedule"),
    ({"ScheduleExpression": "rate(1 hours)"}, "InvalidSchedule"),
    ({"ScheduleExpression": "cron(0 0/3 * * ? *)"}, "InvalidSchedule"),
    ({"ApplyOnlyAtCronInterval": True}, "InvalidSchedule"),
    ({"AssociationName": "a b"}, "ValidationException"),
    ({"MaxErrors": "some"}, "ValidationException"),
)


@pytest.mark.parametrize(("given", "code"), WRONG)
def test_wrong_ones_are_refused(fleet: Fleet, refused: Refused, given: Json, code: str) -> None:
    with refused(code):
        make(fleet, "true", **given)


@pytest.mark.parametrize("right", ["rate(30 minutes)", "cron(0 0/2 * * ? *)", "cron(15 13 ? * MON *)"])
def test_schedules_that_aws_takes_are_taken(fleet: Fleet, right: str) -> None:
    made = make(fleet, "true", ScheduleExpression=right)
    told = fleet.ssm.describe_association(AssociationId=made)["AssociationDescription"]
    assert (told["ScheduleExpression"], told["Overview"]["Status"]) == (right, "Pending")


def test_missing_patches_are_told_by_node(fleet: Fleet) -> None:
    node = fleet.node()
    fleet.put("apt-get", '#!/bin/sh\ncase "$*" in *-s*) echo "Inst one"; echo "Inst two";; esac\n')
    fleet.put("dnf", "")
    (fleet.docker / "dnf").unlink()
    given = {"DocumentName": "AWS-RunPatchBaseline", "InstanceIds": [node], "Parameters": {"Operation": ["Scan"]}}
    fleet.over(fleet.ssm.send_command(**given)["Command"]["CommandId"])
    (state,) = fleet.ssm.describe_instance_patch_states(InstanceIds=[node])["InstancePatchStates"]
    assert (state["Operation"], state["MissingCount"]) == ("Scan", 2)
    assert compliance(fleet, "Patch") == {node: "NON_COMPLIANT"}
