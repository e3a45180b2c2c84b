# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""OpenID Connect providers: how IAM trusts the tokens that a cluster gives to its service accounts (IRSA).

https://docs.aws.amazon.com/eks/latest/userguide/enable-iam-roles-for-service-accounts.html. A provider belongs to the
account. Its thumbprint is left to IAM, which takes it from the issuer, and trusts EKS's issuers by their certificate
authority anyway: one that is written down goes stale when the certificate is renewed.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import each
from ansible_collections.cloister.aws.plugins.module_utils._eks_inside import Cluster
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import HOME, elsewhere, tag_dict, tag_list
from ansible_collections.cloister.aws.plugins.module_utils._unknown import is_unknown

AUDIENCE = "sts.amazonaws.com"
"""What tokens are for, in every partition."""


class OidcProvider(Kind):
    """A provider; its id is its ARN. Fields: ``issuer`` (without https://), ``audiences`` (sorted)."""

    noun = "OIDC provider"
    made_by = "eks"
    rank = 62

    def find(self) -> list[Found]:
        """Return what the owner owns, by tags; IAM lists no more than ARNs."""
        listed = self.aws.pages("iam", "list_open_id_connect_providers", "OpenIDConnectProviderList")
        found = each(lambda one: self._read(one["Arn"]), listed)
        return [item for item in found if item and self.owner.owns_at(item.tags, self.aws.region)]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return whom it trusts."""
        return {"issuer": host(found.raw["Url"]), "audiences": sorted(found.raw.get("ClientIDList", ()))}

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it; IAM asks the issuer for its certificate itself."""
        said = {"Url": f"https://{want.fields['issuer']}", "ClientIDList": want.fields["audiences"]}
        answer = self.aws.make("iam", "create_open_id_connect_provider", **said, Tags=tag_list(tags))
        return Found(answer["OpenIDConnectProviderArn"], tags, said)

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> Found | None:
        """Change who tokens may be for; another issuer is another cluster, and gets a provider of its own."""
        if "issuer" in changed:
            made = self.create(want, self.owner.tags_for(want.part, want.tags))
            self.delete(found)
            return made
        have, wanted = set(found.raw.get("ClientIDList", ())), set(want.fields["audiences"])
        about: dict[str, t.Any] = {"OpenIDConnectProviderArn": found.id}
        for audience in sorted(wanted - have):
            self.aws.call("iam", "add_client_id_to_open_id_connect_provider", ClientID=audience, **about)
        for audience in sorted(have - wanted):
            self.aws.call("iam", "remove_client_id_from_open_id_connect_provider", ClientID=audience, **about)
        return None

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Set these tags, leaving others alone."""
        about: dict[str, t.Any] = {"OpenIDConnectProviderArn": found.id}
        self.aws.call("iam", "tag_open_id_connect_provider", Tags=tag_list(tags), **about)

    def delete(self, found: Found) -> None:
        """Delete it; roles that trust it can be taken by nobody then."""
        about: dict[str, t.Any] = {"OpenIDConnectProviderArn": found.id}
        self.aws.call("iam", "delete_open_id_connect_provider", absent_ok=True, **about)

    def settle(self, found: Found) -> None:
        """Wait until it is shown."""
        self.aws.call("iam", "get_open_id_connect_provider", OpenIDConnectProviderArn=found.id)

    def foreign(self, want: Want) -> str | None:
        """Return a provider of that issuer that is not ours; an account has one for an issuer."""
        arn = want.create["arn"]
        there = None if is_unknown(arn) else self._read(arn)
        if there is None or self.owner.owns_at(there.tags, self.aws.region):
            return None
        return elsewhere(there.id, there.tags)

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return the issuer."""
        return {"issuer": host(found.raw["Url"])}

    def _read(self, arn: str) -> Found | None:
        raw = self.aws.call("iam", "get_open_id_connect_provider", absent_ok=True, OpenIDConnectProviderArn=arn)
        return Found(arn, tag_dict(raw.get("Tags")), raw) if raw else None


def host(url: str) -> str:
    """Return an issuer as IAM and trust policies write it."""
    return url.removeprefix("https://")


def arn_of(cluster: Cluster, partition: str) -> str:
    """Return the ARN of a cluster's provider."""
    if is_unknown(cluster.issuer):
        return cluster.issuer
    return f"arn:{partition}:iam::{cluster.account}:oidc-provider/{host(cluster.issuer)}"


def want(cluster: Cluster, partition: str, home: str) -> Want:
    """Return the wish for the provider of a cluster; ``home`` is the AWS region of the region."""
    fields = {"issuer": host(cluster.issuer), "audiences": [AUDIENCE]}
    return Want(cluster.part, fields, create={"arn": arn_of(cluster, partition)}, tags={HOME: home})
