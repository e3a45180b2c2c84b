# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ECR: repositories and the images in them, which images expire, and caches of other registries."""

from __future__ import annotations


def apply() -> None:
    """Put our answers in the place of moto's, and the actions of pull-through caches where it has none."""
    from moto.ecr import models
    from moto.ecr.responses import ECRResponse

    from lab.embedded_aws.truth.ecr import images, lifecycle, pull_through, repositories
    from lab.embedded_aws.truth.patching import before, install

    repositories.apply(models)
    images.apply(models)
    before(models.ECRBackend, "put_lifecycle_policy", lifecycle.check)
    install(
        ECRResponse,
        pull_through.create_pull_through_cache_rule,
        pull_through.describe_pull_through_cache_rules,
        pull_through.update_pull_through_cache_rule,
        pull_through.delete_pull_through_cache_rule,
        pull_through.validate_pull_through_cache_rule,
    )
