# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lambda functions: code, what it may use, and who may invoke it.

https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html. A function runs with a role of its stack's, logs
into a group that is there before it, and is invoked by rules whose ARN is known before they are made.
https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
"""

from __future__ import annotations

import json
import re
import time
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Patience, each
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, InputError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._function_code import digest, package
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner

LONGEST_NAME = 64
RUNTIME = "python3.13"
INVOKE = "lambda:InvokeFunction"
_NAME = re.compile(r"[a-zA-Z0-9_-]+")
_GONE = "ResourceNotFoundException"
# A function that is being made or changed takes the next change when that is done.
_BUSY = Patience(frozenset({"ResourceConflictException"}), seconds=180)
# Lambda sees a new role, and its trust, seconds late.
_LATE = re.compile(r"cannot be assumed by Lambda", re.IGNORECASE)
_LATE_WAITS = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 15.0, 15.0)
_SETTINGS = ("role", "handler", "runtime", "memory_mib", "timeout_seconds", "environment", "description", "log_group")

A = t.TypeVar("A")


class Function(Kind):
    """A function, called ``<region_name>-<part>``; its id is its ARN.

    Fields: ``code`` (Lambda's CodeSha256), ``role`` (ARN), ``handler``, ``runtime``, ``memory_mib``,
    ``timeout_seconds``, ``environment``, ``description``, ``log_group``, and ``invokers``: by statement id,
    ``{"principal", "source_arn"}``. ``raw["invokers"]`` has those; ``Want.create["zip"]`` is the code.
    """

    noun = "function"
    made_by = "the stack that invokes it"
    rank = 25

    def find(self) -> list[Found]:
        """Return ours, by name and tags; the listing tells neither tags nor state."""
        prefix = f"{self.owner.region}-"
        raws = self.aws.pages("lambda", "list_functions", "Functions")
        names = [raw["FunctionName"] for raw in raws if raw["FunctionName"].startswith(prefix)]
        found = [item for item in each(self._read, names) if item and self.owner.owns(item.tags)]
        return each(self._with_invokers, found)

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return what it is, in our words."""
        raw = found.raw
        return {
            "code": raw["CodeSha256"],
            "role": raw["Role"],
            "handler": raw["Handler"],
            "runtime": raw["Runtime"],
            "memory_mib": raw["MemorySize"],
            "timeout_seconds": raw["Timeout"],
            "environment": dict(raw.get("Environment", {}).get("Variables", {})),
            "description": raw.get("Description", ""),
            "log_group": raw.get("LoggingConfig", {}).get("LogGroup", ""),
            "invokers": raw.get("invokers", {}),
        }

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it; a role that Lambda does not see yet is waited for."""
        raw = _bear_late_roles(
            lambda: self.aws.make(
                "lambda",
                "create_function",
                FunctionName=tags["Name"],
                Code={"ZipFile": want.create["zip"]},
                Tags=dict(tags),
                PackageType="Zip",
                Architectures=["x86_64"],
                **_settings(want.fields),
            )
        )
        return Found(raw["FunctionArn"], tags, {**raw, "invokers": {}})

    def complete(self, found: Found, want: Want) -> None:
        """Let in who invokes it."""
        self._let_in(found, want.fields["invokers"])

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Bring it to what is wanted: code, settings, then who invokes it."""
        function: dict[str, t.Any] = {"FunctionName": found.raw["FunctionName"]}
        if "code" in changed:
            zipped = want.create["zip"]
            self.aws.call("lambda", "update_function_code", patience=_BUSY, ZipFile=zipped, **function)
            self.settle(found)
        if set(_SETTINGS) & set(changed):
            said = _settings(want.fields)
            action = "update_function_configuration"
            _bear_late_roles(lambda: self.aws.call("lambda", action, patience=_BUSY, **function, **said))
            self.settle(found)
        if "invokers" in changed:
            self._let_in(found, want.fields["invokers"])

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Set these tags, leaving others alone."""
        self.aws.call("lambda", "tag_resource", Resource=found.id, Tags=dict(tags))

    def delete(self, found: Found) -> None:
        """Delete it, with who may invoke it."""
        _absent_ok(
            lambda: self.aws.call("lambda", "delete_function", patience=_BUSY, FunctionName=found.raw["FunctionName"])
        )

    def settled(self, found: Found) -> bool:
        """Return whether it can be invoked as it is now."""
        return (found.raw.get("State"), found.raw.get("LastUpdateStatus")) == ("Active", "Successful")

    def settle(self, found: Found) -> None:
        """Wait until it can be invoked."""
        name = found.raw["FunctionName"]

        def ready() -> bool:
            now = self._read(name)
            if now and "Failed" in (now.raw.get("State"), now.raw.get("LastUpdateStatus")):
                why = now.raw.get("LastUpdateStatusReason") or now.raw.get("StateReason") or "AWS gives no reason"
                raise RegionError(f"{name} failed: {why}")
            return now is not None and self.settled(now)

        self.until(f"{name} to be active", ready, 180)

    def foreign(self, want: Want) -> str | None:
        """Return a function of that name that is not ours."""
        found = self._read(f"{self.owner.region}-{want.part}")
        return found.id if found and not self.owner.owns(found.tags) else None

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return its name and where it logs."""
        return {
            "name": found.raw["FunctionName"],
            "log_group": found.raw.get("LoggingConfig", {}).get("LogGroup", ""),
        }

    def _read(self, name: str) -> Found | None:
        answer = _absent_ok(lambda: self.aws.call("lambda", "get_function", FunctionName=name))
        if answer is None:
            return None
        raw = answer["Configuration"]
        return Found(raw["FunctionArn"], answer.get("Tags") or {}, raw)

    def _with_invokers(self, found: Found) -> Found:
        name = found.raw["FunctionName"]
        answer = _absent_ok(lambda: self.aws.call("lambda", "get_policy", FunctionName=name))
        statements = json.loads(answer["Policy"])["Statement"] if answer else []
        return Found(found.id, found.tags, {**found.raw, "invokers": {one["Sid"]: _invoker(one) for one in statements}})

    def _let_in(self, found: Found, wanted: t.Mapping[str, t.Mapping[str, str]]) -> None:
        have = found.raw.get("invokers", {})
        function: dict[str, t.Any] = {"FunctionName": found.raw["FunctionName"]}
        for sid in [sid for sid, said in have.items() if wanted.get(sid) != said]:
            self._shut_out(sid, function)
        for sid in [sid for sid, said in wanted.items() if have.get(sid) != said]:
            self.aws.call(
                "lambda",
                "add_permission",
                StatementId=sid,
                Action=INVOKE,
                Principal=wanted[sid]["principal"],
                SourceArn=wanted[sid]["source_arn"],
                **function,
            )

    def _shut_out(self, sid: str, function: t.Mapping[str, t.Any]) -> None:
        action = "remove_permission"
        _absent_ok(lambda: self.aws.call("lambda", action, patience=_BUSY, StatementId=sid, **function))


def _invoker(statement: t.Mapping[str, t.Any]) -> dict[str, str]:
    principal = statement.get("Principal", {})
    return {
        "principal": principal.get("Service", str(principal)) if isinstance(principal, dict) else str(principal),
        "source_arn": statement.get("Condition", {}).get("ArnLike", {}).get("AWS:SourceArn", ""),
    }


def _settings(fields: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {
        "Role": fields["role"],
        "Handler": fields["handler"],
        "Runtime": fields["runtime"],
        "MemorySize": fields["memory_mib"],
        "Timeout": fields["timeout_seconds"],
        "Environment": {"Variables": fields["environment"]},
        "Description": fields["description"],
        "LoggingConfig": {"LogFormat": "Text", "LogGroup": fields["log_group"]},
    }


def _absent_ok(work: t.Callable[[], A]) -> A | None:
    try:
        return work()
    except ApiError as exc:
        if exc.code != _GONE:
            raise
        return None


def _bear_late_roles(work: t.Callable[[], A]) -> A:
    """Do ``work`` again while Lambda does not see a role that was made a moment ago."""
    for pause in (*_LATE_WAITS, None):
        try:
            return work()
        except ApiError as exc:
            if pause is None or not _LATE.search(str(exc)):
                raise
            time.sleep(pause)
    raise AssertionError("unreachable")


def want(
    function: t.Mapping[str, t.Any],
    owner: Owner,
    role: str,
    log_group: str,
    invokers: t.Mapping[str, t.Mapping[str, str]],
) -> Want:
    """Return the wish for an entry {name, reason, code, environment, memory_mib, timeout_seconds}.

    ``code`` is a file of ``module_utils/functions``, ``role`` the ARN of the role that it runs with.
    """
    name = f"{owner.region}-{function['name']}"
    if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        raise InputError(
            f"function {function['name']}: in AWS it would be called {name}, {len(name)} characters: at most "
            f"{LONGEST_NAME} letters, digits, - and _"
        )
    zipped = package(function["code"])
    fields = {
        "code": digest(zipped),
        "role": role,
        "handler": f"{function['code']}.handler",
        "runtime": RUNTIME,
        "memory_mib": function["memory_mib"],
        "timeout_seconds": function["timeout_seconds"],
        "environment": dict(sorted(function["environment"].items())),
        "description": function["reason"],
        "log_group": log_group,
        "invokers": dict(sorted(invokers.items())),
    }
    return Want(function["name"], fields, create={"zip": zipped})
