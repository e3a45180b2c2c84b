"""How the tests of a proxy find it: its address and its test's CA come from the environment, its names from here."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import typing as t
from pathlib import Path

import pytest

NAMES = (".test",)


@pytest.fixture(scope="session")
def node() -> str:
    """The address of the proxy's node."""
    return os.environ["PROXY_ADDRESS"]


@pytest.fixture(scope="session")
def made() -> Path:
    """The folder of the test's certificates."""
    return Path(os.environ["PROXY_MADE"])


@pytest.fixture(scope="session")
def trust(made: Path) -> ssl.SSLContext:
    """A client's trust: in the CA of the test and in nobody else."""
    return ssl.create_default_context(cafile=str(made / "ca.pem"))


@pytest.fixture(autouse=True)
def names(node: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that end in .test lead to the node, as the region's DNS would have it."""
    real = socket.getaddrinfo

    def found(host: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Any:
        return real(node if str(host).endswith(NAMES) else host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", found)


@pytest.fixture(scope="session")
def on_node() -> t.Callable[..., str]:
    """Run a command on the node, and return what it says."""

    def run(*command: str) -> str:
        asked = ["docker", "exec", os.environ["PROXY_CONTAINER"], *command]
        return subprocess.run(asked, check=True, capture_output=True, text=True).stdout

    return run
