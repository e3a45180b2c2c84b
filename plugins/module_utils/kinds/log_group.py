# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Log groups of CloudWatch Logs, called ``/<region_name>/<part>``. They hold data, so they are kept."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import each
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import KEEP

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731),
    *(1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
_GONE = "ResourceNotFoundException"


class LogGroup(Kind):
    """A log group. Fields: ``retention_days``, ``kms_key_arn`` (None: CloudWatch's own key)."""

    noun = "log group"
    made_by = "network"
    rank = 80

    def find(self) -> list[Found]:
        """Return ours: those of our names that carry our tags, which are read one by one, as the API gives them."""
        prefix = self.prefix()
        groups = self.aws.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=prefix)
        found = each(lambda raw: Found(raw["logGroupName"], self._tags(raw), raw), groups)
        return [item for item in found if self.owner.owns(item.tags)]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return how long it keeps what it is told (None: for ever), and its key."""
        return {"retention_days": found.raw.get("retentionInDays"), "kms_key_arn": found.raw.get("kmsKeyId")}

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it, tagged. One that was made by a call whose answer was lost is taken, with the tags it was given."""
        name = self.name(want)
        key = {"kmsKeyId": want.fields["kms_key_arn"]} if want.fields["kms_key_arn"] else {}
        self.aws.make("logs", "create_log_group", logGroupName=name, tags=dict(tags), **key)
        return Found(name, tags, {"logGroupName": name})

    def complete(self, found: Found, want: Want) -> None:
        """Set its retention: a new one keeps everything for ever."""
        self.update(found, want, ("retention_days",))

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Set retention and key."""
        days, key = want.fields["retention_days"], want.fields["kms_key_arn"]
        if "retention_days" in changed:
            self.aws.call("logs", "put_retention_policy", logGroupName=found.id, retentionInDays=days)
        if "kms_key_arn" in changed and key:
            self.aws.call("logs", "associate_kms_key", logGroupName=found.id, kmsKeyId=key)
        elif "kms_key_arn" in changed:
            self.aws.call("logs", "disassociate_kms_key", logGroupName=found.id)

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Set these tags, leaving others alone."""
        self.aws.call("logs", "tag_resource", resourceArn=found.raw["logGroupArn"], tags=dict(tags))

    def delete(self, found: Found) -> None:
        """Delete it and all it holds."""
        try:
            self.aws.call("logs", "delete_log_group", logGroupName=found.id)
        except ApiError as exc:
            if exc.code != _GONE:
                raise

    def foreign(self, want: Want) -> str | None:
        """Return the group of that name, which has not our tags, or it would have been found."""
        name = self.name(want)
        groups = self.aws.pages("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=name)
        return next((name for raw in groups if raw["logGroupName"] == name), None)

    def prefix(self) -> str:
        """Return what the names of all of the region's begin with."""
        return f"/{self.owner.region}/"

    def name(self, want: Want) -> str:
        """Return what CloudWatch calls it."""
        return f"{self.prefix()}{want.part}"

    def _tags(self, raw: t.Mapping[str, t.Any]) -> dict[str, str]:
        try:
            answer = self.aws.call("logs", "list_tags_for_resource", resourceArn=raw["logGroupArn"])
        except ApiError as exc:
            if exc.code != _GONE:
                raise
            return {}
        return dict(answer["tags"])


def want(group: t.Mapping[str, t.Any]) -> Want:
    """Return the wish for an entry {name, retention_days, kms_key_arn, keep}."""
    fields = {"retention_days": group["retention_days"], "kms_key_arn": group["kms_key_arn"]}
    return Want(group["name"], fields, tags={KEEP: "true" if group["keep"] else "false"})
