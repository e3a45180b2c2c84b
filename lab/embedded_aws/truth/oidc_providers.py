# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Identity providers of OpenID Connect, which roles of service accounts trust.

https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html: without thumbprints IAM takes
that of the certificate authority it finds behind the URL; here it is made up of the host's name.
"""

from __future__ import annotations

import hashlib
import re
import typing as t
from urllib.parse import urlsplit

from lab.embedded_aws.truth.patching import install, refuser

refuse = refuser("iam")

THUMBPRINT = re.compile(r"[0-9a-fA-F]{40}")
MOST_CLIENTS, MOST_THUMBPRINTS = 100, 5


def create_open_id_connect_provider(
    self: t.Any, url: str, thumbprint_list: list[str], client_id_list: list[str], tags: list[dict[str, str]]
) -> t.Any:
    from moto.iam.models import OpenIDConnectProvider

    if not url.startswith("https://") or not urlsplit(url).netloc:
        refuse("ValidationError", "Invalid Open ID Connect Provider URL")
    made = OpenIDConnectProvider(
        self.account_id, self.region_name, url.rstrip("/"), _thumbprints(thumbprint_list) or [_found_behind(url)],
        _clients(client_id_list), self._tag_verification(tags),
    )  # fmt: skip
    if made.arn in self.open_id_providers:
        refuse("EntityAlreadyExists", f"Provider with url {url} already exists.")
    self.open_id_providers[made.arn] = made
    return made


def update_open_id_connect_provider_thumbprint(self: t.Any, arn: str, thumbprint_list: list[str]) -> None:
    self.get_open_id_connect_provider(arn).thumbprint_list = _thumbprints(thumbprint_list)


def _thumbprints(given: list[str] | None) -> list[str]:
    for one in given or []:
        if not THUMBPRINT.fullmatch(one):
            refuse("ValidationError", f"Invalid thumbprint: {one}. It must have 40 hexadecimal digits.")
    if len(given or []) > MOST_THUMBPRINTS:
        refuse("InvalidInput", f"Thumbprint list must contain at most {MOST_THUMBPRINTS} entries.")
    return list(given or [])


def _found_behind(url: str) -> str:
    return hashlib.sha1(urlsplit(url).netloc.encode(), usedforsecurity=False).hexdigest()


def _clients(given: list[str] | None) -> list[str]:
    for one in given or []:
        if not 1 <= len(one) <= 255:
            refuse("ValidationError", f"Invalid client ID: '{one}'. It must have 1 to 255 characters.")
    if len(given or []) > MOST_CLIENTS:
        message = f"Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {MOST_CLIENTS}"
        refuse("LimitExceeded", message)
    return list(dict.fromkeys(given or []))


def add_client_id_to_open_id_connect_provider(self: t.Any) -> t.Any:
    """It does not fail when the id is there already."""
    from moto.core.responses import EmptyResult

    provider = self.backend.get_open_id_connect_provider(self._get_param("OpenIDConnectProviderArn"))
    provider.client_id_list = _clients([*provider.client_id_list, self._get_param("ClientID")])
    return EmptyResult()


def remove_client_id_from_open_id_connect_provider(self: t.Any) -> t.Any:
    """It does not fail when the id is not there."""
    from moto.core.responses import EmptyResult

    provider = self.backend.get_open_id_connect_provider(self._get_param("OpenIDConnectProviderArn"))
    provider.client_id_list = [one for one in provider.client_id_list if one != self._get_param("ClientID")]
    return EmptyResult()


def apply() -> None:
    from moto.iam.models import IAMBackend
    from moto.iam.responses import IamResponse

    install(IAMBackend, create_open_id_connect_provider, update_open_id_connect_provider_thumbprint)
    install(IamResponse, add_client_id_to_open_id_connect_provider, remove_client_id_from_open_id_connect_provider)
