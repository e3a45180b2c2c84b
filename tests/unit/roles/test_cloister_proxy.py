"""The program of a proxy's node: what it makes of what it reads, and leaves behind. Nginx itself is molecule's."""

from __future__ import annotations

import importlib.util
import json
import ssl
import time
import typing as t
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ansible_collections.cloister.aws.plugins.module_utils import _x509

PROGRAM = Path(__file__).parents[3] / "roles/proxy/files/cloister_proxy.py"
CONFIGURATION = 'http {\n    map "" $proxy_configuration {\n        default "0123456789abcdef";\n    }\n}\n'
TABLE = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0 100 0 0 10 0
   1: 0100007F:01BB 0100007F:C0DE 01 00000000:00000000 00:00000000 00000000     0        0 2 1 0 20 4 30 10 -1
   2: 0100007F:01BB 0100007F:C0DF 06 00000000:00000000 03:00000F9D 00000000     0        0 0 3 0
   3: 0100007F:0050 0100007F:C0E0 08 00000000:00000000 00:00000000 00000000     0        0 3 1 0 20 4 30 10 -1
   4: 0100007F:C0DE 0100007F:01BB 01 00000000:00000000 00:00000000 00000000     0        0 4 1 0 20 4 30 10 -1
"""


def loaded() -> t.Any:
    """The program as a module; it is a file of the role and no part of the collection's Python."""
    spec = importlib.util.spec_from_file_location("cloister_proxy", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


program = loaded()


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, t.Any]:
    """A node's settings, in a folder of the test."""
    files = {name: str(tmp_path / name) for name in ("pid", "error_log", "access_log", "configuration")}
    for path in files.values():
        Path(path).touch()
    Path(files["configuration"]).write_text(CONFIGURATION, encoding="utf-8")
    ports = {"https_port": 443, "status_port": 8082, "client_ports": [80, 443], "proxy_protocol": False}
    return {"state": str(tmp_path), "sites": [], "warn_days": 30, "alarm_days": 7, **ports, **files}


@pytest.fixture
def proxy(settings: dict[str, t.Any], monkeypatch: pytest.MonkeyPatch) -> t.Any:
    """A node whose workers run at once what lies there."""
    made = program.Proxy(settings)
    monkeypatch.setattr(made, "state", made.wanted)
    monkeypatch.setattr(made, "busy", lambda: 0)
    monkeypatch.setattr(program, "LOOK_SECONDS", 0.01)
    return made


def test_a_configuration_of_somebody_else_is_told_from_the_roles() -> None:
    assert program.digest_of(CONFIGURATION) == "0123456789abcdef"
    with pytest.raises(program.Trouble, match="not one that the role proxy wrote"):
        program.digest_of("http { }")


def test_only_clients_that_still_want_something_count() -> None:
    assert program.busy_connections(TABLE, {80, 443}) == 2
    assert program.busy_connections(TABLE, {443}) == 1
    assert program.busy_connections(TABLE, {8081}) == 0


@pytest.mark.parametrize(
    ("days", "line"),
    [
        (31, "<6>certificate of infer ends in 31 days"),
        (30, "<4>certificate of infer ends in 30 days"),
        (7, "<3>certificate of infer ends in 7 days"),
        (-2, "<3>certificate of infer ended 2 days ago"),
    ],
)
def test_a_certificates_end_is_told_the_louder_the_nearer_it_is(days: int, line: str) -> None:
    assert program.told("infer", days, 30, 7) == line


def test_days_are_those_of_the_first_certificate_of_a_chain(settings: dict[str, t.Any], tmp_path: Path) -> None:
    key, now = _x509.new_key("EC_prime256v1"), datetime.now(UTC)
    ca = _x509.root(key, "Example", 365, (), now)
    issued = _x509.issue(key, ca, ["infer.test"], 5, "EC_prime256v1", now)
    (tmp_path / "infer.pem").write_text(issued.certificate + issued.chain, encoding="utf-8")
    settings["sites"] = [{"name": "infer", "certificate": str(tmp_path / "infer.pem")}]
    assert program.leaf(issued.certificate + issued.chain) == ssl.PEM_cert_to_DER_cert(issued.certificate)
    assert program.Proxy(settings).certificates() == (["<3>certificate of infer ends in 4 days"], True)
    settings["alarm_days"] = 3
    assert program.Proxy(settings).certificates() == (["<4>certificate of infer ends in 4 days"], False)


