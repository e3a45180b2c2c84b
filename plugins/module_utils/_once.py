# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Answers that several threads need and only the first one reads."""

from __future__ import annotations

import threading
import typing as t

A = t.TypeVar("A")


class Once:
    """Answers by key. Who asks while another reads waits for that answer; a failed read is tried by the next."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[t.Hashable, threading.Lock] = {}
        self._answers: dict[t.Hashable, t.Any] = {}

    def get(self, key: t.Hashable, read: t.Callable[[], A]) -> A:
        """Return the answer for ``key``, read by ``read`` unless that has been done."""
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            if key not in self._answers:
                self._answers[key] = read()
            return t.cast(A, self._answers[key])
