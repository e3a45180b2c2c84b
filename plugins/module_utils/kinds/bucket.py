# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Buckets of S3 that services of AWS write into: shut to the public, encrypted, with an end to what they keep.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html. Names are unique among all accounts, so a bucket
is called ``<region_name>-<part>-<account>``. Buckets hold data, so they are kept.
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Patience, each
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, InputError
from ansible_collections.cloister.aws.plugins.module_utils._iam_policy import canonical, text
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import KEEP, Owner, tag_dict, tag_list

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]")
_SHUT = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
_EXPIRY = "cloister-expiry"
_GONE = "NoSuchBucket"
_NONE = (
    "NoSuchTagSet",
    "NoSuchBucketPolicy",
    "NoSuchLifecycleConfiguration",
    "NoSuchPublicAccessBlockConfiguration",
    "ServerSideEncryptionConfigurationNotFoundError",
)
# A bucket of the name that was deleted a moment ago, or a change beside ours.
_BUSY = Patience(frozenset({"OperationAborted"}), seconds=300)
# Services see a new bucket late; S3 itself may, too.
_LATE = Patience(frozenset({_GONE}), seconds=30)
_AT_ONCE = 1000


class Bucket(Kind):
    """A bucket; its id is its name.

    Fields: ``policy`` (a document), ``kms_key_arn`` (empty: S3's own key), ``retention_days`` (0: for ever), ``shut``.
    """

    noun = "bucket"
    made_by = "audit"
    rank = 70

    def find(self) -> list[Found]:
        """Return ours, by name and tags, with what belongs to each."""
        prefix = f"{self.owner.region}-"
        raws = self.aws.pages("s3", "list_buckets", "Buckets", Prefix=prefix, BucketRegion=self.aws.region)
        named = [raw["Name"] for raw in raws if raw["Name"].startswith(prefix)]
        tagged = each(lambda name: Found(name, self._tags(name), {"Name": name}), named)
        return each(self._read, [item for item in tagged if self.owner.owns(item.tags)])

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return who may do what in it, its key, how long it keeps what it holds, and whether it is shut."""
        raw = found.raw
        return {
            "policy": canonical(raw["policy"]) if raw.get("policy") else None,
            "kms_key_arn": raw.get("kms_key_arn", ""),
            "retention_days": raw.get("retention_days", 0),
            "shut": raw.get("shut", False),
        }

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it, tagged. A new one is shut, and encrypted with S3's own key."""
        name = want.create["name"]
        home = {} if self.aws.region == "us-east-1" else {"LocationConstraint": self.aws.region}
        said = {"Bucket": name, "CreateBucketConfiguration": {**home, "Tags": tag_list(tags)}}
        try:
            self.aws.make("s3", "create_bucket", **said)
        except ApiError as exc:
            # Made by a call whose answer was lost, or by a run that was killed and whose tags S3 shows late.
            if exc.code != "BucketAlreadyOwnedByYou" or not self.owner.owns(self._tags(name)):
                raise
        return Found(name, tags, {"Name": name, "shut": True})

    def complete(self, found: Found, want: Want) -> None:
        """Give it all that a new one has not."""
        have = self.fields(found)
        self.update(found, want, [key for key, value in want.fields.items() if have[key] != value])

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Bring it to what is wanted; shut it before anything else."""
        wanted = want.fields
        if "shut" in changed:
            self._put(found, "put_public_access_block", PublicAccessBlockConfiguration=dict.fromkeys(_SHUT, True))
        if "kms_key_arn" in changed:
            key = wanted["kms_key_arn"]
            said = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key} if key else {"SSEAlgorithm": "AES256"}
            rule = {"ApplyServerSideEncryptionByDefault": said, "BucketKeyEnabled": bool(key)}
            self._put(found, "put_bucket_encryption", ServerSideEncryptionConfiguration={"Rules": [rule]})
        if "policy" in changed:
            self._put(found, "put_bucket_policy", Policy=text(wanted["policy"]))
        if "retention_days" in changed and wanted["retention_days"]:
            rules = [_expiry(wanted["retention_days"])]
            self._put(found, "put_bucket_lifecycle_configuration", LifecycleConfiguration={"Rules": rules})
        elif "retention_days" in changed:
            self.aws.call("s3", "delete_bucket_lifecycle", patience=_BUSY, Bucket=found.id)

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Set these tags; S3 takes only all of them at once."""
        self._put(found, "put_bucket_tagging", Tagging={"TagSet": tag_list({**found.tags, **tags})})

    def delete(self, found: Found) -> None:
        """Delete all it holds, then it."""
        try:
            self._empty(found.id)
            self.aws.call("s3", "delete_bucket", patience=_BUSY, Bucket=found.id)
        except ApiError as exc:
            if exc.code != _GONE:
                raise

    def foreign(self, want: Want) -> str | None:
        """Return a bucket of that name that is not ours, whoever has it."""
        name = want.create["name"]
        try:
            self.aws.call("s3", "head_bucket", Bucket=name)
        except ApiError as exc:
            if exc.code in (_GONE, "404", "NotFound"):
                return None
            return f"bucket {name}" if exc.code in ("403", "Forbidden", "AccessDenied", "301") else self._raise(exc)
        return None if self.owner.owns(self._tags(name)) else f"bucket {name}"

    @staticmethod
    def _raise(exc: ApiError) -> t.NoReturn:
        raise exc

    def _put(self, found: Found, action: str, **said: t.Any) -> None:
        patience = Patience(_BUSY.codes | _LATE.codes, _LATE.seconds)
        self.aws.call("s3", action, patience=patience, Bucket=found.id, **said)

    def _tags(self, name: str) -> dict[str, str]:
        answer = self._ask("get_bucket_tagging", name)
        return tag_dict(answer.get("TagSet"))

    def _read(self, found: Found) -> Found:
        asked = (
            "get_bucket_policy",
            "get_bucket_encryption",
            "get_bucket_lifecycle_configuration",
            "get_public_access_block",
        )
        policy, encryption, lifecycle, block = each(lambda action: self._ask(action, found.id), asked)
        rules = encryption.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
        key = rules[0]["ApplyServerSideEncryptionByDefault"].get("KMSMasterKeyID", "") if rules else ""
        ends = [
            rule for rule in lifecycle.get("Rules", ()) if rule.get("ID") == _EXPIRY and rule["Status"] == "Enabled"
        ]
        shut = block.get("PublicAccessBlockConfiguration", {})
        raw = {
            "Name": found.id,
            "policy": policy.get("Policy"),
            "kms_key_arn": key,
            "retention_days": ends[0].get("Expiration", {}).get("Days", 0) if ends else 0,
            "shut": all(shut.get(name) for name in _SHUT),
        }
        return Found(found.id, found.tags, raw)

    def _ask(self, action: str, name: str) -> dict[str, t.Any]:
        """Return what S3 answers, nothing where it says that there is none."""
        try:
            return dict(self.aws.call("s3", action, Bucket=name))
        except ApiError as exc:
            if exc.code not in (*_NONE, _GONE):
                raise
            return {}

    def _empty(self, name: str) -> None:
        """Delete every version of every object, a thousand at a time."""
        for listed in ("Versions", "DeleteMarkers"):
            objects = self.aws.pages("s3", "list_object_versions", listed, Bucket=name)
            ids = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in objects]
            for start in range(0, len(ids), _AT_ONCE):
                some = {"Objects": ids[start : start + _AT_ONCE], "Quiet": True}
                answer = self.aws.call("s3", "delete_objects", Bucket=name, Delete=some)
                for failed in answer.get("Errors") or ():
                    text_ = f"{failed['Key']} in bucket {name} was not deleted: {failed['Code']}: {failed['Message']}"
                    raise ApiError("DeleteObjects", failed["Code"], text_)


def _expiry(days: int) -> dict[str, t.Any]:
    return {
        "ID": _EXPIRY,
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "Expiration": {"Days": days},
        "NoncurrentVersionExpiration": {"NoncurrentDays": days},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
    }


def bucket_name(owner: Owner, part: str, account: str) -> str:
    """Return the name of a bucket in AWS."""
    return f"{owner.region}-{part}-{account}"


def want(bucket: t.Mapping[str, t.Any], owner: Owner, account: str, policy: t.Mapping[str, t.Any]) -> Want:
    """Return the wish for an entry {name, retention_days, kms_key_arn, keep} with its policy."""
    name = bucket_name(owner, bucket["name"], account)
    if not _NAME.fullmatch(name):
        raise InputError(
            f"bucket {bucket['name']}: in AWS it would be called {name}, {len(name)} characters: from 3 to 63 small "
            "letters, digits and hyphens"
        )
    fields = {
        "policy": canonical(policy),
        "kms_key_arn": bucket["kms_key_arn"],
        "retention_days": bucket["retention_days"],
        "shut": True,
    }
    return Want(bucket["name"], fields, {"name": name}, {KEEP: "true" if bucket["keep"] else "false"})
