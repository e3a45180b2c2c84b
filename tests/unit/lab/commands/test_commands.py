# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run Command: scripts run, and what is told of them is what became of them."""

from __future__ import annotations

import time
import typing as t

Fleet = t.Any


def test_a_script_runs_and_its_output_and_exit_are_told(fleet: Fleet) -> None:
    node = fleet.node()
    sent = fleet.send("echo out; echo err >&2", "exit 3", ids=[node])
    assert fleet.over(sent)["StatusDetails"] == "Failed"
    told = fleet.result(sent, node)
    assert (told["Status"], told["ResponseCode"]) == ("Failed", 3)
    assert (told["StandardOutputContent"], told["StandardErrorContent"]) == ("out\n", "err\n")
    assert told["PluginName"] == "aws:runShellScript"


def test_success_is_told_of_all_nodes_of_a_tag(fleet: Fleet) -> None:
    nodes = [fleet.node(), fleet.node(), fleet.node()]
    fleet.node(**{"cloister:region": "kr"})
    sent = fleet.send("true")
    ended = fleet.over(sent)
    assert (ended["Status"], ended["TargetCount"], ended["CompletedCount"]) == ("Success", 3, 3)
    assert fleet.details(sent) == dict.fromkeys(nodes, "Success")


def test_targets_must_all_be_met(fleet: Fleet) -> None:
    fleet.node(role="vllm")
    proxy = fleet.node(role="proxy")
    targets = [
        {"Key": "tag:cloister:region", "Values": ["us", "kr"]},
        {"Key": "tag:cloister:role", "Values": ["proxy"]},
    ]
    given = {"DocumentName": "AWS-RunShellScript", "Parameters": {"commands": ["true"]}, "Targets": targets}
    sent = fleet.ssm.send_command(**given)["Command"]["CommandId"]
    fleet.over(sent)
    assert fleet.details(sent) == {proxy: "Success"}


def test_a_tag_that_nobody_has_is_told(fleet: Fleet) -> None:
    sent = fleet.send("true")
    ended = fleet.over(sent)
    assert (ended["Status"], ended["StatusDetails"], ended["TargetCount"]) == ("Success", "NoInstancesInTag", 0)


def test_a_node_without_a_machine_is_undeliverable_and_nothing_is_made_up(fleet: Fleet) -> None:
    node = fleet.node(machine=False)
    sent = fleet.send("true", ids=[node])
    assert fleet.over(sent)["Status"] == "Failed"
    told = fleet.result(sent, node)
    assert (told["Status"], told["StatusDetails"], told["ResponseCode"]) == ("Failed", "Undeliverable", -1)
    assert told["StandardOutputContent"] == ""


def test_a_node_that_does_not_answer_is_waited_for_as_long_as_the_command_says(fleet: Fleet) -> None:
    node = fleet.node()
    fleet.aws.ping(node, "ConnectionLost")
    fleet.aws.delays(command_expiry=0.02)
    began = time.monotonic()
    sent = fleet.send("echo late", ids=[node], TimeoutSeconds=50)
    fleet.over(sent)
    assert fleet.details(sent) == {node: "Undeliverable"}
    assert time.monotonic() - began >= 1
    again = fleet.send("echo late", ids=[node], TimeoutSeconds=600)
    fleet.aws.ping(node, None)
    fleet.over(again)
    assert fleet.result(again, node)["StandardOutputContent"] == "late\n"


def test_a_script_that_takes_too_long_is_ended(fleet: Fleet) -> None:
    node = fleet.node()
    mark = fleet.folder(node) / "still-there"
    lines = ["echo begun", f"sleep 3; touch {mark}"]
    sent = fleet.send(*lines, ids=[node], Parameters={"executionTimeout": ["1"]})
    assert fleet.over(sent)["Status"] == "TimedOut"
    told = fleet.result(sent, node)
    assert (told["Status"], told["StatusDetails"], told["ResponseCode"]) == ("TimedOut", "ExecutionTimedOut", 137)
    time.sleep(2.5)
    assert not mark.exists()


def test_no_more_run_at_once_than_was_said(fleet: Fleet) -> None:
    nodes = [fleet.node() for _ in range(4)]
    log = fleet.docker / "log"
    log.unlink(missing_ok=True)
    # Each waits until a second one has begun, so that one at a time would never end.
    lines = [f"echo + >> {log}", f'until [ "$(grep -c + {log})" -ge 2 ]; do sleep 0.05; done', f"echo - >> {log}"]
    sent = fleet.send(*lines, MaxConcurrency="2", Parameters={"executionTimeout": ["15"]})
    fleet.over(sent)
    running = most = 0
    for line in log.read_text().split():
        running += 1 if line == "+" else -1
        most = max(most, running)
    assert most == 2
    assert fleet.details(sent) == dict.fromkeys(nodes, "Success")


