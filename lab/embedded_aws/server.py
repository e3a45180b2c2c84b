# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The server process: puts the parts together, serves until it is told to stop or its owner is gone."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import threading
import time
import typing as t
from pathlib import Path

from lab.embedded_aws import delays, invocations
from lab.embedded_aws.accounts import Accounts, new_keys
from lab.embedded_aws.control import Control
from lab.embedded_aws.faults import Faults
from lab.embedded_aws.gateway import Gateway
from lab.embedded_aws.http_server import HttpServer
from lab.embedded_aws.journal import Journal
from lab.embedded_aws.moto_app import MotoApp, preload

OWNER_POLL_SECONDS = 0.5


def client_environment(endpoint: str, access_key: str, secret: str) -> dict[str, str]:
    """The variables that send an AWS client here and nowhere else."""
    spared = [name for name in os.environ.get("NO_PROXY", os.environ.get("no_proxy", "")).split(",") if name]
    direct = ",".join(dict.fromkeys([*spared, "127.0.0.1", "localhost"]))
    # https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html: these come before AWS_ENDPOINT_URL.
    led_elsewhere = [name for name in os.environ if name.startswith("AWS_ENDPOINT_URL_")]
    return {
        **dict.fromkeys(led_elsewhere, ""),
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false",
        "AWS_USE_FIPS_ENDPOINT": "false",
        "AWS_USE_DUALSTACK_ENDPOINT": "false",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": access_key,
        "AWS_SECRET_ACCESS_KEY": secret,
        "AWS_SESSION_TOKEN": "",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "NO_PROXY": direct,
        "no_proxy": direct,
    }


def serve(account: str, log: Path | None, delay_seconds: dict[str, t.Any], owner_pid: int | None) -> None:
    """Serve until stopped; print {endpoint, pid, account, log, environment} once calls are answered."""
    delays.current.begin_with(delay_seconds)
    accounts, journal, faults = Accounts(account), Journal(log), Faults()
    access_key, secret = new_keys()
    control = Control(journal, faults, accounts, delays.current, secret, {}, lambda: None)
    server = HttpServer(Gateway(MotoApp(accounts), journal, faults, control))
    control.stop = server.shutdown
    invocations.current.serve(accounts, lambda key, secret: client_environment(server.endpoint, key, secret))
    control.status.update(
        endpoint=server.endpoint,
        pid=os.getpid(),
        account=account,
        log=str(log) if log else None,
        environment=client_environment(server.endpoint, access_key, secret),
    )
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    if owner_pid:
        threading.Thread(target=_outlive, args=(owner_pid, server), daemon=True).start()
    threading.Thread(target=preload, daemon=True).start()
    _announce(control.status)
    server.serve_forever(poll_interval=0.1)


def _outlive(owner_pid: int, server: HttpServer) -> None:
    """Stop the server soon after its owner is gone."""
    try:
        owner = os.pidfd_open(owner_pid)
    except ProcessLookupError:
        server.shutdown()
        return
    except (AttributeError, OSError):
        owner = None
    while owner is None and _alive(owner_pid):
        time.sleep(OWNER_POLL_SECONDS)
    if owner is not None:
        # Readable as soon as the owner has ended, even while nobody has reaped it.
        select.select([owner], [], [])
    server.shutdown()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _announce(status: dict[str, t.Any]) -> None:
    """Print one JSON line; what moto prints afterwards goes to standard error, as whoever started it reads no more."""
    print(json.dumps(status), flush=True)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
