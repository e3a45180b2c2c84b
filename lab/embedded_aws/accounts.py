# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which account an access key belongs to: the rehearsal's own, or one a test asked for besides."""

from __future__ import annotations

import secrets
import string
import sys

from lab.embedded_aws.backend_lock import BACKEND

_UPPER = string.ascii_uppercase + string.digits
_MIXED = string.ascii_letters + string.digits


def new_keys() -> tuple[str, str]:
    """An access key id and a secret; long and random, so that masking them hides nothing else."""
    identifier = "AKIA" + "".join(secrets.choice(_UPPER) for _ in range(16))
    return identifier, "".join(secrets.choice(_MIXED) for _ in range(40))


class Accounts:
    """Access keys and their accounts; a key nobody made belongs to the main account."""

    def __init__(self, main: str) -> None:
        self.main = main
        self._of: dict[str, str] = {}
        self._roles: dict[str, str] = {}
        self._keys: dict[tuple[str, str], tuple[str, str]] = {}

    def add(self, account: str) -> tuple[str, str]:
        """New keys for `account`, which comes into being with them."""
        identifier, secret = new_keys()
        self._of[identifier] = account
        return identifier, secret

    def keys_of(self, account: str, role: str) -> tuple[str, str]:
        """Keys of a role's session, the same for a role however often it is asked for."""
        if (account, role) not in self._keys:
            keys = self._keys[account, role] = self.add(account)
            self._roles[keys[0]] = role
        return self._keys[account, role]

    def role_of(self, access_key: str) -> str | None:
        """The ARN of the role whose session it is; None for the keys of a person."""
        return self._roles.get(access_key)

    def of(self, access_key: str) -> str:
        """The account of `access_key`; keys of assumed roles and IAM users are looked up in moto."""
        known = self._of.get(access_key)
        if known is None:
            known = self._of[access_key] = self._from_moto(access_key) or self.main
        return known

    @staticmethod
    def _from_moto(access_key: str) -> str | None:
        with BACKEND:  # another call may be importing it
            models = sys.modules.get("moto.iam.models")
            if models is None or not access_key:
                return None
            for account, partitions in models.iam_backends.items():
                if any(access_key in backend.access_keys for backend in partitions.values()):
                    return str(account)
            return None
