# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Why a service does not come to its steady state: what ECS says of it, what its tasks met, and the likely cause.

Where ECS's words come down to something that was not reached, the region's own network is asked for the reason.
"""

from __future__ import annotations

import typing as t
from collections import Counter

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._ecs import TASKS_AT_ONCE, listed, services, short
from ansible_collections.cloister.aws.plugins.module_utils._ecs_reasons import Reason, weightiest
from ansible_collections.cloister.aws.plugins.module_utils._ecs_state import deployment, missing, steady
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils.reachability.read import read
from ansible_collections.cloister.aws.plugins.module_utils.reachability.services import blocked_start, start_needs
from ansible_collections.cloister.aws.plugins.module_utils.reachability.vantage import Vantage
from ansible_collections.cloister.aws.plugins.module_utils.reachability.verdict import Verdict

EVENTS_TOLD, REASONS_TOLD = 5, 5
SOME_PUBLIC_IP = "198.51.100.1"
"""Stands for the public address that a task would get (RFC 5737)."""
WAITING = Reason(
    "waiting-for-machines",
    "tasks wait for machines of their pool",
    "see why its machines do not start or join (activities; a way to ecs, ecs-agent, ecs-telemetry), or raise its size",
)
_OF_THE_POOL = ("waiting-for-machines", "no-machines", "no-gpu-left", "no-room", "machine-unfit", "not-placed")
Raw = t.Mapping[str, t.Any]


class GaveUpError(RegionError):
    """ECS has given up on a deployment, or another one has taken its place."""


class Watch:
    """A service being waited for, from the deployment on that was just started."""

    def __init__(self, aws: Aws, raw: Raw) -> None:
        self.aws, self.raw = aws, raw
        self._deployment = deployment(raw).get("id")

    def steady(self) -> bool:
        """Read it, and say whether it is steady with healthy targets; raise `GaveUpError` when it will not be."""
        found = services(self.aws, self.raw["clusterArn"], [self.raw["serviceArn"]])
        if not found or found[0]["status"] != "ACTIVE":
            raise GaveUpError(f"{self.raw['serviceName']} was deleted while it was waited for")
        self.raw = found[0]
        now = deployment(self.raw)
        if now.get("rolloutState") == "FAILED":
            raise GaveUpError(f"{self.raw['serviceName']}: the circuit breaker gave up on its deployment")
        if self._deployment and now.get("id") != self._deployment:
            raise GaveUpError(
                f"{self.raw['serviceName']}: ECS gave up on its deployment and rolled back to "
                f"{short(str(now.get('taskDefinition')))}"
            )
        return steady(self.raw) and not unhealthy(self.aws, self.raw)

    def told(self, cause: Exception) -> str:
        """Return the whole story: the likely cause in the first line, then the evidence."""
        events = [event["message"] for event in self.raw.get("events", ())[:EVENTS_TOLD]]
        stopped = stopped_reasons(self.aws, self.raw, self._deployment)
        targets = unhealthy(self.aws, self.raw)
        head = f"{cause} ({missing(self.raw)})."
        known = weightiest([*stopped, *targets, *events])
        found = known[1] if known else self._waiting()
        if found:
            said, fix = self._likely(found)
            head += f" Likely cause: {said}. What to do: {fix}."
        lines = [head, *_part("stopped tasks", stopped[:REASONS_TOLD]), *_part("targets", targets[:REASONS_TOLD])]
        return "\n".join([*lines, *_part("events", events)])

    def _likely(self, found: Reason) -> tuple[str, str]:
        if found.service:
            blocked = self._blocked()
            if blocked:
                return blocked[0].said, blocked[0].fix
        if found.slug in _OF_THE_POOL:
            pools = pool_states(self.aws, self.raw)
            return "; ".join([found.said, *pools]), found.fix
        return found.said, found.fix

    def _waiting(self) -> Reason | None:
        """Return that tasks wait for machines, of which ECS says nothing while it asks their pool for more."""
        strategy = self.raw.get("capacityProviderStrategy", ())
        pools = [one for one in strategy if not one["capacityProvider"].startswith("FARGATE")]
        return WAITING if pools and self.raw["runningCount"] < self.raw["desiredCount"] else None

    def _blocked(self) -> list[Verdict]:
        """Return what of all that a task needs to start is not reached from the service's subnets."""
        network = self.raw.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
        needs = _needs(self.aws, self.raw["taskDefinition"])
        subnets = self.aws.call("ec2", "describe_subnets", SubnetIds=network.get("subnets", []))["Subnets"]
        snapshot = read(self.aws, sorted({subnet["VpcId"] for subnet in subnets}))
        public = SOME_PUBLIC_IP if network.get("assignPublicIp") == "ENABLED" else None
        groups = tuple(network.get("securityGroups", ()))
        places = [Vantage(one["VpcId"], one["SubnetId"], groups, None, public) for one in subnets]
        return [verdict for place in places for verdict in blocked_start(snapshot, place, needs)]


def _part(title: str, lines: t.Sequence[str]) -> list[str]:
    return [f"  {title}:", *(f"  - {line}" for line in lines)] if lines else []


