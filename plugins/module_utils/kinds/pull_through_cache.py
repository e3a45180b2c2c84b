# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Pull-through caches: what is pulled from ``<repository address>/<prefix>/...`` comes from another registry, once.

A rule takes no tags. Its prefix says whose it is: ``<region>/<stack>/<name>``; nothing else in the account begins so.
https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, MissingError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner

LONGEST_PREFIX = 30
# Registries that ask who pulls: https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-creating-rule.html
OPEN = ("public.ecr.aws", "quay.io", "registry.k8s.io")
LOCKED = ("cgr.dev", "ghcr.io", "registry-1.docker.io", "registry.gitlab.com")
SECRET_PREFIX = "ecr-pullthroughcache/"  # noqa: S105 - how AWS wants such secrets to be called
_GONE = "PullThroughCacheRuleNotFoundException"
_ANOTHER = "list it under another name, and take this one off the list"


class PullThroughCache(Kind):
    """A rule; its id is its prefix. Fields: ``upstream`` (address) and ``credentials`` (ARN of a secret, or empty)."""

    noun = "pull-through cache"
    made_by = "registry"
    rank = 70
    immutable: t.ClassVar[t.Mapping[str, str]] = {"upstream": _ANOTHER}

    def find(self) -> list[Found]:
        """Return ours, by prefix."""
        rules = self.aws.pages("ecr", "describe_pull_through_cache_rules", "pullThroughCacheRules")
        words = [rule["ecrRepositoryPrefix"].rstrip("/").split("/") for rule in rules]
        return [
            self._found(rule, word[1], word[2])
            for rule, word in zip(rules, words, strict=True)
            if len(word) == 3 and word[0] == self.owner.region and self.owner.stack in (None, word[1])
        ]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return where it pulls from, and with what."""
        return {"upstream": found.raw["upstreamRegistryUrl"], "credentials": found.raw.get("credentialArn", "")}

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make the rule."""
        said = self._said(want)
        self.aws.make("ecr", "create_pull_through_cache_rule", upstreamRegistryUrl=want.fields["upstream"], **said)
        raw = {**said, "upstreamRegistryUrl": want.fields["upstream"]}
        return self._found(raw, str(self.owner.stack), want.part)

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> Found | None:
        """Pull with another secret; a rule that shall do without one is made anew, as ECR cannot take it off."""
        if want.fields["credentials"]:
            self.aws.call("ecr", "update_pull_through_cache_rule", **self._said(want))
            return None
        self.delete(found)
        return self.create(want, {})

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Leave it: its prefix stands for the tags that it cannot carry."""

    def delete(self, found: Found) -> None:
        """Delete the rule. What was pulled through it stays in the repositories that ECR made for it."""
        try:
            self.aws.call("ecr", "delete_pull_through_cache_rule", ecrRepositoryPrefix=found.id)
        except ApiError as exc:
            if exc.code != _GONE:
                raise

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return where it pulls from."""
        return {"upstream": found.raw["upstreamRegistryUrl"]}

    def _said(self, want: Want) -> dict[str, t.Any]:
        secret = {"credentialArn": want.fields["credentials"]} if want.fields["credentials"] else {}
        return {"ecrRepositoryPrefix": prefix_of(self.owner, want.part), **secret}

    def _found(self, raw: t.Mapping[str, t.Any], stack: str, part: str) -> Found:
        tags = Owner(self.owner.region, stack, self.owner.tags).tags_for(part)
        return Found(raw["ecrRepositoryPrefix"], tags, raw)


def prefix_of(owner: Owner, part: str) -> str:
    """Return the prefix under which a cache's images are pulled."""
    return f"{owner.region}/{owner.stack}/{part}"


def want(cache: t.Mapping[str, t.Any], aws: Aws) -> Want:
    """Return the wish for an entry of ``registry_pull_through_caches``; reads the secret's ARN where it names one."""
    secret = cache["credentials_secret"]
    return Want(cache["name"], {"upstream": cache["upstream"], "credentials": _arn(aws, secret) if secret else ""})


def _arn(aws: Aws, secret: str) -> str:
    try:
        return str(aws.call("secretsmanager", "describe_secret", SecretId=secret)["ARN"])
    except ApiError as exc:
        if exc.code != "ResourceNotFoundException":
            raise
        raise MissingError(
            f"there is no secret {secret} in this account and AWS region; a person makes it, as the upstream's page in "
            "the ECR guide says"
        ) from exc
