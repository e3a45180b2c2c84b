# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Small images for what a node's own Docker runs: a Python of 36 MB, and services that stand upon it."""

from __future__ import annotations

import hashlib
import subprocess
from pathlib import Path

from lab.nodes import image
from lab.nodes.docker import DockerError, docker, inspect

BASE = "cloister-python:bookworm"


def base() -> str:
    """An image that holds Python, a shell and nothing else, made of the node's; a Dockerfile says `FROM` its name."""
    node = image.ensure()
    recipe = _digest([image.RECIPE / "python.sh"], str((inspect("image", node) or {})["Id"]))
    with image.alone():
        if not image.is_made(BASE, recipe):
            _pick(node, recipe)
    return BASE


def _pick(node: str, recipe: str) -> None:
    script = (image.RECIPE / "python.sh").read_bytes()
    command = ["docker", "run", "--rm", "--interactive", "--entrypoint=sh", node, "-s"]
    picked = subprocess.run(command, input=script, capture_output=True)
    if picked.returncode != 0:
        raise DockerError(f"cannot take Python out of {node}: {picked.stderr.decode(errors='replace').strip()}")
    changes = ("ENV PATH=/usr/bin PYTHONUNBUFFERED=1", f"LABEL {image.LABEL}={recipe}")
    docker("import", *(f"--change={one}" for one in changes), "-", BASE, stdin=picked.stdout)


def build(folder: Path, name: str) -> str:
    """Build the service whose Dockerfile lies in `folder`, `FROM` the base, unless it is there; returns `name`."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    if folder / "Dockerfile" not in files:
        raise DockerError(f"expected a folder with a Dockerfile that begins with FROM {BASE}, not {folder}")
    recipe = _digest(files, str((inspect("image", base()) or {})["Id"]))
    with image.alone():
        if not image.is_made(name, recipe):
            image.build(name, {str(path.relative_to(folder)): path.read_bytes() for path in files}, recipe)
    return name


def _digest(files: list[Path], before: str) -> str:
    known = hashlib.sha256(before.encode())
    for file in files:
        known.update(f"{file.name} {file.stat().st_size}".encode() + file.read_bytes())
    return known.hexdigest()[:16]
