# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Pull-through caches: rules of a registry, with the secrets that upstreams ask for.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-creating-rule.html
"""

from __future__ import annotations

import re
import typing as t

from lab.embedded_aws.truth.patching import refuser

refuse = refuser("ecr")

PREFIX = re.compile(r"([a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*/?|ROOT)")
# Address of the upstream -> what ECR calls it, and whether it asks who pulls.
UPSTREAMS = {
    "public.ecr.aws": ("ecr-public", False),
    "registry.k8s.io": ("k8s", False),
    "quay.io": ("quay", False),
    "registry-1.docker.io": ("docker-hub", True),
    "ghcr.io": ("github-container-registry", True),
    "registry.gitlab.com": ("gitlab-container-registry", True),
    "cgr.dev": ("chainguard", True),
}
AZURE = re.compile(r"[a-z0-9]+\.azurecr\.(io|us|cn)")
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html
MOST_RULES = 50


def rules_of(backend: t.Any) -> dict[str, dict[str, t.Any]]:
    """The rules of a registry by prefix."""
    if not hasattr(backend, "pull_through_rules"):
        backend.pull_through_rules = {}
    return t.cast("dict[str, dict[str, t.Any]]", backend.pull_through_rules)


def create_pull_through_cache_rule(self: t.Any) -> t.Any:
    from moto.core.utils import utcnow

    prefix, url = self._get_param("ecrRepositoryPrefix"), self._get_param("upstreamRegistryUrl")
    rules = rules_of(self.ecr_backend)
    if not (2 <= len(prefix) <= 30 and PREFIX.fullmatch(prefix)):
        refuse("InvalidParameterException", "Invalid parameter at 'ecrRepositoryPrefix' failed to satisfy constraint")
    if prefix in rules:
        refuse(
            "PullThroughCacheRuleAlreadyExistsException",
            f"A pull through cache rule with prefix '{prefix}' already exists",
        )
    if len(rules) >= MOST_RULES:
        refuse("LimitExceededException", "The quota of pull through cache rules per registry has been exceeded")
    name, asks = _upstream(url)
    credentials = self._get_param("credentialArn")
    if asks and not credentials:
        refuse("InvalidParameterException", f"The upstream registry {url} requires a credentialArn")
    if credentials:
        _check_secret(self.ecr_backend, credentials)
    now = utcnow().timestamp()
    rules[prefix] = {
        "ecrRepositoryPrefix": prefix, "upstreamRegistryUrl": url, "upstreamRegistry": name, "createdAt": now,
        "updatedAt": now, "registryId": self.current_account,
        "upstreamRepositoryPrefix": self._get_param("upstreamRepositoryPrefix") or "ROOT",
    }  # fmt: skip
    if credentials:
        rules[prefix]["credentialArn"] = credentials
    return _answer(rules[prefix])


def describe_pull_through_cache_rules(self: t.Any) -> t.Any:
    rules, wanted = rules_of(self.ecr_backend), self._get_param("ecrRepositoryPrefixes")
    for prefix in wanted or ():
        _rule(self, prefix)
    return _answer({"pullThroughCacheRules": [rules[prefix] for prefix in wanted or sorted(rules)]})


def update_pull_through_cache_rule(self: t.Any) -> t.Any:
    from moto.core.utils import utcnow

    rule = _rule(self, self._get_param("ecrRepositoryPrefix"))
    credentials = self._get_param("credentialArn")
    if credentials:
        _check_secret(self.ecr_backend, credentials)
        rule["credentialArn"] = credentials
    rule["updatedAt"] = utcnow().timestamp()
    return _answer(rule)


def delete_pull_through_cache_rule(self: t.Any) -> t.Any:
    rule = _rule(self, self._get_param("ecrRepositoryPrefix"))
    return _answer(rules_of(self.ecr_backend).pop(rule["ecrRepositoryPrefix"]))


def validate_pull_through_cache_rule(self: t.Any) -> t.Any:
    return _answer({**_rule(self, self._get_param("ecrRepositoryPrefix")), "isValid": True})


def _rule(self: t.Any, prefix: str) -> dict[str, t.Any]:
    rule = rules_of(self.ecr_backend).get(prefix)
    if rule is None:
        refuse(
            "PullThroughCacheRuleNotFoundException",
            f"The pull through cache rule with prefix '{prefix}' does not exist in the registry with id "
            f"'{self.current_account}'",
        )
    return rule


def _upstream(url: str) -> tuple[str, bool]:
    if AZURE.fullmatch(url):
        return "azure-container-registry", True
    if re.fullmatch(r"\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?", url):
        return "ecr", False
    if url not in UPSTREAMS:
        refuse("UnsupportedUpstreamRegistryException", f"The upstream registry {url} is not supported")
    return UPSTREAMS[url]


def _check_secret(backend: t.Any, arn: str) -> None:
    from lab.embedded_aws.supplies import secret_value

    if ":secret:ecr-pullthroughcache/" not in arn:
        refuse("InvalidParameterException", "The name of the secret must begin with ecr-pullthroughcache/")
    if secret_value(backend.account_id, backend.region_name, arn) is None:
        refuse("SecretNotFoundException", f"The ARN of the secret specified in the rule was not found: {arn}")


def _answer(result: dict[str, t.Any]) -> t.Any:
    from moto.core.responses import ActionResult

    return ActionResult(result)
