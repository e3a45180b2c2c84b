# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whose credentials these are, and whether the region may be built with them."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, InputError

# What STS answers where credentials are unknown, and also where the account has not enabled the region:
# https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html
_UNKNOWN = ("InvalidClientTokenId", "UnrecognizedClientException", "AuthFailure", "SignatureDoesNotMatch")
_NONE = ("NoCredentialsError", "PartialCredentialsError", "ProfileNotFound", "CredentialRetrievalError")
_WHERE = "region_environment (AWS_PROFILE) of the inventory, and AWS_PROFILE and AWS_ACCESS_KEY_ID of your shell"


class Caller(t.NamedTuple):
    """Who calls: account id, ARN, and the partition that the ARN names."""

    account: str
    arn: str
    partition: str


def caller(aws: Aws) -> Caller:
    """Ask STS who we are; one read. Raise `ApiError` that says where to look when it does not know us."""
    try:
        answer = aws.call("sts", "get_caller_identity")
    except ApiError as exc:
        if exc.code in _UNKNOWN:
            advice = f"Look at {_WHERE}; or the account has not enabled {aws.region}: aws account enable-region"
        elif exc.code in _NONE:
            advice = f"Look at {_WHERE}"
        else:
            raise
        raise ApiError(exc.action, exc.code, f"AWS does not know these credentials: {exc}. {advice}") from exc
    arn = str(answer["Arn"])
    return Caller(str(answer["Account"]), arn, arn.split(":")[1])


def guard(found: Caller, allowed: t.Collection[str], partition: str | None = None) -> None:
    """Raise `InputError` unless the caller's account is among those allowed, and its partition is the region's."""
    if found.account not in allowed:
        wanted = ", ".join(sorted(allowed)) or "none"
        raise InputError(
            f"These credentials are of account {found.account} ({found.arn}), and region_allowed_account_ids allows "
            f"{wanted}. Nothing was read or written beyond that. Look at {_WHERE}; or, if this account is meant, add "
            f'"{found.account}" to region_allowed_account_ids in group_vars/all of the inventory'
        )
    if partition and found.partition != partition:
        raise InputError(
            f"These credentials are of the partition {found.partition} ({found.arn}), and region_partition is "
            f"{partition}. "
            f"Look at {_WHERE}, and at region_partition in group_vars/all of the inventory"
        )
