# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Machines that their load balancer calls unhealthy, in groups that are told to believe it.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-health-checks.html. A machine is marked when one
of the group's target groups finds it unhealthy after its grace period, which passes in real seconds here; the mark
stays, whatever is found later. While HealthCheck is suspended nothing is marked, while ReplaceUnhealthy is nothing is
replaced, but marked all the same
(https://docs.aws.amazon.com/autoscaling/ec2/userguide/understand-how-suspending-processes-affects-other-processes.html).
A machine that somebody deregistered is not judged: AWS does not say what it makes of one.
"""

from __future__ import annotations

from lab.embedded_aws.clock import current as clock
from lab.embedded_aws.truth.autoscaling import traffic_links
from lab.embedded_aws.truth.autoscaling.group import Group, Member


def mark(group: Group) -> None:
    """Mark the machines that a target group finds unhealthy."""
    kinds = str(group.settings.get("HealthCheckType") or "").split(",")
    if "ELB" not in kinds or "HealthCheck" in group.suspended or not group.target_group_arns:
        return
    grace = int(group.settings.get("HealthCheckGracePeriod") or 0)
    for member in group.members:
        young = member.in_service_at is None or clock.now() - member.in_service_at < grace
        if not young and _unhealthy(group, member):
            member.health_status, member.judged_by = "Unhealthy", "an ELB system"


def _unhealthy(group: Group, member: Member) -> bool:
    from lab.embedded_aws.truth.elbv2 import health

    backend = traffic_links.balancing(group.backend)
    for arn in group.target_group_arns:
        targets = backend.target_groups.get(arn)
        for target in list(targets.targets.values()) if targets else []:
            mine = target.id == member.instance.id
            if mine and str(health.state(backend, targets, target)["State"]).startswith("unhealthy"):
                return True
    return False
