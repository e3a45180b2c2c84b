# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Repositories and caches, as ECR takes them.

https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html,
https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreatePullThroughCacheRule.html
"""

from __future__ import annotations

import json
import re
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils.kinds.pull_through_cache import (
    LOCKED,
    LONGEST_PREFIX,
    OPEN,
    SECRET_PREFIX,
)
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, did_you_mean, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.endpoints import twice
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.identity import partition_problems
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.shared import account_problems

TAG_PATTERN = re.compile(r"[0-9a-zA-Z._*-]{1,128}")
MOST_PATTERNS = 5
KEY = re.compile(r"arn:[\w-]+:kms:(?P<region>[a-z0-9-]+):\d{12}:(key|alias)/[\w/-]+")
PRINCIPAL = re.compile(r"arn:[\w-]+:iam::\d{12}:(root|(role|user)/[\w+=,.@/-]+)")
MOST_IMAGES, MOST_DAYS = 100000, 3650
# Characters of a lifecycle policy: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutLifecyclePolicy.html
SHORTEST_POLICY, LONGEST_POLICY = 100, 30720
OTHERS = re.compile(r"[a-z0-9]+\.azurecr\.(io|us|cn)|\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?")


def rules(region: Region) -> t.Iterator[Problem]:
    """Repositories say nothing that contradicts itself, and caches know where they pull from."""
    for repository in region.items("registry_repositories"):
        yield from _tags(repository)
        yield from _expiry(repository)
        yield from _key(repository, region)
        yield from _pullers(repository, region)
    for cache in region.items("registry_pull_through_caches"):
        yield from _cache(cache, region)


def _tags(repository: Item) -> t.Iterator[Problem]:
    patterns = list(repository.items("mutable_tags"))
    if patterns and repository.get("tags_immutable", True) is False:
        found = "All tags may move already (tags_immutable is false)."
        yield repository.problem("mutable_tags", found, "tags_immutable: true, or no mutable_tags")
    if len(patterns) > MOST_PATTERNS:
        yield repository.problem("mutable_tags", f"{len(patterns)} patterns.", f"at most {MOST_PATTERNS}")
    for pattern in patterns:
        if not TAG_PATTERN.fullmatch(str(pattern.value)):
            yield pattern.problem(None, f"{shown(pattern.value)} is no pattern of tags.", "such as dev-*")
    yield from twice(repository.child("mutable_tags"))


def _expiry(repository: Item) -> t.Iterator[Problem]:
    for key, least, most in (("keep_images", 1, MOST_IMAGES), ("keep_untagged_days", 0, MOST_DAYS)):
        number = repository.get(key)
        if isinstance(number, int) and not least <= number <= most:
            yield repository.problem(key, f"{number} cannot be.", f"from {least} to {most}")
    policy = repository.get("lifecycle_policy")
    if not isinstance(policy, t.Mapping):
        return
    if repository.get("keep_images"):
        found = "The policy is written out, and takes the place of this number."
        yield repository.problem("keep_images", found, "either lifecycle_policy or keep_images")
    length = len(json.dumps(policy, default=str))
    if not isinstance(policy.get("rules"), list) or not SHORTEST_POLICY <= length <= LONGEST_POLICY:
        found = f"ECR does not take this as a lifecycle policy ({length} characters)."
        right = f"rules: [...] as ECR's guide has them, {SHORTEST_POLICY} to {LONGEST_POLICY} characters as JSON"
        yield repository.problem("lifecycle_policy", found, right)


def _key(repository: Item, region: Region) -> t.Iterator[Problem]:
    arn = repository.text("kms_key_arn")
    if not arn:
        return
    said, home = KEY.fullmatch(arn), region.shared("region_aws_region")
    if not said:
        right = "arn:{{ region_partition }}:kms:{{ region_aws_region }}:111122223333:key/..."
        yield repository.problem("kms_key_arn", f"{shown(arn)} is not the ARN of a key.", right)
    elif home and said["region"] != home:
        found = f"The key lies in {said['region']}, and the region in {home}."
        yield repository.problem("kms_key_arn", found, f"a key of {home}")
    yield from partition_problems(repository.child("kms_key_arn"), region)


def _pullers(repository: Item, region: Region) -> t.Iterator[Problem]:
    yield from twice(repository.child("pull_principals"))
    for principal in repository.items("pull_principals"):
        name = str(principal.value)
        if name == "*":
            yield principal.problem(None, "Everybody in every account could pull.", "accounts or roles by name")
        elif name.startswith("arn:") and not PRINCIPAL.fullmatch(name):
            right = "a role or a user, arn:{{ region_partition }}:iam::111122223333:role/deploy"
            yield principal.problem(None, f"{shown(name)} cannot pull.", right)
        elif not name.startswith("arn:"):
            yield from account_problems(principal)
        yield from partition_problems(principal, region)


def _cache(cache: Item, region: Region) -> t.Iterator[Problem]:
    home, name = str(region.shared("region_name", "")), cache.name
    prefix = f"{home}/{cache.stack}/{name}"
    if name and len(prefix) > LONGEST_PREFIX:
        found = f"Its images would lie under {prefix}, {len(prefix)} characters, and ECR takes {LONGEST_PREFIX}."
        yield cache.problem("name", found, f"at most {max(0, LONGEST_PREFIX - len(prefix) + len(name))} characters")
    upstream, secret = cache.text("upstream"), cache.text("credentials_secret")
    if upstream and upstream not in (*OPEN, *LOCKED) and not OTHERS.fullmatch(upstream):
        right = did_you_mean(upstream, (*OPEN, *LOCKED)) or f"one of {', '.join(sorted((*OPEN, *LOCKED)))}"
        yield cache.problem("upstream", f"ECR does not pull from {shown(upstream)}.", right)
    if secret and not secret.startswith(SECRET_PREFIX):
        found = f"ECR reads no secret called {shown(secret)}."
        yield cache.problem("credentials_secret", found, f"a secret whose name begins {SECRET_PREFIX}")
    if not secret and (upstream in LOCKED or ".azurecr." in upstream):
        found = f"{upstream} asks who pulls."
        yield cache.problem("credentials_secret", found, f"the name of a secret that begins {SECRET_PREFIX}")
