# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""With Docker: HAProxy itself reads whatever rules and options a load balancer may have."""

from __future__ import annotations

import subprocess
import typing as t

import pytest

from lab.plane import checkers, engine, forwarding, image
from lab.plane.fleet import Fleet
from tests.unit.lab.plane import plane_world as made
from tests.with_docker import need_docker

Json = dict[str, t.Any]
READ = "mkdir -p /run/plane; : >/run/plane/servers.state; cat >/c; haproxy -c -f /c"


def condition(field: str, *values: t.Any, **more: t.Any) -> Json:
    return {"Field": field, "Config": {"Values": list(values), **more}}


def redirect(**config: str) -> Json:
    return {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_302", **config}}


BODY = '{"a": "$b #c \\ %d"}\nx'
SAID = {"StatusCode": "503", "ContentType": "application/json", "MessageBody": BODY}
RULES: list[tuple[Json, list[Json]]] = [
    ({"Type": "fixed-response", "FixedResponseConfig": SAID}, [condition("host-header", "*.a-b.example.com", "x.y")]),
    (
        redirect(Path="/x/#{path}", Query="a=1&#{query}"),
        [condition("path-pattern", "/a(b)/*", "/q$?", "/'~\"@:+&%=,;!")],
    ),
    (redirect(Protocol="HTTPS", Port="443"), [condition("http-header", 'it\'s "x" # y*', HttpHeaderName="X-A")]),
    (redirect(Path="#{path}"), [condition("query-string", {"Key": "v", "Value": "1*"}, {"Value": "b c"})]),
    (made.forward(made.MODELS), [condition("http-request-method", "GET"), condition("source-ip", "10.0.0.0/8")]),
]
ATTRIBUTES: list[tuple[Json, Json]] = [
    ({}, {}),
    ({"stickiness__enabled": "true"}, {"stickiness__enabled": "true", "proxy_protocol_v2__enabled": "true"}),
    (
        {"stickiness__enabled": "true", "stickiness__type": "app_cookie", "stickiness__app_cookie__cookie_name": "SID"},
        {"preserve_client_ip__enabled": "false", "load_balancing__cross_zone__enabled": "true"},
    ),
    ({"load_balancing__algorithm__type": "least_outstanding_requests"}, {}),
    ({"load_balancing__algorithm__type": "weighted_random"}, {}),
]


@pytest.mark.parametrize(("http", "tcp"), ATTRIBUTES)
def test_haproxy_takes_what_aws_takes(http: Json, tcp: Json) -> None:
    need_docker("the data plane's configuration")
    told = made.snapshot()
    numbered = [{"Priority": str(n), "Conditions": on, "Actions": [do]} for n, (do, on) in enumerate(RULES, 1)]
    told["load_balancers"][1]["Listeners"] = [
        {"Port": 80, "Protocol": "HTTP", "DefaultActions": [made.forward(made.MODELS)], "Rules": numbered}
    ]
    told["target_groups"][1]["Attributes"] += made.pairs(**http)
    told["target_groups"][0]["Attributes"] += made.pairs(**tcp)
    check = {"Id": "c1", "IPAddress": "198.18.0.1", "Port": 443, "FullyQualifiedDomainName": "a.b", "EnableSNI": True}
    told["health_checks"] = [{**check, "Type": "HTTPS", "ResourcePath": "/a?b=c"}]
    world, fleet = made.read(told), Fleet(60)
    fleet.follow(world.groups, {"10.0.1.10", "10.0.2.10", "10.0.2.30"}, 0)
    said = forwarding.servers(world, fleet.members.values(), 60)
    text = engine.whole(f"{forwarding.frame(world)}\n{checkers.frame(checkers.made(world), 60)}", said)
    command = ["docker", "run", "--rm", "-i", image.ensure(), "sh", "-euc", READ]
    done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr.decode()
