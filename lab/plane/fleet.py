# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Targets over time: those that are registered, and those that leave, as load balancers really let them go.

A network load balancer goes on sending new connections to a target for a while after it was deregistered, whatever its
deregistration delay is: two minutes here, as builders meet it. An application load balancer stops at once.
https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html
"""

from __future__ import annotations

import dataclasses
import typing as t

from lab.plane.world import Group, Target

LAG_SECONDS = 120
DELAY = "deregistration_delay.timeout_seconds"
TERMINATION = "deregistration_delay.connection_termination.enabled"
Key = tuple[str, str]


@dataclasses.dataclass
class Member:
    """A target in a group; `since` is when its registration was seen, `left` when its deregistration was."""

    group: Group
    target: Target
    since: float
    left: float | None = None
    # What was last found of its health; None: its first checks are not through.
    healthy: bool | None = None
    found: dict[str, t.Any] | None = None
    cut: bool = False

    @property
    def key(self) -> Key:
        """The group's name and its own, as HAProxy knows them."""
        return self.group.key, self.target.name


class Fleet:
    """Members of all groups. A target counts once something has answered for it: what has no machine stays out."""

    def __init__(self, hurry: float) -> None:
        self.members: dict[Key, Member] = {}
        self._hurry = hurry
        self._known: set[str] = set()

    def follow(self, groups: t.Iterable[Group], live: set[str], now: float) -> None:
        """Take what is registered by now; `live` are addresses that have a container."""
        self._known |= live
        there: dict[Key, tuple[Group, Target]] = {
            (group.key, target.name): (group, target)
            for group in groups
            for target in group.targets
            if target.address in self._known or group.kind == "alb"
        }
        for key, (group, target) in there.items():
            had = self.members.get(key)
            if had is None or had.left is not None or had.target.registration != target.registration:
                self.members[key] = Member(group, target, now)
            else:
                had.group, had.target = group, target
        standing = {group.key: group for group in groups}
        for key, member in list(self.members.items()):
            if key[0] not in standing:
                del self.members[key]
                continue
            member.group = standing[key[0]]
            if key not in there and member.left is None:
                member.left = now

    def takes_new(self, member: Member, now: float) -> bool:
        """Whether it gets new connections, as far as its registration goes."""
        if member.left is None:
            return True
        return member.group.balancer.network and now - member.left < LAG_SECONDS / self._hurry

    def is_over(self, member: Member, now: float) -> bool:
        """Whether its draining is through."""
        if member.left is None or self.takes_new(member, now):
            return False
        return now - member.left >= float(member.group.attributes.get(DELAY, "300")) / self._hurry

    def is_cut(self, member: Member, now: float) -> bool:
        """Whether what is still open to it ends: always behind application load balancers, else as its group says."""
        ends = not member.group.balancer.network or member.group.attributes.get(TERMINATION) == "true"
        return ends and self.is_over(member, now)
