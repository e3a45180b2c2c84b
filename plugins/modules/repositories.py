#!/usr/bin/python
# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
---
module: repositories
version_added: 0.1.0
short_description: Give images a place to be pushed to and pulled from
description:
  - Makes the ECR repositories that a stack owns be exactly those listed, and the pull-through caches of its registry.
  - A repository is called C(<region_name>/<name>). One that holds images stays when it is no longer listed, unless its
    entry said otherwise.
author: Cloister contributors (@cloister)
options:
  repositories:
    description: The repositories, all of them.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Logical name, unique in the region; lowercase letters, digits and hyphens.
        type: str
        required: true
      tags_immutable:
        description: Whether a tag, once pushed, always leads to the same image.
        type: bool
        default: true
      mutable_tags:
        description: Patterns with C(*) of tags that may move all the same, such as V(dev-*); at most five.
        type: list
        elements: str
        default: []
      scan_on_push:
        description: Whether each image is searched for known vulnerabilities as it is pushed.
        type: bool
        default: true
      encryption:
        description: How images are encrypted at rest. A living repository cannot change it.
        type: str
        choices: [AES256, KMS]
        default: AES256
      kms_key_arn:
        description: Key to encrypt with, which means V(KMS). Without it V(KMS) uses ECR's own.
        type: str
      keep_images:
        description: How many tagged images are kept, the newest. Without it all are.
        type: int
      keep_untagged_days:
        description: How many days an image is kept that no tag leads to; 0 keeps it for ever.
        type: int
        default: 14
      lifecycle_policy:
        description: A lifecycle policy of ECR's own form, in the place of both numbers.
        type: dict
      pull_principals:
        description: Who may pull beside the own account, as ids of accounts or ARNs of their roles.
        type: list
        elements: str
        default: []
      keep:
        description: Whether it stays with its images when it is no longer listed. An empty one goes in any case.
        type: bool
        default: true
  pull_through_caches:
    description: The caches of other registries, all of them.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Logical name. What is pulled from C(<region_name>/<stack>/<name>/...) comes from the upstream.
        type: str
        required: true
      upstream:
        description: Address of the other registry, such as V(public.ecr.aws).
        type: str
        required: true
      credentials_secret:
        description: Name of the secret, beginning C(ecr-pullthroughcache/), with which to pull where that is asked for.
        type: str
extends_documentation_fragment:
  - cloister.aws.region
  - cloister.aws.region.sets
  - cloister.aws.purge
  - amazon.aws.common.modules
  - amazon.aws.region.modules
"""

EXAMPLES = r"""
- name: Ensure images have their repositories
  cloister.aws.repositories:
    region_name: us
    stack: registry
    repositories:
      - {name: guard}
      - {name: face-generator, keep_images: 20, pull_principals: ["111122223333"]}
    pull_through_caches:
      - {name: public, upstream: public.ecr.aws}
"""

RETURN = r"""
ids:
  description: ARNs of repositories and prefixes of caches, by name.
  type: dict
  returned: success
  sample: {guard: "arn:aws-cn:ecr:cn-north-1:123456789012:repository/us/guard"}
members:
  description:
    - What became of each (C(create), C(change), C(keep), C(remove)), with the fields that changed. A repository shows
      its address (C(uri)).
  type: list
  elements: dict
  returned: always
"""

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._kind import Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils._together import together
from ansible_collections.cloister.aws.plugins.module_utils.kinds import pull_through_cache, repository

REPOSITORY = {
    "name": {"type": "str", "required": True},
    "tags_immutable": {"type": "bool", "default": True},
    "mutable_tags": {"type": "list", "elements": "str", "default": []},
    "scan_on_push": {"type": "bool", "default": True},
    "encryption": {"type": "str", "choices": ["AES256", "KMS"], "default": "AES256"},
    "kms_key_arn": {"type": "str", "no_log": False},
    "keep_images": {"type": "int"},
    "keep_untagged_days": {"type": "int", "default": 14},
    "lifecycle_policy": {"type": "dict"},
    "pull_principals": {"type": "list", "elements": "str", "default": []},
    "keep": {"type": "bool", "default": True},
}
CACHE = {
    "name": {"type": "str", "required": True},
    "upstream": {"type": "str", "required": True},
    # The name of a secret is none.
    "credentials_secret": {"type": "str", "no_log": False},
}
SPEC = {
    "repositories": {"type": "list", "elements": "dict", "required": True, "options": REPOSITORY},
    "pull_through_caches": {"type": "list", "elements": "dict", "default": [], "options": CACHE},
    "purge": {"type": "bool", "default": True},
}


def main() -> None:
    """Read arguments, reconcile both kinds side by side, report."""
    module = RegionModule(SPEC)
    p = module.params

    def repositories() -> list[Want]:
        return [repository.want(entry, module.aws.partition) for entry in p["repositories"]]

    def caches() -> list[Want]:
        return [pull_through_cache.want(entry, module.aws) for entry in p["pull_through_caches"]]

    works: list[tuple[Kind, t.Callable[[], t.Sequence[Want]]]] = [
        (module.kind(repository.Repository), repositories),
        (module.kind(pull_through_cache.PullThroughCache), caches),
    ]
    module.finish(together(module, works, p["purge"]))


if __name__ == "__main__":
    main()
