# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Run Command: what is refused, and how commands are listed."""

from __future__ import annotations

import typing as t

import pytest

Fleet = t.Any
Refused = t.Callable[..., t.Any]
WRONG = (
    ({"MaxConcurrency": "0"}, "ValidationException"),
    ({"MaxErrors": "101%"}, "ValidationException"),
    ({"Comment": "x" * 101}, "ValidationException"),
    ({"DocumentName": "AWS-RunNothing"}, "InvalidDocument"),
    ({"Parameters": {}}, "InvalidParameters"),
    ({"Parameters": {"commands": ["true"], "colour": ["red"]}}, "InvalidParameters"),
    ({"Parameters": {"commands": ["true"], "executionTimeout": ["soon"]}}, "InvalidParameters"),
    ({"InstanceIds": ["mi-00000000000000000"]}, "InvalidInstanceId"),
    ({"Targets": [{"Key": "colour", "Values": ["red"]}]}, "ValidationException"),
)


@pytest.mark.parametrize(("given", "code"), WRONG)
def test_wrong_commands_are_refused(fleet: Fleet, refused: Refused, given: dict[str, t.Any], code: str) -> None:
    targets = [] if "InstanceIds" in given else [{"Key": "tag:cloister:region", "Values": ["us"]}]
    whole = {"DocumentName": "AWS-RunShellScript", "Parameters": {"commands": ["true"]}, "Targets": targets, **given}
    with refused(code):
        fleet.ssm.send_command(**whole)


def test_ids_and_targets_are_not_taken_together(fleet: Fleet, refused: Refused) -> None:
    node = fleet.node()
    with refused("InvalidParameters"):
        fleet.send("true", ids=[node], Targets=[{"Key": "tag:cloister:region", "Values": ["us"]}])


def test_an_id_given_twice_is_refused(fleet: Fleet, refused: Refused) -> None:
    node = fleet.node()
    with refused("DuplicateInstanceId"):
        fleet.send("true", ids=[node, node])


def test_what_was_never_sent_is_not_known(fleet: Fleet, refused: Refused) -> None:
    node = fleet.node()
    never = "0" * 36
    with refused("InvalidCommandId"):
        fleet.ssm.list_commands(CommandId=never)
    with refused("InvalidCommandId"):
        fleet.ssm.cancel_command(CommandId=never)
    sent = fleet.send("true", ids=[node])
    with refused("InvocationDoesNotExist"):
        fleet.result(sent, "mi-00000000000000000")
    with refused("InvalidPluginName"):
        fleet.result(sent, node, PluginName="aws:other")


def test_lists_come_in_pages_and_by_filters(fleet: Fleet, refused: Refused) -> None:
    nodes = [fleet.node() for _ in range(3)]
    good, bad = fleet.send("true"), fleet.send("exit 1", MaxErrors="3")
    for sent in (good, bad):
        fleet.over(sent)
    pages = fleet.ssm.get_paginator("list_command_invocations").paginate(CommandId=good, MaxResults=2)
    found = [[row["InstanceId"] for row in page["CommandInvocations"]] for page in pages]
    assert [len(page) for page in found] == [2, 1]
    assert sorted(node for page in found for node in page) == sorted(nodes)
    failed = fleet.ssm.list_commands(Filters=[{"key": "Status", "value": "Failed"}])["Commands"]
    assert [one["CommandId"] for one in failed] == [bad]
    with refused("InvalidNextToken"):
        fleet.ssm.list_commands(NextToken="nonsense")


def test_the_words_of_a_document_with_steps_are_asked_for_by_step(fleet: Fleet, refused: Refused) -> None:
    node = fleet.node()
    content = """
schemaVersion: "2.2"
parameters: {word: {type: String, allowedValues: [one, two]}}
mainSteps:
  - {action: "aws:runShellScript", name: first, inputs: {runCommand: ["echo {{ word }}"]}}
  - {action: "aws:runShellScript", name: second, inputs: {runCommand: ["exit 4"]}}
  - {action: "aws:runShellScript", name: third, inputs: {runCommand: ["echo still"]}}
"""
    fleet.ssm.create_document(Name="words", DocumentType="Command", DocumentFormat="YAML", Content=content)
    given = {"DocumentName": "words", "InstanceIds": [node]}
    with refused("InvalidParameters", "three"):
        fleet.ssm.send_command(**given, Parameters={"word": ["three"]})
    sent = fleet.ssm.send_command(**given, Parameters={"word": ["two"]})["Command"]["CommandId"]
    fleet.over(sent)
    with refused("InvalidPluginName"):
        fleet.result(sent, node)
    assert fleet.result(sent, node, PluginName="first")["StandardOutputContent"] == "two\n"
    assert fleet.result(sent, node, PluginName="second")["ResponseCode"] == 4
    assert fleet.result(sent, node, PluginName="third")["StandardOutputContent"] == "still\n"
