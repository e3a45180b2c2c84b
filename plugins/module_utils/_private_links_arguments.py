# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What ``private_links`` takes."""

from __future__ import annotations

import typing as t

_NAMES: dict[str, t.Any] = {"type": "list", "elements": "str"}
SERVICE: dict[str, dict[str, t.Any]] = {
    "name": {"type": "str", "required": True},
    "load_balancer": {"type": "str", "required": True},
    "acceptance_required": {"type": "bool", "default": True},
    "principals": {**_NAMES, "default": []},
    "accepted_endpoints": {**_NAMES, "default": []},
}
ENDPOINT: dict[str, dict[str, t.Any]] = {
    "name": {"type": "str", "required": True},
    "service": {"type": "str", "required": True},
    "vpc": {"type": "str", "required": True},
    "subnets": {**_NAMES, "required": True},
    "security_groups": {**_NAMES, "required": True},
}
SPEC: dict[str, dict[str, t.Any]] = {
    "services": {"type": "list", "elements": "dict", "required": True, "options": SERVICE},
    "endpoints": {"type": "list", "elements": "dict", "required": True, "options": ENDPOINT},
    "wait": {"type": "bool", "default": True},
}
