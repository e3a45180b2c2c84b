# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the function `endpoint_targets` does at events, done once and waited for: the code is the same."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import DeadlineError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Action, Member, Outcome
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils._unknown import is_unknown, unknown
from ansible_collections.cloister.aws.plugins.module_utils.functions.endpoint_targets import Watch, plan, reconcile
from ansible_collections.cloister.aws.plugins.module_utils.kinds.eks_cluster import EksCluster
from ansible_collections.cloister.aws.plugins.module_utils.kinds.target import Target
from ansible_collections.cloister.aws.plugins.module_utils.kinds.target_group import TargetGroup


class Client:
    """A client as the function has it, whose calls bear what ours do."""

    def __init__(self, aws: Aws, service: str) -> None:
        self._aws, self._service = aws, service

    def __getattr__(self, action: str) -> t.Callable[..., t.Any]:
        return lambda **params: self._aws.call(self._service, action, **params)

    def get_paginator(self, action: str) -> _Pages:
        """Return what pages through an action."""
        return _Pages(self._aws, self._service, action)


class _Pages(t.NamedTuple):
    aws: Aws
    service: str
    action: str

    def paginate(self, **params: t.Any) -> list[dict[str, t.Any]]:
        """Return all pages as one."""
        key = "NetworkInterfaces"
        return [{key: self.aws.pages(self.service, self.action, key, **params)}]


class Registered(t.NamedTuple):
    """What became of the targets, and the name of the API that they are."""

    outcome: Outcome
    host: str


def bring_about(module: RegionModule) -> Registered:
    """Register what the cluster has, remove what is dead, wait until all are well; in check mode only predict it."""
    cluster = module.names.found(EksCluster, module.params["cluster"])
    group = module.names.id(TargetGroup, module.params["target_group"])
    host = str(cluster.raw.get("endpoint") or "").partition("://")[2] if cluster else ""
    if cluster is None or not host or is_unknown(group):
        if not module.check:
            raise RegionError(f"EKS cluster {module.params['cluster']} has no API yet; run its stack first")
        marker = unknown(EksCluster.noun, module.params["cluster"])
        return Registered(Outcome([_member(module, group, [], [marker])]), host or marker)
    watch = Watch(cluster.raw["name"], cluster.raw["resourcesVpcConfig"]["vpcId"], group, module.params["port"])
    before = _standing(module, watch)
    work = plan if module.check else reconcile
    told = work(Client(module.aws, "ec2"), Client(module.aws, "elbv2"), watch, {})
    after = sorted({*before, *told["registered"]} - {*told["removed"]})
    if not module.check:
        _await(module, cluster, watch)
    return Registered(Outcome([_member(module, group, before, after)]), host)


def _standing(module: RegionModule, watch: Watch) -> list[str]:
    answer = module.aws.call("elbv2", "describe_target_health", TargetGroupArn=watch.target_group_arn)
    states = {one["Target"]["Id"]: one["TargetHealth"]["State"] for one in answer["TargetHealthDescriptions"]}
    return sorted(address for address, state in states.items() if state != "draining")


def _member(module: RegionModule, group: str, before: list[str], after: list[str]) -> Member:
    """Return all targets of the group as one: which addresses EKS chooses, nobody knows before."""
    action: Action = "keep" if before == after else "change" if before else "create"
    changes = [] if action == "keep" else [{"field": "addresses", "before": before or None, "after": after}]
    part, stack = module.params["target_group"], str(module.owner.stack)
    return Member(Target.noun, part, stack, action, group, changes, done=True)


def _await(module: RegionModule, cluster: Found, watch: Watch) -> None:
    """Wait until a target of each interface is well."""
    states: dict[str, str] = {}

    def well() -> bool:
        answer = module.aws.call("elbv2", "describe_target_health", TargetGroupArn=watch.target_group_arn)
        states.clear()
        for one in answer["TargetHealthDescriptions"]:
            health = one["TargetHealth"]
            why = health.get("Description") or health.get("Reason") or ""
            states[one["Target"]["Id"]] = f"{health['State']}{f' ({why})' if why else ''}"
        living = [state for state in states.values() if not state.startswith("draining")]
        return bool(living) and all(state == "healthy" for state in living)

    what = f"the API of {watch.cluster} to be well behind its load balancer"
    try:
        module.kind(EksCluster).until(what, well, module.params["wait_seconds"])
    except DeadlineError as exc:
        told = ", ".join(f"{address} is {state}" for address, state in sorted(states.items())) or "there is no target"
        raise DeadlineError(
            f"{exc}; {told}. Does the group of cluster {cluster.part} let the load balancer in to {watch.port}, and "
            "does the health check ask what the API answers?"
        ) from exc
