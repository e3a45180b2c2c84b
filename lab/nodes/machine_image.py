# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The image of a rehearsal's machines: a node's, and what a machine of AWS finds at its makers' and a lab cannot fetch.

Packages of the roles lie in it as they were downloaded, none is installed; NVIDIA's repositories are stand-ins, and so
are an operator's programs. docs/lab-nodes.md lists them.
"""

from __future__ import annotations

import hashlib
import os
import typing as t
from collections.abc import Callable
from pathlib import Path

from lab.nodes import gpus, image
from lab.nodes.docker import docker, inspect

SUITE = "trixie"
IMAGE = f"cloister-machine:{SUITE}"
NVIDIA = Path(__file__).with_name("nvidia")
FOLDER = "/usr/local/lib/lab-machine"
PROGRAMS = "/srv/lab-programs"
# Of NVIDIA's repositories, as repositories.sh makes them.
DRIVER, TOOLKIT = "580.178.04", "1.20.1"
DRIVER_KEY, TOOLKIT_KEY = "/srv/driver/fingerprint", "/srv/toolkit/stable/deb/amd64/fingerprint"
# What is told to the roles, read from the image.
TOLD = f"""cat {FOLDER}/nginx-version; echo; cat {DRIVER_KEY} {TOOLKIT_KEY}; cd {PROGRAMS}; sha256sum *"""


def ensure(tell: Callable[[str], None] = lambda _: None) -> str:
    """Make the image unless one of this recipe is there (a minute on top of the node's); returns its name."""
    node = image.ensure(SUITE, tell)
    files = _files()
    # Modules lie below the name of the kernel that runs.
    known = hashlib.sha256(f"{(inspect('image', node) or {})['Id']} {os.uname().release}".encode())
    for name, content in sorted(files.items()):
        known.update(name.encode() + content)
    with image.alone():
        if not image.is_made(IMAGE, recipe := known.hexdigest()[:16]):
            tell(f"making {IMAGE}, once")
            files["Dockerfile"] = files["Dockerfile"].replace(b"FROM node", f"FROM {node}".encode())
            image.build(IMAGE, files, recipe)
    return IMAGE


def _files() -> dict[str, bytes]:
    paths = [image.RECIPE / name for name in ("machine.sh", "program", "docker-credential-ecr-login")]
    paths += [*NVIDIA.iterdir(), *gpus.PROGRAMS.iterdir()]
    files = {path.name: path.read_bytes() for path in paths if path.is_file()}
    return {**files, "Dockerfile": (image.RECIPE / "machine.Dockerfile").read_bytes()}


def told() -> dict[str, t.Any]:
    """{nginx, driver_key, toolkit_key, programs: {name: sha256}}: what roles must know of what is in the image."""
    said = docker("run", "--rm", "--entrypoint=sh", ensure(), "-ec", TOLD).splitlines()
    programs = {name: digest for digest, name in (line.split() for line in said[3:])}
    return {"nginx": said[0], "driver_key": said[1], "toolkit_key": said[2], "programs": programs}
