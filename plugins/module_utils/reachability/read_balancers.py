# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Read load balancers with their listeners and rules, and target groups with the health of their targets."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each

Things = list[dict[str, t.Any]]
Raw = dict[str, t.Any]
AT_ONCE = 20
"""https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTags.html"""


def load_balancers(aws: Aws, vpc_ids: t.Collection[str] | None) -> Things:
    """Return load balancers whole; an internet-facing one's listeners and rules are read as any other's."""
    found = _within(aws.pages("elbv2", "describe_load_balancers", "LoadBalancers"), vpc_ids)
    tags = _tags(aws, [one["LoadBalancerArn"] for one in found])

    def whole(one: Raw) -> Raw:
        arn = one["LoadBalancerArn"]
        listeners = aws.pages("elbv2", "describe_listeners", "Listeners", absent_ok=True, LoadBalancerArn=arn)
        attributes = aws.pages(
            "elbv2", "describe_load_balancer_attributes", "Attributes", absent_ok=True, LoadBalancerArn=arn
        )
        ruled = each(lambda listener: {**listener, "Rules": _rules(aws, listener)}, listeners)
        return {**one, "Listeners": ruled, "Attributes": attributes, "Tags": tags.get(arn, [])}

    return each(whole, found)


def target_groups(aws: Aws, vpc_ids: t.Collection[str] | None) -> Things:
    """Return target groups with attributes and targets."""
    found = _within(aws.pages("elbv2", "describe_target_groups", "TargetGroups"), vpc_ids)
    tags = _tags(aws, [one["TargetGroupArn"] for one in found])

    def whole(one: Raw) -> Raw:
        arn = one["TargetGroupArn"]
        reads = (
            ("describe_target_group_attributes", "Attributes"),
            ("describe_target_health", "TargetHealthDescriptions"),
        )
        attributes, targets = each(
            lambda read: aws.pages("elbv2", read[0], read[1], absent_ok=True, TargetGroupArn=arn), reads
        )
        return {**one, "Attributes": attributes, "Targets": targets, "Tags": tags.get(arn, [])}

    return each(whole, found)


def _rules(aws: Aws, listener: Raw) -> Things:
    return aws.pages("elbv2", "describe_rules", "Rules", absent_ok=True, ListenerArn=listener["ListenerArn"])


def _within(found: Things, vpc_ids: t.Collection[str] | None) -> Things:
    return [one for one in found if vpc_ids is None or one.get("VpcId") in vpc_ids]


def _tags(aws: Aws, arns: t.Sequence[str]) -> dict[str, t.Any]:
    batches = [list(arns[start : start + AT_ONCE]) for start in range(0, len(arns), AT_ONCE)]
    answers = each(lambda batch: aws.pages("elbv2", "describe_tags", "TagDescriptions", ResourceArns=batch), batches)
    return {one["ResourceArn"]: one.get("Tags", []) for answer in answers for one in answer}
