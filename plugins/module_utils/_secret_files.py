# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files that hold secrets on a node: what is in them, whether they stand, and how they are put there.

It runs on nodes, so it keeps to what Python 3.9 has.
"""

from __future__ import annotations

import json
import os

from ansible_collections.cloister.aws.plugins.module_utils._node_secrets import Node, Reference

_MODE = 0o400


def content(node: Node, entry: Reference) -> bytes:
    """Return what shall be in a file."""
    found = node.read(entry)
    # What JSON says, YAML understands.
    return f"{entry['yaml_key']}: {json.dumps(found.decode())}\n".encode() if entry["yaml_key"] else found


def stands(path: str, wanted: bytes, owner: int) -> bool:
    """Return whether a file is there, with this content and for this user alone."""
    try:
        with open(path, "rb") as file:
            found = os.fstat(file.fileno())
            return (file.read(), found.st_uid, found.st_mode & 0o777) == (wanted, owner, _MODE)
    except FileNotFoundError:
        return False


def write(path: str, wanted: bytes, owner: int) -> None:
    """Put a file in the place of what is there; at no moment can somebody else read it, or read half of it."""
    beside = f"{path}.new"
    if os.path.exists(beside):
        os.unlink(beside)
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    with os.fdopen(descriptor, "wb") as file:
        os.fchown(file.fileno(), owner, -1)
        file.write(wanted)
    os.replace(beside, path)
