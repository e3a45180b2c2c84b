# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one way to call AWS: clients made alike, and calls that outlive what passes.

botocore's ``standard`` retry mode carries throttling (``ThrottlingException``, ``RequestLimitExceeded``, ...), 5xx
and broken connections
(https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html). On top of it this module waits for
ids that AWS has handed out and does not show everywhere yet
(https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html), and never repeats a create blindly.
"""

from __future__ import annotations

import re
import time
import typing as t
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from ansible_collections.cloister.aws.plugins.module_utils._clients import (
    ATTEMPTS,
    WORKERS,
    Clients,
    Connection,
    clients,
)
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, RegionError, UnsureError

_NOT_VISIBLE = re.compile(
    r"(\.NotFound|^NoSuchEntity|^NoSuch(HostedZone|HealthCheck)|ID\.?NotFound|^InvalidResourceId|^NatGatewayNotFound"
    r"|^(LoadBalancer|TargetGroup|Listener|Rule|Certificate|Subnet|AllocationId)NotFound)$"
)
_NOT_VISIBLE_WAITS = (0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0)
_THROTTLED = re.compile(r"Throttl|RequestLimitExceeded|TooManyRequests|SlowDown|PriorRequestNotComplete")
_THROTTLED_WAITS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0, 20.0, 20.0, 20.0)
_EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired")

A = t.TypeVar("A")
B = t.TypeVar("B")


@dataclass(frozen=True)
class Patience:
    """Error codes that pass by themselves, and how many seconds to bear them."""

    codes: frozenset[str]
    seconds: float


def make_client(connection: Connection, service: str, attempts: int = ATTEMPTS, among: Clients | None = None) -> t.Any:
    """Return a botocore client for a service, this process's or one ``among`` others; threads may share it."""
    # A profile that does not exist, or half a set of credentials, shows here and not in the call.
    with _translated("the first call", {}):
        return (among or clients()).get(connection, service, attempts)


class Aws:
    """AWS as the kinds see it.

    ``attempts`` is how often a call is sent in all; ``bears_seconds`` cuts short the patience that calls ask for;
    ``among`` are the clients to use where those of this process are not meant.
    """

    def __init__(
        self,
        connection: Connection,
        attempts: int = ATTEMPTS,
        bears_seconds: float | None = None,
        among: Clients | None = None,
    ) -> None:
        self.connection = connection
        self._attempts = attempts
        self._bears_seconds = bears_seconds
        self._among = among

    @property
    def region(self) -> str:
        """The AWS region, such as ``us-west-2``."""
        return str(self.connection.region)

    @property
    def partition(self) -> str:
        """The partition of the region, the second word of its ARNs."""
        return str(make_client(self.connection, "iam", among=self._among).meta.partition)

    def call(
        self, service: str, action: str, /, absent_ok: bool = False, patience: Patience | None = None, **params: t.Any
    ) -> t.Any:
        """Call one action and return its answer.

        ``action`` is botocore's method name (``describe_subnets``). An id that AWS does not show yet is waited for,
        about 16 s in all; with ``absent_ok`` its absence is the answer None instead. ``patience`` names further
        refusals that pass by themselves (``DependencyViolation`` while something lingers).
        """
        client = make_client(self.connection, service, self._attempts, self._among)
        if patience and self._bears_seconds is not None:
            patience = Patience(patience.codes, min(patience.seconds, self._bears_seconds))
        return _bear(lambda: _send(client, action, params), absent_ok, patience)

    def pages(self, service: str, action: str, result: str, /, absent_ok: bool = False, **params: t.Any) -> list[t.Any]:
        """Call a listing action to its end and return all of ``result``; absence and visibility as in `call`."""
        client = make_client(self.connection, service, self._attempts, self._among)

        def read() -> list[t.Any]:
            with _translated(client.meta.method_to_api_mapping[action], params):
                if not client.can_paginate(action):
                    return list(getattr(client, action)(**params).get(result, []))
                return [
                    item for page in client.get_paginator(action).paginate(**params) for item in page.get(result, [])
                ]

        return t.cast("list[t.Any]", _bear(read, absent_ok, None) or [])

    def make(self, service: str, action: str, /, **params: t.Any) -> t.Any:
        """Call a create. Unlike `call` it is not repeated after a lost answer, which would make a second one.

        Where the action has a client token botocore fills it and repeating is safe. Elsewhere a lost answer is
        `UnsureError`: the caller looks whether the thing is there before it asks again.
        """
        client = make_client(self.connection, service, among=self._among)
        if client.meta.service_model.operation_model(client.meta.method_to_api_mapping[action]).idempotent_members:
            return self.call(service, action, **params)
        once = make_client(self.connection, service, 1, self._among)
        hidden, throttled = iter(_NOT_VISIBLE_WAITS), iter(_THROTTLED_WAITS)
        while True:
            try:
                return _send(once, action, params)
            except UnsureError:
                raise
            except ApiError as exc:
                waits = (
                    hidden if _NOT_VISIBLE.search(exc.code) else throttled if _THROTTLED.search(exc.code) else iter(())
                )
                wait = next(waits, None)
                if wait is None:
                    raise
                time.sleep(wait)


