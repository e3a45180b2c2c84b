# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How far a fleet is: what the associations did on each node, and which nodes are compliant with them.

https://docs.aws.amazon.com/systems-manager/latest/userguide/compliance-about.html
"""

from __future__ import annotations

import time
import typing as t
from dataclasses import dataclass, field

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._command_nodes import Node, Whom, find
from ansible_collections.cloister.aws.plugins.module_utils._command_results import result, whole
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils._waits import pause, waiting
from ansible_collections.cloister.aws.plugins.module_utils.kinds.association import Association

_OPEN = ("Pending", "InProgress", "Associated")
_ITEMS = {"Key": "ComplianceType", "Values": ["Association"], "Type": "EQUAL"}


@dataclass
class State:
    """How far one association is: nodes by id with what became of it there."""

    role: str
    id: str
    version: str
    nodes: dict[str, str] = field(default_factory=dict)
    commands: dict[str, str] = field(default_factory=dict)
    compliant: list[str] = field(default_factory=list)
    offline: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    said: dict[str, str] = field(default_factory=dict)

    @property
    def over(self) -> bool:
        """Whether every node that answers has had it."""
        return not self.missing and not any(status in _OPEN for status in self.nodes.values())

    @property
    def failed(self) -> list[str]:
        """Nodes that it did not succeed on."""
        return sorted(node for node, status in self.nodes.items() if status not in ("Success", *_OPEN))

    def told(self) -> dict[str, t.Any]:
        """Return it as a module does."""
        names = ("role", "id", "version", "nodes", "offline", "missing", "compliant", "failed")
        return {name: getattr(self, name) for name in names}

    def line(self) -> str:
        """Return it in a line."""
        bad = [f"{len(self.failed)} failed"] * bool(self.failed) + [f"{len(self.offline)} offline"] * bool(self.offline)
        bad += [f"{len(self.missing)} not reached yet"] * bool(self.missing)
        whole = len({*self.nodes, *self.offline, *self.missing})
        return ", ".join([f"role {self.role}: {len(self.compliant)} of {whole} nodes compliant", *bad])

    def complaints(self) -> list[str]:
        """Return what a person has to know of nodes that are not as they should be."""
        lines = [self.said.get(node, f"{node}: {self.nodes[node]}") for node in self.failed]
        lines += [f"{node}: does not answer Systems Manager; it is brought there once it does" for node in self.offline]
        return lines + [f"{node}: not reached yet" for node in self.missing]


def look(aws: Aws, owner: Owner, seconds: float) -> list[State]:
    """Return how far the owner's associations are, as soon as all is over or ``seconds`` have passed."""
    began = time.monotonic()
    with waiting("associations"):
        while True:
            found = sorted(Association(aws, owner).find(), key=lambda one: one.part)
            states = each(lambda one: _state(aws, owner, one), found)
            if all(state.over for state in states) or time.monotonic() - began >= seconds:
                break
            pause(began)
    _judge(aws, states)
    each(lambda state: _explain(aws, state), states)
    return states


def _state(aws: Aws, owner: Owner, found: Found) -> State:
    role = found.part.partition("-")[2]
    state = State(role, found.id, str(found.raw["AssociationVersion"]))
    runs = aws.pages("ssm", "describe_association_executions", "AssociationExecutions", AssociationId=found.id)
    mine = [run for run in runs if run["AssociationVersion"] == state.version]
    for run in sorted(mine, key=lambda run: run["CreatedTime"]):
        rows = aws.pages(
            "ssm",
            "describe_association_execution_targets",
            "AssociationExecutionTargets",
            AssociationId=found.id,
            ExecutionId=run["ExecutionId"],
        )
        for row in rows:
            state.nodes[row["ResourceId"]] = row["Status"]
            state.commands[row["ResourceId"]] = row.get("OutputSource", {}).get("OutputSourceId", "")
    nodes: list[Node] = find(aws, Whom(owner.region, roles=[role]))
    state.offline = [node.id for node in nodes if not node.online and node.id not in state.nodes]
    state.missing = [node.id for node in nodes if node.online and node.id not in state.nodes]
    return state


def _judge(aws: Aws, states: t.Sequence[State]) -> None:
    """Take down whom Systems Manager calls compliant."""
    if not states:
        return
    items = aws.pages("ssm", "list_compliance_items", "ComplianceItems", Filters=[_ITEMS])
    for state in states:
        mine = [item for item in items if item["Id"] == state.id and item["Status"] == "COMPLIANT"]
        state.compliant = sorted(item["ResourceId"] for item in mine)


def _explain(aws: Aws, state: State) -> None:
    """Read what failed nodes say."""

    def ask(node: str) -> tuple[str, str]:
        command = state.commands.get(node, "")
        if not command:
            return node, f"{node}: {state.nodes[node]}"
        rows = aws.pages(
            "ssm",
            "list_command_invocations",
            "CommandInvocations",
            CommandId=command,
            InstanceId=node,
            Details=True,
        )
        return node, whole(aws, result(aws, command, rows[0])).complaint() if rows else f"{node}: {state.nodes[node]}"

    state.said = dict(each(ask, state.failed))
