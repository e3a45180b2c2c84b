"""Whose credentials these are: one read, and a refusal that says where to look."""

from __future__ import annotations

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._account import Caller, caller, guard
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, Connection
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, InputError

from lab.embedded_aws.client import EmbeddedAws

JANE = Caller("111122223333", "arn:aws:sts::111122223333:assumed-role/operator/jane", "aws")


def test_an_allowed_account_passes() -> None:
    guard(JANE, ["444455556666", "111122223333"], "aws")


def test_another_account_is_named_with_what_is_allowed_and_where_to_look() -> None:
    with pytest.raises(InputError, match=r"111122223333 .*jane.*444455556666.*AWS_PROFILE.*region_allowed_account_ids"):
        guard(JANE, ["444455556666"])


def test_another_partition_is_refused() -> None:
    with pytest.raises(InputError, match=r"partition aws .*region_partition is aws-cn"):
        guard(JANE, ["111122223333"], "aws-cn")


def test_it_takes_one_read(aws: Aws, embedded_aws: EmbeddedAws) -> None:
    assert caller(aws).partition == "aws"
    assert embedded_aws.reads()["actions"] == {"sts:GetCallerIdentity": 1}


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("ExpiredToken", "credentials have expired"),
        ("InvalidClientTokenId", r"AWS_PROFILE.*has not enabled us-west-2"),
        ("AccessDenied", "GetCallerIdentity"),
    ],
)
def test_credentials_that_are_no_good_are_told(aws: Aws, embedded_aws: EmbeddedAws, code: str, words: str) -> None:
    embedded_aws.fail("GetCallerIdentity", code, times=3)
    with pytest.raises(ApiError, match=words):
        caller(aws)


def test_a_profile_that_does_not_exist_is_told(embedded_aws: EmbeddedAws) -> None:
    with pytest.raises(ApiError, match=r"nobody.*region_environment"):
        caller(Aws(Connection("us-west-2", profile="nobody")))
