# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Trails: where they write to must let them, and which events they take.

https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
"""

from __future__ import annotations

import json
import typing as t

from lab.embedded_aws.truth.cloudtrail.bucket_policy import lets_in
from lab.embedded_aws.truth.ecs.grants import allowed, role
from lab.embedded_aws.truth.patching import refuser

Backend = t.Any  # moto's CloudTrailBackend of one account and region
Trail = t.Any

refuse = refuser("cloudtrail")

PRINCIPAL = "cloudtrail.amazonaws.com"
MOST_TRAILS = 5
# A trail that nobody gave selectors takes all management events.
DEFAULT = [
    {
        "ReadWriteType": "All",
        "IncludeManagementEvents": True,
        "DataResources": [],
        "ExcludeManagementEventSources": [],
    }
]


def check_create(
    self: Backend,
    name: str,
    bucket_name: str,
    s3_key_prefix: str,
    sns_topic_name: str,
    is_global: bool,
    is_multi_region: bool,
    log_validation: bool,
    is_org_trail: bool,
    cw_log_group_arn: str,
    cw_role_arn: str,
    *_: t.Any,
) -> None:
    if is_org_trail or sns_topic_name:
        raise NotImplementedError("trails of an organization and trails that notify")
    if any(one.trail_name == name for one in self.trails.values()):
        refuse("TrailAlreadyExistsException", f"Trail {name} already exists for customer: {self.account_id}")
    if len(self.trails) >= MOST_TRAILS:
        text = f"User: {self.account_id} already has {MOST_TRAILS} trails in {self.region_name}."
        refuse("MaximumNumberOfTrailsExceededException", text)
    check_bucket(self, name, bucket_name, s3_key_prefix)
    check_log_group(self, cw_log_group_arn, cw_role_arn)


def check_update(self: Backend, name: str, s3_bucket_name: str | None, s3_key_prefix: str | None, **new: t.Any) -> None:
    trail = self.get_trail(name)
    if s3_bucket_name is not None:
        check_bucket(self, trail.trail_name, s3_bucket_name, s3_key_prefix or trail.s3_key_prefix)
    check_log_group(self, new.get("cw_log_group_arn"), new.get("cw_role_arn"))


def check_bucket(backend: Backend, trail: str, bucket_name: str, prefix: str | None) -> None:
    """The bucket's policy must let CloudTrail read its ACL and put objects, in the name of this trail."""
    from moto.s3.models import s3_backends

    found = s3_backends[backend.account_id][backend.partition].buckets.get(bucket_name)
    if found is None:
        refuse("S3BucketDoesNotExistException", f"S3 bucket {bucket_name} does not exist!")
    arn = f"arn:{backend.partition}:cloudtrail:{backend.region_name}:{backend.account_id}:trail/{trail}"
    folder = f"{prefix}/AWSLogs" if prefix else "AWSLogs"
    written = f"{found.arn}/{folder}/{backend.account_id}/x"
    policy = json.loads(found.policy) if found.policy else {"Statement": []}
    may_read = lets_in(policy, PRINCIPAL, "s3:GetBucketAcl", found.arn, arn, backend.account_id)
    if not may_read or not lets_in(policy, PRINCIPAL, "s3:PutObject", written, arn, backend.account_id):
        text = f"Incorrect S3 bucket policy is detected for bucket: {bucket_name}"
        refuse("InsufficientS3BucketPolicyException", text)


def check_log_group(backend: Backend, group_arn: str | None, role_arn: str | None) -> None:
    """The group must be there and the role let CloudTrail write into it."""
    if not group_arn and not role_arn:
        return
    from moto.logs.models import logs_backends

    if not group_arn:
        text = "You must specify a log group ARN when you specify a role ARN."
        refuse("InvalidCloudWatchLogsLogGroupArnException", text)
    name = group_arn.partition(":log-group:")[2].removesuffix(":*")
    if not group_arn.endswith(":*") or name not in logs_backends[backend.account_id][backend.region_name].groups:
        text = "CloudTrail cannot validate the specified log group ARN."
        refuse("InvalidCloudWatchLogsLogGroupArnException", text)
    found = role(backend, role_arn) if role_arn else None
    if found is None or PRINCIPAL not in json.dumps(found.assume_role_policy_document):
        refuse("InvalidCloudWatchLogsRoleArnException", "Access denied. Check the trust relationships for your role.")
    stream = group_arn.removesuffix("*") + f"log-stream:{backend.account_id}_CloudTrail_{backend.region_name}"
    if not all(allowed(backend, role_arn, f"logs:{one}", stream) for one in ("CreateLogStream", "PutLogEvents")):
        text = "Access denied. Verify in IAM that the role has adequate permissions."
        refuse("InvalidCloudWatchLogsRoleArnException", text)


def check_tagged(self: Backend, resource_id: str, tags_list: list[dict[str, str]]) -> None:
    self.get_trail(resource_id)


def check_selectors(
    self: Backend, trail_name: str, event_selectors: t.Any, advanced_event_selectors: list[t.Any]
) -> None:
    self.get_trail(trail_name)
    if advanced_event_selectors or any(one.get("DataResources") for one in event_selectors or ()):
        raise NotImplementedError("advanced event selectors and data events")
    for one in event_selectors or ():
        if one.get("ReadWriteType", "All") not in ("All", "ReadOnly", "WriteOnly"):
            refuse("InvalidEventSelectorsException", f"Invalid ReadWriteType: {one['ReadWriteType']}")


def get_event_selectors(self: t.Any) -> str:
    trail = self.cloudtrail_backend.get_trail(self._get_param("TrailName"))
    return json.dumps({"TrailARN": trail.arn, "EventSelectors": selectors(trail)})


def selectors(trail: Trail) -> list[dict[str, t.Any]]:
    """Its event selectors, with what AWS fills in."""
    return [{**DEFAULT[0], **one} for one in trail.event_selectors] or [dict(DEFAULT[0])]


def delete_trail(self: Backend, name: str) -> None:
    trail = self.get_trail(name)
    del self.trails[trail.trail_name]
    self.tagging_service.delete_all_tags_for_resource(trail.arn)


def takes_writes(account: str, region: str) -> bool:
    """Whether a trail logs the writing management calls of this account and region, so that EventBridge hears of them.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html
    """
    from moto.cloudtrail.models import cloudtrail_backends

    backends = cloudtrail_backends[account].values() if account in cloudtrail_backends else ()
    trails = [trail for backend in backends for trail in backend.trails.values()]
    return any(
        trail.status.is_logging
        and (trail.is_multi_region or trail.region_name == region)
        and any(one["IncludeManagementEvents"] and one["ReadWriteType"] != "ReadOnly" for one in selectors(trail))
        for trail in trails
    )


def iter_tagged_resources(self: Backend) -> t.Iterator[t.Any]:
    from moto.core.resource_tagging import TaggedResource

    for trail in self.trails.values():
        rows = self.tagging_service.list_tags_for_resource(trail.arn)["TagsList"]
        shown = [trail.description(), trail.status.is_logging, selectors(trail)]
        tags = {row["Key"]: row.get("Value", "") for row in rows}
        yield TaggedResource(trail.arn, tags, "cloudtrail:trail", {"shown": shown, "name": trail.trail_name})
