# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What clients met: how much was answered, how soon, by whom, and what was not, when and why."""

from __future__ import annotations

import collections
import dataclasses
import json
import math
import time
import typing as t

SHOWN = 20


@dataclasses.dataclass
class Failure:
    """One request that was not answered as it should be; `at` is seconds since 1970, when that was known."""

    at: float
    what: str
    why: str
    # Where its connection led to; empty where there was none.
    address: str = ""

    def told(self) -> str:
        """A line of it."""
        clock = f"{time.strftime('%X', time.localtime(self.at))}.{int(self.at * 1000) % 1000:03d}"
        return f"{clock} {self.what} to {self.address or '(nobody)'}: {self.why}"


@dataclasses.dataclass
class Report:
    """What clients met so far. Latencies are milliseconds of POSTs, from the first byte sent to the last one read."""

    began: float = 0.0
    ended: float = 0.0
    posts: int = 0
    streams: int = 0
    events: int = 0
    connections: int = 0
    failures: list[Failure] = dataclasses.field(default_factory=list)
    latencies: list[float] = dataclasses.field(default_factory=list)
    # Which servers answered, what certificates were shown, and where connections led to: each with how often.
    servers: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    certificates: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    addresses: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    # Clients as the service behind the edge was told of them.
    seen_as: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.ended - self.began

    def failed(self, what: str, why: str, address: str) -> None:
        """Note a failure."""
        self.failures.append(Failure(time.time(), what, why, address))

    def percentile(self, share: float) -> float:
        """The latency that so many of a hundred POSTs did not exceed; 0 without any."""
        return percentile(self.latencies, share)

    def told(self) -> str:
        """All of it for a person, the first failures among it."""
        parts = [f"{self.posts} POSTs and {self.streams} streams ({self.events} events)"]
        parts.append(f"in {self.seconds:.0f} s on {self.connections} connections, {len(self.failures)} failed")
        parts.append("ms: " + ", ".join(f"p{share} {self.percentile(share):.0f}" for share in (50, 90, 99, 100)))
        return "\n".join(["; ".join(parts), *(one.told() for one in self.failures[:SHOWN])])

    def as_json(self) -> str:
        """All of it on a line."""
        return json.dumps({**vars(self), "failures": [vars(one) for one in self.failures]})

    @classmethod
    def of_json(cls, text: str) -> Report:
        """What `as_json` wrote."""
        held: dict[str, t.Any] = json.loads(text)
        counted = ("servers", "certificates", "addresses", "seen_as")
        held |= {name: collections.Counter(held[name]) for name in counted}
        return cls(**{**held, "failures": [Failure(**one) for one in held["failures"]]})


def percentile(values: t.Sequence[float], share: float) -> float:
    """The nearest rank: https://en.wikipedia.org/wiki/Percentile#The_nearest-rank_method"""
    if not values:
        return 0.0
    return sorted(values)[max(0, math.ceil(share / 100 * len(values)) - 1)]
