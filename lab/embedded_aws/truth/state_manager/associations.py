# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Associations and what ran of them.

https://docs.aws.amazon.com/systems-manager/latest/userguide/state-manager-about.html. One runs at once when it is made
or changed, when its time comes, and on each node that comes to meet its targets; here that is looked for whenever
somebody asks about associations or compliance.
"""

from __future__ import annotations

import collections
import dataclasses
import time
import typing as t
import uuid

from moto.ec2.models import ec2_backends

from lab.embedded_aws.truth.ecs.network import look
from lab.embedded_aws.truth.run_command import documents, targets
from lab.embedded_aws.truth.run_command.commands import Command, Invocation
from lab.embedded_aws.truth.run_command.sending import send

Body = dict[str, t.Any]
Backend = t.Any  # moto's SimpleSystemManagerBackend of one account and region

KIND = "Association"
# What a new version has only when it is said again.
# https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_UpdateAssociation.html
SAID = (
    "Parameters", "DocumentVersion", "ScheduleExpression", "OutputLocation", "Targets", "AssociationName", "MaxErrors",
    "MaxConcurrency", "ComplianceSeverity", "SyncCompliance", "ApplyOnlyAtCronInterval", "CalendarNames",
    "ScheduleOffset", "Duration",
)  # fmt: skip


@dataclasses.dataclass
class Execution:
    """A run of an association: a command on the nodes that it was for."""

    id: str
    version: int
    command: Command

    @property
    def created(self) -> float:
        return self.command.requested

    def counts(self) -> dict[str, int]:
        """How many nodes there are of each status."""
        return dict(collections.Counter(status(one) for one in self.command.invocations))

    def ending(self) -> tuple[str, str]:
        """Its status and the details of it."""
        counts = self.counts()
        if any(one in counts for one in ("Pending", "InProgress")):
            return ("InProgress", "InProgress") if set(counts) != {"Pending"} else ("Pending", "Pending")
        for bad in ("Failed", "TimedOut", "Skipped"):
            if bad in counts:
                return "Failed" if bad == "Skipped" else bad, bad
        return "Success", "Success"


def status(one: Invocation) -> str:
    """A node's status in an association, by that of its command."""
    if one.ending.details in ("Terminated", "Cancelled"):
        return "Skipped"
    return {"Cancelling": "InProgress", "Delayed": "Pending"}.get(one.ending.status, one.ending.status)


@dataclasses.dataclass
class Association:
    """A document with parameters for nodes that meet targets."""

    id: str
    document: str
    said: Body
    created: float
    updated: float
    version: int = 1
    executions: list[Execution] = dataclasses.field(default_factory=list)

    @property
    def name(self) -> str:
        return str(self.said.get("AssociationName", ""))

    @property
    def wanted(self) -> list[targets.Target]:
        """Its targets; an id of old is one of them."""
        if self.said.get("InstanceId"):
            return [{"Key": "InstanceIds", "Values": [self.said["InstanceId"]]}]
        return self.said.get("Targets") or []

    def last_on(self) -> dict[str, tuple[Execution, Invocation]]:
        """The last run on each node."""
        return {one.node: (run, one) for run in self.executions for one in run.command.invocations}

    def ending(self) -> tuple[str, str]:
        """The status of its last run."""
        return self.executions[-1].ending() if self.executions else ("Pending", "Pending")


def store(backend: Backend) -> dict[str, Association]:
    """The associations of an account and region, by id; emptied with moto's backend."""
    return t.cast("dict[str, Association]", backend.__dict__.setdefault("cloister_associations", {}))


def make(backend: Backend, document: str, said: Body) -> Association:
    """Keep one and let it run."""
    now = time.time()
    made = Association(str(uuid.uuid4()), document, said, now, now)
    store(backend)[made.id] = made
    tend_one(backend, made)
    return made


def change(backend: Backend, association: Association, said: Body) -> None:
    """Make another version of it, which is all that is said now, and let it run."""
    kept = {"InstanceId": association.said["InstanceId"]} if "InstanceId" in association.said else {}
    association.said, association.updated = {**kept, **said}, time.time()
    association.version += 1
    tend_one(backend, association)


def tend(backend: Backend) -> None:
    """Run each on the nodes that it has not run on yet."""
    with look(ec2_backends[backend.account_id][backend.region_name]):
        for association in store(backend).values():
            tend_one(backend, association)


def tend_one(backend: Backend, association: Association) -> None:
    """Run it on nodes that meet its targets, answer, and have not had this version."""
    if association.said.get("ApplyOnlyAtCronInterval"):
        return
    had = {
        one.node
        for run in association.executions
        if run.version == association.version
        for one in run.command.invocations
    }
    start(backend, association, [node for node in meant(backend, association) if node not in had])


def meant(backend: Backend, association: Association) -> list[str]:
    """The nodes that meet its targets and answer."""
    account, region = backend.account_id, backend.region_name
    with look(ec2_backends[account][region]):
        known = targets.known(account, region)
        found = targets.chosen(account, region, association.wanted, "InvalidTarget")
    return [node for node in found if known[node]["PingStatus"] == "Online"]


def start(backend: Backend, association: Association, nodes: t.Sequence[str]) -> None:
    """Run it on these nodes now."""
    if not nodes:
        return
    said = association.said
    place = (said.get("OutputLocation") or {}).get("S3Location") or {}
    asked = {key: said[key] for key in ("Parameters", "MaxErrors", "MaxConcurrency") if said.get(key)}
    asked |= {key: place[key] for key in ("OutputS3BucketName", "OutputS3KeyPrefix") if place.get(key)}
    asked |= {"DocumentName": association.document, "Comment": f"association {association.id}", "TimeoutSeconds": 600}
    document = documents.find(backend, association.document)
    command = send(backend, document, {**asked, "Targets": association.wanted}, nodes)
    association.executions.append(Execution(str(uuid.uuid4()), association.version, command))


def fire(account: str, region: str, name: str) -> str:
    """Its time has come: run it on all that it is for; its id. ValueError when there is none of that name."""
    from moto.ssm.models import ssm_backends

    backend = ssm_backends[account][region]
    found = [one for one in store(backend).values() if one.name == name and one.said.get("ScheduleExpression")]
    if not found:
        raise ValueError(f"{region} has no association {name} with a schedule")
    start(backend, found[0], meant(backend, found[0]))
    return found[0].id
