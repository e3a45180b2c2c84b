# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The private directory of a warm server: made by us, for us, under a name nobody can guess."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import tempfile
from collections.abc import Iterator

from ansible_collections.cloister.aws.plugins.plugin_utils._warm_protocol import WarmError

SOCKET = "socket"
LOG = "log"
_PREFIX = "cloister-warm-"
# A Unix socket's path has room for 107 bytes (unix(7), sun_path).
_LONGEST_PATH_BYTES = 107
_PRIVATE = 0o700


def make_directory() -> str:
    """Make a private directory below the user's runtime directory, else below tmp. Raises WarmError."""
    reasons = []
    for base in _bases():
        try:
            directory = tempfile.mkdtemp(prefix=_PREFIX, dir=base)
        except OSError as error:
            reasons.append(str(error))
            continue
        if len(os.fsencode(os.path.join(directory, SOCKET))) <= _LONGEST_PATH_BYTES:
            check_directory(directory)
            return directory
        os.rmdir(directory)
        reasons.append(f"{base}: too long a path for a socket")
    raise WarmError(f"wanted a private directory for the warm socket, found no place: {'; '.join(reasons)}")


def check_directory(directory: str) -> None:
    """Accept only a directory, no link, that is ours and closed to others. Raises WarmError."""
    try:
        found = os.lstat(directory)
    except OSError as error:
        raise WarmError(f"wanted the directory of the warm server, found none: {error}") from error
    mode = stat.S_IMODE(found.st_mode)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or mode != _PRIVATE:
        raise WarmError(
            f"wanted {directory} as a directory of uid {os.geteuid()} with mode 0700, "
            f"found uid {found.st_uid} with mode {mode:04o}"
        )


def remove_directory(directory: str) -> None:
    """Remove a server's directory with all that is in it; what is gone already is no error."""
    shutil.rmtree(directory, ignore_errors=True)


def sweep(base: str) -> None:
    """Remove the directories in `base` of servers that were killed: ours by uid, and nobody listens. Raises OSError."""
    for entry in os.scandir(base):
        if not entry.name.startswith(_PREFIX):
            continue
        try:
            check_directory(entry.path)
        except WarmError:
            continue
        if _is_dead(os.path.join(entry.path, SOCKET)):
            remove_directory(entry.path)


def _bases() -> Iterator[str]:
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(runtime):
        try:
            check_directory(runtime)
        except WarmError:
            pass
        else:
            yield runtime
    yield tempfile.gettempdir()


def _is_dead(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            return True
        except OSError:
            pass
    return False
