# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter ``endpoint_list``; the work is in module_utils."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.cloister.aws.plugins.module_utils._endpoint_sets import Defaults, endpoints
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError


def endpoint_list(
    sets: t.Sequence[str],
    services: t.Sequence[t.Mapping[str, t.Any]] = (),
    excepted: t.Sequence[str] = (),
    suffix: str = "",
    **defaults: t.Any,
) -> list[dict[str, t.Any]]:
    """Return the endpoints that sets and further services stand for."""
    unset = {"private_dns": True, "trusted_accounts": [], "trusted_organization": ""}
    try:
        return endpoints(sets, services, excepted, t.cast(Defaults, {**unset, **defaults}), suffix)
    except InputError as exc:
        raise AnsibleFilterError(str(exc)) from exc


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"endpoint_list": endpoint_list}