def test_health_fails_until_the_node_serves_again(proxy: t.Any) -> None:
    assert (proxy.fail(), proxy.fail(), proxy.failing.exists()) == (True, False, True)
    assert (proxy.serve(), proxy.serve(), proxy.failing.exists()) == (True, False, False)


def test_a_drained_node_stays_so_until_it_serves_again(proxy: t.Any) -> None:
    assert proxy.drain(5, 0.02) is True
    assert (proxy.drain(5, 0.02), proxy.wanted()["mode"], proxy.failing.exists()) == (False, "draining", True)
    assert "keepalive_timeout 0;" in proxy.drain_file.read_text(encoding="utf-8")
    assert (proxy.serve(), proxy.wanted()["mode"], proxy.drain_file.exists()) == (True, "serving", False)


def test_a_drain_waits_until_the_last_client_has_gone(proxy: t.Any, monkeypatch: pytest.MonkeyPatch) -> None:
    left = iter([2, 2, 1, 1, *[0] * 1000])
    monkeypatch.setattr(proxy, "busy", lambda: next(left))
    proxy.drain(5, 0.02)
    assert next(left) == 0


@pytest.mark.parametrize(
    ("busy", "ago", "sentence"),
    [(3, 100.0, "3 connections are still open"), (0, 0.0, "requests still come in")],
)
def test_a_drain_that_cannot_end_says_why(
    proxy: t.Any, monkeypatch: pytest.MonkeyPatch, busy: int, ago: float, sentence: str
) -> None:
    monkeypatch.setattr(proxy, "busy", lambda: busy)
    monkeypatch.setattr(proxy, "last_request", lambda: time.time() - ago)
    with pytest.raises(program.Trouble, match=sentence):
        proxy.drain(0.1, 10)


def test_what_runs_already_is_not_reloaded_and_a_dead_nginx_is_told(proxy: t.Any, settings: dict[str, t.Any]) -> None:
    assert proxy.reload() is False
    with pytest.raises(program.Trouble, match="nginx does not run"):
        program.Proxy(settings).master()


def test_a_reload_that_nginx_did_not_carry_out_is_told_with_its_own_words(
    proxy: t.Any, settings: dict[str, t.Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proxy, "state", lambda: {"configuration": "old", "mode": "serving"})
    monkeypatch.setattr(proxy, "test", lambda: None)
    monkeypatch.setattr(proxy, "master", lambda: 1)
    monkeypatch.setattr(program, "RELOAD_SECONDS", 0.05)

    def kill(_pid: int, _signal: int) -> None:
        Path(settings["error_log"]).write_text("10:00 [emerg] bind() failed\n10:00 [notice] else\n", encoding="utf-8")

    monkeypatch.setattr(program.os, "kill", kill)
    with pytest.raises(program.Trouble, match=r"its old configuration: 10:00 \[emerg\] bind\(\) failed$"):
        proxy.reload()


def test_each_word_is_one_json_object_and_an_exit_status(
    settings: dict[str, t.Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(settings), encoding="utf-8")
    assert program.main(["--settings", str(file), "fail"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {"changed": True, "failing": True, "configuration": "0123456789abcdef", "mode": "serving"}
    assert program.main(["--settings", str(file), "check"]) == 1
    assert json.loads(capsys.readouterr().out)["faults"] == ["nginx does not run: journalctl -u nginx"]
    assert program.main(["--settings", str(tmp_path / "none.json"), "reload"]) == 1
    assert json.loads(capsys.readouterr().out)["failed"] is True
