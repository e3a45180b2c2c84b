# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Let what follows a calendar rest, and start it again. This file is the whole code of a Lambda function.

What follows is found by tags each time, so that machines which were replaced since are no stranger to it:
``cloister:region`` and ``cloister:schedule`` on Auto Scaling groups, managed node groups, databases and single
machines. A group's sizes are remembered in its own tag ``cloister:resting`` while it rests. Every step can be taken
again. `handler` reads REGION_NAME from its environment, and an event ``{"action": "stop", "schedule": "nights"}``;
boto3 is there on Lambda.
"""

from __future__ import annotations

import functools
import json
import os
import sys
import typing as t
from collections.abc import Callable, Iterator

REGION, STACK, PART = "cloister:region", "cloister:stack", "cloister:part"
SCHEDULE = "cloister:schedule"
RESTING = "cloister:resting"
"""What a group's size was before it began to rest: ``least/wanted/most``."""
ACTIONS = ("stop", "start")
_MOST_PROTECTED = 50


class Clients(t.NamedTuple):
    """boto3 clients by service."""

    autoscaling: t.Any
    ec2: t.Any
    eks: t.Any
    rds: t.Any


class Which(t.NamedTuple):
    """What is looked for: all in a region that follows a calendar."""

    region: str
    schedule: str

    def filters(self) -> list[dict[str, t.Any]]:
        """Return it as filters of EC2 and Auto Scaling."""
        tags = {REGION: self.region, SCHEDULE: self.schedule}
        return [{"Name": f"tag:{key}", "Values": [value]} for key, value in tags.items()]

    def follows(self, tags: t.Mapping[str, str]) -> bool:
        """Return whether a thing with these tags is meant."""
        return (tags.get(REGION), tags.get(SCHEDULE)) == (self.region, self.schedule)


class Sleeper(t.NamedTuple):
    """One thing, what it is now and would be, and what brings that about; None when it is so already."""

    kind: str
    id: str
    tags: t.Mapping[str, str]
    before: str
    after: str
    act: Callable[[], None] | None

    def told(self, failed: str = "") -> dict[str, str]:
        """Return it for a report; ``failed`` says why it is as before."""
        return {
            "kind": self.kind,
            "id": self.id,
            "part": self.tags.get(PART, self.id),
            "stack": self.tags.get(STACK, ""),
            "before": self.before,
            "after": self.after if self.act else self.before,
            "failed": failed,
        }


def handler(event: t.Mapping[str, t.Any], _context: t.Any) -> list[dict[str, str]]:
    """Do what the event says and return what became of each; raise when one of them failed, to be tried again."""
    import boto3

    make: t.Any = boto3.client  # which has a type for each service
    clients = Clients(*map(make, Clients._fields))
    told = act(clients, Which(os.environ["REGION_NAME"], event["schedule"]), event["action"])
    sys.stdout.write(f"{json.dumps(told)}\n")  # what Lambda keeps as the log
    failed = [f"{one['kind']} {one['part']}: {one['failed']}" for one in told if one["failed"]]
    if failed:
        raise RuntimeError("; ".join(failed))
    return told


def act(clients: Clients, which: Which, action: str, check: bool = False) -> list[dict[str, str]]:
    """Stop or start all that is meant, or with ``check`` only say so; what fails does not keep others from it."""
    if action not in ACTIONS:
        raise ValueError(f"the action {action} is neither of {', '.join(ACTIONS)}")
    told = []
    for look in (_pools, _node_groups, _databases, _machines):
        for sleeper in look(clients, which, action):
            failed = ""
            if sleeper.act and not check:
                try:
                    sleeper.act()
                except Exception as exc:  # noqa: BLE001 - told with all the others, at the end
                    failed = f"{type(exc).__name__}: {exc}"
            told.append(sleeper.told(failed))
    return told


def _pools(clients: Clients, which: Which, action: str) -> Iterator[Sleeper]:
    """Auto Scaling groups. Their most goes to 0 too: what scales them would start machines for work that waits."""
    api = clients.autoscaling
    for group in _pages(api, "describe_auto_scaling_groups", "AutoScalingGroups", Filters=which.filters()):
        tags = {tag["Key"]: tag["Value"] for tag in group["Tags"]}
        size = Size(group["MinSize"], group["DesiredCapacity"], group["MaxSize"])
        yield _group(
            "Auto Scaling group",
            group["AutoScalingGroupARN"],
            tags,
            size,
            Size(0, 0, 0),
            action,
            _PoolCalls(api, group),
        )


def _node_groups(clients: Clients, which: Which, action: str) -> Iterator[Sleeper]:
    """Managed node groups of the region's clusters; EKS takes no most of 0."""
    api = clients.eks
    clusters = [name for name in _pages(api, "list_clusters", "clusters") if name.startswith(f"{which.region}-")]
    for cluster in clusters:
        for name in _pages(api, "list_nodegroups", "nodegroups", clusterName=cluster):
            group = api.describe_nodegroup(clusterName=cluster, nodegroupName=name)["nodegroup"]
            tags = group.get("tags") or {}
            if which.follows(tags):
                scaling = group["scalingConfig"]
                size = Size(scaling["minSize"], scaling["desiredSize"], scaling["maxSize"])
                calls = _NodeGroupCalls(api, group)
                rest = Size(0, 0, size.most)
                yield _group("EKS node group", group["nodegroupArn"], tags, size, rest, action, calls)


