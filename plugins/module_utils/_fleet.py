# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A fleet that Systems Manager configures: a bucket with the pack, and an association for each role of nodes.

The bucket lets the region's roles of machines read it, so that they need no further right. It comes before the pack,
and that before the associations, which begin at once.
https://docs.aws.amazon.com/systems-manager/latest/userguide/state-manager-about.html
"""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass

from ansible_collections.cloister.aws.plugins.module_utils._account import caller
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._command_nodes import Whom
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, InputError
from ansible_collections.cloister.aws.plugins.module_utils._iam_policy import VERSION
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome, leave, reconcile
from ansible_collections.cloister.aws.plugins.module_utils._removal import remove_by_rank
from ansible_collections.cloister.aws.plugins.module_utils.kinds import association, bucket
from ansible_collections.cloister.aws.plugins.module_utils.kinds.association import Association
from ansible_collections.cloister.aws.plugins.module_utils.kinds.bucket import Bucket, bucket_name
from ansible_collections.cloister.aws.plugins.module_utils.kinds.iam_role import IamRole

DOCUMENT = "AWS-ApplyAnsiblePlaybooks"
PART = "fleet"
"""The bucket's logical name, and what those of associations begin with."""
OUTPUT = "output"
"""Where in the bucket nodes write what Ansible says there: AWS itself keeps only the beginning."""
MACHINES = ("ec2.amazonaws.com", "ssm.amazonaws.com")
_ABSENT = ("404", "NotFound", "NoSuchKey", "NoSuchBucket")


@dataclass(frozen=True)
class Ask:
    """How the associations go to their nodes; ``readers`` are ARNs of further roles that machines have."""

    roles: t.Sequence[str]
    digest: str
    at_once: str
    max_errors: str
    schedule: str
    severity: str
    install: bool
    only_check: bool
    run_seconds: int
    retention_days: int
    readers: t.Sequence[str]


class Fleet:
    """What a fleet has in AWS, as it stands and as it is wanted."""

    def __init__(self, aws: Aws, owner: Owner, ask: Ask) -> None:
        self.aws, self.owner, self.ask = aws, owner, ask
        self.kinds: list[Kind] = [Bucket(aws, owner), Association(aws, owner)]
        region = Owner(owner.region)
        reads: list[t.Callable[[], t.Any]] = [lambda: caller(aws).account, IamRole(aws, region).find]
        account, roles, *found = each(lambda read: read(), [*reads, *(kind.find for kind in self.kinds)])
        self.account = str(account)
        self.readers = sorted({*ask.readers, *(role.id for role in roles if _is_machines(role))})
        self.found = t.cast("list[list[Found]]", found)

    def bring_about(self, data: t.Callable[[], bytes], check: bool) -> Outcome:
        """Make it so, or say in check mode what that takes; ``data`` gives the pack when it has to be uploaded."""
        if self.ask.roles and not self.readers:
            raise InputError(
                f"region {self.owner.region} has no role that machines take (trusted_services: [ec2]), so no node "
                "could read the pack. Right would be: such a role in identity_roles, or ARNs of others in fleet_readers"
            )
        planned = self._round(None)
        return planned if check or not planned.changed else self._round(data)

    def _round(self, data: t.Callable[[], bytes] | None) -> Outcome:
        whole, doomed = Outcome([]), []
        for kind, found, wants in zip(self.kinds, self.found, (self._bucket(), self._associations()), strict=True):
            if isinstance(kind, Association) and data and self.ask.roles:
                self._upload(data)
            outcome = reconcile(kind, wants, data is None, purge=False, found=found)
            whole = Outcome(whole.members + outcome.members, whole.errors + outcome.errors)
            if whole.errors:
                return whole
            listed = {want.part for want in wants}
            doomed += [(kind, leave(kind, one)) for one in found if one.part not in listed]
        gone = remove_by_rank([(kind, member) for kind, member in doomed if member.action == "remove"], data is None)
        return Outcome(whole.members + gone.members, gone.errors)

    def _upload(self, data: t.Callable[[], bytes]) -> None:
        name, key = bucket_name(self.owner, PART, self.account), self.key
        try:
            self.aws.call("s3", "head_object", Bucket=name, Key=key)
        except ApiError as exc:
            if exc.code not in _ABSENT:
                raise
            self.aws.call("s3", "put_object", Bucket=name, Key=key, Body=data())

    @property
    def key(self) -> str:
        """The pack's name in the bucket: other contents are another object."""
        return f"packs/{self.ask.digest}.zip"

    def _bucket(self) -> list[Want]:
        if not self.ask.roles:
            return []
        said = {"name": PART, "retention_days": self.ask.retention_days, "kms_key_arn": "", "keep": False}
        arn = f"arn:{self.aws.partition}:s3:::{bucket_name(self.owner, PART, self.account)}"
        return [bucket.want(said, self.owner, self.account, policy(arn, self.readers))]

    def _associations(self) -> list[Want]:
        domain = "amazonaws.com.cn" if self.aws.partition == "aws-cn" else "amazonaws.com"
        name = bucket_name(self.owner, PART, self.account)
        path = f"https://s3.{self.aws.region}.{domain}/{name}/{self.key}"
        return [association.want(self._entry(role, path)) for role in self.ask.roles]

    def _entry(self, role: str, path: str) -> dict[str, t.Any]:
        said = {
            "SourceType": "S3",
            "SourceInfo": json.dumps({"path": path}),
            "InstallDependencies": str(self.ask.install),
            "PlaybookFile": f"role_{role}.yml",
            "Check": str(self.ask.only_check),
            "TimeoutSeconds": str(self.ask.run_seconds),
        }
        return {
            "name": f"{PART}-{role}",
            "document": DOCUMENT,
            "parameters": {key: [value] for key, value in said.items()},
            "targets": Whom(self.owner.region, roles=[role]).targets(),
            "schedule": self.ask.schedule,
            "at_once": self.ask.at_once,
            "max_errors": self.ask.max_errors,
            "severity": self.ask.severity,
            "output": {
                "S3Location": {
                    "OutputS3Region": self.aws.region,
                    "OutputS3BucketName": bucket_name(self.owner, PART, self.account),
                    "OutputS3KeyPrefix": OUTPUT,
                }
            },
        }


def policy(bucket_arn: str, readers: t.Sequence[str]) -> dict[str, t.Any]:
    """Return who may do what in the bucket: machines read, and write what they say; nobody comes without TLS."""
    both = [bucket_arn, f"{bucket_arn}/*"]
    reading = {
        "Sid": "MachinesRead",
        "Effect": "Allow",
        "Principal": {"AWS": list(readers)},
        "Action": ["s3:GetObject", "s3:ListBucket"],
        "Resource": both,
    }
    telling = {
        "Sid": "MachinesTell",
        "Effect": "Allow",
        "Principal": {"AWS": list(readers)},
        "Action": ["s3:PutObject", "s3:PutObjectAcl"],
        "Resource": f"{bucket_arn}/{OUTPUT}/*",
    }
    tls = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": both,
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": VERSION, "Statement": [reading, telling, tls]}


def _is_machines(role: Found) -> bool:
    trust = json.dumps(role.raw["AssumeRolePolicyDocument"])
    return any(service in trust for service in MACHINES)
