# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules of a listener: the first that is met decides, whatever kinds of actions others have."""

from __future__ import annotations

import re
import typing as t

import pytest

from lab.plane import http_rules
from tests.unit.lab.plane import plane_world as made

Json = dict[str, t.Any]
FORWARD = made.forward(made.MODELS)


def fixed(code: str = "404", **more: str) -> Json:
    return {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": code, **more}}


def redirect(**more: str) -> Json:
    return {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301", **more}}


def lines(*rules: Json, default: Json | None = None, protocol: str = "HTTP", **attributes: str) -> list[str]:
    listener = {"Port": 80, "Protocol": protocol, "DefaultActions": [default or fixed()], "Rules": list(rules)}
    named = {key.replace("__", "."): value for key, value in attributes.items()}
    return http_rules.lines(listener, named, lambda arn: [(f"to-{arn[-4:]}", "")])


def rule(priority: int, action: Json, *conditions: Json) -> Json:
    return {"Priority": str(priority), "Conditions": list(conditions), "Actions": [action]}


def condition(field: str, *values: t.Any, config: str = "Config", **more: t.Any) -> Json:
    return {"Field": field, config: {"Values": list(values), **more}}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (condition("host-header", "a.example.com"), r'req.hdr(host),field(1,:) -i -m reg "^a\\.example\\.com\$"'),
        (condition("path-pattern", "/v1/*"), r'path -m reg "^/v1/.*\$"'),
        (condition("path-pattern", "/a?", "/b"), r'path -m reg "^/a.\$" "^/b\$"'),
        (condition("http-header", "x*", HttpHeaderName="X-Way"), r'req.fhdr(X-Way) -i -m reg "^x.*\$"'),
        (condition("http-request-method", "GET", "HEAD"), "method GET HEAD"),
        (condition("source-ip", "10.0.0.0/8"), "src 10.0.0.0/8"),
        (condition("query-string", {"Key": "v", "Value": "1"}), r'url_param(v) -i -m reg "^1\$"'),
        (condition("nothing-known", "x"), "always_false"),
    ],
)
def test_conditions_are_matches(said: Json, expected: str) -> None:
    assert f"acl rule7_0 {expected}" in lines(rule(7, FORWARD, said))


@pytest.mark.parametrize(
    ("query", "value", "met"),
    [
        ("a=1&b=two", "two", True),
        ("a=1&b=two", "one", False),
        ("two", "two", True),
        ("a=twos", "two", False),
        ("b=t1&c", "t*", True),
    ],
)
def test_a_query_without_a_key_is_met_by_any_value(query: str, value: str, met: bool) -> None:
    (said,) = [one for one in lines(rule(1, FORWARD, condition("query-string", {"Value": value}))) if "acl" in one]
    expression = said.rpartition(' "')[2].rstrip('"').replace("\\$", "$").replace("\\\\", "\\")
    assert bool(re.search(expression, query)) is met


def test_all_conditions_of_a_rule_must_hold_and_the_lowest_number_is_first() -> None:
    found = lines(
        rule(20, fixed("403"), condition("path-pattern", "/*")),
        rule(3, FORWARD, condition("path-pattern", "/a"), condition("source-ip", "10.0.0.0/8")),
    )
    met = [one for one in found if "set-var(txn.met)" in one]
    assert [re.findall(r"int\((\d+)\)", one)[0] for one in met] == ["3", "20", "0"]
    assert met[0].endswith("if !{ var(txn.met) -m found } rule3_0 rule3_1")


def test_answers_redirects_and_backends_are_each_for_the_rule_that_was_met() -> None:
    found = lines(
        rule(1, fixed("503", MessageBody='say "no"', ContentType="text/html"), condition("path-pattern", "/x")),
        default=FORWARD,
    )
    assert (
        r'http-request return status 503 content-type text/html string "say \"no\"" if { var(txn.met) -m int 1 }'
        in found
    )
    assert found[-1] == "use_backend to-dd44 if { var(txn.met) -m int 0 }"


@pytest.mark.parametrize(
    ("config", "protocol", "expected"),
    [
        ({"Protocol": "HTTPS", "Port": "443"}, "HTTP", "https://%[req.hdr(host),field(1,:)]:443%[path]"),
        ({"Host": "b.example.com", "Path": "/new/#{path}"}, "HTTP", "http://b.example.com:80/new%[path]"),
        ({"Host": "www.#{host}", "Query": ""}, "HTTPS", "https://www.%[req.hdr(host),field(1,:)]:80%[path]"),
        ({"Path": "/x", "Query": "a=1&#{query}"}, "HTTP", "http://%[req.hdr(host),field(1,:)]:80/x?a=1&%[query]"),
    ],
)  # fmt: skip
def test_a_redirect_keeps_what_it_does_not_change(config: dict[str, str], protocol: str, expected: str) -> None:
    found = [one for one in lines(default=redirect(**config), protocol=protocol) if "redirect location" in one]
    assert found[-1] == f'http-request redirect location "{expected}" code 301 if {{ var(txn.met) -m int 0 }}'
    if config.get("Query", "#{query}") == "#{query}":
        assert found[0].partition(" code ")[0] == f'http-request redirect location "{expected}?%[query]"'


def test_weights_are_rolled_for_once_and_a_group_without_weight_gets_nothing() -> None:
    action = made.forward(made.MODELS, made.PROXIES, made.EDGE, weights=[1, 0, 3])
    found = lines(default=action)
    assert sum("rand(1000)" in one for one in found) == 1
    assert [one for one in found if one.startswith("use_backend")] == [
        "use_backend to-dd44 if { var(txn.met) -m int 0 } { var(txn.dice) -m int lt 250 }",
        "use_backend to-aa11 if { var(txn.met) -m int 0 } { var(txn.dice) -m int lt 1000 }",
    ]


@pytest.mark.parametrize(("mode", "count"), [("append", 2), ("preserve", 0), ("remove", 1)])
def test_forwarded_for_is_as_the_attribute_says(mode: str, count: int) -> None:
    found = lines(routing__http__xff_header_processing__mode=mode, protocol="HTTPS")
    assert sum(" X-Forwarded-For" in one.partition(" if ")[0].partition(" unless ")[0] for one in found) == count
    assert "http-request set-header X-Forwarded-Proto https" in found
