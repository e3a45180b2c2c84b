# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What Lambda takes for a function, and what it tells of one.

https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html
https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
"""

from __future__ import annotations

import json
import re
import typing as t

from lab.embedded_aws.clock import current as clock
from lab.embedded_aws.delays import current as delays
from lab.embedded_aws.truth.ecs.grants import role

Backend = t.Any  # moto's LambdaBackend of one account and region
Function = t.Any

STATUS = {"ResourceConflictException": 409}
NAME = re.compile(r"[a-zA-Z0-9-_]{1,64}")
RUNTIMES = tuple(f"python3.{minor}" for minor in range(10, 15))
LOG_GROUP = re.compile(r"[\.\-_/#A-Za-z0-9]{1,512}")
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime
RESERVED = frozenset({
    "_HANDLER", "_X_AMZN_TRACE_ID", "AWS_DEFAULT_REGION", "AWS_REGION", "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_NAME", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_LAMBDA_RUNTIME_API", "LAMBDA_TASK_ROOT",
    "LAMBDA_RUNTIME_DIR",
})  # fmt: skip
_STATES = ("State", "LastUpdateStatus")
CANNOT_BE_ASSUMED = "The role defined for the function cannot be assumed by Lambda."
PRINCIPAL = "lambda.amazonaws.com"


def refuse(code: str, message: str) -> t.NoReturn:
    """Raise an error of Lambda; moto finds no model of it by the module's name."""
    from moto.awslambda.exceptions import LambdaClientError

    raise type("Refusal", (LambdaClientError,), {"code": STATUS.get(code, 400)})(code, message)


def wrong(message: str) -> t.NoReturn:
    refuse("InvalidParameterValueException", message)


def invalid(what: str, value: t.Any, rule: str) -> t.NoReturn:
    refuse(
        "ValidationException",
        f"1 validation error detected: Value '{value}' at '{what}' failed to satisfy constraint: {rule}",
    )


def check_create(self: Backend, spec: dict[str, t.Any]) -> None:
    name = spec.get("FunctionName", "")
    if not NAME.fullmatch(name):
        invalid("functionName", name, "Member must satisfy regular expression pattern: [a-zA-Z0-9-_]{1,64}")
    if spec.get("PackageType", "Zip") != "Zip" or "ZipFile" not in spec.get("Code", {}):
        raise NotImplementedError("functions whose code is no zip file in the call")
    for what in ("VpcConfig", "Layers", "DeadLetterConfig", "FileSystemConfigs", "ImageConfig", "Publish"):
        if spec.get(what):
            raise NotImplementedError(f"functions with {what}")
    if not spec.get("Runtime") or not spec.get("Handler"):
        wrong("Runtime and Handler are mandatory parameters for functions created with deployment packages.")
    check_settings(self, spec)


def check_settings(backend: Backend, given: dict[str, t.Any]) -> None:
    """What a new function and a changed one are both refused for."""
    if "Runtime" in given and given["Runtime"] not in RUNTIMES:
        raise NotImplementedError(f"the runtime {given['Runtime']}: only {', '.join(RUNTIMES)} run here")
    if not 1 <= given.get("Timeout", 3) <= 900:
        invalid("timeout", given["Timeout"], "Member must have value less than or equal to 900")
    if not 128 <= given.get("MemorySize", 128) <= 10240:
        invalid("memorySize", given["MemorySize"], "Member must have value less than or equal to 10240")
    if len(given.get("Description", "")) > 256:
        invalid("description", given["Description"], "Member must have length less than or equal to 256")
    variables = given.get("Environment", {}).get("Variables", {})
    reserved = sorted(RESERVED & set(variables))
    if reserved:
        wrong(
            "Lambda was unable to configure your environment variables because the environment variables you have "
            f"provided contains reserved keys that are currently not supported for modification. {', '.join(reserved)}"
        )
    if len(json.dumps(variables)) > 4096:
        wrong("Lambda was unable to configure your environment variables because they exceeded the 4KB limit.")
    group = given.get("LoggingConfig", {}).get("LogGroup")
    if group is not None and not LOG_GROUP.fullmatch(group):
        invalid(
            "loggingConfig.logGroup", group, "Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+"
        )
    if "Role" in given:
        check_role(backend, given["Role"])


def check_role(backend: Backend, arn: str) -> None:
    """Lambda asks for the role's session once, when it is set."""
    found = role(backend, arn)
    trust = found and found.assume_role_policy_document
    text = trust if isinstance(trust, str) else json.dumps(trust)
    if found is None or PRINCIPAL not in text:
        wrong(CANNOT_BE_ASSUMED)


def wrap(owner: type) -> None:
    """Give moto's functions states, and a log group of their choice."""
    begin, told, change = owner.__init__, owner.get_configuration, owner.update_configuration  # type: ignore[attr-defined,misc]

    def __init__(self: Function, account_id: str, spec: dict[str, t.Any], region: str, version: t.Any = 1) -> None:  # noqa: N807
        begin(self, account_id, spec, region, version)
        self.logging = logging(self.function_name, spec.get("LoggingConfig"))
        self.active_at, self.updated_at = clock.now() + delays["function"], 0.0

    def get_configuration(self: Function, on_create: bool = False) -> dict[str, t.Any]:
        now = clock.now()
        state = {"State": "Pending" if on_create or now < self.active_at else "Active"}
        if state["State"] == "Pending":
            state |= {"StateReason": "The function is being created.", "StateReasonCode": "Creating"}
        return {
            **told(self, on_create), **state, "LoggingConfig": dict(self.logging),
            "LastUpdateStatus": "InProgress" if now < self.updated_at else "Successful",
        }  # fmt: skip

    def update_configuration(self: Function, config_updates: dict[str, t.Any]) -> dict[str, t.Any]:
        if "LoggingConfig" in config_updates:
            self.logging = logging(self.function_name, config_updates["LoggingConfig"])
        change(self, config_updates)
        self.updated_at = clock.now() + delays["function"]
        return get_configuration(self)

    owner.__init__ = __init__  # type: ignore[misc]
    owner.get_configuration = get_configuration  # type: ignore[attr-defined]
    owner.update_configuration = update_configuration  # type: ignore[attr-defined]


def leave_out_of_lists(owner: type) -> None:
    """ListFunctions tells no state: https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html"""
    tell = owner.list_functions  # type: ignore[attr-defined]

    def list_functions(self: t.Any) -> str:
        rows = json.loads(tell(self))["Functions"]
        told = [{key: value for key, value in row.items() if not key.startswith(_STATES)} for row in rows]
        return json.dumps({"Functions": told})

    owner.list_functions = list_functions  # type: ignore[attr-defined]


def logging(name: str, given: dict[str, t.Any] | None) -> dict[str, t.Any]:
    return {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}", **(given or {})}


def latest(self: t.Any) -> list[Function]:
    """Functions by name, which is how AWS lists them."""
    return [self._functions[name]["latest"] for name in sorted(self._functions) if self._functions[name]["latest"]]


def iter_tagged_resources(self: Backend) -> t.Iterator[t.Any]:
    """With who may invoke it in what is shown of each."""
    from moto.core.resource_tagging import TaggedResource

    for one in self.list_functions():
        shown = {**one.get_configuration(), "statements": one.policy.statements}
        more = {"shown": shown, "name": one.function_name}
        yield TaggedResource(one.function_arn, dict(one.tags), "lambda:function", more)
