# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The image of a node, from Debian's packages: systemd, Python, SSH and what a cloud image has at the least.

No registry is asked. An image is made once for a recipe; a recipe's digest is the image's label.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import io
import shutil
import subprocess
import tarfile
import time
import typing as t
from pathlib import Path

from lab.nodes.docker import DockerError, docker, inspect
from lab.nodes.docker import missing as docker_missing

REPOSITORY = "cloister-node"
MAKER = "mmdebstrap"
SUITES = ("bookworm", "trixie")
FILES = ("Dockerfile", "customize.sh", "compiled_zips.py", "eic_run_authorized_keys")
# To be raised with a change of how `_bootstrap` makes it.
RECIPE_VERSION = 2
LABEL = "cloister.recipe"
RECIPE = Path(__file__).with_name("recipe")
# Certificates of this machine's own authorities, Debian's place: without them a company's proxy is not believed.
AUTHORITIES = Path("/usr/local/share/ca-certificates")
PACKAGES = (
    "adduser", "apt", "ca-certificates", "curl", "dbus", "gpg", "iproute2", "kmod", "netbase", "openssh-server",
    "procps", "python3", "python3-apt", "sudo", "systemd", "systemd-sysv", "udev",
)  # fmt: skip


def name_of(suite: str) -> str:
    """The image's name."""
    return f"{REPOSITORY}:{suite}"


def ensure(suite: str = "bookworm", tell: t.Callable[[str], None] = lambda _: None) -> str:
    """Make the image unless one of this recipe is there (half a minute); returns its name."""
    if suite not in SUITES:
        raise DockerError(f"expected a suite of Debian ({', '.join(SUITES)}), not {suite!r}")
    name, wanted = name_of(suite), _digest(suite)
    with alone():
        if is_made(name, wanted):
            return name
        tell(f"making {name} from Debian's packages, once")
        began = time.monotonic()
        _make(suite, name, wanted)
        tell(f"made {name} in {time.monotonic() - began:.0f} s")
    return name


def missing() -> str | None:
    """Why no nodes can be made here, None when they can: docker answers, and the image is there or can be made."""
    if reason := docker_missing():
        return reason
    if is_made(name_of(SUITES[0]), _digest(SUITES[0])) or shutil.which(MAKER):
        return None
    return f"{MAKER} is not installed (Debian, Ubuntu: apt-get install {MAKER})"


@contextlib.contextmanager
def alone() -> t.Iterator[None]:
    """Make images one at a time: who waited finds what the other has made."""
    with (RECIPE / "Dockerfile").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _make(suite: str, name: str, wanted: str) -> None:
    raw = f"{REPOSITORY}-raw:{suite}"
    _bootstrap(suite, raw)
    # Layers can set what an import cannot.
    build(
        name, {"Dockerfile": (RECIPE / "Dockerfile").read_bytes().replace(b"FROM raw", f"FROM {raw}".encode())}, wanted
    )
    docker("rmi", "--no-prune", raw)


def _digest(suite: str) -> str:
    known = hashlib.sha256(f"{suite} {PACKAGES} {RECIPE_VERSION}".encode())
    for file in (*(RECIPE / name for name in FILES), *_authorities()):
        known.update(file.read_bytes())
    return known.hexdigest()[:16]


def _authorities() -> list[Path]:
    return sorted(AUTHORITIES.glob("*.crt")) if AUTHORITIES.is_dir() else []


def _bootstrap(suite: str, raw: str) -> None:
    """A root file system by mmdebstrap, handed to docker as it comes."""
    if shutil.which(MAKER) is None:
        raise DockerError(f"the image of nodes is made by {MAKER} (Debian, Ubuntu: apt-get install {MAKER})")
    command = [MAKER, "--quiet", "--variant=minbase", f"--include={','.join(PACKAGES)}"]
    # Lists of packages stay, as on a machine that has been up for a while: check mode cannot fetch them.
    command += ["--skip=cleanup/apt/lists"]
    # The clock may be ahead of a mirror.
    command += ['--aptopt=Acquire::Check-Valid-Until "false"']
    command += [f"--customize-hook=copy-in {file} {AUTHORITIES}" for file in _authorities()]
    command += [f'--customize-hook={RECIPE / "customize.sh"} "$1"', suite, "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as made:
        imported = ["docker", "import", "--change", 'CMD ["/sbin/init"]', "-", raw]
        taken = subprocess.run(imported, stdin=made.stdout, capture_output=True)
        said = made.stderr.read().decode(errors="replace") if made.stderr else ""
    if made.returncode != 0 or taken.returncode != 0:
        lines = "\n".join((said + taken.stderr.decode(errors="replace")).strip().splitlines()[-20:])
        raise DockerError(f"mmdebstrap could not make {suite}:\n{lines}")


def build(name: str, files: t.Mapping[str, bytes], recipe: str) -> None:
    """Build an image from a context of these files, one of them `Dockerfile`; `recipe` becomes its label."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for path, content in files.items():
            member = tarfile.TarInfo(path)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    docker("build", "--tag", name, "--label", f"{LABEL}={recipe}", "-", stdin=held.getvalue())


def is_made(name: str, recipe: str) -> bool:
    """Whether there is an image of that name that was made by this recipe."""
    there = inspect("image", name)
    return there is not None and (there["Config"].get("Labels") or {}).get(LABEL) == recipe
