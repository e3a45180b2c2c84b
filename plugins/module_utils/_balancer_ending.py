# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The second half of load balancers: ports, rules, targets, names, the wait, and the removal of what is not listed."""

from __future__ import annotations

import typing as t
from functools import partial

from ansible_collections.cloister.aws.plugins.module_utils import _balancer_wants as balancer_wants
from ansible_collections.cloister.aws.plugins.module_utils._aws import each, side_by_side
from ansible_collections.cloister.aws.plugins.module_utils._checked_records import CheckedRecords
from ansible_collections.cloister.aws.plugins.module_utils._doors import Doors
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome, leave, reconcile
from ansible_collections.cloister.aws.plugins.module_utils._region_module import RegionModule
from ansible_collections.cloister.aws.plugins.module_utils._removal import remove_by_rank
from ansible_collections.cloister.aws.plugins.module_utils._stages import in_turn
from ansible_collections.cloister.aws.plugins.module_utils.kinds import target
from ansible_collections.cloister.aws.plugins.module_utils.kinds.certificate import Certificate
from ansible_collections.cloister.aws.plugins.module_utils.kinds.health_check import HealthCheck
from ansible_collections.cloister.aws.plugins.module_utils.kinds.hosted_zone import HostedZone
from ansible_collections.cloister.aws.plugins.module_utils.kinds.listener import Listener
from ansible_collections.cloister.aws.plugins.module_utils.kinds.listener_rule import ListenerRule
from ansible_collections.cloister.aws.plugins.module_utils.kinds.load_balancer import LoadBalancer
from ansible_collections.cloister.aws.plugins.module_utils.kinds.record import Records
from ansible_collections.cloister.aws.plugins.module_utils.kinds.target import Target
from ansible_collections.cloister.aws.plugins.module_utils.kinds.target_group import TargetGroup


def bring_about(module: RegionModule) -> Outcome:
    """Bring about what `listeners` lists, or in check mode predict it; raise `RegionError` for what is refused."""
    ending = Ending(module)
    ending.read()
    stages = [ending.listeners, ending.rules, ending.settle, ending.targets, ending.records, ending.leftovers]
    return in_turn(stages, module.check, pending=ending.pending())


class Ending:
    """The stages of `listeners`, over what was read once. Each brings its part about, or in check mode predicts it."""

    def __init__(self, module: RegionModule) -> None:
        self._module, self._names = module, module.names
        self._balancers: list[dict[str, t.Any]] = module.params["load_balancers"]
        self._groups: list[dict[str, t.Any]] = module.params["target_groups"]
        self._listener, self._rule = module.kind(Listener), module.kind(ListenerRule)
        self._balancer, self._group = module.kind(LoadBalancer), module.kind(TargetGroup)
        self._target = module.kind(Target)
        self._said = CheckedRecords(module.kind(Records), module.kind(HealthCheck), self._names)
        self._listener_ids: dict[str, str] = {}
        self._open: list[Found] = []
        self._ruled: list[Found] = []
        self._registered: list[Found] = []

    def read(self) -> None:
        """Read what stands and what is named, the chains side by side."""
        reads: list[t.Callable[[], t.Any]] = [
            self._read_doors,
            self._read_groups,
            partial(self._said.records.wants, [], self._names),
            self._said.read,
        ]
        if any(not name.startswith("arn:") for name in self._certificates()):
            reads.append(partial(self._names.read, Certificate))
        each(lambda read: read(), reads)

    def _certificates(self) -> list[str]:
        return [name for entry in self._balancers for said in entry["listeners"] for name in said["certificates"]]

    def _read_doors(self) -> None:
        for entry in self._balancers:
            self._names.found(LoadBalancer, entry["name"])
        owner = self._module.owner
        self._listener.doors = Doors(self._module.aws, owner, list(self._names.every(LoadBalancer).values()))
        self._rule.doors = self._listener.doors
        self._open, self._ruled = self._listener.find(), self._rule.find()

    def _read_groups(self) -> None:
        for entry in self._groups:
            self._names.found(TargetGroup, entry["name"])
        self._target.groups = list(self._names.every(TargetGroup).values())
        self._registered = self._target.find()

    def _own(self, kind: type[Kind]) -> list[Found]:
        return [found for found in self._names.every(kind).values() if self._module.owner.owns(found.tags)]

    def listeners(self, check: bool) -> Outcome:
        """Open ports; those that are no longer listed are closed in the end."""
        wanted = balancer_wants.listeners(self._balancers, self._names, self._certificate)
        outcome = reconcile(self._listener, wanted, check, purge=False, found=self._open)
        self._listener_ids = outcome.ids
        return outcome

    def _certificate(self, name: str) -> str:
        return name if name.startswith("arn:") else self._names.id(Certificate, name)

    def rules(self, check: bool) -> Outcome:
        """Bring rules about, and remove those that are no longer listed."""
        wanted = balancer_wants.rules(self._balancers, self._names, self._listener_ids)
        return reconcile(self._rule, wanted, check, found=self._ruled)

    def targets(self, check: bool) -> Outcome:
        """Register the targets that are listed, and take out those that are no longer."""
        wanted: list[Want] = target.wants(self._groups, self._names)
        return reconcile(self._target, wanted, check, found=self._registered)

    def records(self, check: bool) -> Outcome:
        """Lead names to the load balancers."""
        listed = balancer_wants.records(self._balancers, self._names)
        # What a zone of the stack's own holds is listed with the zone.
        own = {zone.id: zone.part for zone in self._own(HostedZone)}
        return self._said.bring(listed, check, own)

    def pending(self) -> bool:
        """Say whether a load balancer that stands takes no traffic yet and is waited for."""
        return bool(self._module.params["wait"] and self._unsettled())

    def settle(self, check: bool) -> Outcome:
        """Wait for the load balancers: one cannot be a target before."""
        outcome = Outcome([])
        if self._module.params["wait"] and not check:
            results = side_by_side(self._balancer.settle, self._unsettled())
            outcome.errors += [result for result in results if isinstance(result, Exception)]
        return outcome

    def _unsettled(self) -> list[Found]:
        listed = {entry["name"] for entry in self._balancers}
        return [one for one in self._own(LoadBalancer) if one.part in listed and not self._balancer.settled(one)]

    def leftovers(self, check: bool) -> Outcome:
        """Remove listeners, load balancers and target groups that are no longer listed."""
        listed: list[tuple[Kind, list[Found], set[str]]] = [
            (self._listener, self._open, {*self._listener_ids}),
            (self._balancer, self._own(LoadBalancer), {entry["name"] for entry in self._balancers}),
            (self._group, self._own(TargetGroup), {entry["name"] for entry in self._groups}),
        ]
        members = [(kind, leave(kind, one)) for kind, found, parts in listed for one in found if one.part not in parts]
        return remove_by_rank([pair for pair in members if pair[1].action == "remove"], check)
