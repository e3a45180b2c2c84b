# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""When each stack was at work and what it waited for in AWS, drawn side by side: where the time of a run went."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

WIDTH = 60
"""Characters of the whole run."""
WORTH_DRAWING_SECONDS = 1.0
LONGEST_TOLD = 8
WORKING, WAITING = "=", "."


class Span(t.NamedTuple):
    """From when to when, in seconds since the run began."""

    began: float
    ended: float

    @property
    def seconds(self) -> float:
        """How long it was."""
        return self.ended - self.began


@dataclass
class Timeline:
    """What each stack did when; times are given on the monotonic clock on which the run began at ``began``."""

    began: float
    work: dict[str, list[Span]] = field(default_factory=dict)
    waits: dict[str, list[tuple[str, Span]]] = field(default_factory=dict)

    def take(self, stack: str, began: float, ended: float, waits: t.Iterable[t.Mapping[str, t.Any]] = ()) -> None:
        """Take in one task of a stack, with the waits {what, began, ended} in it."""
        self.work.setdefault(stack, []).append(Span(began - self.began, ended - self.began))
        for wait in waits:
            span = Span(wait["began"] - self.began, wait["ended"] - self.began)
            self.waits.setdefault(stack, []).append((wait["what"], span))

    @property
    def waited(self) -> float:
        """For how many seconds something was waited for; what is waited for side by side counts once."""
        return sum(span.seconds for span in united(span for waits in self.waits.values() for _what, span in waits))

    def told(self) -> dict[str, t.Any]:
        """Return the timeline as plain data: ``stacks`` in the order in which they began, and ``waited`` seconds."""
        return {
            "waited": round(self.waited, 2),
            "stacks": {
                stack: {
                    "work": [_rounded(span) for span in united(self.work.get(stack, ()))],
                    "waits": [
                        {"what": what, **dict(zip(("began", "ended"), _rounded(span), strict=True))}
                        for what, span in self.waits.get(stack, ())
                    ],
                }
                for stack in self.stacks()
            },
        }

    def stacks(self) -> list[str]:
        """Return the stacks in the order in which they began."""
        return sorted(self.work, key=lambda stack: min(self.work[stack]))

    def lines(self, stacks: t.Collection[str]) -> t.Iterator[str]:
        """Yield the drawing of these stacks, and the longest waits; nothing when nothing was worth the wait."""
        drawn = [stack for stack in self.stacks() if stack in stacks]
        if self.waited < WORTH_DRAWING_SECONDS or not drawn:
            return
        whole = max(span.ended for stack in drawn for span in self.work[stack])
        width = max(len(stack) for stack in drawn)
        yield f"  {WORKING} at work   {WAITING} waiting for AWS, {self.waited:.1f} s in all, side by side"
        for stack in drawn:
            yield f"  {stack:<{width}}  |{self._row(stack, whole)}|"
        longest = sorted(
            ((span.seconds, stack, what) for stack in drawn for what, span in self.waits.get(stack, ())), reverse=True
        )
        for seconds, stack, what in longest[:LONGEST_TOLD]:
            if seconds >= WORTH_DRAWING_SECONDS:
                yield f"  {stack:<{width}} {seconds:>8.1f} s for {what}"

    def _row(self, stack: str, whole: float) -> str:
        row = [" "] * WIDTH
        for sign, spans in (
            (WORKING, self.work[stack]),
            (WAITING, [span for _what, span in self.waits.get(stack, ())]),
        ):
            for span in spans:
                first = min(int(span.began / whole * WIDTH), WIDTH - 1)
                last = min(max(int(span.ended / whole * WIDTH), first + (sign == WORKING)), WIDTH)
                row[first:last] = sign * (last - first)
        return "".join(row)


def united(spans: t.Iterable[Span]) -> list[Span]:
    """Return the spans in order, with those that meet or overlap as one."""
    found: list[Span] = []
    for span in sorted(spans):
        if found and span.began <= found[-1].ended:
            found[-1] = Span(found[-1].began, max(found[-1].ended, span.ended))
        else:
            found.append(span)
    return found


def _rounded(span: Span) -> list[float]:
    return [round(span.began, 2), round(span.ended, 2)]
