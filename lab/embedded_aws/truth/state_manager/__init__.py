# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""State Manager: associations that run their documents on nodes, and how compliant those are."""

from __future__ import annotations

import typing as t


def apply() -> None:
    """Let moto answer as AWS does."""
    from moto.ssm.models import SimpleSystemManagerBackend
    from moto.ssm.responses import SimpleSystemManagerResponse

    from lab.embedded_aws.truth.patching import install
    from lab.embedded_aws.truth.state_manager import actions, compliance, history, tags

    for answers in (actions.ACTIONS, history.ACTIONS, compliance.ACTIONS):
        install(SimpleSystemManagerResponse, *answers)
    owner: t.Any = SimpleSystemManagerBackend
    known = "_validate_resource_type_and_id"
    setattr(owner, known, tags.validator(getattr(owner, known)))
    owner.iter_tagged_resources = tags.listed(owner.iter_tagged_resources)
