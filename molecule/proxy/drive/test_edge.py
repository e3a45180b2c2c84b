"""What a client meets at the proxy's edge: TLS as Mozilla has it, names, addresses, and what is written of it."""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import subprocess
import sys
import typing as t
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
GIXY = Path(sys.executable).with_name("gixy")


def judged(node: str, made: Path, profile: str) -> subprocess.CompletedProcess[str]:
    """Mozilla's profile, asked of the running proxy by an outside judge."""
    command = [ROOT / "tests" / "tls.sh", f"--mozilla_config={profile}", f"--certinfo_ca_file={made / 'ca.pem'}"]
    environment = {**os.environ, "PYTHON": sys.executable}
    return subprocess.run(
        [*command, "--sni=infer.test", f"{node}:443"], capture_output=True, text=True, timeout=300, env=environment
    )


def gixy_finds(configuration: str, folder: Path) -> list[dict[str, str]]:
    """What an outside judge finds in a configuration."""
    (folder / "nginx.conf").write_text(configuration, encoding="utf-8")
    command = [GIXY, "--format=json", folder / "nginx.conf"]
    judged = subprocess.run(command, capture_output=True, text=True, timeout=60)
    return t.cast("list[dict[str, str]]", json.loads(judged.stdout))


def asked(host: str, path: str, trust: ssl.SSLContext | None, **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPSConnection(host, context=trust) if trust else http.client.HTTPConnection(host)
    connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
    answer = connection.getresponse()
    return answer, answer.read()


def test_tls_is_what_mozilla_calls_intermediate(node: str, made: Path) -> None:
    verdict = judged(node, made, "intermediate")
    assert verdict.returncode == 0, verdict.stdout
    assert "Compliant" in verdict.stdout


def test_the_judge_of_tls_refuses_what_is_not_compliant(node: str, made: Path) -> None:
    assert judged(node, made, "modern").returncode == 1


def test_gixy_finds_nothing_in_the_configuration(on_node: t.Callable[..., str], tmp_path: Path) -> None:
    found = gixy_finds(on_node("cat", "/etc/nginx/nginx.conf"), tmp_path)
    assert [(issue["plugin"], issue["summary"], issue["config"]) for issue in found] == []


def test_gixy_finds_what_is_wrong(tmp_path: Path) -> None:
    assert gixy_finds("http { server { location / { return 302 https://a.test$uri; } } }", tmp_path) != []


def test_a_name_that_nobody_has_learns_no_certificate(node: str) -> None:
    nobody = ssl.create_default_context()
    with socket.create_connection((node, 443)) as plain, pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
        nobody.wrap_socket(plain, server_hostname="else.test")


def test_plain_http_leads_to_https_and_a_post_stays_one(trust: ssl.SSLContext) -> None:
    answer, _body = asked("infer.test", "/v1/models?a=1", None)
    assert (answer.status, answer.headers["Location"]) == (308, "https://infer.test/v1/models?a=1")
    assert asked("else.test", "/", None)[0].status == 404
    answer, _body = asked("any.infer.test", "/v1/models", trust)
    assert (answer.status, answer.headers["Strict-Transport-Security"]) == (200, "max-age=63072000")


def test_a_client_cannot_say_who_it_is(trust: ssl.SSLContext, on_node: t.Callable[..., str]) -> None:
    _answer, body = asked("infer.test", "/v1/echo", trust, X_Forwarded_For="198.51.100.1", X_Real_IP="198.51.100.1")
    seen = json.loads(body)["headers"]
    mine = json.loads(on_node("tail", "-n1", "/var/log/nginx/access.log"))["client"]
    assert seen["x-forwarded-for"] == seen["x-real-ip"] == mine
    assert mine != "198.51.100.1"


def test_a_request_is_one_line_of_json_without_its_query(trust: ssl.SSLContext, on_node: t.Callable[..., str]) -> None:
    agent = 'with "quotes" and a \t tab'
    answer, _body = asked("infer.test", "/v1/models?key=canary", trust, User_Agent=agent)
    line = on_node("tail", "-n1", "/var/log/nginx/access.log")
    told = json.loads(line)
    assert "canary" not in line
    assert (told["site"], told["path"], told["status"], told["user_agent"]) == ("infer", "/v1/models", 200, agent)
    assert (told["upstream"], told["upstream_status"], told["tls"]) == ("127.0.0.2:9000", "200", "TLSv1.3")
    assert told["request_id"] == answer.headers["X-Request-Id"]


def test_routes_lead_to_their_upstream(trust: ssl.SSLContext) -> None:
    for path, address in (("/apps/echo", "127.0.0.9"), ("/echo", "127.0.0.2")):
        assert json.loads(asked("infer.test", path, trust)[1])["address"] == address


def test_connections_to_the_server_are_kept(trust: ssl.SSLContext) -> None:
    ports = {json.loads(asked("infer.test", "/apps/echo", trust)[1])["client_port"] for _ in range(10)}
    assert len(ports) <= 2


def test_the_load_balancer_may_ask_for_health_and_nobody_for_more(node: str, on_node: t.Callable[..., str]) -> None:
    answer, body = asked(f"{node}:8081", "/health", None)
    assert (answer.status, body) == (200, b"in service\n")
    assert asked(f"{node}:8081", "/status", None)[0].status == 404
    with pytest.raises(ConnectionRefusedError):
        asked(f"{node}:8082", "/status", None)
    assert "Active connections:" in on_node("curl", "-s", "http://127.0.0.1:8082/status")
