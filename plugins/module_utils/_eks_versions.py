# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Versions of Kubernetes: which EKS has, and which step a cluster may take.

https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html: one minor version at a time, and not back; nodes
follow before the next step. https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html: at the end of
standard support EKS itself takes the step for a cluster whose upgrade policy is ``standard``.
"""

from __future__ import annotations

import typing as t
from datetime import datetime

from ansible_collections.cloister.aws.plugins.module_utils import _eks as eks
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._errors import ImmutableError, InputError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found

Said = t.Mapping[str, t.Any]
"""What EKS says of a version."""
SOON_DAYS = 60


def read(aws: Aws) -> list[Said]:
    """Return what EKS says of the versions that it has in this AWS region."""
    said = aws.pages("eks", "describe_cluster_versions", "clusterVersions")
    return [one for one in said if one.get("versionStatus") != "UNSUPPORTED"]


def offered(aws: Aws) -> list[str]:
    """Return the versions that EKS has in this AWS region, the newest first."""
    have = {one["clusterVersion"] for one in read(aws)}
    return sorted(have, key=lambda version: eks.minor(version) or 0, reverse=True)


def endings(clusters: t.Iterable[t.Mapping[str, t.Any]], said: t.Iterable[Said], now: datetime) -> list[str]:
    """Return a note for each of ``{name, version, upgrade_policy}`` whose version's support ends soon or has ended."""
    known = {one["clusterVersion"]: one for one in said}
    notes = []
    for cluster in clusters:
        version = known.get(cluster["version"], {})
        end, last = version.get("endOfStandardSupportDate"), version.get("endOfExtendedSupportDate")
        if end is None or (end - now).days > SOON_DAYS:
            continue
        when = f"ended on {end:%Y-%m-%d}" if end < now else f"ends on {end:%Y-%m-%d}"
        then = (
            "EKS then takes the next version by itself"
            if cluster["upgrade_policy"] == "standard"
            else ("from then on its price is that of extended support" + (f", until {last:%Y-%m-%d}" if last else ""))
        )
        notes.append(
            f"EKS cluster {cluster['name']}: standard support of Kubernetes {cluster['version']} {when}; {then}. Plan "
            "the next version (docs/eks.md)"
        )
    return notes


def vet(aws: Aws, part: str, found: Found | None, wanted: str) -> None:
    """Refuse a version that EKS does not have, and a step that it does not take."""
    now = str(found.raw.get("version")) if found else ""
    refuse_step(part, now, wanted)
    have = offered(aws)
    if wanted not in have:
        raise InputError(
            f"EKS cluster {part}: EKS has no Kubernetes {wanted} in {aws.region}; it has {', '.join(have)}: set "
            "version to one of those, in quotes"
        )
    if found is None:
        return
    behind = sorted(f"{name} ({version})" for name, version in nodes(aws, found.raw["name"]) if version != now)
    if behind:
        raise InputError(
            f"EKS cluster {part} is {now}, and its node groups {', '.join(behind)} are not yet; set version: '{now}', "
            f"run, so that they follow, then set '{wanted}'"
        )


def refuse_step(part: str, now: str, wanted: str) -> None:
    """Raise for a step back, and for one over more than one minor version."""
    before, after = eks.minor(now), eks.minor(wanted)
    if before is None or after is None:
        return
    if after < before:
        raise ImmutableError(
            f"EKS cluster {part} is {now} and cannot go back to {wanted}; set version: '{now}'. If nobody took that "
            "step, EKS did, at the end of the old version's support"
        )
    if after > before + 1:
        raise ImmutableError(
            f"EKS cluster {part} is {now}, and EKS takes one step at a time: set version: '1.{before + 1}', run, and "
            f"go on so until {wanted}"
        )


def nodes(aws: Aws, cluster: str) -> list[tuple[str, str]]:
    """Return the name and version of each node group of a cluster, whosever it is."""
    names = aws.pages("eks", "list_nodegroups", "nodegroups", clusterName=cluster)

    def read(name: str) -> t.Mapping[str, t.Any] | None:
        return eks.asked(aws, "describe_nodegroup", "nodegroup", clusterName=cluster, nodegroupName=name)

    raws = [raw for raw in each(read, names) if raw and raw["status"] != "DELETING"]
    return [(raw["nodegroupName"], raw["version"]) for raw in raws]
