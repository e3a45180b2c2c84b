# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The docker program, asked by name; its socket decides which daemon answers."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import typing as t


class DockerError(Exception):
    """Docker is not there, or refused what was asked of it."""


def docker(
    *arguments: str, stdin: bytes | None = None, seconds: float = 600, environment: t.Mapping[str, str] | None = None
) -> str:
    """What `docker arguments...` prints, without the last line's end; DockerError with what it says when it fails.

    `environment` is the program's own, for what no command line may hold: `--env NAME` hands it on.
    """
    # The old builder: the new one is a program of its own that Debian does not ship.
    environment = {**os.environ, **(environment or {}), "DOCKER_BUILDKIT": "0"}
    try:
        done = subprocess.run(
            ["docker", *arguments], input=stdin, capture_output=True, env=environment, timeout=seconds
        )
    except FileNotFoundError:
        raise DockerError("docker is not installed (Debian, Ubuntu: apt-get install docker.io)") from None
    except subprocess.TimeoutExpired:
        raise DockerError(f"docker {' '.join(arguments)}: no end after {seconds:.0f} s") from None
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip() or done.stdout.decode(errors="replace").strip()
        raise DockerError(f"docker {' '.join(arguments)}: {said}")
    return done.stdout.decode(errors="replace").rstrip("\n")


def inspect(kind: str, name: str) -> dict[str, t.Any] | None:
    """What docker knows of a container, image, network or volume; None when there is none of that name."""
    try:
        found = json.loads(docker(kind, "inspect", name))
    except DockerError as missing:
        if "no such" in str(missing).lower() or "not found" in str(missing).lower():
            return None
        raise
    return t.cast("dict[str, t.Any]", found[0])


def missing() -> str | None:
    """Why docker cannot be asked for anything, None when it can: it is there, and its daemon answers."""
    if shutil.which("docker") is None:
        return "docker is not installed (Debian, Ubuntu: apt-get install docker.io)"
    try:
        docker("version", "--format", "{{.Server.Version}}", seconds=20)
    except DockerError as silent:
        return f"no docker daemon answers: {silent}"
    return None
