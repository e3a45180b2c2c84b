# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Golden images: what their machines name exists and fits together, and what lies on them is pinned."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules import pool_machines, pools
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.endpoints import twice

# Two machines are needed to say that one of them is bad.
FEWEST, MOST = 2, 100
DIGEST = re.compile(r"[^\s@]+@sha256:[0-9a-f]{64}")


def rules(region: Region) -> t.Iterator[Problem]:
    """Sources, machines, what lies on them, and how many are kept."""
    for image in region.items("images_golden"):
        builder = Item(image.stack, image.path, {"purpose": "plain", **image.value})
        yield from pool_machines.source(image.child("source"))
        yield from pool_machines.types(builder)
        yield from pools.references(builder, region)
        yield from pools.places(builder, region)
        yield from twice(image.child("roles")) if image.get("roles") else ()
        yield from _itself(image)


def _itself(image: Item) -> t.Iterator[Problem]:
    keep, gib = image.get("keep"), image.get("root_volume_gib")
    if isinstance(keep, int) and not FEWEST <= keep <= MOST:
        yield image.problem(
            "keep", f"{keep} versions.", f"from {FEWEST}, so that there is one to go back to, to {MOST}"
        )
    if isinstance(gib, int) and not 1 <= gib <= pool_machines.LARGEST_GIB:
        yield image.problem("root_volume_gib", f"{gib} GiB.", f"from 1 to {pool_machines.LARGEST_GIB}")
    yield from pools.role_name(image, "like")
    for item in image.items("containers"):
        if not DIGEST.fullmatch(str(item.value)):
            right = "name@sha256: and 64 hexadecimal digits"
            yield item.problem(None, f"{shown(item.value)} does not name an image by its digest.", right)
