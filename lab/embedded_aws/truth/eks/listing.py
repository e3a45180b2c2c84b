# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the tagging API and the list of holdings see of EKS; and moto's own actions that are none of ours."""

from __future__ import annotations

import inspect
import typing as t

from lab.embedded_aws.truth.eks.base import Backend


def iter_tagged_resources(self: Backend) -> t.Iterator[t.Any]:
    """All that is there, with what is set of it: what time alone changes is left out."""
    from moto.core.resource_tagging import TaggedResource

    for kind, thing, shown in alive(self):
        yield TaggedResource(thing.arn, dict(thing.tags), f"eks:{kind}", {"shown": shown, "name": thing.name})


def alive(backend: Backend) -> t.Iterator[tuple[str, t.Any, t.Any]]:
    """(type, thing, what is set of it), clusters before what they hold."""
    for cluster in list(backend.clusters.values()):
        shown = [cluster.version, cluster.role_arn, cluster.network, sorted(cluster.logs), cluster.access]
        yield "cluster", cluster, [*shown, cluster.support, cluster.protected, cluster.encryption]
        for kind, table in (
            ("nodegroup", cluster.nodegroups),
            ("fargateprofile", cluster.fargate_profiles),
            ("addon", cluster.addons),
            ("access-entry", cluster.access_entries),
            ("podidentityassociation", cluster.associations),
        ):
            yield from ((kind, one, one.set) for one in list(table.values()))


def drop_the_rest(owner: type) -> None:
    """Let moto's own actions say that they are not modelled: they know nothing of our state."""
    for name, method in inspect.getmembers(owner, inspect.isfunction):
        if name in vars(owner) and method.__qualname__.startswith("EKSResponse.") and not name.startswith("_"):
            setattr(owner, name, _unknown(name))


def _unknown(name: str) -> t.Callable[[t.Any], t.NoReturn]:
    def refuse(_: t.Any) -> t.NoReturn:
        raise NotImplementedError(f"eks:{name}")

    return refuse
