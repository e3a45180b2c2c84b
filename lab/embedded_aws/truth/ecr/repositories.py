# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Repositories: names, addresses by partition, and a word to who waits for one.

https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
"""

from __future__ import annotations

import re
import typing as t

from lab.embedded_aws.truth.happenings import REPOSITORY_MADE, tell
from lab.embedded_aws.truth.patching import before, refuser

refuse = refuser("ecr")

_PART = r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*"
NAME = re.compile(rf"{_PART}(/{_PART})*")
MOST_FILTERS = 5


def check_create(_: t.Any, repository_name: str, *__: t.Any, **said: t.Any) -> None:
    if not (2 <= len(repository_name) <= 256 and NAME.fullmatch(repository_name)):
        refuse(
            "InvalidParameterException",
            "Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression "
            f"'{NAME.pattern}''",
        )
    check_key(said.get("encryption_config"))
    check_filters(said.get("image_tag_mutability_exclusion_filters"))


def check_key(encryption: dict[str, str] | None) -> None:
    if encryption and encryption.get("encryptionType") == "AES256" and encryption.get("kmsKey"):
        refuse(
            "InvalidParameterException",
            "Invalid parameter at 'encryptionConfiguration' failed to satisfy constraint: "
            "'kmsKey is only valid with encryptionType KMS'",
        )


def check_filters(filters: list[dict[str, str]] | None) -> None:
    if filters and len(filters) > MOST_FILTERS:
        refuse("InvalidParameterException", f"At most {MOST_FILTERS} exclusion filters are allowed")


def host(account: str, region: str) -> str:
    """The registry's address; its domain is that of the partition."""
    from moto.utilities.utils import get_partition

    return f"{account}.dkr.ecr.{region}.amazonaws.com{'.cn' if get_partition(region) == 'aws-cn' else ''}"


def apply(models: t.Any) -> None:
    made = models.ECRBackend.create_repository

    def create_repository(self: t.Any, repository_name: str, *given: t.Any, **named: t.Any) -> t.Any:
        repository = made(self, repository_name, *given, **named)
        repository.uri = f"{host(self.account_id, self.region_name)}/{repository_name}"
        tell(REPOSITORY_MADE, self.account_id, self.region_name, repository)
        return repository

    models.ECRBackend.create_repository = create_repository
    before(models.ECRBackend, "create_repository", check_create)