def _bear(work: t.Callable[[], A], absent_ok: bool, patience: Patience | None) -> A | None:
    """Do ``work`` until it is not refused for a reason that passes; return None for what is absent and may be."""
    until = time.monotonic() + (patience.seconds if patience else 0)
    hidden, pause = iter(_NOT_VISIBLE_WAITS), 0.25
    while True:
        try:
            return work()
        except ApiError as exc:
            if patience and exc.code in patience.codes and time.monotonic() < until:
                wait: float | None = pause
                pause = min(pause * 1.6, 10.0)
            elif not _NOT_VISIBLE.search(exc.code):
                raise
            elif absent_ok:
                return None
            else:
                wait = next(hidden, None)
            if wait is None:
                raise
            time.sleep(wait)


def _send(client: t.Any, action: str, params: t.Mapping[str, t.Any]) -> t.Any:
    with _translated(client.meta.method_to_api_mapping[action], params):
        return getattr(client, action)(**params)


@contextmanager
def _translated(action: str, params: t.Mapping[str, t.Any]) -> t.Iterator[None]:
    """Turn botocore's errors into ours."""
    # Here, because the controller imports this module and calls nothing.
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

    try:
        yield
    except ClientError as exc:
        raise _translate(action, exc, params) from exc
    except HTTPClientError as exc:
        raise UnsureError(action, type(exc).__name__, f"{action} got no answer: {exc}") from exc
    except BotoCoreError as exc:
        raise ApiError(action, type(exc).__name__, f"{action} could not be sent: {exc}") from exc


def _translate(action: str, exc: t.Any, params: t.Mapping[str, t.Any]) -> ApiError:
    """Turn botocore's ClientError into ours, saying what the call was about."""
    error = exc.response.get("Error", {})
    code, status = error.get("Code", "Unknown"), exc.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _EXPIRED:
        advice = "The AWS credentials have expired: get new ones and run again; what is done stays done."
        return ApiError(action, code, f"{advice} ({action}: {error.get('Message', code)})")
    about = ", ".join(f"{k}={v}" for k, v in params.items() if isinstance(v, str) and len(v) <= 80)
    text = f"{action}({about}) was refused: {code}: {error.get('Message', '')}".rstrip(": ")
    if status >= 500 and code != "NotModelled" and not _THROTTLED.search(code):
        return UnsureError(action, code, text)
    return ApiError(action, code, text)


def side_by_side(work: t.Callable[[A], B], items: t.Sequence[A], workers: int = WORKERS) -> list[B | Exception]:
    """Do ``work`` on every item, so many at once; return results in order, an error in the place of its item."""

    def guarded(item: A) -> B | Exception:
        try:
            return work(item)
        except Exception as exc:  # noqa: BLE001 - handed to the caller, which raises them together
            return exc

    if len(items) < 2:
        return [guarded(item) for item in items]
    with ThreadPoolExecutor(max_workers=min(workers, len(items))) as pool:
        return list(pool.map(guarded, items))


def all_done(results: t.Iterable[A | Exception]) -> list[A]:
    """Return results of `side_by_side`; raise what went wrong, refusals of ours in one sentence after the other."""
    done = list(results)
    errors = [result for result in done if isinstance(result, Exception)]
    unexpected = next((error for error in errors if not isinstance(error, RegionError)), None)
    if unexpected:
        raise unexpected
    if errors:
        raise RegionError("; ".join(dict.fromkeys(map(str, errors))))
    return t.cast("list[A]", done)


def each(work: t.Callable[[A], B], items: t.Sequence[A]) -> list[B]:
    """Like `side_by_side`, but the first error is raised once all are done."""
    results = side_by_side(work, items)
    for result in results:
        if isinstance(result, Exception):
            raise result
    return t.cast("list[B]", results)
