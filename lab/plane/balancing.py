# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Load balancers at work: who gets requests by now, and what the embedded AWS is told of their health."""

from __future__ import annotations

import dataclasses
import typing as t
from collections.abc import Callable

from lab.embedded_aws.client import EmbeddedAws
from lab.plane import checkers, forwarding, health
from lab.plane.container import Container
from lab.plane.engine import Engine, column
from lab.plane.fleet import Fleet, Member
from lab.plane.world import EVERY_ZONE, Target, World, read

READY, DRAIN = "ready", "drain"


@dataclasses.dataclass
class Balancing:
    """The load balancers of a world, in the HAProxy of a container."""

    aws: EmbeddedAws
    container: Container
    hurry: float
    tell: Callable[[str], None]

    def __post_init__(self) -> None:
        self._engine = Engine(self.container)
        self._fleet = Fleet(self.hurry)
        self._world = read([])
        self._begun: set[tuple[tuple[str, str], int]] = set()
        self._said: dict[str, str] = {}
        self._told: t.Any = None
        self._checks: list[t.Any] = []

    def follow(self, world: World, live: set[str], now: float) -> None:
        """Forward as the world says; `live` are addresses that have a container."""
        self._world = world
        self._fleet.follow(world.groups, live, now)
        wanted = forwarding.servers(world, self._fleet.members.values(), self.hurry)
        self._checks = checkers.made(world)
        frame = f"{forwarding.frame(world)}\n{checkers.frame(self._checks, self.hurry)}"
        for server in self._engine.apply(frame, wanted):
            self._said.pop(server, None)
        for member in self._fleet.members.values():
            if member.left is None and (member.key, member.target.registration) not in self._begun:
                # It has to pass a check before it gets requests.
                self._set(forwarding.checked(member), "health down")
                self._begun.add((member.key, member.target.registration))

    def tend(self, now: float) -> None:
        """Let targets that leave go, in their time, and tell what checks found."""
        rows = self._engine.states() if self._fleet.members else {}
        for key, member in list(self._fleet.members.items()):
            self._steer(member, now)
            self._judge(member, [rows[one] for one in forwarding.checked(member) if one in rows], now)
            servers = [*forwarding.checked(member), *forwarding.unchecked(member)]
            open_now = sum(column(rows.get(one, {}), "scur") for one in servers)
            if self._fleet.is_over(member, now) and (member.cut or not open_now):
                del self._fleet.members[key]
        answered = {one.group.balancer.arn for one in self._fleet.members.values()}
        self._tell(checkers.found(self._world, self._checks, rows, answered))

    def withdrawn(self) -> set[str]:
        """Addresses of network load balancers in zones where a group of theirs has nobody healthy, and elsewhere has.

        Names leave them out: https://docs.aws.amazon.com/elasticloadbalancing/latest/network/network-load-balancers.html
        """
        dead = self._dead()
        return {
            address
            for balancer in self._world.balancers
            for foot in balancer.feet
            if any((one.arn, foot.zone) in dead for one in self._world.groups if one.balancer.arn == balancer.arn)
            for address in foot.addresses
        }

    def refusing(self) -> set[tuple[str, int]]:
        """Where of these addresses nobody is behind a listener: what connects there is refused."""
        dead = self._dead()
        return {
            (address, int(listener["Port"]))
            for balancer in self._world.balancers
            for listener in balancer.listeners
            for foot in balancer.feet
            if (groups := forwarding.groups_of(listener)) and all((arn, foot.zone) in dead for arn in groups)
            for address in foot.addresses
        }

    def leaving(self) -> dict[str, tuple[Target, ...]]:
        """Targets that are deregistered and still sent to, by their group's ARN."""
        found: dict[str, tuple[Target, ...]] = {}
        for member in self._fleet.members.values():
            if member.left is not None:
                found[member.group.arn] = (*found.get(member.group.arn, ()), member.target)
        return found

    def _dead(self) -> set[tuple[str, str]]:
        """Groups of network load balancers, each with a zone where none of its targets is healthy while others are."""
        found: set[tuple[str, str]] = set()
        for group in self._world.groups:
            mine = [one for one in self._fleet.members.values() if one.group.arn == group.arn and one.left is None]
            well = {one.target.zone for one in mine if one.healthy}
            if group.balancer.network and well and EVERY_ZONE not in well and not group.cross_zone:
                found |= {(group.arn, foot.zone) for foot in group.balancer.feet if foot.zone not in well}
        return found

    def _steer(self, member: Member, now: float) -> None:
        """Let new connections come to a member, or none; end what is open to it once its time is up."""
        wanted = READY if self._fleet.takes_new(member, now) else DRAIN
        cut = self._fleet.is_cut(member, now) and not member.cut
        for server in (*forwarding.checked(member), *forwarding.unchecked(member)):
            if self._said.get(server, READY) != wanted:
                self._engine.ask(f"set server {server} state {wanted}")
                self._said[server] = wanted
            if cut:
                self._engine.ask(f"shutdown sessions server {server}")
        member.cut = member.cut or cut

    def _judge(self, member: Member, rows: list[health.Row], now: float) -> None:
        """Take what the checks of all zones found; one that finds it well is enough."""
        if not rows:
            return
        up = any(health.is_up(row) for row in rows)
        if member.healthy is None and not up:
            if any(health.passed_once(row) for row in rows):
                # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
                self._set(forwarding.checked(member), "health up")
                up = True
            elif now - member.since < health.initial_seconds(member, self.hurry):
                return
        member.healthy = up
        member.found = dict(health.WELL) if up else health.verdict(rows[0])

    def _set(self, servers: list[str], what: str) -> None:
        for server in servers:
            self._engine.ask(f"set server {server} {what}")

    def _tell(self, answers: dict[str, bool]) -> None:
        """Tell the embedded AWS, when there is something new to tell."""
        members = [one for one in self._fleet.members.values() if one.left is None]
        found = {one.target.registration: one.found for one in members if one.found is not None}
        told = ({one.target.id for one in members}, found, answers)
        if told != self._told:
            self.aws.target_checks(*told)
            self._told = told
