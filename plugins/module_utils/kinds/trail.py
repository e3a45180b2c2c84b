# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Trails of CloudTrail: which calls of the API are written down, and where.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html. A trail that logs the calls that
write is also what EventBridge hears of such calls by. It takes nothing but a bucket whose policy names it.
"""

from __future__ import annotations

import re
import time
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Patience, each
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, InputError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner, tag_dict, tag_list

# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-trail-naming-requirements.html
_NAME = re.compile(r"(?!.*[._-]{2})[A-Za-z0-9][A-Za-z0-9._-]{1,126}[A-Za-z0-9]")
_GONE = "TrailNotFoundException"
_BUSY = Patience(frozenset({"ConflictException", "ThrottlingException"}), seconds=60)
# A bucket, its policy, a role or a log group that was made a moment ago is seen late.
_LATE = (
    "InsufficientS3BucketPolicyException",
    "S3BucketDoesNotExistException",
    "InvalidCloudWatchLogsRoleArnException",
    "InvalidCloudWatchLogsLogGroupArnException",
)
_LATE_WAITS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
_SETTINGS = ("bucket", "multi_region", "log_group", "role", "kms_key_arn")


class Trail(Kind):
    """A trail, called ``<region_name>-<part>`` (``raw["Name"]``), at home in this region; its id is its ARN.

    Fields: ``bucket`` (name), ``multi_region``, ``log_group`` and ``role`` (ARNs, empty: none), ``kms_key_arn``,
    ``validated`` (whether digests prove its files), ``events`` (``writes`` or ``all``), ``logging``.
    """

    noun = "trail"
    made_by = "audit"
    rank = 30

    def find(self) -> list[Found]:
        """Return ours of this region, by name and tags."""
        answer = self.aws.call("cloudtrail", "describe_trails", includeShadowTrails=False)
        raws = [raw for raw in answer["trailList"] if raw["Name"].startswith(f"{self.owner.region}-")]
        found = each(self._read, raws)
        return [item for item in found if item and self.owner.owns(item.tags)]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return what it logs, and where to."""
        raw = found.raw
        return {
            "bucket": raw["S3BucketName"],
            "multi_region": bool(raw.get("IsMultiRegionTrail")),
            "log_group": raw.get("CloudWatchLogsLogGroupArn") or "",
            "role": raw.get("CloudWatchLogsRoleArn") or "",
            "kms_key_arn": raw.get("KmsKeyId") or "",
            "validated": bool(raw.get("LogFileValidationEnabled")),
            "events": raw.get("events", "other"),
            "logging": raw.get("logging", False),
        }

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it; it does not log yet."""
        said = {"Name": tags["Name"], "TagsList": tag_list(tags), **_settings(want.fields)}
        raw = _bear_late_neighbours(lambda: self.aws.make("cloudtrail", "create_trail", **said))
        return Found(raw["TrailARN"], tags, {**raw, "events": "all"})

    def complete(self, found: Found, want: Want) -> None:
        """Say which events, and begin."""
        have = self.fields(found)
        self.update(found, want, [key for key, value in want.fields.items() if have[key] != value])

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Bring it to what is wanted."""
        wanted = want.fields
        if {*_SETTINGS, "validated"} & set(changed):
            said = {"Name": found.id, **_settings(wanted, whole=True)}
            _bear_late_neighbours(lambda: self.aws.call("cloudtrail", "update_trail", patience=_BUSY, **said))
        if "events" in changed:
            kind = {"writes": "WriteOnly", "all": "All"}[wanted["events"]]
            selector = {"ReadWriteType": kind, "IncludeManagementEvents": True}
            said = {"TrailName": found.id, "EventSelectors": [selector]}
            self.aws.call("cloudtrail", "put_event_selectors", patience=_BUSY, **said)
        if "logging" in changed:
            action = "start_logging" if wanted["logging"] else "stop_logging"
            self.aws.call("cloudtrail", action, patience=_BUSY, Name=found.id)

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Set these tags, leaving others alone."""
        self.aws.call("cloudtrail", "add_tags", ResourceId=found.id, TagsList=tag_list(tags))

    def delete(self, found: Found) -> None:
        """Delete it; what it wrote stays in its bucket."""
        try:
            self.aws.call("cloudtrail", "delete_trail", patience=_BUSY, Name=found.id)
        except ApiError as exc:
            if exc.code != _GONE:
                raise

    def foreign(self, want: Want) -> str | None:
        """Return a trail of that name that is not ours."""
        name = f"{self.owner.region}-{want.part}"
        answer = self.aws.call("cloudtrail", "describe_trails", includeShadowTrails=False)
        named = [raw for raw in answer["trailList"] if raw["Name"] == name]
        return next((item.id for item in each(self._read, named) if item and not self.owner.owns(item.tags)), None)

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return where it writes to."""
        return {"bucket": found.raw["S3BucketName"]}

    def _read(self, raw: t.Mapping[str, t.Any]) -> Found | None:
        """Read tags, selectors and whether it logs, side by side; None when it is gone by now."""
        arn = raw["TrailARN"]
        reads: list[t.Callable[[], t.Any]] = [
            lambda: self.aws.call("cloudtrail", "list_tags", ResourceIdList=[arn])["ResourceTagList"],
            lambda: self.aws.call("cloudtrail", "get_event_selectors", TrailName=arn),
            lambda: self.aws.call("cloudtrail", "get_trail_status", Name=arn)["IsLogging"],
        ]
        try:
            tagged, selectors, logging = each(lambda read: read(), reads)
        except ApiError as exc:
            if exc.code != _GONE:
                raise
            return None
        tags = tag_dict(tagged[0].get("TagsList")) if tagged else {}
        return Found(arn, tags, {**raw, "events": _events(selectors), "logging": logging})


