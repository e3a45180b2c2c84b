# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where this process's environment leads."""

from __future__ import annotations

import os

import pytest

from lab.embedded_aws.client import EmbeddedAws


def lead_to(server: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the environment lead to an embedded AWS, and to no account of the shell's."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
