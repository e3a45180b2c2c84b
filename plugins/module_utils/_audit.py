# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A region's audit: a trail of all calls that write, the bucket that it writes into, and its log group if there is one.

The order is AWS's: the bucket, its policy, then the trail, whose ARN the policy names before it is there.
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-required-policy-for-cloudwatch-logs.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._account import caller
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._iam_policy import Document, service_principal
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome, leave, reconcile
from ansible_collections.cloister.aws.plugins.module_utils._removal import remove_by_rank
from ansible_collections.cloister.aws.plugins.module_utils.kinds import bucket, iam_role, log_group, trail
from ansible_collections.cloister.aws.plugins.module_utils.kinds.bucket import Bucket, bucket_name
from ansible_collections.cloister.aws.plugins.module_utils.kinds.iam_role import IamRole
from ansible_collections.cloister.aws.plugins.module_utils.kinds.log_group import LogGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.trail import Trail, trail_name

Entry = t.Mapping[str, t.Any]
KINDS: tuple[type[Kind], ...] = (IamRole, LogGroup, Bucket, Trail)
"""In the order in which they are made."""
SERVICE = "cloudtrail"


class Audit:
    """A stack's trails with all they need.

    An entry: {name, multi_region, events, retention_days, log_group, log_retention_days, kms_key_arn, keep}.
    """

    def __init__(self, aws: Aws, owner: Owner, entries: t.Sequence[Entry], boundary: str = "") -> None:
        self.aws, self.owner, self.boundary = aws, owner, boundary
        self.entries = entries
        self.kinds = [kind(aws, owner) for kind in KINDS]
        reads: list[t.Callable[[], t.Any]] = [lambda: caller(aws).account, *(kind.find for kind in self.kinds)]
        account, *found = each(lambda read: read(), reads)
        self.account, self.found = str(account), t.cast(list[list[Found]], found)

    def bring_about(self, check: bool) -> Outcome:
        """Make it so, or say in check mode what that takes; what is refused is refused before the first write."""
        planned = self._round(check=True)
        return planned if check or not planned.changed else self._round(check=False)

    def _round(self, check: bool) -> Outcome:
        whole = Outcome([])
        roles: dict[str, str] = {}
        doomed = []
        for kind, found in zip(self.kinds, self.found, strict=True):
            wants = self._wants(type(kind), roles)
            outcome = reconcile(kind, wants, check, purge=False, found=found)
            roles = outcome.ids if isinstance(kind, IamRole) else roles
            whole = Outcome(whole.members + outcome.members, whole.errors + outcome.errors)
            if whole.errors:
                return whole
            listed = {want.part for want in wants}
            left = [leave(kind, one) for one in found if one.part not in listed]
            whole.members += [member for member in left if member.action == "keep"]
            doomed += [(kind, member) for member in left if member.action == "remove"]
        gone = remove_by_rank(doomed, check)
        return Outcome(whole.members + gone.members, gone.errors)

    def _wants(self, kind: type[Kind], roles: t.Mapping[str, str]) -> list[Want]:
        make = {IamRole: self._role, LogGroup: self._group, Bucket: self._bucket}.get(kind)
        if kind is Trail:
            return [self._trail(entry, roles) for entry in self.entries]
        logged = [entry for entry in self.entries if kind is Bucket or entry["log_group"]]
        return [make(entry) for entry in logged] if make else []

    def _role(self, entry: Entry) -> Want:
        """The role with which CloudTrail writes into the log group."""
        stream = f"log-stream:{self.account}_CloudTrail_{self.aws.region}*"
        group = self._arn("logs", f"log-group:/{self.owner.region}/{_part(entry)}:{stream}")
        may = {"actions": ["logs:CreateLogStream", "logs:PutLogEvents"], "resources": [group]}
        said = {
            "name": f"trail-{entry['name']}",
            "reason": "Writes what CloudTrail records into a log group",
            "trusted_services": [SERVICE],
            "trusted_arns": [],
            "trust_conditions": {"StringEquals": {"aws:SourceArn": self._trail_arn(entry)}},
            "trust_statements": [],
            "managed_policies": [],
            "session_seconds": 3600,
            "permissions_boundary": "",
            "policies": [{"name": "log", "statements": [{"sid": None, "effect": "Allow", "conditions": {}, **may}]}],
        }
        return iam_role.want(said, self.owner, self.aws.partition, self.boundary, self.aws.region)

    def _group(self, entry: Entry) -> Want:
        days = entry["log_retention_days"]
        said = {"name": _part(entry), "retention_days": days, "kms_key_arn": None, "keep": entry["keep"]}
        return log_group.want(said)

    def _bucket(self, entry: Entry) -> Want:
        policy = bucket_policy(self._bucket_name(entry), self._trail_arn(entry), self.account, self.aws.partition)
        said = {key: entry[key] for key in ("retention_days", "kms_key_arn", "keep")}
        return bucket.want({"name": _part(entry), **said}, self.owner, self.account, policy)

    def _trail(self, entry: Entry, roles: t.Mapping[str, str]) -> Want:
        logs = entry["log_group"]
        group = self._arn("logs", f"log-group:/{self.owner.region}/{_part(entry)}:*") if logs else ""
        role = roles[f"trail-{entry['name']}"] if logs else ""
        return trail.want(entry, self.owner, self._bucket_name(entry), group, role)

    def _bucket_name(self, entry: Entry) -> str:
        return bucket_name(self.owner, _part(entry), self.account)

    def _trail_arn(self, entry: Entry) -> str:
        return self._arn("cloudtrail", f"trail/{trail_name(self.owner, entry['name'])}")

    def _arn(self, service: str, rest: str) -> str:
        return f"arn:{self.aws.partition}:{service}:{self.aws.region}:{self.account}:{rest}"


def _part(entry: Entry) -> str:
    return f"trail-{entry['name']}"


def bucket_policy(name: str, trail_arn: str, account: str, partition: str) -> Document:
    """Return who may do what in a trail's bucket: CloudTrail in that trail's name alone, and nobody without TLS."""
    arn = f"arn:{partition}:s3:::{name}"
    principal = {"Service": service_principal(SERVICE, partition)}
    ours = {"aws:SourceArn": trail_arn}
    written = {**ours, "s3:x-amz-acl": "bucket-owner-full-control"}
    everything = {"Principal": "*", "Action": "s3:*", "Resource": [arn, f"{arn}/*"]}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "TrailLooksAtTheBucket",
                "Effect": "Allow",
                "Principal": principal,
                "Action": "s3:GetBucketAcl",
                "Resource": arn,
                "Condition": {"StringEquals": ours},
            },
            {
                "Sid": "TrailWrites",
                "Effect": "Allow",
                "Principal": principal,
                "Action": "s3:PutObject",
                "Resource": f"{arn}/AWSLogs/{account}/*",
                "Condition": {"StringEquals": written},
            },
            {
                "Sid": "NobodyWithoutTls",
                "Effect": "Deny",
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                **everything,
            },
        ],
    }
