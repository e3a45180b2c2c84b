# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Take machines out of the target groups that they belong to, such that nothing is lost; and put them back.

A network load balancer goes on sending for a while after a target has turned unhealthy or was deregistered: "It can
take a few minutes for the deregistration process to complete and for the load balancer to stop routing requests"
(https://docs.aws.amazon.com/elasticloadbalancing/latest/network/target-group-register-targets.html). So the time that
passes after each is part of it, and whoever is taken out answers all the while.
"""

from __future__ import annotations

import time
import typing as t
from collections.abc import Callable
from dataclasses import dataclass

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._balanced_fleet import HEALTHY, OUT, Fleet, Machine, read
from ansible_collections.cloister.aws.plugins.module_utils._errors import DeadlineError
from ansible_collections.cloister.aws.plugins.module_utils._waits import waiting

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_LEFT_SECONDS = 60.0
Moves = dict[str, list[str]]


@dataclass(frozen=True)
class Registrar:
    """Takes machines of a region out of their target groups and puts them back; in check mode only names those."""

    aws: Aws
    region: str
    check: bool = False

    def take_out(self, ids: t.Sequence[str], gently: bool, settle_seconds: float, wait_seconds: float) -> Moves:
        """Deregister machines; return which were, by the names of target groups.

        ``gently`` they fail their health checks on purpose: wait until every target group knows, then
        ``settle_seconds``, and only then deregister them. Otherwise they are deregistered at once, and it settles then.
        """
        fleet = read(self.aws, self.region, ids)
        moves = _registered(fleet, ids)
        if self.check or not moves:
            return _named(fleet, moves)
        if gently:
            self._until_unhealthy(ids, wait_seconds)
            _settle(settle_seconds)
        each(lambda move: self._call("deregister_targets", *move), list(moves.items()))
        self._until(ids, lambda now: not _registered(now, ids), _LEFT_SECONDS, "leave their target groups", _in)
        if not gently:
            _settle(settle_seconds)
        return _named(fleet, moves)

    def put_back(self, ids: t.Sequence[str], wait_seconds: float) -> Moves:
        """Register machines where they belong, and wait until all find them healthy; return which were, by names."""
        fleet = read(self.aws, self.region, ids)
        moves: Moves = {}
        for one in (fleet.machines[node] for node in ids):
            for arn, state in one.states.items():
                if state.name in OUT:
                    moves.setdefault(arn, []).append(one.id)
        if self.check:
            return _named(fleet, moves)
        each(lambda move: self._call("register_targets", *move), list(moves.items()))

        def healthy(now: Fleet) -> bool:
            return all(now.serves(now.machines[node]) or not now.led(now.machines[node]) for node in ids)

        self._until(ids, healthy, wait_seconds, "become healthy in their target groups", Fleet.faults)
        return _named(fleet, moves)

    def _call(self, action: str, arn: str, ids: t.Sequence[str]) -> None:
        self.aws.call("elbv2", action, TargetGroupArn=arn, Targets=[{"Id": one} for one in ids])

    def _until_unhealthy(self, ids: t.Sequence[str], seconds: float) -> None:
        """Wait until no target group that leads to them finds one healthy: as long as one does, it sends them more."""

        def known(now: Fleet) -> bool:
            return not any(_trusted(now, now.machines[node]) for node in ids)

        self._until(ids, known, seconds, "become unhealthy, though they fail their health checks on purpose", _trusted)

    def _until(
        self,
        ids: t.Sequence[str],
        ready: Callable[[Fleet], bool],
        seconds: float,
        what: str,
        faults: Callable[[Fleet, Machine], list[str]],
    ) -> None:
        """Look again and again until it is so; raise `DeadlineError` with what is in the way when it never is."""
        end, pause = time.monotonic() + seconds, _FIRST_PAUSE
        with waiting(f"{', '.join(ids)} to {what}"):
            while not ready(now := read(self.aws, self.region, ids)):
                if time.monotonic() > end:
                    said = "; ".join(fault for node in ids for fault in faults(now, now.machines[node]))
                    raise DeadlineError(f"{', '.join(ids)} did not {what} within {seconds:.0f} s: {said}")
                time.sleep(pause)
                pause = min(pause * 1.5, _LONGEST_PAUSE)


def _settle(seconds: float) -> None:
    with waiting("load balancers to stop sending"):
        time.sleep(seconds)


def _registered(fleet: Fleet, ids: t.Collection[str]) -> Moves:
    """Return machines that are registered, by the ARNs of target groups that lead to them."""
    moves: Moves = {}
    for one in (fleet.machines[node] for node in ids):
        for targets in fleet.led(one):
            if one.states[targets.arn].name not in OUT:
                moves.setdefault(targets.arn, []).append(one.id)
    return moves


def _in(fleet: Fleet, machine: Machine) -> list[str]:
    """Return where a machine is still registered, in words."""
    states = {one.name: machine.states[one.arn] for one in fleet.led(machine)}
    return [f"{machine.id} is {state.said()} in {name}" for name, state in states.items() if state.name not in OUT]


def _trusted(fleet: Fleet, machine: Machine) -> list[str]:
    """Return who still sends to a machine, in words."""
    sending = [one.name for one in fleet.led(machine) if machine.states[one.arn].name in (HEALTHY, "initial")]
    return [
        f"{name} still finds {machine.id} healthy: its health check has to ask what the node's own health check answers"
        for name in sending
    ]


def _named(fleet: Fleet, moves: Moves) -> Moves:
    return {fleet.targets[arn].name: ids for arn, ids in sorted(moves.items())}
