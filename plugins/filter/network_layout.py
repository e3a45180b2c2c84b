# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filter ``network_layout``; the work is in module_utils."""

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleFilterError
from ansible.utils.display import Display
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.module_utils._network_layout import FLOW_LOGS_DEFAULTS, Inputs, layout

display = Display()


def network_layout(vpcs: t.Sequence[dict[str, t.Any]], **said: t.Any) -> dict[str, t.Any]:
    """Return the lists of a network; each warning is shown once a run."""
    unset: dict[str, t.Any] = {"subnets": [], "subnet_plans": [], "peerings": [], "routes": []}
    adopted = said.pop("adopted", {})
    flow_logs = {**FLOW_LOGS_DEFAULTS, **said.pop("flow_logs", {})}
    inputs = t.cast(Inputs, {**unset, **said, "vpcs": vpcs, "flow_logs": flow_logs})
    try:
        result = layout(inputs, adopted)
    except InputError as exc:
        raise AnsibleFilterError(str(exc)) from exc
    for warning in result["warnings"]:
        display.warning(warning)
    return result


class FilterModule:
    """Filters of this file."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return them by name."""
        return {"network_layout": network_layout}
