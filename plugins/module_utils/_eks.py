# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the kinds of EKS share: names, reading what may have gone, patience with what EKS sees late, updates, troubles.

https://docs.aws.amazon.com/eks/latest/APIReference/API_Update.html: a cluster takes one update after the other, and
refuses the next with ResourceInUseException while one runs.
"""

from __future__ import annotations

import re
import time
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, Patience, each
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner

Raw = dict[str, t.Any]
A = t.TypeVar("A")

BUSY = Patience(frozenset({"ResourceInUseException"}), seconds=3600)
CLUSTER_SECONDS, NODES_SECONDS, UPDATE_SECONDS = 2400, 2400, 3600
GONE, TAKEN = "ResourceNotFoundException", "ResourceInUseException"
# What helps against issues: https://docs.aws.amazon.com/eks/latest/APIReference/API_Issue.html
_ADVICE = {
    "NodeCreationFailure": (
        "Nodes started and did not join: they need a way to EKS, EC2, ECR and S3 (a NAT gateway, or endpoints_sets "
        "with eks and ecr), security groups that let them out to the cluster, and a role with AmazonEKSWorkerNodePolicy"
    ),
    "AsgInstanceLaunchFailures": (
        "No machine could be started: list further instance_types or subnets in other zones, or ask for a larger quota"
    ),
    "InsufficientFreeAddresses": "Its subnets have no addresses left: list others, or larger ones",
    "InstanceLimitExceeded": "The quota for machines of this kind is used up: ask AWS for more",
    "PodEvictionFailure": (
        "Pods would not move, mostly because of a disruption budget: loosen that, or set update.force"
    ),
    "AccessDenied": "The role of the nodes may no longer join: it needs an access entry, which EKS makes by itself",
    "IamNodeRoleNotFound": "The role of the nodes has gone: run the stack that makes it",
    "PodExecutionRoleAlreadyInUse": "A role of nodes cannot be the role of pods on Fargate: name another",
}
STANDING = "standing"
"""The field ``state`` of what did not fail."""
# EKS sees a role, a template or a cluster that was made a moment ago late, and says so as an error of the request:
# https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html
_LATE_CODES = ("InvalidParameterException", "InvalidRequestException", "ResourceNotFoundException")
_LATE = re.compile(
    r"could not be assumed|trusted entity|trust policy|invalid principal|not authorized to perform"
    r"|role.*(not exist|not found|cannot be found)|launch template.*(not exist|not found)|subnet.*(not exist|not found)"
    r"|security ?group.*(not exist|not found)|not in ACTIVE status|no cluster found",
    re.IGNORECASE,
)
_LATE_WAITS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0)
_IN_TURN = re.compile(r"currently has|another .*profile|is being (created|deleted)|in progress", re.IGNORECASE)
_VERSION = re.compile(r"1\.(\d+)")


def aws_name(owner: Owner, part: str) -> str:
    """Return what EKS calls a cluster, a node group or a Fargate profile of ours."""
    return f"{owner.region}-{part}"


def clusters(aws: Aws, owner: Owner) -> list[str]:
    """Return the clusters that have a name of ours; whose they are their tags say."""
    return [name for name in aws.pages("eks", "list_clusters", "clusters") if name.startswith(f"{owner.region}-")]


def asked(aws: Aws, action: str, result: str, **params: t.Any) -> Raw | None:
    """Return what describes one thing, None when it has gone."""
    try:
        return t.cast(Raw, aws.call("eks", action, **params)[result])
    except ApiError as exc:
        if exc.code != GONE:
            raise
        return None


def bear_late_neighbours(work: t.Callable[[], A]) -> A:
    """Do ``work`` again while EKS does not see yet what was made a moment ago; about a minute in all."""
    for pause in (*_LATE_WAITS, None):
        try:
            return work()
        except ApiError as exc:
            if pause is None or exc.code not in _LATE_CODES or not _LATE.search(str(exc)):
                raise
            time.sleep(pause)
    raise AssertionError("unreachable")


def in_turn(work: t.Callable[[], A]) -> A:
    """Do ``work`` once the cluster is through with its other Fargate profiles, of which it takes one at a time."""
    end, pause = time.monotonic() + NODES_SECONDS, 0.25
    while True:
        try:
            return work()
        except ApiError as exc:
            if exc.code != TAKEN or not _IN_TURN.search(str(exc)) or time.monotonic() > end:
                raise
        time.sleep(pause)
        pause = min(pause * 1.6, 10.0)


def finished(aws: Aws, update: t.Mapping[str, t.Any], where: t.Mapping[str, str]) -> bool:
    """Return whether an update came to its end; raise `RegionError` with EKS's reasons when it failed.

    ``where`` names the cluster (``name``), and the node group or add-on where it is one's.
    """
    which: dict[str, t.Any] = {**where, "updateId": update["id"]}
    now = aws.call("eks", "describe_update", **which)["update"]
    if now["status"] == "InProgress":
        return False
    if now["status"] == "Successful":
        return True
    raise RegionError(f"{now['type']} of {' '.join(where.values())} ended as {now['status']}: {reasons(now)}")


def reasons(update: t.Mapping[str, t.Any]) -> str:
    """Return why an update failed, as EKS says."""
    told = "; ".join(
        f"{one.get('errorCode', '')}: {one.get('errorMessage', '')} ({', '.join(one.get('resourceIds', ()))})"
        for one in update.get("errors", ())
    )
    return told or "EKS gives no reason"


def troubles(raw: t.Mapping[str, t.Any]) -> str:
    """Return what EKS says is wrong with a cluster, a node group or a Fargate profile; empty when nothing is."""
    issues = (raw.get("health") or {}).get("issues") or ()
    return "; ".join(
        f"{one.get('code', '')}: {one.get('message', '')} ({', '.join(one.get('resourceIds', ()))})" for one in issues
    )


def trouble_of(arn: str, raw: t.Mapping[str, t.Any]) -> str:
    """Return in words what became of a node group or a Fargate profile, and what helps."""
    issues = (raw.get("health") or {}).get("issues") or ()
    advice = dict.fromkeys(_ADVICE[one["code"]] for one in issues if one.get("code") in _ADVICE)
    help_ = "".join(f" {sentence}." for sentence in advice)
    return f"{arn} is {raw['status']}: {troubles(raw) or 'EKS gives no reason'}.{help_} Then run again"


def minor(version: str) -> int | None:
    """Return 33 for ``1.33``; None for what is no version of Kubernetes."""
    match = _VERSION.fullmatch(version)
    return int(match[1]) if match else None


def described(aws: Aws, names: t.Sequence[str]) -> list[Raw]:
    """Return what describes clusters, of those that are there."""
    raws = each(lambda name: asked(aws, "describe_cluster", "cluster", name=name), names)
    return [raw for raw in raws if raw is not None]
