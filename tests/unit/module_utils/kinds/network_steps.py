"""A whole network as its role knows it: the layout, and the steps of the role one after the other."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils import _network_layout as network_layout
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._look import Looked
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._network_look import look, works
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Member, Outcome, reconcile
from ansible_collections.cloister.aws.plugins.module_utils._removal import remove_unlisted
from ansible_collections.cloister.aws.plugins.module_utils.kinds.nat_route import NatRoute
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc_endpoint import VpcEndpoint
from ansible_collections.cloister.aws.plugins.modules.network_plan import LAYOUT, ROLES, completed

from tests.unit.module_utils.kinds.network_world import OWNER, PRIVATE_A, PRIVATE_B, PUBLIC_A, Entry

FLOW_LOGS_ROLE = {"name": "flow-logs", "reason": "VPC flow logs", "trusted_services": ["vpc-flow-logs"]}
SUBNETS = [{**subnet, "vpc": "main"} for subnet in (PUBLIC_A, PRIVATE_A, PRIVATE_B)]
OPERATOR_A = {"name": "operator-a", "vpc": "operator", "tier": "private", "az": "us-west-2a", "cidr": "172.20.1.0/24"}
MAIN = {"name": "main", "cidr": "10.0.0.0/16", "secondary_cidrs": ["10.1.0.0/16"], "nat": "single"}
OPERATOR = {"name": "operator", "cidr": "172.20.0.0/16"}
NETWORK: dict[str, t.Any] = {
    "vpcs": [MAIN, OPERATOR],
    "subnets": [*SUBNETS, OPERATOR_A],
    "peerings": [{"name": "operator-main", "vpc": "operator", "peer_vpc": "main"}],
    "flow_logs": {"destination": "cloudwatch"},
}
# What removes the unlisted of its kind by itself.
PURGING = (VpcEndpoint, NatRoute)


class Network:
    """The network of some variables, those of `NETWORK` where nothing else is said."""

    def __init__(self, aws: Aws, adopted: t.Mapping[str, t.Mapping[str, str]] | None = None, **said: t.Any) -> None:
        self.aws, self.adopted = aws, adopted or {}
        inputs = {"subnet_plans": [], "routes": [], **NETWORK, **said}
        inputs["flow_logs"] = {**network_layout.FLOW_LOGS_DEFAULTS, **inputs["flow_logs"]}
        whole = network_layout.layout(t.cast(network_layout.Inputs, inputs), self.adopted)
        self.listed: dict[str, list[str]] = whole["listed"]
        self.layout = completed(LAYOUT, json.loads(json.dumps(whole)))  # as a module is handed it
        roles = [FLOW_LOGS_ROLE] if self.listed["iam_roles"] else []
        self.roles: list[Entry] = completed({"roles": ROLES}, {"roles": roles})["roles"]

    def look(self) -> Looked:
        """Take the one look."""
        return look(self.aws, OWNER, self.adopted, self.layout, self.roles, 16)

    def steps(self, check: bool, count: int = 99) -> list[Member]:
        """Take the first steps of the role, and when that is all of them, the removal; return all members."""
        names = Names(self.aws, "us", check, self.adopted)
        done: list[Outcome] = []
        kinds = []
        for work in works(self.aws, OWNER, names, self.layout, self.roles)[:count]:
            names._read.clear()
            kinds.append(work.kind)
            kind = work.kind(self.aws, OWNER)
            done.append(reconcile(kind, work.wants(), check, purge=work.kind in PURGING))
        if count >= len(LAYOUT):
            listed = {kind.noun: self._listed(kind.noun) for kind in kinds}
            going = [kind(self.aws, OWNER) for kind in kinds if kind not in PURGING]
            done.append(remove_unlisted(going, listed, check))
        assert [error for outcome in done for error in outcome.errors] == []
        return [member for outcome in done for member in outcome.members]

    def _listed(self, noun: str) -> list[str]:
        return self.listed.get(f"{noun.lower().replace(' ', '_')}s", self.listed["iam_roles"])


def moved(members: t.Iterable[Member]) -> set[tuple[t.Any, ...]]:
    """What is not kept, with the fields that change."""
    return {
        (member.kind, member.part, member.action, *sorted(change["field"] for change in member.changes))
        for member in members
        if member.action != "keep"
    }


def told(members: t.Iterable[Member]) -> list[dict[str, t.Any]]:
    """All that a module would return of members, in one order."""
    return sorted((member.told() for member in members), key=lambda member: (member["kind"], member["part"]))
