# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import typing as t
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from lab.embedded_aws.client import EmbeddedAws, NotRunningError

ROOT = Path(__file__).resolve().parents[3]


def run(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lab.embedded_aws", *arguments]
    env = {**os.environ, **(environment or {})}
    return subprocess.run(command, cwd=ROOT, env=env, check=False, capture_output=True, text=True, timeout=30)


def until(condition: t.Callable[[], bool], seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def gone(pid: int) -> bool:
    return not Path(f"/proc/{pid}").exists() or "State:\tZ" in Path(f"/proc/{pid}/status").read_text()


@pytest.fixture
def state(tmp_path: Path) -> t.Iterator[Path]:
    file = tmp_path / "state.json"
    yield file
    run("stop", "--state", str(file))


def test_start_prints_one_line_that_reaches_the_server(state: Path) -> None:
    lines = run("start", "--state", str(state), "--account", "111122223333").stdout.splitlines()
    status = json.loads(lines[0])
    assert len(lines) == 1
    assert status["account"] == "111122223333"
    assert status["environment"]["AWS_ENDPOINT_URL"] == status["endpoint"]
    assert EmbeddedAws.from_status(status).status() == status


def test_serve_prints_its_status_alone_and_says_the_rest_in_the_log(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "lab.embedded_aws", "serve"]
    log = tmp_path / "log"
    with log.open("w") as errors, subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=errors) as server:
        assert server.stdout
        environment = json.loads(server.stdout.readline())["environment"]
        code = "import boto3; boto3.client('braket', 'us-west-2').search_devices(filters=[])"
        asked = subprocess.run([sys.executable, "-c", code], env={**os.environ, **environment}, stderr=subprocess.PIPE)
        server.terminate()
        assert server.stdout.read() == b""
    assert b"NotModelled" in asked.stderr
    assert "Unable to find appropriate backend for braket" in log.read_text(), "moto's own words"


def test_keys_are_long_and_differ_from_start_to_start(tmp_path: Path) -> None:
    keys = set()
    for number in range(2):
        file = str(tmp_path / str(number))
        environment = json.loads(run("start", "--state", file).stdout)["environment"]
        run("stop", "--state", file)
        keys |= {environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]}
    assert len(keys) == 4
    assert min(map(len, keys)) >= 20


def test_start_is_quick(state: Path) -> None:
    begun = time.monotonic()
    run("start", "--state", str(state))
    assert time.monotonic() - begun < 3


def test_server_ends_soon_after_its_owner() -> None:
    owner = subprocess.Popen(["sleep", "60"])
    try:
        status = json.loads(run("start", "--owner-pid", str(owner.pid)).stdout)
    finally:
        owner.kill()
    assert until(lambda: gone(status["pid"]), seconds=3)
    owner.wait()


def test_server_of_a_dead_owner_does_not_stay() -> None:
    owner = subprocess.Popen(["true"])
    owner.wait()
    done = run("start", "--owner-pid", str(owner.pid))
    assert until(lambda: not done.stdout or gone(json.loads(done.stdout)["pid"]), seconds=3)


def test_temporary_log_goes_with_the_server(state: Path) -> None:
    status = json.loads(run("start", "--state", str(state)).stdout)
    assert Path(status["log"]).is_dir()
    run("stop", "--state", str(state))
    assert until(lambda: not Path(status["log"]).exists())


def test_a_signal_ends_the_server_in_good_order(state: Path) -> None:
    status = json.loads(run("start", "--state", str(state)).stdout)
    os.kill(status["pid"], signal.SIGTERM)
    assert until(lambda: gone(status["pid"]))
    assert not Path(status["log"]).exists()


def test_named_log_is_kept_with_the_writes(state: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    status = json.loads(run("start", "--state", str(state), "--log", str(log)).stdout)
    make_vpc(status["environment"])
    run("stop", "--state", str(state))
    assert json.loads((log / "writes.jsonl").read_text())["action"] == "CreateVpc"


def make_vpc(environment: dict[str, str]) -> None:
    code = "import boto3; boto3.client('ec2', 'us-west-2').create_vpc(CidrBlock='10.0.0.0/16')"
    subprocess.run([sys.executable, "-c", code], env={**os.environ, **environment}, check=True, timeout=30)


def test_kept_state_is_the_server_that_still_runs(state: Path) -> None:
    first = json.loads(run("start", "--state", str(state)).stdout)
    make_vpc(first["environment"])
    again = json.loads(run("start", "--state", str(state), "--keep-state").stdout)
    assert again["pid"] == first["pid"]
    assert again["reused"] is True
    assert len(run("writes", "--state", str(state)).stdout.splitlines()) == 1


def test_start_without_keeping_is_empty_and_stops_the_old_server(state: Path) -> None:
    first = json.loads(run("start", "--state", str(state)).stdout)
    make_vpc(first["environment"])
    second = json.loads(run("start", "--state", str(state)).stdout)
    assert second["pid"] != first["pid"]
    assert gone(first["pid"])
    assert run("writes", "--state", str(state)).stdout == ""


def test_keeping_without_a_server_starts_one(state: Path) -> None:
    assert "reused" not in json.loads(run("start", "--state", str(state), "--keep-state").stdout)


def test_state_file_is_for_its_owner_alone(state: Path) -> None:
    run("start", "--state", str(state))
    assert state.stat().st_mode & 0o777 == 0o600


def test_stop_of_nothing_says_so(tmp_path: Path) -> None:
    done = run("stop", "--state", str(tmp_path / "none"))
    assert done.returncode == 1
    assert "no embedded AWS runs" in done.stderr


def test_status_finds_the_server_of_the_environment(state: Path) -> None:
    status = json.loads(run("start", "--state", str(state)).stdout)
    assert json.loads(run("status", environment=status["environment"]).stdout)["pid"] == status["pid"]


def test_control_needs_the_secret_key(state: Path) -> None:
    status = json.loads(run("start", "--state", str(state)).stdout)
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(status["endpoint"] + "/_cloister/status", timeout=5)  # noqa: S310 - http, by us
    stranger = {**status["environment"], "AWS_SECRET_ACCESS_KEY": "guessed"}
    with pytest.raises(ValueError, match="x-cloister-key"):
        EmbeddedAws(stranger).status()


def test_unreachable_server_is_an_error_of_its_own() -> None:
    with pytest.raises(NotRunningError, match=r"127\.0\.0\.1:1"):
        EmbeddedAws({"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_SECRET_ACCESS_KEY": "x"}).status()


def test_account_must_be_twelve_digits() -> None:
    done = run("start", "--account", "12")
    assert done.returncode == 2
    assert "12 digits" in done.stderr


def test_delays_are_read_from_a_file(state: Path, tmp_path: Path) -> None:
    delays = tmp_path / "delays.yml"
    delays.write_text("nat_gateway: 2\n")
    started = json.loads(run("start", "--state", str(state), "--delays", str(delays)).stdout)
    set_now = EmbeddedAws.from_status(started)._call("POST", "delays", {})["delays"]
    assert set_now["nat_gateway"] == 2


def test_unknown_delay_is_refused(aws: EmbeddedAws) -> None:
    with pytest.raises(ValueError, match="unknown delay nap"):
        aws.delays(nap=1)
