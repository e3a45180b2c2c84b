# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The region's lock: one run at a time changes a region.

The lock is an SSM parameter. PutParameter without ``Overwrite`` refuses a name that exists, so that of two runs one
wins, and nothing has to be there before
(https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html). A tag on it is the
heartbeat: AddTagsToResource fails on a parameter that is gone, so a late beat never brings a released lock back
(https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_AddTagsToResource.html).
"""

from __future__ import annotations

import json
import socket
import time
import typing as t
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, RegionError, UnsureError
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner, tag_dict, tag_list
from ansible_collections.cloister.aws.plugins.module_utils._process import lives

HEARTBEAT = "cloister:heartbeat"
STALE_BEATS = 3
_TAKE_AGAIN = (0.3, 0.6, 1.2, 2.4)


class LockedError(RegionError):
    """Another run holds the lock."""


@dataclass(frozen=True)
class Claim:
    """Who takes the lock: what is written into the parameter, as JSON.

    ``holder`` is user@host, ``pid`` the run's controlling process there and ``pid_born`` its mark, ``started`` UTC in
    ISO 8601, ``command`` how the run was started, ``beat_seconds`` how often it gives a sign of life.
    """

    run_id: str
    holder: str
    pid: int
    pid_born: str
    started: str
    command: str
    beat_seconds: float

    def same_run(self, other: Claim) -> bool:
        """Return whether both are of one run; a run id alone can be set by hand, twice."""
        return (self.run_id, self.holder, self.pid) == (other.run_id, other.holder, other.pid)


@dataclass(frozen=True)
class Held:
    """A lock as it was found: its claim, and its last heartbeat (UTC in ISO 8601)."""

    claim: Claim
    heartbeat: str

    def silent_seconds(self) -> float:
        """Return how long ago the last sign of life was, by this machine's clock."""
        return _age(self.heartbeat)

    @property
    def silent(self) -> bool:
        """Whether its run has missed so many beats that it looks dead."""
        return self.silent_seconds() > STALE_BEATS * self.claim.beat_seconds

    @property
    def gone(self) -> bool:
        """Whether its run was on this machine and is no longer."""
        here = self.claim.holder.rpartition("@")[2] == socket.gethostname()
        return here and not lives(self.claim.pid, self.claim.pid_born)

    @property
    def stale(self) -> bool:
        """Whether its run looks dead. It may not be: only a person breaks a lock."""
        return self.silent or self.gone

    def told(self) -> dict[str, t.Any]:
        """Return what a module returns of it."""
        silent = round(self.silent_seconds(), 1)
        return {**asdict(self.claim), "heartbeat": self.heartbeat, "silent_seconds": silent, "stale": self.stale}


