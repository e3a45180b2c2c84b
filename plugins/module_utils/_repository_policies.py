# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The two documents of a repository: which images expire, and which accounts may pull.

https://docs.aws.amazon.com/AmazonECR/latest/userguide/lifecycle_policy_parameters.html,
https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policy-examples.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._iam_policy import VERSION, canonical

PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")

Document = dict[str, t.Any]


def lifecycle(said: t.Mapping[str, t.Any]) -> Document | None:
    """Return the lifecycle policy of ``{keep_images, keep_untagged_days, lifecycle_policy}``, None where all stays.

    A policy written out takes the place of both numbers. Only tagged images are counted, so that layers of a push
    that is under way push none out.
    """
    if said["lifecycle_policy"]:
        return dict(said["lifecycle_policy"])
    rules: list[Document] = []
    if said["keep_untagged_days"]:
        days = {"countType": "sinceImagePushed", "countUnit": "days", "countNumber": said["keep_untagged_days"]}
        rules.append(_rule(1, "images without a tag", {"tagStatus": "untagged", **days}))
    if said["keep_images"]:
        count = {"countType": "imageCountMoreThan", "countNumber": said["keep_images"]}
        rules.append(_rule(2, "all but the newest", {"tagStatus": "tagged", "tagPatternList": ["*"], **count}))
    return {"rules": rules} if rules else None


def _rule(priority: int, description: str, selection: Document) -> Document:
    return {
        "rulePriority": priority,
        "description": description,
        "selection": selection,
        "action": {"type": "expire"},
    }


def pull_policy(principals: t.Sequence[str], partition: str) -> Document | None:
    """Return the policy that lets accounts (12 digits) or roles (ARNs) pull, None where only the own account may."""
    if not principals:
        return None
    arns = [name if name.startswith("arn:") else f"arn:{partition}:iam::{name}:root" for name in principals]
    statement = {"Sid": "Pull", "Effect": "Allow", "Principal": {"AWS": arns}, "Action": list(PULL)}
    return canonical({"Version": VERSION, "Statement": [statement]}, partition)
