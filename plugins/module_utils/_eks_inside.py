# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What lies in an EKS cluster by AWS's own API: found through the clusters of a region's name, owned by its own tags.

A cluster is called ``<region_name>-<cluster>``, and what lies in it has the part ``<cluster> <name>``.
https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeCluster.html
"""

from __future__ import annotations

import time
import typing as t
from abc import abstractmethod
from dataclasses import dataclass

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._eks import (
    GONE,
    TAKEN,
    asked,
    aws_name,
    bear_late_neighbours,
    clusters,
)
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, MissingError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils._unknown import unknown

_LOOK_AGAIN = (0.2, 0.4, 0.8, 1.6, 3.2)
_NOUN = "EKS cluster"

A = t.TypeVar("A")


@dataclass(frozen=True)
class Cluster:
    """A cluster of the region. In check mode its values are known-after-apply markers where there is none yet."""

    part: str
    name: str
    arn: str
    version: str
    issuer: str
    """The URL that signs tokens of service accounts."""
    security_group: str
    """The group that EKS makes for the cluster and puts on its interfaces and nodes."""
    known: bool

    @property
    def account(self) -> str:
        """The account that it lives in."""
        return self.arn.split(":")[4] if self.known else unknown("account of", self.name)


def part_in(cluster: str, name: str) -> str:
    """Return the logical name of what is called ``name`` in a cluster."""
    return f"{cluster} {name}"


def or_none(read: t.Callable[[], A]) -> A | None:
    """Return what ``read`` returns; None for what EKS does not have."""
    try:
        return read()
    except ApiError as exc:
        if exc.code != GONE:
            raise
        return None


def read_cluster(aws: Aws, owner: Owner, part: str, check: bool) -> Cluster:
    """Return a cluster. One that is not there is `MissingError`; in check mode it is one to come."""
    name = aws_name(owner, part)
    for pause in (*_LOOK_AGAIN, None):
        raw = asked(aws, "describe_cluster", "cluster", name=name)
        if raw:
            return _told(part, raw, check)
        if check:
            return _to_come(part, name)
        if pause is not None:
            time.sleep(pause)
    raise MissingError(
        f"region {owner.region} has no {_NOUN} called {part} ({name}); eks makes it: run that stack first"
    )


def _told(part: str, raw: t.Mapping[str, t.Any], check: bool) -> Cluster:
    issuer = raw.get("identity", {}).get("oidc", {}).get("issuer", "")
    group = raw.get("resourcesVpcConfig", {}).get("clusterSecurityGroupId", "")
    if not (issuer and group) and not check:
        raise RegionError(f"{_NOUN} {part} is {raw['status']} and tells no issuer or security group yet; run again")
    return Cluster(
        part,
        raw["name"],
        raw["arn"],
        raw["version"],
        issuer or unknown("issuer of", raw["name"]),
        group or unknown("security group of", raw["name"]),
        known=True,
    )


def _to_come(part: str, name: str) -> Cluster:
    said = {key: unknown(f"{key} of", name) for key in ("ARN", "version", "issuer", "security group")}
    return Cluster(part, name, said["ARN"], said["version"], said["issuer"], said["security group"], known=False)


class InCluster(Kind):
    """A kind that lies in a cluster; its id is its ARN, and its raw description names the cluster."""

    made_by = "eks"
    rank = 10

    arn_key: t.ClassVar[str]
    cluster: str = ""
    """The cluster by its name in AWS, where only one is looked at; otherwise all of the region's name are."""

    def find(self) -> list[Found]:
        """Return what the owner owns, by tags."""
        places = [self.cluster] if self.cluster else clusters(self.aws, self.owner)
        found = [item for items in each(self._read, places) for item in items]
        return [item for item in found if self.owner.owns(item.tags)]

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Set these tags, leaving others alone."""
        self.aws.call("eks", "tag_resource", resourceArn=found.id, tags=dict(tags))

    @abstractmethod
    def keys(self, cluster: str) -> list[t.Any]:
        """List what AWS has of the kind in a cluster."""

    @abstractmethod
    def describe(self, cluster: str, key: t.Any) -> Found:
        """Describe one of `keys`."""

    def wrap(self, raw: t.Mapping[str, t.Any]) -> Found:
        """Wrap EKS's description."""
        return Found(raw[self.arn_key], raw.get("tags", {}), raw)

    def now(self, cluster: str, key: t.Any) -> Found | None:
        """Return what ``key`` stands for now, whoever owns it; None for what is not there."""
        return or_none(lambda: self.describe(cluster, key))

    def made(self, cluster: str, key: t.Any, want: Want, action: str, **params: t.Any) -> Found:
        """Create what ``key`` stands for: a client token lets a call be repeated, and EKS keeps one for a key.

        What a killed run left, and lists did not show yet, is ours all the same.
        """
        try:
            answer = bear_late_neighbours(lambda: self.aws.make("eks", action, clusterName=cluster, **params))
        except ApiError as exc:
            there = self._seen(cluster, key) if exc.code == TAKEN else None
            if there is None or not self.owner.owns(there.tags) or there.part != want.part:
                raise
            return there
        return self.wrap(next(value for name, value in answer.items() if name != "ResponseMetadata"))

    def _seen(self, cluster: str, key: t.Any) -> Found | None:
        for pause in _LOOK_AGAIN:
            there = self.now(cluster, key)
            if there:
                return there
            time.sleep(pause)
        return self.now(cluster, key)

    def _read(self, cluster: str) -> list[Found]:
        keys = or_none(lambda: self.keys(cluster)) or []
        return [item for item in each(lambda key: self.now(cluster, key), keys) if item]
