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
STANDING = "standing"
"""The field ``state`` of what did not fail."""
# EKS sees a role, a template or a cluster that was made a moment ago late, and says so as an error of the request:
# https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html
_LATE_CODES = ("InvalidParameterException", "InvalidRequestException", "ResourceNotFoundException")
_LATE = re.compile(
    r"could not be assumed|trusted entity|not authorized to perform|role.*(not exist|not found|cannot be found)"
    r"|launch template.*(not exist|not found)|subnet.*(not exist|not found)|security ?group.*(not exist|not found)"
    r"|not in ACTIVE status|no cluster found",
    re.IGNORECASE,
)
_LATE_WAITS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0)
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


def held(aws: Aws, owner: Owner, listing: tuple[str, str], describing: tuple[str, str], name: str) -> list[Raw]:
    """Return what describes all that the region's clusters hold of something; ``name`` is the parameter of its name."""

    def names(cluster: str) -> list[tuple[str, str]]:
        try:
            return [(cluster, one) for one in aws.pages("eks", *listing, clusterName=cluster)]
        except ApiError as exc:
            if exc.code != GONE:
                raise
            return []

    pairs = [pair for found in each(names, clusters(aws, owner)) for pair in found]
    raws = each(lambda pair: asked(aws, *describing, clusterName=pair[0], **{name: pair[1]}), pairs)
    return [raw for raw in raws if raw is not None]


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


def finished(aws: Aws, update: t.Mapping[str, t.Any], where: t.Mapping[str, str]) -> bool:
    """Return whether an update came to its end; raise `RegionError` with EKS's reasons when it failed.

    ``where`` names the cluster (``name``), and the node group or add-on where it is one's.
    """
    now = aws.call("eks", "describe_update", updateId=update["id"], **where)["update"]
    if now["status"] == "InProgress":
        return False
    if now["status"] == "Successful":
        return True
    reasons = "; ".join(
        f"{one.get('errorCode', '')}: {one.get('errorMessage', '')} ({', '.join(one.get('resourceIds', ()))})"
        for one in now.get("errors", ())
    )
    told = reasons or "EKS gives no reason"
    raise RegionError(f"{now['type']} of {' '.join(where.values())} ended as {now['status']}: {told}")


def troubles(raw: t.Mapping[str, t.Any]) -> str:
    """Return what EKS says is wrong with a cluster, a node group or a Fargate profile; empty when nothing is."""
    issues = (raw.get("health") or {}).get("issues") or ()
    return "; ".join(
        f"{one.get('code', '')}: {one.get('message', '')} ({', '.join(one.get('resourceIds', ()))})" for one in issues
    )


def minor(version: str) -> int | None:
    """Return 33 for ``1.33``; None for what is no version of Kubernetes."""
    match = _VERSION.fullmatch(version)
    return int(match[1]) if match else None
