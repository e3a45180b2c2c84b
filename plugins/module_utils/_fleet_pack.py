# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The pack of a fleet: roles of nodes with all they name, and what the inventory says of those nodes, in one zip file.

`AWS-ApplyAnsiblePlaybooks` unpacks it on a node and runs one playbook of it there, with the node's own Ansible:
https://docs.aws.amazon.com/systems-manager/latest/userguide/systems-manager-state-manager-ansible.html. Equal contents
give equal bytes, so that nothing is applied anew without a reason.
"""

from __future__ import annotations

import hashlib
import io
import re
import typing as t
import zipfile
from pathlib import Path

from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError

HOME = "collections/ansible_collections/cloister/aws"
PLUGINS = ("modules", "filter", "lookup", "test", "action")
RUNTIME = '---\nrequires_ansible: ">=2.14.0"\n'
"""Nodes have the Ansible of their distribution."""
_NAMED = re.compile(r"cloister\.aws\.([a-z_0-9]+)")
_IMPORTED = re.compile(r"ansible_collections\.cloister\.aws\.(plugins\.(?:module_utils|plugin_utils)[\w.]*)")
_LEFT_OUT = ("README.md", "molecule", "tests", "__pycache__")
_OLDEST = (1980, 1, 1, 0, 0, 0)
_VAULT = "$ANSIBLE_VAULT"

Files = dict[str, bytes]


class Pack(t.NamedTuple):
    """A zip file, and the names of what it holds."""

    data: bytes
    names: list[str]

    @property
    def digest(self) -> str:
        """SHA-256 of it."""
        return hashlib.sha256(self.data).hexdigest()


def pack(collection: Path, inventory: Path, roles: t.Mapping[str, t.Sequence[str]]) -> Pack:
    """Pack what nodes of these roles need: ``{role of a node: roles of ours, in order}``.

    Raise `InputError` for what is not there, and for a variable that only the controller could read.
    """
    files: Files = {}
    variables = _variables(collection, inventory)
    ours = {role: [part.removeprefix("cloister.aws.") for part in parts] for role, parts in roles.items()}
    for role, parts in sorted(ours.items()):
        own = {**variables, **_said(inventory / f"group_vars/role_{role}", f"vars/role_{role}")}
        files |= dict(own.values())
        files[f"role_{role}.yml"] = _play(role, parts, list(dict(own.values()))).encode()
    files |= _code(collection, {part for parts in ours.values() for part in parts})
    return Pack(_zipped(files), sorted(files))


def _play(role: str, parts: t.Sequence[str], variables: t.Sequence[str]) -> str:
    lines = [
        "---",
        f"- name: Bring this node to what role {role} wants",
        "  hosts: localhost",
        "  gather_facts: true",
        "  vars_files:",
        *(f"    - {name}" for name in variables),
        "  roles:",
        *(f"    - cloister.aws.{part}" for part in parts),
    ]
    return "\n".join(lines) + "\n"


Named = dict[str, tuple[str, bytes]]


def _variables(collection: Path, inventory: Path) -> Named:
    """What all nodes are told, the most general first: defaults of a region, all, nodes."""
    defaults = (collection / "roles/region/defaults/main.yml").read_bytes()
    found: Named = {"0": ("vars/region.yml", defaults)}
    return {
        **found,
        **_said(inventory / "group_vars/all", "vars/all"),
        **_said(inventory / "group_vars/nodes", "vars/nodes"),
    }


def _said(path: Path, name: str) -> Named:
    """The variables of a group, one file or a folder of them; none when there is neither."""
    one = path.with_name(f"{path.name}.yml")
    files = sorted(path.glob("*.yml")) if path.is_dir() else [one] if one.exists() else []
    found: Named = {}
    for file in files:
        data = file.read_bytes()
        if _VAULT.encode() in data:
            raise InputError(
                f"{file} is encrypted by Ansible Vault, whose password no node has. Right would be: a name of a secret "
                "or parameter that the node reads with its own role"
            )
        found[f"{name}/{file.stem}"] = (f"{name}.yml" if file == one else f"{name}/{file.name}", data)
    return found


def _code(collection: Path, roles: t.Collection[str]) -> Files:
    """The roles, those they name, and plugins of ours that any of them uses, with what those import."""
    files: Files = {f"{HOME}/meta/runtime.yml": RUNTIME.encode()}
    waiting, seen = sorted(roles), set(roles)
    while waiting:
        role = waiting.pop(0)
        folder = collection / "roles" / role
        if not folder.is_dir():
            raise InputError(f"there is no role {role} in {collection / 'roles'}, yet nodes are to be configured by it")
        for file in sorted(folder.rglob("*")):
            inner = file.relative_to(collection)
            if file.is_dir() or any(part in _LEFT_OUT for part in inner.parts):
                continue
            files[f"{HOME}/{inner}"] = file.read_bytes()
            for name in _NAMED.findall(file.read_text(encoding="utf-8", errors="ignore")):
                if (collection / "roles" / name).is_dir() and name not in seen:
                    seen.add(name)
                    waiting.append(name)
                files |= _plugin(collection, name)
    return files


def _plugin(collection: Path, name: str) -> Files:
    """The plugins of this name with all they import of ours."""
    files: Files = {}
    for kind in PLUGINS:
        folder = collection / "plugins" / kind
        for file in sorted(folder.glob("*.py")):
            # A file of filters may give several.
            gives = file.stem == name or (
                kind in ("filter", "test") and f'"{name}"' in file.read_text(encoding="utf-8")
            )
            if gives:
                _add(collection, file, files)
    return files


def _add(collection: Path, file: Path, files: Files) -> None:
    name = f"{HOME}/{file.relative_to(collection)}"
    if name in files:
        return
    files[name] = file.read_bytes()
    for dotted in _IMPORTED.findall(file.read_text(encoding="utf-8")):
        path = collection / dotted.replace(".", "/")
        for one in (path.with_suffix(".py"), path / "__init__.py"):
            if one.is_file():
                _add(collection, one, files)


def _zipped(files: Files) -> bytes:
    packed = io.BytesIO()
    # Without compression, which differs from one zlib to the next.
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as file:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _OLDEST)
            entry.external_attr, entry.create_system = 0o644 << 16, 3
            file.writestr(entry, files[name])
    return packed.getvalue()
