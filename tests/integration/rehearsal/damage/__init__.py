"""Drift: somebody changes one thing of each kind by hand. The modules of this package are the acts, in their order."""

# What runs goes before the ways that it needs, and a way before the thing that it leads to.
from tests.integration.rehearsal.damage import (  # noqa: F401
    apps,
    balancers,
    clusters,
    databases,
    doors,
    fleets,
    images,
    inside,
    links,
    machines,
    names,
    network,
    nights,
    wares,
    ways,
)
from tests.integration.rehearsal.damage.hands import ACTS, damage

__all__ = ["ACTS", "damage"]
