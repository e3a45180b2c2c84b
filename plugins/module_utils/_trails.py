# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether EventBridge hears of calls of the API here: only of those that a trail logs.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError

_ELSEWHERE = ("TrailNotFoundException", "InvalidHomeRegionException")


def records_calls(aws: Aws) -> bool:
    """Return whether a trail, of this region or of all, logs management calls that write."""
    trails = aws.call("cloudtrail", "describe_trails", includeShadowTrails=True)["trailList"]
    here = [one for one in trails if one.get("IsMultiRegionTrail") or one.get("HomeRegion") == aws.region]
    return any(each(lambda trail: _logs_writes(aws, trail["TrailARN"]), here))


def _logs_writes(aws: Aws, trail: str) -> bool:
    """Say so of one trail. A trail of another region does not tell everybody what it takes, and is believed."""
    if not aws.call("cloudtrail", "get_trail_status", Name=trail)["IsLogging"]:
        return False
    try:
        said = aws.call("cloudtrail", "get_event_selectors", TrailName=trail)
    except ApiError as exc:
        if exc.code not in _ELSEWHERE:
            raise
        return True
    simple = any(
        one.get("IncludeManagementEvents") and one.get("ReadWriteType") != "ReadOnly"
        for one in said.get("EventSelectors") or ()
    )
    return simple or any(map(_takes_writes, said.get("AdvancedEventSelectors") or ()))


def _takes_writes(selector: t.Mapping[str, t.Any]) -> bool:
    fields = {one["Field"]: one for one in selector["FieldSelectors"]}
    management = "Management" in fields.get("eventCategory", {}).get("Equals", ())
    return management and "true" not in fields.get("readOnly", {}).get("Equals", ())