class Size(t.NamedTuple):
    """How many machines a group has at least, is to have, and has at most."""

    least: int
    wanted: int
    most: int

    def text(self) -> str:
        """Return it as it is remembered."""
        return "/".join(map(str, self))

    def shown(self) -> str:
        """Return it for people."""
        return f"{self.wanted} ({self.least} to {self.most})"


def remembered(tags: t.Mapping[str, str]) -> Size | None:
    """Return the size that a resting group had; None for one that does not rest."""
    text = tags.get(RESTING, "")
    return Size(*map(int, text.split("/"))) if text else None


class _PoolCalls:
    def __init__(self, api: t.Any, group: t.Mapping[str, t.Any]) -> None:
        self._api, self._group, self._name = api, group, group["AutoScalingGroupName"]

    def remember(self, text: str) -> None:
        self._api.create_or_update_tags(Tags=[{**self._tag(), "Value": text, "PropagateAtLaunch": False}])

    def forget(self) -> None:
        self._api.delete_tags(Tags=[self._tag()])

    def resize(self, size: Size) -> None:
        if size.wanted == 0:
            self._unprotect()
        said = {"MinSize": size.least, "DesiredCapacity": size.wanted, "MaxSize": size.most}
        self._api.update_auto_scaling_group(AutoScalingGroupName=self._name, **said)

    def _tag(self) -> dict[str, t.Any]:
        return {"ResourceId": self._name, "ResourceType": "auto-scaling-group", "Key": RESTING}

    def _unprotect(self) -> None:
        """A machine that is protected from scaling in would stay."""
        kept = [one["InstanceId"] for one in self._group["Instances"] if one["ProtectedFromScaleIn"]]
        for start in range(0, len(kept), _MOST_PROTECTED):
            ids = kept[start : start + _MOST_PROTECTED]
            group = {"AutoScalingGroupName": self._name}
            self._api.set_instance_protection(InstanceIds=ids, ProtectedFromScaleIn=False, **group)


class _NodeGroupCalls:
    def __init__(self, api: t.Any, group: t.Mapping[str, t.Any]) -> None:
        self._api, self._arn = api, group["nodegroupArn"]
        self._names = {"clusterName": group["clusterName"], "nodegroupName": group["nodegroupName"]}

    def remember(self, text: str) -> None:
        self._api.tag_resource(resourceArn=self._arn, tags={RESTING: text})

    def forget(self) -> None:
        self._api.untag_resource(resourceArn=self._arn, tagKeys=[RESTING])

    def resize(self, size: Size) -> None:
        said = {"minSize": size.least, "desiredSize": size.wanted, "maxSize": size.most}
        self._api.update_nodegroup_config(scalingConfig=said, **self._names)


def _group(
    kind: str,
    arn: str,
    tags: t.Mapping[str, str],
    size: Size,
    rest: Size,
    action: str,
    calls: _PoolCalls | _NodeGroupCalls,
) -> Sleeper:
    before = remembered(tags)
    if action == "start":
        if before is None:
            return Sleeper(kind, arn, tags, size.shown(), size.shown(), None)
        return Sleeper(kind, arn, tags, size.shown(), before.shown(), lambda: _wake(calls, before))
    if before is not None and size == rest:
        return Sleeper(kind, arn, tags, size.shown(), size.shown(), None)
    return Sleeper(
        kind, arn, tags, size.shown(), rest.shown(), lambda: _rest(calls, size if before is None else None, rest)
    )


def _rest(calls: _PoolCalls | _NodeGroupCalls, size: Size | None, rest: Size) -> None:
    """Remember first: what is killed after that goes on from there."""
    if size is not None:
        calls.remember(size.text())
    calls.resize(rest)


def _wake(calls: _PoolCalls | _NodeGroupCalls, size: Size) -> None:
    calls.resize(size)
    calls.forget()


def _databases(clients: Clients, which: Which, action: str) -> Iterator[Sleeper]:
    """Databases. AWS itself starts one that was stopped for seven days."""
    api = clients.rds
    for one in _pages(api, "describe_db_instances", "DBInstances"):
        tags = {tag["Key"]: tag["Value"] for tag in one.get("TagList") or ()}
        if which.follows(tags):
            name = one["DBInstanceIdentifier"]
            call = api.stop_db_instance if action == "stop" else api.start_db_instance
            step = functools.partial(call, DBInstanceIdentifier=name)
            there = ("stopped", "stopping") if action == "stop" else ("available", "starting")
            after = there[0]
            now = one["DBInstanceStatus"]
            yield Sleeper("database", one["DBInstanceArn"], tags, now, after, None if now in there else step)


def _machines(clients: Clients, which: Which, action: str) -> Iterator[Sleeper]:
    """Machines on their own; those of a group come and go with it."""
    api = clients.ec2
    before, after = ("running", "stopped") if action == "stop" else ("stopped", "running")
    states = [{"Name": "instance-state-name", "Values": ["running", "stopped"]}]
    for reservation in _pages(api, "describe_instances", "Reservations", Filters=[*which.filters(), *states]):
        for one in reservation["Instances"]:
            tags = {tag["Key"]: tag["Value"] for tag in one["Tags"]}
            if "aws:autoscaling:groupName" in tags:
                continue
            call = api.stop_instances if action == "stop" else api.start_instances
            step = functools.partial(call, InstanceIds=[one["InstanceId"]])
            now = one["State"]["Name"]
            yield Sleeper("instance", one["InstanceId"], tags, now, after, step if now == before else None)


def _pages(api: t.Any, action: str, key: str, **params: t.Any) -> Iterator[t.Any]:
    for page in api.get_paginator(action).paginate(**params):
        yield from page[key]