def _events(said: t.Mapping[str, t.Any]) -> str:
    """Return what event selectors amount to: ``writes``, ``all``, or ``other`` than either."""
    simple = said.get("EventSelectors") or []
    if len(simple) != 1 or said.get("AdvancedEventSelectors"):
        return "other"
    plain = simple[0].get("IncludeManagementEvents") and not (
        simple[0].get("DataResources") or simple[0].get("ExcludeManagementEventSources")
    )
    return (
        {"WriteOnly": "writes", "All": "all"}.get(simple[0].get("ReadWriteType", "All"), "other") if plain else "other"
    )


def _settings(fields: t.Mapping[str, t.Any], whole: bool = False) -> dict[str, t.Any]:
    """Return what CreateTrail takes; ``whole`` names what there is none of too, which takes it away."""
    may = {
        "CloudWatchLogsLogGroupArn": fields["log_group"],
        "CloudWatchLogsRoleArn": fields["role"],
        "KmsKeyId": fields["kms_key_arn"],
    }
    return {
        "S3BucketName": fields["bucket"],
        "IsMultiRegionTrail": fields["multi_region"],
        "IncludeGlobalServiceEvents": fields["multi_region"],
        "EnableLogFileValidation": fields["validated"],
        **{key: value for key, value in may.items() if value or whole},
    }


def _bear_late_neighbours(work: t.Callable[[], t.Any]) -> t.Any:
    """Do ``work`` again while CloudTrail does not see yet what was made a moment ago."""
    for pause in (*_LATE_WAITS, None):
        try:
            return work()
        except ApiError as exc:
            if pause is None or exc.code not in _LATE:
                raise
            time.sleep(pause)
    raise AssertionError("unreachable")


def trail_name(owner: Owner, part: str) -> str:
    """Return the name of a trail in AWS."""
    return f"{owner.region}-{part}"


def want(trail: t.Mapping[str, t.Any], owner: Owner, bucket: str, log_group: str, role: str) -> Want:
    """Return the wish for an entry {name, multi_region, events, kms_key_arn}; the others are ARNs or empty."""
    name = trail_name(owner, trail["name"])
    if not _NAME.fullmatch(name):
        raise InputError(
            f"trail {trail['name']}: in AWS it would be called {name}, {len(name)} characters: from 3 to 128 letters, "
            "digits, ., _ and -, no two of those side by side"
        )
    fields = {
        "bucket": bucket,
        "multi_region": trail["multi_region"],
        "log_group": log_group,
        "role": role,
        "kms_key_arn": trail["kms_key_arn"],
        "validated": True,
        "events": trail["events"],
        "logging": True,
    }
    return Want(trail["name"], fields)
