"""Fixtures of the warm connection's tests."""

from __future__ import annotations

import tempfile
import typing as t
from pathlib import Path

import pytest

from tests.integration.warm.controller import Controller, eventually


@pytest.fixture
def controller() -> t.Iterator[Controller]:
    """A controller that leaves no process behind; its folder's path is short enough for sockets."""
    with tempfile.TemporaryDirectory(prefix="w") as folder:
        controller = Controller(Path(folder))
        try:
            yield controller
            assert eventually(lambda: not controller.processes()), controller.processes()
        finally:
            controller.stop()
