# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What needs Docker is skipped where there is none, and fails where CI is set: there, nothing is left out unseen."""

from __future__ import annotations

import functools
import os

import pytest

from lab.nodes.image import missing


@functools.cache
def _missing() -> str | None:
    return missing()


def need_docker(what: str) -> None:
    """Skip, or fail in CI, when no machine can be made; `what` is then not tested."""
    reason = _missing()
    if reason and os.environ.get("CI"):
        pytest.fail(f"CI must test {what} on machines, and {reason}", pytrace=False)
    if reason:
        pytest.skip(f"NOT TESTED on a machine: {what}: {reason}")
