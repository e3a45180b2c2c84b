# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where nodes are looked for: as an inventory source says, or else the region beside it."""

from __future__ import annotations

import os
import typing as t
from contextlib import contextmanager

from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.plugin_utils.nodes.node import Place

Said = t.Mapping[str, t.Any]


def places(said: Said, shared: Said, source: str) -> list[Place]:
    """Return the places that options (``said``) name, or the region's own, each once.

    ``accounts`` are dicts of ``profile``, ``role_arn``, ``external_id``, ``aws_regions``, ``allowed_account_ids``; what
    one leaves out the options beside it say. Raise `InputError` when no AWS region is known.
    """
    regions = _texts(said.get("aws_regions")) or _texts(shared.get("region_aws_region"))
    allowed = _texts(said.get("allowed_account_ids")) or _texts(shared.get("region_allowed_account_ids"))
    found: dict[Place, None] = {}
    for account in said.get("accounts") or [{}]:
        stranger = set(account) - {"profile", "role_arn", "external_id", "aws_regions", "allowed_account_ids"}
        if stranger:
            raise InputError(f"{source} says {', '.join(sorted(stranger))} of an account, which means nothing there")
        for aws_region in _texts(account.get("aws_regions")) or regions:
            place = Place(
                aws_region,
                str(account.get("profile") or said.get("profile") or _environment(shared).get("AWS_PROFILE", "")),
                str(account.get("role_arn") or ""),
                str(account.get("external_id") or ""),
                tuple(_texts(account.get("allowed_account_ids")) or allowed),
            )
            found[place] = None
    if not found:
        beside = os.path.join(os.path.dirname(source), "group_vars", "all")
        raise InputError(f"No AWS region is named: set aws_regions in {source}, or region_aws_region in {beside}")
    return list(found)


def variables(shared: Said) -> dict[str, str]:
    """Return what of ``region_environment`` botocore shall have, but for the profile, which each place names."""
    return {name: value for name, value in _environment(shared).items() if name != "AWS_PROFILE"}


@contextmanager
def environment(said: t.Mapping[str, str]) -> t.Iterator[None]:
    """Have these variables in the environment meanwhile, where botocore looks for them."""
    before = {name: os.environ.get(name) for name in said}
    os.environ.update(said)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _environment(shared: Said) -> dict[str, str]:
    """Return ``region_environment``; nothing where the shell leads elsewhere, as a rehearsal does, keys and all."""
    if os.environ.get("AWS_ENDPOINT_URL"):
        return {}
    return {str(name): str(value) for name, value in (shared.get("region_environment") or {}).items()}


def _texts(said: t.Any) -> list[str]:
    if said in (None, ""):
        return []
    return [str(one) for one in said] if isinstance(said, (list, tuple)) else [str(said)]
