# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The time that slow things take: this machine's, and what a test lets pass at once."""

from __future__ import annotations

import time


class Clock:
    """A clock that can be put on."""

    def __init__(self) -> None:
        self._skipped = 0.0

    def now(self) -> float:
        """Seconds since some moment; they only grow."""
        return time.monotonic() + self._skipped

    def skip(self, seconds: float) -> None:
        """Let so much time pass at once; ValueError when it would go back."""
        if seconds < 0:
            raise ValueError(f"time does not go back: {seconds:g} seconds")
        self._skipped += seconds


# The truth patches live inside moto's classes and read this one.
current = Clock()
