# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read EKS clusters, and the trails by which events of their interfaces are heard."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError

Things = list[dict[str, t.Any]]
# What a trail says whose home is another region; it is believed to take what trails take by default.
_ELSEWHERE = ("TrailNotFoundException", "InvalidHomeRegionException")


def eks_clusters(aws: Aws) -> Things:
    """Return the clusters of the AWS region; one that has just gone is left out."""

    def whole(name: str) -> Things:
        try:
            return [aws.call("eks", "describe_cluster", name=name)["cluster"]]
        except ApiError as exc:
            if exc.code != "ResourceNotFoundException":
                raise
            return []

    return [one for found in each(whole, aws.pages("eks", "list_clusters", "clusters")) for one in found]


def trails(aws: Aws) -> Things:
    """Return the trails that hear the AWS region, those of other regions among them, with what they take."""
    found = aws.call("cloudtrail", "describe_trails")["trailList"]

    def whole(trail: dict[str, t.Any]) -> dict[str, t.Any]:
        arn = trail["TrailARN"]
        try:
            chosen = aws.call("cloudtrail", "get_event_selectors", TrailName=arn)
        except ApiError as exc:
            if exc.code not in _ELSEWHERE:
                raise
            chosen = {"EventSelectors": [{"IncludeManagementEvents": True, "ReadWriteType": "All"}]}
        logs = aws.call("cloudtrail", "get_trail_status", Name=arn)["IsLogging"]
        selectors = {key: chosen.get(key) for key in ("EventSelectors", "AdvancedEventSelectors")}
        return {**trail, "IsLogging": logs, **selectors}

    return each(whole, found)
