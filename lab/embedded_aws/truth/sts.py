# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""STS: who the caller is, as AWS names an IAM user."""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.patching import install

USER = "rehearsal"


def get_caller_identity(self: t.Any, access_key_id: str, region: str) -> tuple[str, str, str]:
    """(user id, ARN, account); keys that moto did not make belong to the IAM user of the rehearsal."""
    from moto.iam.models import iam_backends

    role = self.get_assumed_role_from_access_key(access_key_id)
    if role:
        return role.user_id, role.arn, role.account_id
    user = iam_backends[self.account_id][self.partition].get_user_from_access_key_id(access_key_id)
    if user:
        return user.id, user.arn, user.account_id
    return f"AIDA{access_key_id[4:20]}", f"arn:{self.partition}:iam::{self.account_id}:user/{USER}", self.account_id


def apply() -> None:
    from moto.sts.models import STSBackend

    install(STSBackend, get_caller_identity)
