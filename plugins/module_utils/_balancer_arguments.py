# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the modules of load balancers take: the same entries, of which each reads its part."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._record_arguments import ANSWERS

Options = dict[str, dict[str, t.Any]]

TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
NAMES: dict[str, t.Any] = {"type": "list", "elements": "str", "default": []}
HEALTH_CHECK: Options = {
    "protocol": {"type": "str", "choices": ["HTTP", "HTTPS", "TCP"]},
    "port": {"type": "str"},
    "path": {"type": "str"},
    "matcher": {"type": "str"},
    "interval_seconds": {"type": "int", "default": 30},
    "timeout_seconds": {"type": "int", "default": 5},
    "healthy_threshold": {"type": "int", "default": 5},
    "unhealthy_threshold": {"type": "int", "default": 2},
}
TARGET: Options = {
    "ip": {"type": "str"},
    "instance": {"type": "str"},
    "load_balancer": {"type": "str"},
    "port": {"type": "int"},
    "az": {"type": "str"},
}
TARGET_GROUP: Options = {
    "name": {"type": "str", "required": True},
    "protocol": {"type": "str", "choices": ["HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP"], "required": True},
    "port": {"type": "int", "required": True},
    "vpc": {"type": "str"},
    "target_type": {"type": "str", "choices": ["ip", "instance", "alb"], "default": "ip"},
    "health_check": {"type": "dict", "options": HEALTH_CHECK},
    "algorithm": {
        "type": "str",
        "choices": ["round_robin", "least_outstanding_requests", "weighted_random"],
        "default": "round_robin",
    },
    "deregistration_delay_seconds": {"type": "int", "default": 300},
    "slow_start_seconds": {"type": "int", "default": 0},
    "stickiness": {
        "type": "dict",
        "options": {"seconds": {"type": "int", "default": 86400}, "cookie": {"type": "str"}},
    },
    "end_connections": {"type": "bool"},
    "end_unhealthy_connections": {"type": "bool"},
    "unhealthy_draining_seconds": {"type": "int"},
    "preserve_client_ip": {"type": "bool"},
    "proxy_protocol_v2": {"type": "bool", "default": False},
    "targets": {"type": "list", "elements": "dict", "options": TARGET},
}
REDIRECT: Options = {
    "protocol": {"type": "str", "choices": ["HTTP", "HTTPS"]},
    "host": {"type": "str"},
    "port": {"type": "int"},
    "path": {"type": "str"},
    "query": {"type": "str"},
    "status": {"type": "int", "choices": [301, 302], "default": 301},
}
FIXED_RESPONSE: Options = {
    "status": {"type": "int", "required": True},
    "content_type": {
        "type": "str",
        "choices": ["text/plain", "text/css", "text/html", "application/javascript", "application/json"],
        "default": "text/plain",
    },
    "body": {"type": "str", "default": ""},
}
ACTION: Options = {
    "forward": {"type": "str"},
    "forward_weights": {"type": "dict"},
    "sticky_seconds": {"type": "int"},
    "redirect": {"type": "dict", "options": REDIRECT},
    "fixed_response": {"type": "dict", "options": FIXED_RESPONSE},
}
RULE: Options = {
    "name": {"type": "str", "required": True},
    "priority": {"type": "int", "required": True},
    "hosts": NAMES,
    "paths": NAMES,
    "methods": NAMES,
    "headers": {"type": "dict", "default": {}},
    "source_cidrs": NAMES,
    **ACTION,
}
LISTENER: Options = {
    "port": {"type": "int", "required": True},
    "protocol": {"type": "str", "choices": ["HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP"], "required": True},
    "exposure": {"type": "str", "choices": ["internal", "public"], "default": "internal"},
    "certificates": NAMES,
    "tls_policy": {"type": "str", "default": TLS_POLICY},
    **ACTION,
    "rules": {"type": "list", "elements": "dict", "default": [], "options": RULE},
}
BALANCER: Options = {
    "name": {"type": "str", "required": True},
    "type": {"type": "str", "choices": ["application", "network"], "default": "application"},
    "scheme": {"type": "str", "choices": ["internal", "internet-facing"], "default": "internal"},
    "subnets": NAMES,
    "addresses": {"type": "dict", "default": {}},
    "security_groups": NAMES,
    "deletion_protection": {"type": "bool", "default": False},
    "access_logs": {
        "type": "dict",
        "options": {"bucket": {"type": "str", "required": True}, "prefix": {"type": "str", "default": ""}},
    },
    "idle_timeout_seconds": {"type": "int", "default": 60},
    "drop_invalid_headers": {"type": "bool", "default": True},
    "desync_mitigation": {"type": "str", "choices": ["monitor", "defensive", "strictest"], "default": "defensive"},
    "cross_zone": {"type": "bool", "default": False},
    "private_link_rules": {"type": "bool", "default": True},
    "listeners": {"type": "list", "elements": "dict", "default": [], "options": LISTENER},
    "records": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {"zone": {"type": "str", "required": True}, "name": {"type": "str", "required": True}, **ANSWERS},
    },
}
SPEC: Options = {
    "load_balancers": {"type": "list", "elements": "dict", "required": True, "options": BALANCER},
    "target_groups": {"type": "list", "elements": "dict", "required": True, "options": TARGET_GROUP},
    "vpc": {"type": "str", "default": "main"},
}
