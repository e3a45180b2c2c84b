# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""S3: what a new bucket is like, tags in the call that makes it, names, policies that say something.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
A new bucket is encrypted with S3's own key, shut to the public, and its objects are its owner's.
"""

from __future__ import annotations

import json
import re
import typing as t
import xml.etree.ElementTree as ET

from lab.embedded_aws.truth.cloudtrail.bucket_policy import holds
from lab.embedded_aws.truth.patching import before, install

Backend = t.Any  # moto's S3Backend of one account and partition
Response = t.Any

NAME = re.compile(r"(?!xn--|sthree-|amzn-s3-demo-|\d+\.\d+\.\d+\.\d+$)[a-z0-9](?:[a-z0-9-]|\.(?!\.)){1,61}[a-z0-9]")


def check_create(self: Backend, bucket_name: str, *_: t.Any, **__: t.Any) -> None:
    from moto.s3.exceptions import InvalidBucketName

    if not NAME.fullmatch(bucket_name) or bucket_name.endswith(("-s3alias", "--ol-s3", "--x-s3")):
        raise InvalidBucketName()


def check_policy(self: Backend, bucket_name: str, policy: bytes) -> None:
    """Every statement is about this bucket."""
    from moto.s3.exceptions import S3ClientError

    try:
        statements = json.loads(policy)["Statement"]
        named = [one["Resource"] for one in (statements if isinstance(statements, list) else [statements])]
    except (ValueError, KeyError, TypeError):
        raise S3ClientError("MalformedPolicy", "Policies must be valid JSON and the first byte must be '{'") from None
    arns = [arn for one in named for arn in (one if isinstance(one, list) else [one])]
    if any(arn.partition(":::")[2].partition("/")[0] != bucket_name for arn in arns):
        raise S3ClientError("MalformedPolicy", "Policy has invalid resource")


def without_unmet(policy: bytes) -> bytes:
    """A policy without the statements whose conditions a call by TLS does not meet."""
    document = json.loads(policy)
    statements = document["Statement"]
    listed = statements if isinstance(statements, list) else [statements]
    met = [one for one in listed if holds(one, {"aws:securetransport": "true"})]
    return json.dumps({**document, "Statement": met}).encode()


def begin(self: t.Any) -> None:
    """What AWS sets on a new bucket."""
    from moto.s3.models import PublicAccessBlock

    self.encryption = {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}}
    self.public_access_block = PublicAccessBlock(True, True, True, True)
    self.ownership_rule = "BucketOwnerEnforced"


def tags_of_new(response: Response) -> dict[str, str]:
    """The tags in the body of CreateBucket."""
    if not response.body:
        return {}
    # In the namespace of S3.
    rows = ET.fromstring(response.body).iterfind(".//{*}Tag")  # noqa: S314 - our own client wrote it
    return {row.findtext("{*}Key") or "": row.findtext("{*}Value") or "" for row in rows}


def iter_tagged_resources(self: Backend) -> t.Iterator[t.Any]:
    from moto.core.resource_tagging import TaggedResource

    for bucket in self.buckets.values():
        rules = [vars(rule) for rule in bucket.rules]
        closed = bucket.public_access_block and vars(bucket.public_access_block)
        shown = [bucket.policy, bucket.encryption, bucket.versioning_status, rules, closed, len(bucket.keys)]
        tags = self.tagger.get_tag_dict_for_resource(bucket.arn)
        yield TaggedResource(bucket.arn, tags, "s3:bucket", {"shown": shown, "name": bucket.name})


def apply() -> None:
    from moto.s3 import models
    from moto.s3.responses import S3Response

    make, put = models.FakeBucket.__init__, S3Response._bucket_response_put
    judge = models.FakeBucket.get_permission

    def __init__(self: t.Any, *given: t.Any, **named: t.Any) -> None:  # noqa: N807
        make(self, *given, **named)
        begin(self)

    def get_permission(self: t.Any, action: str, resource: str) -> t.Any:
        """moto leaves conditions aside, and so would refuse everybody what is refused without TLS."""
        whole = self.policy
        try:
            self.policy = whole and without_unmet(whole)
            return judge(self, action, resource)
        finally:
            self.policy = whole

    def _bucket_response_put(self: Response, request: t.Any, bucket_name: str, querystring: dict[str, t.Any]) -> t.Any:
        answer = put(self, request, bucket_name, querystring)
        if self.data.get("Action") == "CreateBucket" and (tags := tags_of_new(self)):
            self.backend.put_bucket_tagging(bucket_name, tags)
        return answer

    # moto tells its EventBridge itself; here CloudTrail does.
    models.events_send_notification = lambda *_, **__: None
    models.FakeBucket.__init__ = __init__
    models.FakeBucket.get_permission = get_permission
    S3Response._bucket_response_put = _bucket_response_put
    before(models.S3Backend, "create_bucket", check_create)
    before(models.S3Backend, "put_bucket_policy", check_policy)
    install(models.S3Backend, iter_tagged_resources)