def _needs(aws: Aws, definition: str) -> list[str]:
    raw = aws.call("ecs", "describe_task_definition", taskDefinition=definition)["taskDefinition"]
    containers = raw["containerDefinitions"]
    sources = [secret["valueFrom"] for one in containers for secret in one.get("secrets", ())]
    logs = any(one.get("logConfiguration", {}).get("logDriver") == "awslogs" for one in containers)
    asm = [source for source in sources if ":secretsmanager:" in source]
    images = [one["image"] for one in containers]
    return start_needs(images, logs=logs, secrets=bool(asm), parameters=len(sources) > len(asm))


def stopped_reasons(aws: Aws, service: Raw, of: str | None = None) -> list[str]:
    """Return why tasks of a service stopped, the latest first, alike ones counted; ECS remembers them for an hour.

    Where tasks of the deployment ``of`` are among them, what earlier ones met is not told again.
    """
    cluster = service["clusterArn"]
    arns = listed(aws, "list_tasks", "taskArns", cluster, serviceName=service["serviceName"], desiredStatus="STOPPED")
    if not arns:
        return []
    tasks = aws.call("ecs", "describe_tasks", cluster=cluster, tasks=arns[:TASKS_AT_ONCE])["tasks"]
    tasks = [task for task in tasks if task.get("startedBy") == of] or tasks
    tasks.sort(key=lambda task: str(task.get("stoppingAt") or task.get("createdAt")), reverse=True)
    counted = Counter(text for task in tasks if (text := _told(task)))
    return [f"{count} x {text}" if count > 1 else text for text, count in counted.items()]


def _told(task: Raw) -> str:
    parts = [task.get("stoppedReason", "")]
    for one in task.get("containers", ()):
        code = f"exited with code {one['exitCode']}" if one.get("exitCode") else ""
        words = ", ".join(part for part in (one.get("reason", ""), code) if part and part not in parts[0])
        if words:
            parts.append(f"container {one['name']}: {words}")
    return "; ".join(part for part in parts if part)


def unhealthy(aws: Aws, service: Raw) -> list[str]:
    """Return what load balancers say of targets of a service that are not healthy, and of those that are missing."""
    groups = [one["targetGroupArn"] for one in service.get("loadBalancers", ()) if one.get("targetGroupArn")]
    told = each(lambda arn: _unhealthy(aws, arn, service["desiredCount"]), groups)
    return [line for lines in told for line in lines]


def _unhealthy(aws: Aws, arn: str, desired: int) -> list[str]:
    answer = aws.call("elbv2", "describe_target_health", TargetGroupArn=arn)
    name = arn.split("/")[-2] if "/" in arn else arn
    standing = [one for one in answer["TargetHealthDescriptions"] if one["TargetHealth"]["State"] != "draining"]
    bad = [one for one in standing if one["TargetHealth"]["State"] != "healthy"]
    if len(standing) - len(bad) >= desired:
        return []
    lines = [
        f"{one['Target']['Id']}:{one['Target'].get('Port')} is {one['TargetHealth']['State']} in target group {name}: "
        f"{one['TargetHealth'].get('Description') or one['TargetHealth'].get('Reason') or 'no reason given'}"
        for one in bad
    ]
    return lines or [f"target group {name} has {len(standing)} targets, and {desired} tasks are wanted"]


def pool_states(aws: Aws, service: Raw) -> list[str]:
    """Return how the pools behind a service are: machines in the cluster, the group's size, its last failure."""
    names = [one["capacityProvider"] for one in service.get("capacityProviderStrategy", ())]
    pools = [name for name in names if not name.startswith("FARGATE")]
    if not pools:
        return []
    try:
        raws = aws.call("ecs", "describe_capacity_providers", capacityProviders=pools)["capacityProviders"]
        return each(lambda raw: _pool_state(aws, service["clusterArn"], raw), raws)
    except ApiError as exc:
        return [f"its pool cannot be looked at: {exc}"]


def _pool_state(aws: Aws, cluster: str, raw: Raw) -> str:
    name = short(raw["autoScalingGroupProvider"]["autoScalingGroupArn"])
    arns = listed(aws, "list_container_instances", "containerInstanceArns", cluster)
    there = aws.call("ecs", "describe_container_instances", cluster=cluster, containerInstances=arns) if arns else {}
    mine = [one for one in there.get("containerInstances", ()) if one.get("capacityProviderName") == raw["name"]]
    groups = aws.call("autoscaling", "describe_auto_scaling_groups", AutoScalingGroupNames=[name])["AutoScalingGroups"]
    wants = f"Auto Scaling group {name} wants {groups[0]['DesiredCapacity']}" if groups else f"there is no group {name}"
    told = f"{len(mine)} machines of {raw['name']} have joined {short(cluster)}, {wants}"
    activities = aws.call("autoscaling", "describe_scaling_activities", AutoScalingGroupName=name, MaxRecords=10)
    failed = [one for one in activities["Activities"] if one["StatusCode"] in ("Failed", "Cancelled")]
    return f"{told}; {failed[0].get('StatusMessage', '')}" if failed else told
