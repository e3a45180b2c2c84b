# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an agent reads from S3 and writes there, with the role of its machine.

https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-command-ssm-plugin-reference.html#aws-downloadContent
The role's own policies may allow it, or the bucket's; the conditions on the caller's tags and account are understood.
"""

from __future__ import annotations

import fnmatch
import json
import re
import typing as t
from urllib.parse import urlsplit

from lab.embedded_aws.backend_lock import BACKEND
from lab.embedded_aws.truth.run_command.commands import Command

# Path style, which the page shows, and the bucket as the first part of the host.
PATH_STYLE = re.compile(r"s3[.-](?:[a-z0-9-]+\.)?amazonaws\.com(?:\.cn)?")
HOST_STYLE = re.compile(r"(.+)\.s3[.-](?:[a-z0-9-]+\.)?amazonaws\.com(?:\.cn)?")
Document = t.Mapping[str, t.Any]


class FetchError(Exception):
    """The content is not there, or the machine's role may not read it."""


def fetch(command: Command, node: str, inputs: Document) -> dict[str, bytes]:
    """The files at a path in S3, by the names that they are given in the machine's folder."""
    if inputs.get("SourceType") != "S3":
        raise FetchError(f"SourceType {inputs.get('SourceType')!r} cannot be reached from here.")
    bucket, key = _place(str(inputs.get("SourceInfo", {}).get("path", "")))
    with BACKEND:
        backend = _s3(command)
        if bucket not in backend.buckets:
            raise FetchError(f"NoSuchBucket: The specified bucket {bucket} does not exist")
        keys = [one.name for one in backend.list_objects(backend.buckets[bucket], key, None, None, None)[0]]
        wanted = [one for one in keys if one == key or ((key.endswith("/") or not key) and not one.endswith("/"))]
        for action, resource in (("s3:ListBucket", ""), *(("s3:GetObject", f"/{one}") for one in wanted or [key])):
            if not _may(command, node, action, bucket, resource):
                raise FetchError(f"AccessDenied: the machine's role may not {action} {bucket}{resource}")
        if not wanted:
            raise FetchError(f"NoSuchKey: The specified key {key} does not exist")
        prefix = key.rpartition("/")[0]
        return {one.removeprefix(prefix).lstrip("/"): backend.get_object(bucket, one).value for one in wanted}


def keep(command: Command, node: str, step: str, streams: t.Mapping[str, str]) -> tuple[str, str]:
    """Put a step's output where the command says, when the role may; the addresses of both streams."""
    bucket, prefix = command.asked.get("OutputS3BucketName"), command.asked.get("OutputS3KeyPrefix", "")
    if not bucket:
        return ("", "")
    folder = "/".join(
        [*filter(None, [prefix.strip("/")]), command.id, node, "awsrunShellScript", step.replace(":", "")]
    )
    with BACKEND:
        backend = _s3(command)
        for stream, text in streams.items():
            key = f"{folder}/{stream}"
            if text and bucket in backend.buckets and _may(command, node, "s3:PutObject", bucket, f"/{key}"):
                backend.put_object(bucket, key, text.encode())
    where = f"https://s3.{command.region}.amazonaws.com/{bucket}/{folder}"
    return (f"{where}/stdout", f"{where}/stderr")


def _place(path: str) -> tuple[str, str]:
    parts = urlsplit(path)
    host = parts.hostname or ""
    if PATH_STYLE.fullmatch(host):
        bucket, _, key = parts.path.lstrip("/").partition("/")
        return bucket, key
    found = HOST_STYLE.fullmatch(host)
    if found:
        return found[1], parts.path.lstrip("/")
    raise FetchError(f"expected a path such as https://s3.<region>.amazonaws.com/<bucket>/<key>, not {path!r}")


def _may(command: Command, node: str, action: str, bucket: str, resource: str) -> bool:
    from lab.embedded_aws.truth.ecs.grants import allowed

    role = role_of(command.account, command.region, node)
    if role is None:
        return False
    partition = role.arn.split(":")[1]
    backend = _s3(command)
    arn = f"arn:{partition}:s3:::{bucket}{resource}"
    said = _said(backend.buckets[bucket].policy, role, command.account, action, arn)
    return said != {"Deny"} and (said == {"Allow"} or allowed(_Of(command.account, partition), role.arn, action, arn))


class _Of(t.NamedTuple):
    """What `grants` asks of a backend."""

    account_id: str
    partition: str


def _said(policy: bytes | None, role: t.Any, account: str, action: str, arn: str) -> set[str]:
    """What the bucket's policy says to this: nothing, Allow, or Deny when any statement does."""
    from lab.embedded_aws.truth.cloudtrail.bucket_policy import holds

    known = {"aws:principalaccount": account, "aws:securetransport": "true", "aws:principalarn": role.arn}
    tags = role.tags.values() if isinstance(role.tags, dict) else role.tags or []
    known |= {f"aws:principaltag/{tag['Key']}".lower(): tag["Value"] for tag in tags}
    effects = set()
    for one in json.loads(policy)["Statement"] if policy else []:
        names = any(fnmatch.fnmatchcase(action.lower(), name.lower()) for name in _listed(one.get("Action")))
        about = any(fnmatch.fnmatchcase(arn, name) for name in _listed(one.get("Resource")))
        if names and about and _is_about(one.get("Principal"), role, account) and holds(one, known):
            effects.add(str(one["Effect"]))
    return {"Deny"} if "Deny" in effects else effects


def _is_about(principal: t.Any, role: t.Any, account: str) -> bool:
    named = _listed(principal.get("AWS") if isinstance(principal, dict) else principal)
    return any(one in ("*", role.arn, account) or one.endswith(f"::{account}:root") for one in named)


def _listed(value: t.Any) -> list[t.Any]:
    return list(value) if isinstance(value, list) else [value] if value else []


def role_of(account: str, region: str, node: str) -> t.Any:
    """moto's role of a machine or of a hybrid node, None when it has none."""
    from moto.ec2.models import ec2_backends
    from moto.iam.models import iam_backends

    from lab.embedded_aws.truth.run_command.targets import known

    if node.startswith("i-"):
        found = ec2_backends[account][region].get_instance_by_id(node)
        roles = getattr(getattr(found, "profile", None), "roles", None) or []
        return roles[0] if roles else None
    name = known(account, region).get(node, {}).get("IamRole", "").removeprefix("service-role/")
    everyone = iam_backends[account][ec2_backends[account][region].partition].roles.values()
    return next((role for role in everyone if role.name == name), None)


def _s3(command: Command) -> t.Any:
    import moto.s3.models as models
    from moto.ec2.models import ec2_backends

    from lab.embedded_aws import truth

    truth.apply("s3")
    return models.s3_backends[command.account][ec2_backends[command.account][command.region].partition]
