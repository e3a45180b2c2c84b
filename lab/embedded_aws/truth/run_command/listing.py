# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is told of commands: ListCommands, ListCommandInvocations, GetCommandInvocation.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_ListCommandInvocations.html
"""

from __future__ import annotations

import datetime
import json
import typing as t

from lab.embedded_aws.truth.patching import refuser
from lab.embedded_aws.truth.run_command.commands import (
    MOST_ERR,
    MOST_OUT,
    Body,
    Command,
    Invocation,
    Plugin,
    cut,
    store,
    told,
)
from lab.embedded_aws.truth.run_command.pages import page

Response = t.Any  # moto's SimpleSystemManagerResponse

refuse = refuser("ssm")
FILTERS = ("InvokedAfter", "InvokedBefore", "Status", "ExecutionStage", "DocumentName")


def list_commands(self: Response) -> str:
    given = json.loads(self.body or "{}")
    found = [command for command in _asked(self, given) if _passes(given, command, command.ending())]
    if given.get("InstanceId"):
        found = [one for one in found if any(run.node == given["InstanceId"] for run in one.invocations)]
    return json.dumps(page(given, [command.told() for command in found], "Commands"))


def list_command_invocations(self: Response) -> str:
    given = json.loads(self.body or "{}")
    found = [
        told(command, one, bool(given.get("Details")))
        for command in _asked(self, given)
        for one in command.invocations
        if given.get("InstanceId") in (None, one.node) and _passes(given, command, one.ending)
    ]
    return json.dumps(page(given, found, "CommandInvocations"))


def get_command_invocation(self: Response) -> str:
    given = json.loads(self.body)
    command = _command(self, given["CommandId"])
    one = next((run for run in command.invocations if run.node == given["InstanceId"]), None)
    if one is None:
        refuse("InvocationDoesNotExist", "")
    return json.dumps(_told(command, one, _plugin(one, given.get("PluginName"))))


def _plugin(one: Invocation, name: str | None) -> Plugin:
    if name is None and len(one.plugins) > 1:
        refuse("InvalidPluginName", "The document has more than one step: name the plugin.")
    found = [plugin for plugin in one.plugins if name in (None, plugin.step.name)]
    if not found:
        refuse("InvalidPluginName", f"The plugin name {name} isn't valid.")
    return found[0]


def _told(command: Command, one: Invocation, plugin: Plugin) -> Body:
    return {
        "CommandId": command.id, "InstanceId": one.node, "Comment": command.asked.get("Comment", ""),
        "DocumentName": command.document.name, "DocumentVersion": command.document.version,
        "PluginName": plugin.step.name, "ResponseCode": plugin.ending.code,
        "ExecutionStartDateTime": _iso(plugin.began),
        "ExecutionElapsedTime": f"PT{plugin.ended - plugin.began:.3f}S" if plugin.ended else "",
        "ExecutionEndDateTime": _iso(plugin.ended), "Status": one.ending.status, "StatusDetails": one.ending.details,
        "StandardOutputContent": cut(plugin.out, MOST_OUT), "StandardOutputUrl": plugin.urls[0],
        "StandardErrorContent": cut(plugin.err, MOST_ERR), "StandardErrorUrl": plugin.urls[1],
        "CloudWatchOutputConfig": {"CloudWatchLogGroupName": "", "CloudWatchOutputEnabled": False},
    }  # fmt: skip


def _iso(seconds: float) -> str:
    if not seconds:
        return ""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def _asked(self: Response, given: Body) -> list[Command]:
    """The command that is named, or all, the newest first."""
    for one in given.get("Filters") or ():
        if one["key"] not in FILTERS:
            refuse("InvalidFilterKey", f"The filter key {one['key']} isn't valid.")
    if given.get("CommandId"):
        return [_command(self, given["CommandId"])]
    return sorted(store(self.ssm_backend).values(), key=lambda command: -command.requested)


def _command(self: Response, identifier: str) -> Command:
    found = store(self.ssm_backend).get(identifier)
    if found is None:
        refuse("InvalidCommandId", "")
    return found


def _passes(given: Body, command: Command, ending: t.Any) -> bool:
    return all(_holds(one["key"], one["value"], command, ending) for one in given.get("Filters") or ())


def _holds(key: str, value: str, command: Command, ending: t.Any) -> bool:
    if key == "Status":
        return value in (ending.status, ending.details)
    if key == "DocumentName":
        return command.document.name == value
    if key == "ExecutionStage":
        executing = not all(one.over for one in command.invocations)
        return value == ("Executing" if executing else "Complete")
    when = datetime.datetime.fromisoformat(value).timestamp()
    return command.requested >= when if key == "InvokedAfter" else command.requested < when
