# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the place of a task or machine reaches, as the collection's own judgement has it."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import typing as t

from lab.embedded_aws import collection  # noqa: F401 - what follows is found by it
from lab.embedded_aws.truth.ecs.base import Backend

# isort: split
from ansible_collections.cloister.aws.plugins.module_utils.reachability import names
from ansible_collections.cloister.aws.plugins.module_utils.reachability.endpoints import EVERYWHERE
from ansible_collections.cloister.aws.plugins.module_utils.reachability.services import host_of, reach_service
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import Region, Snapshot
from ansible_collections.cloister.aws.plugins.module_utils.reachability.vantage import Vantage


@dataclasses.dataclass(frozen=True)
class Lost:
    """A service that is not reached: its host, and what dialling it says."""

    host: str
    dial: str

    @property
    def post(self) -> str:
        """As an AWS client tells it."""
        return f'Post "https://{self.host}/": {self.dial}'


@dataclasses.dataclass(frozen=True)
class Place:
    """Where something asks from."""

    snapshot: Snapshot
    vantage: Vantage

    def unreached(self, service: str) -> Lost | None:
        """Why a service (ecr.api, registry:quay.io) is not reached, None when it is."""
        verdict = reach_service(self.snapshot, self.vantage, service)
        if verdict.reached:
            return None
        region = Region(self.snapshot)
        host = host_of(service, region)
        if verdict.stage == "dns":
            return Lost(host, f"dial tcp: lookup {host} on {_resolver(region, self.vantage.vpc_id)}:53: no such host")
        places = names.resolve(region, self.vantage.vpc_id, host).places
        addresses = [str(one.address).partition("/")[0] for one in places if one.address not in (EVERYWHERE, None)]
        return Lost(host, f"dial tcp {(*addresses, _public_address(host))[0]}:443: i/o timeout")


def _resolver(region: Region, vpc_id: str) -> str:
    """The resolver of a VPC: the second address after its first."""
    cidr = str((region.get("vpcs", vpc_id) or {}).get("CidrBlock", "10.0.0.0/16"))
    return cidr.rpartition(".")[0] + ".2"


def _public_address(host: str) -> str:
    """An address of AWS's, always the same for a host."""
    digest = hashlib.sha256(host.encode()).digest()
    return f"52.94.{digest[0]}.{digest[1] % 254 + 1}"


def snapshot_of(backend: Backend) -> Snapshot:
    """The region as it is, read once for all that is judged in one look; anew when nobody looks."""
    from lab.embedded_aws.snapshot import snapshot

    held = backend.__dict__.setdefault("cloister_seen", {})
    if "snapshot" not in held or not looking(backend):
        held["snapshot"] = snapshot(backend.account_id, backend.region_name)
    return t.cast("Snapshot", held["snapshot"])


def look_anew(backend: Backend) -> None:
    """Forget what was seen so far: something has changed, or may have."""
    backend.__dict__.setdefault("cloister_seen", {}).pop("snapshot", None)


@contextlib.contextmanager
def look(backend: Backend) -> t.Iterator[None]:
    """One look at all a backend keeps; what is not changed meanwhile is read once. One in another is part of that."""
    if looking(backend):
        yield
        return
    look_anew(backend)
    backend.__dict__["cloister_seen"]["looking"] = True
    try:
        yield
    finally:
        backend.__dict__["cloister_seen"]["looking"] = False


def look_at_targets(account: str, region: str) -> contextlib.AbstractContextManager[None]:
    """One look for the health of many targets, each of which is judged by the whole region."""
    from moto.ecs.models import ecs_backends

    return look(ecs_backends[account][region])


def looking(backend: Backend) -> bool:
    """Whether a look is going on."""
    return bool(backend.__dict__.get("cloister_seen", {}).get("looking"))


def place_of(task: t.Any) -> Place:
    """On Fargate the task's interface asks, elsewhere its machine's."""
    return at(task.backend, task.eni if task.fargate else task.instance.interface())


def at(backend: Backend, eni: t.Any) -> Place:
    """The place of one of moto's interfaces."""
    return Place(snapshot_of(backend), vantage_of(eni))


def vantage_of(eni: t.Any) -> Vantage:
    """One of moto's interfaces as it is judged."""
    groups = tuple(one.id for one in eni.group_set)
    return Vantage(eni.vpc_id, eni.subnet.id, groups, eni.private_ip_address, eni.public_ip or None)
