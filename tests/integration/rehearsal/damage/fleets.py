"""Fleets that Systems Manager configures: no run of site.yml makes one, so a hand does."""

from __future__ import annotations

from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner, tag_list
from ansible_collections.cloister.aws.plugins.module_utils.kinds.association import Association

from tests.integration.playbook import Action
from tests.integration.rehearsal.damage.hands import Hands, act


@act(Association)
def an_association_is_left_in_a_stack(hands: Hands) -> set[Action]:
    """No plan minds it, and a teardown of that stack takes it too."""
    name = f"{hands.region_name}-by-hand"
    hands.client("ssm").create_association(
        Name="AWS-UpdateSSMAgent",
        AssociationName=name,
        Targets=[{"Key": "tag:cloister:role", "Values": ["nobody"]}],
        Tags=tag_list(Owner(hands.region_name, "network").tags_for("by-hand")),
    )
    return set()
