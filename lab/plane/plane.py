# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plane of one embedded AWS: it looks at what is there, and lets its container do as AWS would.

It looks from outside, as the follower does: nothing in the embedded AWS waits for it.
"""

from __future__ import annotations

import dataclasses
import time
import typing as t
from collections.abc import Callable

from lab.embedded_aws.client import EmbeddedAws
from lab.nodes.docker import DockerError, docker
from lab.plane import container, filters, forwarding, resolver, world
from lab.plane.balancing import Balancing
from lab.plane.client import AUTHORITIES
from lab.plane.container import SERVER, Container
from lab.plane.places import CHECKER, CLIENT, INTERNET, name_server
from lab.plane.world import World

# How often it asks docker who is there, where nothing else has changed.
LIVE_SECONDS = 1.0


@dataclasses.dataclass
class Plane:
    """What forwards, resolves and filters for one embedded AWS; `server` marks its containers as its own.

    Times of AWS's are divided by `hurry`. `elsewhere` has names of the internet that no zone has, with the addresses
    of who stands for them.
    """

    aws: EmbeddedAws
    server: str
    hurry: float = 1.0
    tell: Callable[[str], None] = print
    elsewhere: dict[str, list[str]] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        self._pulse: list[t.Any] = []
        self._container: Container | None = None
        self._world = world.read([])
        self._joined: dict[str, str | None] = {}
        self._live: set[str] = set()
        self._asked = 0.0
        self._done: dict[str, t.Any] = {}

    def look(self) -> None:
        """Do what the embedded AWS says by now; cheap when nothing has changed."""
        pulse = self.aws.pulse()
        if self._container is None:
            self._begin()
        if pulse != self._pulse:
            self._world = self._read()
            self._pulse = pulse
            self._certify(self._box)
        now = time.monotonic()
        if now - self._asked >= LIVE_SECONDS:
            self._live, self._asked = container.attached(self._standing()), now
        self._balancing.follow(self._world, self._live, now)
        # Only now is it known who leaves, and is let through as long as it is sent to.
        self._prepare(self._box, pulse)
        self._balancing.tend(now)
        self._resolve(self._box)

    def end(self) -> None:
        """Take away the container and its clients; networks go with the last machine that is in them."""
        clients = (f"--filter=label={SERVER}={self.server}", f"--filter=label={CLIENT}")
        for name in docker("ps", "--all", "--quiet", *clients).split():
            docker("rm", "--force", "--volumes", name)
        container.down(self.server)
        self.__post_init__()

    @property
    def _box(self) -> Container:
        if self._container is None:
            raise DockerError(f"the plane of server {self.server} has not begun: look() begins it")
        return self._container

    def _begin(self) -> None:
        # What an earlier one did, nobody remembers.
        container.down(self.server)
        made = container.up(self.server)
        made.write(AUTHORITIES, self.aws.authority())
        self._balancing = Balancing(self.aws, made, self.hurry, self.tell)
        self._container = made

    def _read(self) -> World:
        """The world, in the networks of whose VPCs the plane is from now on."""
        found = world.read(self.aws.edges())
        for identifier in [one for one in self._joined if one not in found.vpcs]:
            self._box.leave(identifier)
            del self._joined[identifier]
        for identifier, cidr in found.vpcs.items():
            if identifier not in self._joined:
                refused = self._joined[identifier] = self._box.join(identifier, cidr, self.server)
                if refused:
                    self.tell(f"{identifier} ({cidr}) has no data plane: {refused}")
        return found

    def _standing(self) -> list[str]:
        return [one for one, refused in self._joined.items() if refused is None]

    def _certify(self, box: Container) -> None:
        for arn, one in self._world.certificates.items():
            box.write(forwarding.file_of(arn, one), forwarding.whole(one))

    def _prepare(self, box: Container, pulse: list[t.Any]) -> None:
        """Hold the addresses, and filter."""
        refusing, leaving = self._balancing.refusing(), self._balancing.leaving()
        if (pulse, refusing, leaving) == self._done.get("prepared"):
            return
        interfaces = box.interfaces()
        door = interfaces[name_server(INTERNET)]
        where = {
            one: interfaces[name_server(self._world.vpcs[one])]
            for one in self._standing()
            if name_server(self._world.vpcs[one]) in interfaces
        }
        held = {
            address: where[balancer.vpc_id] if address == foot.private else door
            for balancer in self._world.balancers
            if balancer.vpc_id in where
            for foot in balancer.feet
            for address in foot.addresses
        }
        held[CHECKER] = "lo"
        sent_to = world.with_targets(self._world, leaving)
        rules = filters.ruleset(sent_to, door, interfaces[box.egress], refusing)
        if (held, rules) != self._done.get("addresses"):
            box.hold(held, rules)
            self._done["addresses"] = held, rules
        self._done["prepared"] = pulse, refusing, leaving

    def _resolve(self, box: Container) -> None:
        """Have a resolver in each network, with the names that are answered there by now."""
        withdrawn = self._balancing.withdrawn()
        state = (self._pulse, withdrawn, dict(self.elsewhere))
        if state == self._done.get("names"):
            return
        wanted = resolver.resolvers(self._world, INTERNET, self.elsewhere, withdrawn, self.hurry)
        standing = {"internet", *self._standing()}
        box.resolve({one.key: (one.config, one.hosts) for one in wanted if one.key in standing})
        self._done["names"] = state
