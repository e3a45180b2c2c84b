# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who uses a certificate, and whether that is the region's own."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError
from ansible_collections.cloister.aws.plugins.module_utils._owner import REGION, tag_dict


@dataclass(frozen=True)
class User:
    """Something that a certificate is attached to, by ARN, and its tags where it is a load balancer."""

    arn: str
    tags: t.Mapping[str, str] = field(default_factory=dict)


def standing_users(aws: Aws, certificate: str) -> list[User]:
    """Return what uses a certificate and still exists: ACM goes on naming a load balancer after its end."""
    try:
        answer = aws.call("acm", "describe_certificate", CertificateArn=certificate)
    except ApiError as exc:
        if exc.code != "ResourceNotFoundException":
            raise
        return []
    arns = sorted(set(answer["Certificate"].get("InUseBy", ())))
    return [user for user in each(lambda arn: _user(aws, arn), arns) if user]


def _user(aws: Aws, arn: str) -> User | None:
    if ":elasticloadbalancing:" not in arn:
        return User(arn)
    try:
        said = aws.call("elbv2", "describe_tags", ResourceArns=[arn])["TagDescriptions"]
    except ApiError as exc:
        if exc.code not in ("LoadBalancerNotFound", "ListenerNotFound"):
            raise
        return None
    return User(arn, tag_dict(said[0]["Tags"]) if said else {})


def theirs(users: t.Iterable[User], region: str) -> list[User]:
    """Return those that are not the region's own."""
    return [user for user in users if user.tags.get(REGION) != region]


def told(users: t.Iterable[User]) -> str:
    """Return users as a person knows them."""
    return ", ".join(f"{user.tags['Name']} ({user.arn})" if "Name" in user.tags else user.arn for user in users)
