# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Why a pool has fewer machines than it should: from what Auto Scaling tells to a likely cause and a way out.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/CHAP_Troubleshooting.html and
https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
"""

from __future__ import annotations

import re
import typing as t
from collections import Counter
from dataclasses import dataclass

Activity = t.Mapping[str, t.Any]


@dataclass(frozen=True)
class Cause:
    """A likely cause. ``passes`` says whether AWS may get over it without anybody's help."""

    slug: str
    said: str
    advice: str
    passes: bool


# The first that fits counts. Auto Scaling writes codes in some messages and only EC2's sentence in others.
_CAUSES: tuple[tuple[str, Cause], ...] = (
    (
        r"VcpuLimitExceeded|vCPU limit|MaxSpotInstanceCount|Max spot instance count|InstanceLimitExceeded",
        Cause(
            "quota",
            "the account's vCPU quota for these instance types is used up",
            "ask for more (aws service-quotas list-service-quotas --service-code ec2 names the quota, "
            "request-service-quota-increase raises it), or take a smaller max",
            passes=False,
        ),
    ),
    (
        r"InsufficientInstanceCapacity|sufficient .*capacity|UnfulfillableCapacity|no Spot capacity|not-available",
        Cause(
            "no capacity",
            "AWS has no free machines of these types in these zones now",
            "list more instance_types, or subnets in more zones, or reserve capacity (capacity_reservation); what is "
            "tried goes on being tried",
            passes=True,
        ),
    ),
    (
        r"SpotMaxPriceTooLow|Spot (request )?price|lower than the minimum required Spot",
        Cause("price", "the spot price is above spot.max_price", "raise spot.max_price, or leave it out", passes=True),
    ),
    (
        r"not supported in your requested Availability Zone|Unsupported|InvalidInstanceType",
        Cause(
            "not offered",
            "a zone of the pool does not offer these types, or they cannot do what the template asks",
            "take that subnet off the pool, or list types that are offered there",
            passes=True,
        ),
    ),
    (
        r"InsufficientFreeAddressesInSubnet|free addresses",
        Cause(
            "addresses", "a subnet has no free addresses", "give the pool larger subnets or more of them", passes=True
        ),
    ),
    (
        r"Client\.InternalError|KMS|InvalidKmsKey",
        Cause(
            "key",
            "the volume's key may not be used by Auto Scaling",
            "let AWSServiceRoleForAutoScaling use the KMS key (kms:CreateGrant and its like), or leave kms_key_arn out",
            passes=False,
        ),
    ),
    (
        r"InvalidAMIID|image id .*does not exist|InvalidSnapshot|snapshot .*does not exist",
        Cause(
            "image",
            "the image or a snapshot is gone, or is not for this account",
            "resolve the image anew with -e pools_refresh_images=true",
            passes=False,
        ),
    ),
    (
        r"InvalidBlockDeviceMapping|smaller than snapshot",
        Cause("volume", "a volume does not fit its snapshot", "make root_volume.gib larger", passes=False),
    ),
    (
        r"UnauthorizedOperation|not authorized|AccessDenied",
        Cause(
            "permission",
            "whoever starts machines may not",
            "see docs/permissions.md: iam:PassRole for the pool's role, ec2:RunInstances, and the service-linked role",
            passes=False,
        ),
    ),
    (
        r"PendingVerification|OptInRequired|account is currently blocked|not subscribed",
        Cause("account", "AWS holds this account back", "ask AWS Support, or subscribe to the image", passes=False),
    ),
    (
        r"does not exist|InvalidGroup|InvalidSubnet|InvalidLaunchTemplate|Invalid IAM Instance Profile",
        Cause("missing", "something that the pool names is gone", "run the whole region again", passes=False),
    ),
)
_UNKNOWN = Cause(
    "unknown", "see what AWS says", "aws autoscaling describe-scaling-activities has the rest", passes=True
)


def cause(message: str) -> Cause:
    """Return the likely cause for what an activity says."""
    return next((found for pattern, found in _CAUSES if re.search(pattern, message, re.I)), _UNKNOWN)


def failed(activities: t.Iterable[Activity]) -> list[Activity]:
    """Return those that failed or were cancelled with a reason, newest first as AWS lists them."""
    return [one for one in activities if one.get("StatusCode") in ("Failed", "Cancelled") and one.get("StatusMessage")]


def hopeless(activities: t.Iterable[Activity]) -> Activity | None:
    """Return the newest that ended when it is a failure that does not pass by itself."""
    newest = next((one for one in activities if one.get("StatusCode") in ("Failed", "Cancelled", "Successful")), None)
    if newest is None or not failed([newest]) or cause(newest["StatusMessage"]).passes:
        return None
    return newest


def explained(activities: t.Sequence[Activity]) -> str:
    """Return what AWS says, each reason once, with its likely cause and what to do; or that it says nothing."""
    reasons = Counter(str(one["StatusMessage"]) for one in failed(activities))
    told = []
    for message, times in reasons.most_common(3):
        found = cause(message)
        said = f"{message.rstrip('.')}. ({times} times)" if times > 1 else f"{message.rstrip('.')}."
        told.append(f"AWS says: {said} Likely: {found.said}. What to do: {found.advice}.")
    replaced = [str(one["Cause"]) for one in activities if "health check" in str(one.get("Cause", ""))]
    if replaced:
        told.append(
            f"Machines were taken out because of their health checks ({len(replaced)} times), last: {replaced[0]}. "
            "Likely: what runs on them does not come up within health_check.grace_seconds."
        )
    return " ".join(told) or "AWS tells no reason yet."
