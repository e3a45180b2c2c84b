# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a record may say, the same wherever records are listed."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._dns import TYPES

Options = dict[str, dict[str, t.Any]]

ALIAS: Options = {
    "dns_name": {"type": "str", "required": True},
    "zone_id": {"type": "str"},
    "evaluate_target_health": {"type": "bool", "default": True},
}
HEALTH_CHECK: Options = {
    "protocol": {"type": "str", "choices": ["TCP", "HTTP", "HTTPS"], "default": "TCP"},
    "port": {"type": "int", "required": True},
    "path": {"type": "str"},
    "host": {"type": "str"},
    "interval_seconds": {"type": "int", "choices": [10, 30], "default": 30},
    "failure_threshold": {"type": "int", "default": 3},
}
MULTIVALUE: Options = {
    "address": {"type": "str", "required": True},
    "health_check": {"type": "dict", "options": HEALTH_CHECK},
}
ANSWERS: Options = {
    "values": {"type": "list", "elements": "str", "default": []},
    "multivalue": {"type": "list", "elements": "dict", "default": [], "options": MULTIVALUE},
    "ttl_seconds": {"type": "int"},
}
"""What a name answers with, beside the alias that some have."""
RECORD: Options = {
    "name": {"type": "str", "required": True},
    "type": {"type": "str", "choices": list(TYPES), "default": "A"},
    **ANSWERS,
    "alias": {"type": "dict", "options": ALIAS},
}
RECORD_ELSEWHERE: Options = {**RECORD, "zone": {"type": "str", "required": True}}
