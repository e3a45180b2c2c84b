"""Machines: what one is, and how many there are."""

from __future__ import annotations

from ansible_collections.cloister.aws.plugins.module_utils.kinds.auto_scaling_group import AutoScalingGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.launch_template import LaunchTemplate

from tests.integration.playbook import Action
from tests.integration.rehearsal.damage.hands import Hands, act, tag, told


@act(LaunchTemplate)
def a_template_lets_machines_answer_without_a_token(hands: Hands) -> set[Action]:
    """The group of a pool goes on to the version that heals the template; nodes have never left theirs."""
    for template in hands.all(LaunchTemplate):
        which = {"LaunchTemplateId": template["LaunchTemplateId"]}
        version = hands.ec2.describe_launch_template_versions(Versions=["$Default"], **which)["LaunchTemplateVersions"][
            0
        ]
        data = {**version["LaunchTemplateData"], "MetadataOptions": {"HttpTokens": "optional"}}
        made = hands.ec2.create_launch_template_version(LaunchTemplateData=data, **which)["LaunchTemplateVersion"]
        hands.ec2.modify_launch_template(DefaultVersion=str(made["VersionNumber"]), **which)
        of_a_pool = hands.client("autoscaling").describe_auto_scaling_groups(
            AutoScalingGroupNames=[template["LaunchTemplateName"]]
        )["AutoScalingGroups"]
        group = (tag(template, "cloister:stack"), AutoScalingGroup.noun, tag(template), "change")
        return {told(LaunchTemplate, template, "change"), *([group] if of_a_pool else [])}
    return set()


@act(AutoScalingGroup)
def a_group_may_grow_further(hands: Hands) -> set[Action]:
    scaling = hands.client("autoscaling")
    ours = [{"Name": "tag:cloister:region", "Values": [hands.region_name]}]
    for group in scaling.describe_auto_scaling_groups(Filters=ours)["AutoScalingGroups"]:
        larger = {"MaxSize": group["MaxSize"] + 1}
        scaling.update_auto_scaling_group(AutoScalingGroupName=group["AutoScalingGroupName"], **larger)
        return {told(AutoScalingGroup, group, "change")}
    return set()
