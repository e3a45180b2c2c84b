# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hard ends: of what waits too long, and of this process when somebody wants it to end."""

from __future__ import annotations

import contextlib
import signal
import typing as t

from .errors import SilentError

_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)


class _TooLateError(BaseException):
    """No Exception, as libraries catch those and go on."""


@contextlib.contextmanager
def deadline(seconds: float, wanted: str) -> t.Iterator[None]:
    """Raise `SilentError` when what is done here takes longer. For the main thread, and not within itself."""

    def too_late(_number: int, _frame: t.Any) -> None:
        raise _TooLateError

    before = signal.signal(signal.SIGALRM, too_late)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.1))
    try:
        yield
    except _TooLateError:
        raise SilentError(f"wanted {wanted} within {seconds:.0f} s, found none") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def end_on_signals() -> None:
    """Let SIGTERM, SIGHUP and SIGINT end the process as an exception would: what was begun is ended, once."""

    def leave(number: int, _frame: t.Any) -> None:
        ignore_signals()
        raise SystemExit(128 + number)

    for one in _SIGNALS:
        signal.signal(one, leave)


def ignore_signals() -> None:
    """Let nothing come between what is left to do and the end."""
    for one in _SIGNALS:
        signal.signal(one, signal.SIG_IGN)
