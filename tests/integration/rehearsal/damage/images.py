"""Golden images: no run of site.yml makes one, so it is done by hand, in a stack that all inventories have."""

from __future__ import annotations

from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner, tag_list
from ansible_collections.cloister.aws.plugins.module_utils.kinds.image_stage import ImageStage
from ansible_collections.cloister.aws.plugins.module_utils.kinds.machine_image import MachineImage

from tests.integration.playbook import Action
from tests.integration.rehearsal.damage.hands import Hands, act

KEEP = {"cloister:keep": "true"}


@act(MachineImage)
def a_version_is_made_that_nobody_tested(hands: Hands) -> set[Action]:
    """No plan minds it, and a teardown that releases images takes it, with its snapshot, too."""
    machines = hands.client("autoscaling").describe_auto_scaling_instances()["AutoScalingInstances"]
    tags = tag_list(Owner(hands.region_name, "network").tags_for("gpu-20261121-120000", KEEP))
    both = [{"ResourceType": kind, "Tags": tags} for kind in ("image", "snapshot")]
    for machine in machines:
        hands.ec2.create_image(InstanceId=machine["InstanceId"], Name="by-hand", TagSpecifications=both)
        return set()
    return set()


@act(ImageStage)
def a_stage_leads_to_nothing(hands: Hands) -> set[Action]:
    """No pool names it, so no plan minds it; a teardown that releases images takes it too."""
    name = "other-ami/previous"
    tags = tag_list(Owner(hands.region_name, "network").tags_for(name, KEEP))
    hands.client("ssm").put_parameter(Name=f"/cloister/{hands.region_name}/{name}", Value="x", Type="String", Tags=tags)
    return set()
