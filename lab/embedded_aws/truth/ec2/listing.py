# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the tagging API and the list of holdings see of EC2, and images that load when they are asked for."""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.ec2 import images
from lab.embedded_aws.truth.ec2.base import Backend, tags_of
from lab.embedded_aws.truth.ec2.kinds import KINDS

# Kinds that only moto knows: resource type -> attribute of its backend.
OTHERS = {
    "transit-gateway": "transit_gateways", "customer-gateway": "customer_gateways",
    "vpn-gateway": "vpn_gateways",
}  # fmt: skip


def iter_tagged_resources(self: Backend) -> t.Iterator[t.Any]:
    """Every resource of a backend with its ARN and tags."""
    from moto.core.resource_tagging import TaggedResource

    where = f"arn:{self.partition}:ec2:{self.region_name}:{self.account_id}"
    for kind, thing in _things(self):
        tags = dict(tags_of(self, thing.id))
        yield TaggedResource(arn=f"{where}:{kind}/{thing.id}", tags=tags, resource_type=f"ec2:{kind}")


def _things(backend: Backend) -> t.Iterator[tuple[str, t.Any]]:
    for kind in KINDS.values():
        yield from ((kind.type, thing) for thing in list(kind.objects(backend)) if not _ended(thing))
    yield from (("image", one) for one in images.own(backend))
    yield from (("snapshot", one) for one in backend.snapshots.values() if one.owner_id == backend.account_id)
    for name, attribute in OTHERS.items():
        yield from ((name, thing) for thing in list(getattr(backend, attribute).values()))


def _ended(thing: t.Any) -> bool:
    return getattr(thing, "ended", None) is not None


def load_images_late(owner: type) -> None:
    """moto makes 1,300 images and snapshots for each region, in half a second; they can wait until one is named."""
    load = owner._load_amis  # type: ignore[attr-defined]

    def amis(self: Backend) -> dict[str, t.Any]:
        table: dict[str, t.Any] = self.__dict__["images"]
        if not self.__dict__.get("images_loaded"):
            self.__dict__["images_loaded"] = True
            load(self)
        return table

    def set_amis(self: Backend, table: dict[str, t.Any]) -> None:
        self.__dict__["images"] = table

    owner.amis = property(amis, set_amis)  # type: ignore[attr-defined]
    owner._load_amis = lambda _: None  # type: ignore[attr-defined]
