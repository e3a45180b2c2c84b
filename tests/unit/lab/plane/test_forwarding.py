# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What HAProxy is told of load balancers: who listens where, who is sent to from where, and how each is checked."""

from __future__ import annotations

import typing as t

from lab.plane import forwarding
from lab.plane.fleet import Fleet
from tests.unit.lab.plane import plane_world as made

ISSUED = {made.CERTIFICATE: {"certificate": "C", "chain": "", "private_key": "K"}}
LIVE = {"10.0.1.10", "10.0.2.10", "10.0.2.30"}
Json = dict[str, t.Any]


def parts(told: Json, certificates: Json | None = None) -> dict[str, list[str]]:
    """Lines by section."""
    found: dict[str, list[str]] = {}
    for line in forwarding.frame(made.read(told, ISSUED if certificates is None else certificates)).splitlines():
        if line and not line.startswith((" ", "#")):
            found[line] = []
        elif line.strip():
            found[list(found)[-1]].append(line.strip())
    return found


def servers(told: Json) -> dict[str, dict[str, str]]:
    world, fleet = made.read(told), Fleet(60)
    fleet.follow(world.groups, LIVE, 0)
    return forwarding.servers(world, fleet.members.values(), 60)


def change(told: Json, group: int, **attributes: str) -> None:
    told["target_groups"][group]["Attributes"] += made.pairs(**attributes)


def test_a_network_load_balancer_listens_in_each_zone_at_both_addresses() -> None:
    found = parts(made.snapshot())
    here = found["frontend edge.aa11:443:ra"]
    assert here[:3] == ["mode tcp", "bind 10.0.1.5:443", "bind 198.18.0.1:443"]
    none = "{ nbsrv(to:proxies.cc33:ra) eq 0 } { nbsrv(to:proxies.cc33:rb) eq 0 }"
    last = [f"use_backend open:proxies.cc33:ra if TRUE {none}", "use_backend to:proxies.cc33:ra if TRUE"]
    assert here[-2:] == last
    assert "bind 198.18.0.2:443" in found["frontend edge.aa11:443:rb"]


def test_each_zone_sends_to_its_own_targets_unless_told_otherwise() -> None:
    told = made.snapshot()
    assert {name: list(one) for name, one in servers(told).items() if name.startswith("to:proxies")} == {
        "to:proxies.cc33:ra": ["i-1_443"],
        "to:proxies.cc33:rb": ["i-2_443"],
    }
    change(told, 0, load_balancing__cross_zone__enabled="true")
    assert list(servers(told)["to:proxies.cc33:ra"]) == ["i-1_443", "i-2_443"]


def test_a_target_sees_the_client_the_load_balancer_or_a_header() -> None:
    told = made.snapshot()
    assert servers(told)["open:proxies.cc33:ra"]["i-1_443"] == "10.0.1.10:443 source 10.0.1.5 usesrc clientip"
    change(told, 0, preserve_client_ip__enabled="false")
    assert servers(told)["open:proxies.cc33:ra"]["i-1_443"] == "10.0.1.10:443 source 10.0.1.5"
    change(told, 0, proxy_protocol_v2__enabled="true")
    assert servers(told)["open:proxies.cc33:ra"]["i-1_443"] == "10.0.1.10:443 send-proxy-v2 source 10.0.1.5"


def test_checks_are_those_of_the_group_in_less_time() -> None:
    told = made.snapshot()
    said = servers(told)["to:proxies.cc33:rb"]["i-2_443"]
    assert "check inter 200ms rise 3 fall 2 port 8081" in said, (
        "ten seconds, sixty times as fast, but no faster than that"
    )
    assert "check inter 500ms rise 5 fall 2 port 8000" in servers(told)["to:models.dd44:ra"]["10.0.2.30_8000"]
    backend = parts(told)["backend to:proxies.cc33:ra"]
    assert "http-check expect status 200-399" in backend
    assert any('uri "/health"' in one for one in backend)
    told["target_groups"][0]["HealthCheckProtocol"] = "TCP"
    assert not any("http-check" in one for one in parts(told)["backend to:proxies.cc33:ra"])