def now() -> str:
    """Return the time in the form of `Claim.started`."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Lock:
    """The lock of one region. ``unlock`` starts the command that breaks it, told to whom it is refused."""

    def __init__(self, aws: Aws, owner: Owner, unlock: str = "ansible-playbook cloister.aws.unlock -i ...") -> None:
        self._aws = aws
        self._owner = owner
        self._unlock = unlock
        self.name = f"/cloister/{owner.region}/lock"

    def take(self, claim: Claim) -> bool:
        """Take the lock and return whether it had to be taken. Raise `LockedError` when another run holds it."""
        lost_answer = False
        for pause in (*_TAKE_AGAIN, None):
            try:
                self._put(claim)
                return True
            except UnsureError:
                lost_answer = True
                if pause is None:
                    raise
            except ApiError as exc:
                if exc.code != "ParameterAlreadyExists" or pause is None:
                    raise
            held = self.read()
            if held and held.claim.same_run(claim):
                return lost_answer
            if held:
                raise LockedError(self.refusal(held))
            time.sleep(pause)
        raise AssertionError("unreachable")

    def read(self) -> Held | None:
        """Return who holds the lock, None when nobody does."""
        try:
            value = self._aws.call("ssm", "get_parameter", Name=self.name)["Parameter"]["Value"]
        except ApiError as exc:
            if exc.code == "ParameterNotFound":
                return None
            raise
        try:
            claim = Claim(**json.loads(value))
        except (ValueError, TypeError) as exc:
            raise RegionError(
                f"the SSM parameter {self.name} should hold the lock of region {self._owner.region}, but cannot be "
                f"read as one ({exc}); find out who wrote it, then delete it by hand"
            ) from exc
        answer = self._aws.call(
            "ssm", "list_tags_for_resource", absent_ok=True, ResourceType="Parameter", ResourceId=self.name
        )
        tags = tag_dict(answer["TagList"]) if answer else {}
        return Held(claim, tags.get(HEARTBEAT, claim.started))

    def beat(self, claim: Claim) -> bool:
        """Give a sign of life; return False when the lock is no longer this run's."""
        held = self.read()
        if held is None or not held.claim.same_run(claim):
            return False
        answer = self._aws.call(
            "ssm",
            "add_tags_to_resource",
            absent_ok=True,
            ResourceType="Parameter",
            ResourceId=self.name,
            Tags=[{"Key": HEARTBEAT, "Value": now()}],
        )
        return answer is not None

    def release(self, claim: Claim) -> bool:
        """Give the lock back and return whether it was held; a lock of another run stays as it is."""
        held = self.read()
        if held is None or not held.claim.same_run(claim):
            return False
        self._delete()
        return True

    def broken(self, run_id: str, check: bool) -> Held | None:
        """Break the lock of the run with this id and return it; None when there is none. Another run's stays."""
        held = self.read()
        if held is None:
            return None
        if held.claim.run_id != run_id:
            raise LockedError(
                f"the lock of region {self._owner.region} is not that of run {run_id}, nothing was broken: "
                f"it is held by run {held.claim.run_id} of {held.claim.holder} since {held.claim.started}"
            )
        if not check:
            self._delete()
        return held

    def refusal(self, held: Held) -> str:
        """Return why another run cannot have the lock: who has it, since when, whether it looks dead, what to do."""
        claim, sign = held.claim, f"Its last sign of life was {_span(held.silent_seconds())} ago"
        if held.gone:
            life = f"{sign}, but process {claim.pid} is gone from this machine: it looks dead"
        elif held.silent:
            life = f"{sign}, though one is due every {_span(claim.beat_seconds)}: it looks dead"
        else:
            life = f"{sign}: it seems to be at work. Wait for it to end"
        advice = ". Make sure that nothing of it still runs" if held.stale else "; if you know better"
        return (
            f"region {self._owner.region} is locked by run {claim.run_id} of {claim.holder} (process {claim.pid}: "
            f"{claim.command or 'unknown command'}) since {claim.started}, {_span(_age(claim.started))} ago. "
            f"{life}{advice}, then unlock it with: {self._unlock} -e unlock_run_id={claim.run_id}"
        )

    def _put(self, claim: Claim) -> None:
        # SSM takes no value with {{ in it, which it reads as a reference.
        value = json.dumps(asdict(claim)).replace("{{", "{ {")
        tags = {**self._owner.tags_for("lock"), HEARTBEAT: claim.started}
        self._aws.make(
            "ssm",
            "put_parameter",
            Name=self.name,
            Value=value,
            Type="String",
            Overwrite=False,
            Tags=tag_list(tags),
        )

    def _delete(self) -> None:
        try:
            self._aws.call("ssm", "delete_parameter", Name=self.name)
        except ApiError as exc:
            if exc.code != "ParameterNotFound":
                raise


def _age(then: str) -> float:
    try:
        seen = datetime.strptime(then, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return float("inf")
    return max(0.0, (datetime.now(UTC) - seen).total_seconds())


def _span(seconds: float) -> str:
    if seconds == float("inf"):
        return "an unknown time"
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
