# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keep a target group's targets what a cluster's own interfaces are. This file is the whole code of a Lambda function.

EKS puts interfaces of the control plane into the cluster's subnets and replaces them unasked, with other addresses
(https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html). One function serves the event of a new interface
and the sweep: it compares all there is with all that is registered, so that neither a lost event nor one too many does
harm. `handler` reads CLUSTER, TARGET_GROUP_ARN and PORT from its environment; boto3 is there on Lambda.
"""

from __future__ import annotations

import datetime
import json
import os
import sys
import typing as t

STALE_SECONDS = 600
"""How old an event may be: EventBridge tries for a day, and an old interface may be gone."""


class Watch(t.NamedTuple):
    """What is watched: the interfaces of ``cluster`` in a VPC, and the target group that follows them."""

    cluster: str
    vpc_id: str
    target_group_arn: str
    port: int

    @property
    def description(self) -> str:
        """What EKS writes on its interfaces."""
        return f"Amazon EKS {self.cluster}"


def handler(event: t.Mapping[str, t.Any], _context: t.Any) -> dict[str, list[str]]:
    """Bring targets up to date and return what was done: addresses ``registered``, ``removed`` and ``kept``."""
    import boto3

    said, elbv2 = os.environ, boto3.client("elbv2")
    group = elbv2.describe_target_groups(TargetGroupArns=[said["TARGET_GROUP_ARN"]])["TargetGroups"][0]
    watch = Watch(said["CLUSTER"], group["VpcId"], group["TargetGroupArn"], int(said["PORT"]))
    told = reconcile(boto3.client("ec2"), elbv2, watch, event)
    sys.stdout.write(f"{json.dumps(told)}\n")  # what Lambda keeps as the log
    return told


def reconcile(ec2: t.Any, elbv2: t.Any, watch: Watch, event: t.Mapping[str, t.Any]) -> dict[str, list[str]]:
    """Register what is new, deregister what is dead; return `plan`'s answer."""
    told = plan(ec2, elbv2, watch, event)
    _tell(elbv2.register_targets, watch, told["registered"])
    _tell(elbv2.deregister_targets, watch, told["removed"])
    return told


def plan(ec2: t.Any, elbv2: t.Any, watch: Watch, event: t.Mapping[str, t.Any]) -> dict[str, list[str]]:
    """Return the addresses that are to be ``registered`` and ``removed``, and those ``kept`` though dead; only reads.

    A dead target that is healthy stays while no living one is: better an old way in than none.
    """
    # Targets first: what another run registers in between is then among the interfaces read after.
    targets = _targets(elbv2, watch)
    living = _interfaces(ec2, watch) | _announced(event, watch)
    healthy = {address for address, state in targets.items() if state == "healthy"}
    new = living - targets.keys()
    dead = targets.keys() - living
    kept = dead & healthy if not healthy & living else set[str]()
    return {"registered": sorted(new), "removed": sorted(dead - kept), "kept": sorted(kept)}


def _targets(elbv2: t.Any, watch: Watch) -> dict[str, str]:
    """Return states by address of what is registered; what drains is on its way out and may be registered anew."""
    answer = elbv2.describe_target_health(TargetGroupArn=watch.target_group_arn)["TargetHealthDescriptions"]
    states = {
        one["Target"]["Id"]: one["TargetHealth"]["State"] for one in answer if one["Target"]["Port"] == watch.port
    }
    return {address: state for address, state in states.items() if state != "draining"}


def _interfaces(ec2: t.Any, watch: Watch) -> set[str]:
    filters = {"description": watch.description, "vpc-id": watch.vpc_id}
    pages = ec2.get_paginator("describe_network_interfaces").paginate(
        Filters=[{"Name": name, "Values": [value]} for name, value in filters.items()]
    )
    return {one["PrivateIpAddress"] for page in pages for one in page["NetworkInterfaces"]}


def _announced(event: t.Mapping[str, t.Any], watch: Watch) -> set[str]:
    """Return the address of a new interface that an event tells of, as AWS may list it only seconds later.

    The rule lets nothing else through; a rule that somebody widened must do no harm either.
    """
    detail = event.get("detail") or {}
    asked, made = detail.get("requestParameters") or {}, detail.get("responseElements") or {}
    interface = made.get("networkInterface") or {}
    expected = (
        (detail.get("eventName"), "CreateNetworkInterface"),
        (detail.get("sourceIPAddress"), "eks.amazonaws.com"),
        (detail.get("errorCode"), None),
        (asked.get("description"), watch.description),
        (interface.get("vpcId"), watch.vpc_id),
    )
    fits = all(said == wanted for said, wanted in expected) and not _stale(detail.get("eventTime"))
    address = interface.get("privateIpAddress")
    return {address} if fits and address else set()


def _stale(text: t.Any) -> bool:
    try:
        then = datetime.datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        return True
    return (datetime.datetime.now(datetime.UTC) - then).total_seconds() > STALE_SECONDS


def _tell(action: t.Callable[..., t.Any], watch: Watch, addresses: t.Collection[str]) -> None:
    if addresses:
        targets = [{"Id": address, "Port": watch.port} for address in sorted(addresses)]
        action(TargetGroupArn=watch.target_group_arn, Targets=targets)