def test_after_too_many_errors_nobody_else_is_asked(fleet: Fleet) -> None:
    for _ in range(4):
        fleet.node()
    sent = fleet.send("exit 1", MaxConcurrency="1", MaxErrors="1")
    ended = fleet.over(sent)
    assert (ended["Status"], ended["ErrorCount"]) == ("Failed", 2)
    assert sorted(fleet.details(sent).values()) == ["Failed", "Failed", "Terminated", "Terminated"]


def test_errors_that_are_borne_leave_it_incomplete(fleet: Fleet) -> None:
    first, second = fleet.node(), fleet.node()
    bad = fleet.folder(first)
    sent = fleet.send(f'[ "$CONTAINER" != {bad} ]', MaxErrors="50%")
    assert fleet.over(sent)["StatusDetails"] == "Incomplete"
    assert fleet.details(sent) == {first: "Failed", second: "Success"}


def test_undeliverable_ones_are_no_errors(fleet: Fleet) -> None:
    fleet.node(machine=False)
    fleet.node()
    sent = fleet.send("true", MaxConcurrency="1", MaxErrors="0")
    assert fleet.over(sent)["Status"] == "Success"
    assert sorted(fleet.details(sent).values()) == ["Success", "Undeliverable"]


def test_a_cancelled_one_ends_what_runs_and_what_waits(fleet: Fleet) -> None:
    first, second = fleet.node(), fleet.node()
    marks = [fleet.folder(node) / "done" for node in (first, second)]
    sent = fleet.send("sleep 2; touch $CONTAINER/done", MaxConcurrency="1")
    while "InProgress" not in fleet.details(sent).values():
        time.sleep(0.02)
    time.sleep(0.3)
    fleet.ssm.cancel_command(CommandId=sent)
    assert fleet.over(sent)["Status"] == "Cancelled"
    assert fleet.details(sent) == {first: "Cancelled", second: "Cancelled"}
    time.sleep(2)
    assert not any(mark.exists() for mark in marks)


def test_one_that_has_ended_stays_as_it_ended(fleet: Fleet) -> None:
    node = fleet.node()
    sent = fleet.send("true", ids=[node])
    fleet.over(sent)
    fleet.ssm.cancel_command(CommandId=sent)
    assert fleet.details(sent) == {node: "Success"}


def test_long_output_is_cut_and_whole_in_a_bucket(fleet: Fleet) -> None:
    node = fleet.node()
    place = {"LocationConstraint": "us-west-2"}
    fleet.s3.create_bucket(Bucket="us-output-1", CreateBucketConfiguration=place)
    fleet.iam.attach_role_policy(RoleName="node", PolicyArn="arn:aws:iam::aws:policy/AmazonS3FullAccess")
    lines = ["seq 1 20000; seq 1 9000 >&2"]
    sent = fleet.send(*lines, ids=[node], OutputS3BucketName="us-output-1", OutputS3KeyPrefix="runs")
    fleet.over(sent)
    told = fleet.result(sent, node)
    assert len(told["StandardOutputContent"]) == 24000
    assert told["StandardOutputContent"].endswith("---Output truncated---")
    assert len(told["StandardErrorContent"]) == 8000
    _, _, key = told["StandardOutputUrl"].partition("us-output-1/")
    assert key.startswith(f"runs/{sent}/{node}/")
    whole = fleet.s3.get_object(Bucket="us-output-1", Key=key)["Body"].read().decode()
    assert whole.splitlines()[-1] == "20000"
    rows = fleet.ssm.list_command_invocations(CommandId=sent, Details=True)["CommandInvocations"]
    assert len(rows[0]["CommandPlugins"][0]["Output"]) == 2500


def test_a_script_that_asks_for_a_restart_goes_on_after_it(fleet: Fleet) -> None:
    node = fleet.node()
    mark = fleet.folder(node) / "mark"
    sent = fleet.send(f"[ -e {mark} ] && echo up && exit 0", f"touch {mark}", "echo down", "exit 194", ids=[node])
    assert fleet.over(sent)["Status"] == "Success"
    assert fleet.result(sent, node)["StandardOutputContent"] == "down\nup\n"
    assert (fleet.folder(node) / "restarts").read_text() == "restarted\n"