def test_checks_have_a_proxy_header_where_requests_do_and_tls_by_their_own_protocol() -> None:
    told = made.snapshot()
    assert "check-send-proxy" not in servers(told)["to:proxies.cc33:ra"]["i-1_443"]
    change(told, 0, proxy_protocol_v2__enabled="true")
    assert servers(told)["to:proxies.cc33:ra"]["i-1_443"].count("check-send-proxy") == 1
    told["target_groups"][0] |= {"HealthCheckPort": "traffic-port", "HealthCheckProtocol": "HTTPS"}
    said = servers(told)["to:proxies.cc33:ra"]["i-1_443"]
    assert "port 443 check-ssl verify none check-send-proxy" in said


def test_connections_to_an_unhealthy_target_end_unless_its_group_keeps_them() -> None:
    told = made.snapshot()
    assert servers(told)["to:proxies.cc33:ra"]["i-1_443"].endswith("on-marked-down shutdown-sessions")
    change(told, 0, target_health_state__unhealthy__connection_termination__enabled="false")
    assert "on-marked-down" not in servers(told)["to:proxies.cc33:ra"]["i-1_443"]
    assert "on-marked-down" not in servers(told)["to:models.dd44:ra"]["10.0.2.30_8000"]


def test_an_application_load_balancer_ends_tls_with_its_certificates_and_not_without() -> None:
    found = parts(made.snapshot())["frontend inner.bb22:443:ra"]
    assert found[:2] == ["mode http", forwarding.AT_ONCE]
    assert found[2].startswith("bind 10.0.1.6:443 ssl crt /run/plane/certificates/1234-")
    assert "timeout client 120s" in found
    assert "frontend inner.bb22:443:ra" not in parts(made.snapshot(), {})


def test_another_certificate_under_the_same_name_is_another_file() -> None:
    first = ISSUED[made.CERTIFICATE]
    files = {forwarding.file_of(made.CERTIFICATE, one) for one in (first, {**first, "certificate": "D"})}
    assert len(files) == 2


def test_stickiness_and_algorithms_are_those_of_the_group() -> None:
    told = made.snapshot()
    assert "balance roundrobin" in parts(told)["backend to:models.dd44:ra"]
    change(told, 1, load_balancing__algorithm__type="least_outstanding_requests", stickiness__enabled="true")
    backend = parts(told)["backend to:models.dd44:ra"]
    assert "balance leastconn" in backend
    assert "cookie AWSALB insert indirect nocache dynamic" in backend
    change(told, 0, stickiness__enabled="true")
    assert "hash-type consistent" in parts(told)["backend to:proxies.cc33:ra"]


def behind_a_network_one() -> Json:
    told = made.snapshot()
    told["target_groups"][0] |= {"TargetType": "alb", "Targets": [made.target(made.INNER, 443)]}
    return told


def test_an_application_load_balancer_behind_a_network_one_is_reached_within() -> None:
    told = behind_a_network_one()
    said = servers(told)["to:proxies.cc33:ra"]["bb22_443"]
    assert said.startswith("abns@inner.bb22.443 send-proxy-v2 source 10.0.1.5 check")
    assert "addr 10.0.1.6" in said
    inner = parts(told)["frontend inner.bb22:443:ra"]
    assert any(one.startswith("bind abns@inner.bb22.443 accept-proxy ssl") for one in inner)
    assert (
        "tcp-request connection silent-drop unless { src 203.0.113.64/26 }" in parts(told)["frontend edge.aa11:443:ra"]
    )


def test_weights_share_what_comes() -> None:
    told = made.snapshot()
    told["target_groups"][1]["LoadBalancerArns"] = [made.EDGE]
    told["load_balancers"][0]["Listeners"][0]["DefaultActions"] = [
        made.forward(made.PROXIES, made.MODELS, weights=[3, 1])
    ]
    here = parts(told)["frontend edge.aa11:443:ra"]
    assert "use_backend to:proxies.cc33:ra if TRUE { var(sess.dice) -m int lt 750 }" in here
    assert "use_backend to:models.dd44:ra if TRUE { var(sess.dice) -m int lt 1000 }" in here


def test_a_load_balancer_that_is_not_active_listens_nowhere() -> None:
    told = made.snapshot()
    told["load_balancers"][0]["State"] = {"Code": "provisioning"}
    assert not any("edge" in one for one in parts(told))
