# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""CloudTrail: trails whose bucket and log group let them write, and the gate that API events pass."""

from __future__ import annotations


def apply() -> None:
    """Let moto answer as AWS does."""
    from moto.cloudtrail.models import CloudTrailBackend
    from moto.cloudtrail.responses import CloudTrailResponse

    from lab.embedded_aws.truth.cloudtrail import trails
    from lab.embedded_aws.truth.patching import before, install, let_be_listed

    before(CloudTrailBackend, "create_trail", trails.check_create)
    before(CloudTrailBackend, "update_trail", trails.check_update)
    before(CloudTrailBackend, "add_tags", trails.check_tagged)
    before(CloudTrailBackend, "put_event_selectors", trails.check_selectors)
    install(CloudTrailBackend, trails.delete_trail)
    install(CloudTrailResponse, trails.get_event_selectors)
    let_be_listed(CloudTrailBackend, "cloudtrail", trails.iter_tagged_resources)
