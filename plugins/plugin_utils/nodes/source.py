# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What lies beside an inventory source: the variables that all hosts have, and the stacks."""

from __future__ import annotations

import hashlib
import os
import typing as t

from ansible.template import Templar
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.plugin_utils.nodes.listing import Wanted
from ansible_collections.cloister.aws.plugins.plugin_utils.nodes.node import Place

Variables = t.Mapping[str, t.Any]

SHARED = ("region_name", "region_aws_region", "region_allowed_account_ids", "region_environment")
# What leads to other nodes though the options are the same.
_LEADS = ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_ACCESS_KEY_ID")


def shared(loader: t.Any, path: str, templar: Templar, extra: Variables) -> dict[str, t.Any]:
    """Return `SHARED` of group_vars/all beside a source, with ``extra`` before them.

    Raise `InputError` for what needs a host to be read.
    """
    folder = os.path.join(os.path.dirname(path), "group_vars")
    found: dict[str, t.Any] = {}
    for file in loader.find_vars_files(folder, "all"):
        said = loader.load_from_file(file, cache="none", trusted_as_template=True)
        found.update(said or {})
    templar.available_variables = {**found, **extra}
    here = {name: value for name, value in templar.available_variables.items() if name in SHARED}
    try:
        return {name: templar.template(value) for name, value in here.items()}
    except Exception as exc:
        raise InputError(f"{folder}/all: {', '.join(here)} cannot be read without a host: {exc}") from exc


def stacks(loader: t.Any, path: str) -> set[str]:
    """Return the hosts of stacks.yml beside a source: no node may have the name of one, whose plays would run on it."""
    file = os.path.join(os.path.dirname(path), "stacks.yml")
    return _hosts(loader.load_from_file(file)) if os.path.exists(file) else set()


def digest(where: t.Sequence[Place], wanted: Wanted) -> str:
    """Return what tells apart what may be kept of a source: options, credentials, endpoint."""
    leads = [os.environ.get(name, "") for name in _LEADS]
    return hashlib.sha256(repr((where, wanted, leads)).encode()).hexdigest()[:16]


def _hosts(groups: t.Any) -> set[str]:
    found: set[str] = set()
    for group in groups.values() if isinstance(groups, t.Mapping) else ():
        if isinstance(group, t.Mapping):
            found |= {str(name) for name in group.get("hosts") or ()} | _hosts(group.get("children"))
    return found
