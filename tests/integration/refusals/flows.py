"""Flows that are refused."""

from __future__ import annotations

from tests.integration.refusals.broken import GONE, Appended, Broken, Renamed

FLOWS = "group_vars/all/flows.yml"
API = ("region_flows", "guard-to-api")

BROKEN = [
    Broken(FLOWS, (*API, "from"), "service/gard", "region_flows[1].from", "did you mean guard?"),
    Broken(FLOWS, (*API, "from"), "guard", "region_flows[1].from", "No request comes from 'guard'"),
    Broken(FLOWS, (*API, "to"), "load-balancer/inner", "region_flows[1].to", "did you mean internal?"),
    Broken(FLOWS, (*API, "to"), "api", "region_flows[1].to", "No request goes to 'api'"),
    Broken(FLOWS, (*API, "port"), "https", "region_flows[1].port", "a whole number"),
    Broken(FLOWS, (*API, "port"), 70000, "region_flows[1].port", "from 1 to 65535"),
    Broken(FLOWS, (*API, "port"), GONE, "region_flows[1].port", "missing"),
    Broken(FLOWS, (*API, "reason"), Renamed("raeson"), "region_flows[1].raeson", "did you mean reason?"),
    Broken(FLOWS, (*API, "expected"), "closed", "region_flows[1].expected", "one of reached, blocked"),
    Broken(FLOWS, (*API, "protocol"), "http", "region_flows[1].protocol", "one of tcp, udp"),
    Broken(
        FLOWS,
        ("region_flows",),
        Appended({"name": "guard-to-api", "reason": "again", "from": "internet", "to": "10.0.0.9", "port": 1}),
        "region_flows[15].name",
        "there already",
    ),
]
