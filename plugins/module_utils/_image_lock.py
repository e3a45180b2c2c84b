# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The file that keeps which image each parameter led to, so that a region built again has the machines of before.

It lies beside the inventory and is kept with it. Several stacks may share it: each reads it anew, adds its own, and
puts the whole in the place of the old in one step.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
import typing as t
from contextlib import contextmanager, suppress

from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError

with suppress(ImportError):  # whoever runs Ansible has it
    import yaml

HEAD = """\
# Written by Cloister: the image that each parameter led to when it was first asked, by AWS region. Keep it with the
# inventory: it makes tomorrow's machines those of today. To move on: -e pools_refresh_images=true
"""


class Entry(t.TypedDict):
    """An image: ``resolved`` is the day (UTC) on which the parameter led to it."""

    id: str
    name: str
    resolved: str


Entries = dict[str, Entry]


def read(path: str, aws_region: str) -> Entries:
    """Return what is locked for an AWS region, by parameter; nothing where there is no file yet."""
    return _whole(path).get(aws_region, {})


def text(locked: t.Mapping[str, t.Mapping[str, Entry]]) -> str:
    """Return the file, sorted, for `read` and for people."""
    lines = [HEAD]
    for region in sorted(locked):
        lines.append(f"{region}:\n")
        for parameter in sorted(locked[region]):
            entry = locked[region][parameter]
            lines.append(f"  {parameter}:\n")
            # JSON's texts are YAML's too.
            lines += [f"    {key}: {json.dumps(entry[key])}\n" for key in ("id", "name", "resolved")]
    return "".join(lines)


def add(path: str, aws_region: str, entries: t.Mapping[str, Entry]) -> None:
    """Put entries into the file, leaving all others as they are."""
    try:
        with _alone(path):
            whole = _whole(path)
            _replace(path, text({**whole, aws_region: {**whole.get(aws_region, {}), **entries}}))
    except OSError as exc:
        raise InputError(f"{path} cannot be written: {exc}; it keeps which images the pools have") from exc


def _whole(path: str) -> dict[str, Entries]:
    try:
        with open(path, encoding="utf-8") as file:
            said = yaml.safe_load(file) or {}
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as exc:
        raise InputError(
            f"{path} cannot be read: {exc}; put it right, or delete it to resolve all images anew"
        ) from exc
    if not _sound(said):
        raise InputError(
            f"{path} does not say for each parameter its id, name and day; take back what was changed by hand, or "
            "delete it to resolve all images anew"
        )
    return t.cast("dict[str, Entries]", said)


def _sound(said: t.Any) -> bool:
    return isinstance(said, dict) and all(
        isinstance(entries, dict)
        and all(isinstance(one, dict) and set(one) == {"id", "name", "resolved"} for one in entries.values())
        for entries in said.values()
    )


@contextmanager
def _alone(path: str) -> t.Iterator[None]:
    """Hold the folder while the file is read and replaced: stacks work side by side."""
    folder = os.open(os.path.dirname(os.path.abspath(path)), os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _replace(path: str, content: str) -> None:
    folder = os.path.dirname(os.path.abspath(path))
    mode = os.stat(path).st_mode & 0o777 if os.path.exists(path) else 0o644
    handle, beside = tempfile.mkstemp(dir=folder, prefix=".images.lock.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(beside, mode)
        os.replace(beside, path)
    except BaseException:
        os.unlink(beside)
        raise
