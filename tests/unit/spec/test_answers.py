"""Each rule about what names answer with: the one thing that is wrong is told at its path, and nothing else is."""

from __future__ import annotations

import typing as t

import pytest

from tests.unit.spec.described import Variables, told
from tests.unit.spec.test_balancers import listed

ZONE, EDGE = ("dns_zones", 1), ("load_balancers_defined", 2)
RECORD, NAME = (*ZONE, "records", 1), (*EDGE, "records", 0)
HERE, THERE = "dns_zones[1].records[1]", "load_balancers_defined[2].records[0]"
TCP: Variables = {"port": 443}
WEB: Variables = {"port": 443, "protocol": "HTTPS", "path": "/health", "host": "partner.example.com"}


def answer(address: str, check: Variables | None = None) -> Variables:
    return {"address": address, **({"health_check": dict(check)} if check else {})}


def described() -> Variables:
    """Names of addresses: a load balancer's own, all of them, and others, those that are well."""
    variables = listed()
    variables["region_adopted"] = {"Elastic IP": {"old": "eipalloc-0123456789abcdef0"}}
    several = [answer("old", TCP), answer("192.0.2.8", WEB), answer("192.0.2.9")]
    variables["dns_zones"][1]["records"].append({"name": "partner", "multivalue": several, "ttl_seconds": 30})
    variables["load_balancers_defined"][2]["records"] = [
        {"zone": "example.com", "name": "both", "values": ["edge-a", "edge-b"], "ttl_seconds": 0}
    ]
    return variables


def put(variables: Variables, path: tuple[t.Any, ...], value: t.Any) -> Variables:
    holder: t.Any = variables
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = value
    return variables


def test_addresses_of_the_region_may_answer() -> None:
    assert told(described()) == []


@pytest.mark.parametrize(
    ("path", "value", "place", "words"),
    [
        ((*NAME, "values", 1), "edge-c", f"{THERE}.values[1]", "did you mean edge-"),
        ((*NAME, "values", 1), "host.example.com", f"{THERE}.values[1]", "no value for type A"),
        ((*NAME, "ttl_seconds"), -1, f"{THERE}.ttl_seconds", "time to live"),
        ((*NAME, "multivalue"), [answer("edge-a")], f"{THERE}.multivalue", "either values or multivalue"),
        ((*RECORD, "values"), ["192.0.2.1"], f"{HERE}.multivalue", "either values or multivalue"),
        ((*RECORD, "multivalue"), [], f"{HERE}.values", "says nothing"),
        ((*RECORD, "type"), "TXT", f"{HERE}.multivalue", "type A or AAAA"),
        ((*RECORD, "alias"), {"dns_name": "x.example.com"}, f"{HERE}.multivalue", "either multivalue or alias"),
        ((*RECORD, "multivalue", 0, "address"), "olf", f"{HERE}.multivalue[0].address", "did you mean old?"),
        ((*RECORD, "multivalue", 0, "address"), "edge-a", f"{HERE}.multivalue[0].address", "made after these names"),
        ((*RECORD, "multivalue", 2, "address"), "192.0.2", f"{HERE}.multivalue[2].address", "no value for type A"),
        ((*RECORD, "multivalue", 2, "address"), "old", f"{HERE}.multivalue[2].address", "listed twice"),
        (
            (*RECORD, "multivalue", 0, "health_check", "port"),
            0,
            f"{HERE}.multivalue[0].health_check.port",
            "1 to 65535",
        ),
        (
            (*RECORD, "multivalue", 0, "health_check", "failure_threshold"),
            11,
            f"{HERE}.multivalue[0].health_check.failure_threshold",
            "1 to 10",
        ),
        (
            (*RECORD, "multivalue", 0, "health_check", "path"),
            "/health",
            f"{HERE}.multivalue[0].health_check.path",
            "TCP asks for no path",
        ),
        (
            (*RECORD, "multivalue", 1, "health_check", "path"),
            "health",
            f"{HERE}.multivalue[1].health_check.path",
            "is no path",
        ),
        (
            (*RECORD, "multivalue", 1, "health_check", "host"),
            "partner",
            f"{HERE}.multivalue[1].health_check.host",
            "not a full domain name",
        ),
        (
            (*RECORD, "multivalue", 2),
            answer("10.0.1.5", TCP),
            f"{HERE}.multivalue[2].health_check",
            "there is no 10.0.1.5",
        ),
    ],
    ids=lambda part: str(part)[:40],
)
def test_what_cannot_answer_is_told_at_its_place(path: tuple[t.Any, ...], value: t.Any, place: str, words: str) -> None:
    (problem,) = told(put(described(), path, value))
    assert problem.startswith(f"{place}: ")
    assert words in problem


def test_every_name_cannot_be_asked_for_at_once() -> None:
    variables = put(described(), (*RECORD, "name"), "*")
    del variables["dns_zones"][1]["records"][1]["multivalue"][1]["health_check"]["host"]
    (problem,) = told(variables)
    assert problem.startswith(f"{HERE}.multivalue[1].health_check: ")
    assert "host: a full domain name" in problem
