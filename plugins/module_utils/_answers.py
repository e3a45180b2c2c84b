# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a service on this machine answers as it should, and waiting until it does.

It runs on nodes, so it keeps to what Python 3.9 has. Redirects are not followed: what answers must be what was asked.
"""

from __future__ import annotations

import dataclasses
import http.client
import json
import time
import typing as t
import urllib.error
import urllib.request

from ansible_collections.cloister.aws.plugins.module_utils._errors import DeadlineError, RegionError

# As much of an answer as is read, and as much as is shown of one that is wrong.
READ_BYTES, SHOWN_CHARACTERS = 1 << 20, 200
MISSING = object()


class CrashLoopError(RegionError):
    """What should answer starts and ends again and again."""


@dataclasses.dataclass(frozen=True)
class Check:
    """One request and what its answer must be.

    ``fields`` are what a JSON answer must hold: a dotted path, with numbers for places in a list, and the value as
    text; None when anything will do that is not empty.
    """

    url: str
    method: str = "GET"
    headers: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    body: t.Any = None
    status: t.Sequence[int] = (200,)
    fields: t.Mapping[str, str | None] = dataclasses.field(default_factory=dict)
    timeout_seconds: float = 10


class _Still(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: t.Any, **_more: t.Any) -> None:
        """Take the answer as it is."""


# No proxy of the environment either: the service is on this machine.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Still())


def complaint(check: Check) -> str | None:
    """Ask once; return what is wrong with the answer, None when it is as it should be."""
    asked = f"{check.method} {check.url}"
    try:
        status, body = _answer(check)
    except (OSError, http.client.HTTPException) as refused:
        return f"{asked}: no answer: {getattr(refused, 'reason', None) or refused}"
    if status not in check.status:
        return f"{asked}: status {status} where {' or '.join(map(str, check.status))} was wanted: {_shown(body)}"
    if not check.fields:
        return None
    try:
        told = json.loads(body)
    except ValueError:
        return f"{asked}: JSON was wanted, and this came: {_shown(body)}"
    for path, wanted in check.fields.items():
        found = at(told, path)
        if found is MISSING or (found in (None, "", [], {}) if wanted is None else str(found) != wanted):
            return f"{asked}: {path} should be {'there' if wanted is None else wanted}: {_shown(body)}"
    return None


def _answer(check: Check) -> tuple[int, bytes]:
    data = None if check.body is None else json.dumps(check.body).encode()
    headers = {**({} if data is None else {"Content-Type": "application/json"}), **check.headers}
    # The address is the caller's own, and http is what services speak behind their proxy.
    request = urllib.request.Request(check.url, data=data, headers=headers, method=check.method)  # noqa: S310
    try:
        with _OPENER.open(request, timeout=check.timeout_seconds) as response:
            return response.status, response.read(READ_BYTES)
    except urllib.error.HTTPError as answer:
        with answer:
            return answer.code, answer.read(READ_BYTES)


def _shown(body: bytes) -> str:
    text = " ".join(body.decode(errors="replace").split())
    return text[:SHOWN_CHARACTERS] or "nothing"


def at(told: t.Any, path: str) -> t.Any:
    """Return what lies at a dotted path, such as ``data.0.id``; `MISSING` when nothing does."""
    for step in path.split("."):
        if isinstance(told, dict) and step in told:
            told = told[step]
        elif isinstance(told, list) and step.isdigit() and int(step) < len(told):
            told = told[int(step)]
        else:
            return MISSING
    return told


@dataclasses.dataclass(frozen=True)
class Patience:
    """How long, in seconds, how often, and how many restarts of the service are borne meanwhile."""

    seconds: float
    pause_seconds: float = 1
    restarts: int = 3


def until_answered(
    checks: t.Sequence[Check],
    patience: Patience,
    restarts: t.Callable[[], int],
    clock: t.Callable[[], float] = time.monotonic,
    sleep: t.Callable[[float], None] = time.sleep,
) -> float:
    """Wait until all checks hold, one after the other; return how many seconds it took.

    ``restarts`` tells how often the service was started again by whoever supervises it. Raise `CrashLoopError` when
    that happened too often meanwhile, `DeadlineError` when time is up.
    """
    began, before = clock(), restarts()
    for check in checks:
        while (wrong := complaint(check)) is not None:
            died = restarts() - before
            if died > patience.restarts:
                raise CrashLoopError(f"it has been started again {died} times and does not stay up; {wrong}")
            if clock() - began >= patience.seconds:
                raise DeadlineError(f"not within {patience.seconds:g} s; {wrong}")
            sleep(patience.pause_seconds)
    return clock() - began
