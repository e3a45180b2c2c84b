# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""GPUs of a node, as far as programs tell of them: nothing computes, and /dev/null stands for each.

`gpu/nvidia-smi` and `gpu/nvidia-ctk` answer as NVIDIA's do. They lie in FOLDER of the node, for packages to be made
of, and where a driver is loaded in /usr/bin too, as in an image that came with it.
"""

from __future__ import annotations

import io
import shlex
import tarfile
from pathlib import Path

from lab.nodes.docker import docker

FOLDER = "/usr/local/lib/lab-gpu"
PROGRAMS = Path(__file__).with_name("gpu")
MODEL, MEMORY_MIB = "NVIDIA H100 80GB HBM3", 81559
NOT_LOADED = "none"
# How the module that is loaded tells of itself; of the open one, as NVIDIA's issues show it.
VERSION = """NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  {driver}  Release Build  (builder@lab)
GCC version:  gcc version 12.3.0 (Ubuntu 12.3.0-1ubuntu1~22.04)
"""


def put(container: str, driver: str, count: int = 2) -> None:
    """Let a node have `count` GPUs, and this version of the driver loaded; NOT_LOADED: none."""
    loaded = "" if driver == NOT_LOADED else driver
    state = {"loaded": loaded, "model": MODEL, "memory": str(MEMORY_MIB), "count": str(count)}
    files = {"etc/lab-gpu": "".join(f"{name}={shlex.quote(value)}\n" for name, value in state.items())}
    programs = {path.name: path.read_text(encoding="utf-8") for path in PROGRAMS.iterdir()}
    folders = [FOLDER.lstrip("/"), *(["usr/bin"] if loaded else [])]
    files |= {f"{folder}/{name}": text for folder in folders for name, text in programs.items()}
    docker("cp", "-", f"{container}:/", stdin=_archive(files))
    if loaded:
        load(container, loaded)


def load(container: str, driver: str) -> None:
    """Let the kernel say that a driver of this version is loaded; it forgets it when the node starts anew."""
    script = "mountpoint -q /proc/driver || mount -t tmpfs lab /proc/driver; mkdir -p /proc/driver/nvidia"
    script += "; cat >/proc/driver/nvidia/version; sed -i \"s/^loaded=.*/loaded='$1'/\" /etc/lab-gpu"
    docker("exec", "-i", container, "sh", "-ec", script, "load", driver, stdin=VERSION.format(driver=driver).encode())


def _archive(files: dict[str, str]) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for path, text in files.items():
            content = text.encode()
            member = tarfile.TarInfo(path)
            member.size, member.mode = len(content), 0o755 if text.startswith("#!") else 0o644
            archive.addfile(member, io.BytesIO(content))
    return held.getvalue()
