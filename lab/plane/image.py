# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The image of the plane: a node's of Debian 13, and HAProxy, nftables and dnsmasq from Debian."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

from lab.nodes import image
from lab.nodes.docker import inspect

IMAGE = "cloister-plane:trixie"
SUITE = "trixie"
RECIPE = Path(__file__).parent / "recipe" / "Dockerfile"


def ensure(tell: Callable[[str], None] = lambda _: None) -> str:
    """Make the image unless one of this recipe is there (ten seconds on top of the node's); returns its name."""
    node, recipe = image.ensure(SUITE, tell), RECIPE.read_bytes()
    known = hashlib.sha256(recipe + str((inspect("image", node) or {})["Id"]).encode()).hexdigest()[:16]
    with image.alone():
        if not image.is_made(IMAGE, known):
            tell(f"making {IMAGE}, once")
            image.build(IMAGE, {"Dockerfile": recipe.replace(b"FROM node", f"FROM {node}".encode())}, known)
    return IMAGE
