"""Who waits for AWS in these tests lets the embedded AWS's time pass: nobody really waits, and no wait is too short."""

from __future__ import annotations

import time
import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws


class Waiting:
    """What stands for `time`: how long was waited, in seconds, and what happens meanwhile."""

    def __init__(self, lab: EmbeddedAws) -> None:
        self.seconds = 0.0
        self._lab, self._monotonic = lab, time.monotonic
        self._later: list[tuple[float, t.Callable[[], object]]] = []

    def meanwhile(self, seconds: float, do: t.Callable[[], object]) -> None:
        """Do something once it was waited so long from now."""
        self._later.append((self.seconds + seconds, do))

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds
        self._lab.skip(seconds)
        due = [one for one in self._later if one[0] <= self.seconds]
        self._later = [one for one in self._later if one not in due]
        for _, do in due:
            do()

    def monotonic(self) -> float:
        return self._monotonic() + self.seconds


@pytest.fixture(autouse=True)
def waiting(embedded_aws: EmbeddedAws, monkeypatch: pytest.MonkeyPatch) -> Waiting:
    made = Waiting(embedded_aws)
    monkeypatch.setattr(time, "sleep", made.sleep)
    monkeypatch.setattr(time, "monotonic", made.monotonic)
    return made
