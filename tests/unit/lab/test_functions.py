# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Functions run with the rights of their roles, and what Lambda would not take is refused."""

from __future__ import annotations

import json
import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws
from tests.clients import Clients
from tests.unit.lab.function_world import ACCOUNT, allowing, code_of, make, role, zipped

__all__ = ["make"]


def test_a_function_runs_and_answers(client: Clients, make: t.Callable[..., str]) -> None:
    make("answer")
    told = client("lambda").invoke(FunctionName="us-work", Payload=b'{"a": [1]}')
    assert json.loads(told["Payload"].read()) == {"event": {"a": [1]}, "left": True, "name": "us-work"}
    assert "FunctionError" not in told


def test_what_a_handler_raises_is_told(client: Clients, make: t.Callable[..., str]) -> None:
    make("fail")
    told = client("lambda").invoke(FunctionName="us-work", LogType="Tail")
    said = json.loads(told["Payload"].read())
    assert (told["FunctionError"], said["errorType"], said["errorMessage"]) == ("Unhandled", "KeyError", "'nothing'")


def test_a_function_ends_when_its_time_is_over(client: Clients, make: t.Callable[..., str]) -> None:
    make("sleep", Timeout=1)
    told = client("lambda").invoke(FunctionName="us-work")
    assert "Task timed out after 1.00 seconds" in told["Payload"].read().decode()


def test_a_function_does_what_its_role_may_and_no_more(client: Clients, make: t.Callable[..., str]) -> None:
    make("look")
    told = client("lambda").invoke(FunctionName="us-work")
    assert "is not authorized to perform: ec2:DescribeVpcs" in told["Payload"].read().decode()
    client("iam").put_role_policy(RoleName="us-work", PolicyName="look", PolicyDocument=allowing("ec2:Describe*"))
    assert client("lambda").invoke(FunctionName="us-work")["Payload"].read() == b"null"


def test_a_function_knows_nothing_of_this_checkout(client: Clients) -> None:
    arn = role(client, "us-work", "lambda")
    code = "def run(event, context):\n    import lab.embedded_aws\n"
    about = {"FunctionName": "us-work", "Role": arn, "Handler": "work.run", "Runtime": "python3.13", "Timeout": 60}
    client("lambda").create_function(Code={"ZipFile": zipped(code)}, **about)
    told = json.loads(client("lambda").invoke(FunctionName="us-work")["Payload"].read())
    assert told["errorType"] == "ModuleNotFoundError"


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"Handler": "", "Runtime": "python3.13"}, "InvalidParameterValueException"),
        ({"Role": f"arn:aws:iam::{ACCOUNT}:role/gone"}, "InvalidParameterValueException"),
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "InvalidParameterValueException"),
        ({"Timeout": 901}, "ValidationException"),
        ({"FunctionName": "a b"}, "ValidationException"),
        ({"Layers": ["arn:aws:lambda:us-west-2:1:layer:x:1"]}, "NotModelled"),
        ({"Runtime": "nodejs22.x"}, "NotModelled"),
    ],
)
def test_functions_that_aws_would_not_take_are_refused(client: Clients, wrong: dict[str, t.Any], code: str) -> None:
    about = {"FunctionName": "us-work", "Role": role(client, "fn", "lambda"), "Handler": "work.run"}
    said = {**about, "Runtime": "python3.13", "Code": {"ZipFile": zipped()}, **wrong}
    assert code_of(lambda: client("lambda").create_function(**said)) == code


def test_a_function_takes_one_change_at_a_time(aws: EmbeddedAws, client: Clients, make: t.Callable[..., str]) -> None:
    aws.delays(function=60)
    make("answer")
    api = client("lambda")
    change = lambda: api.update_function_configuration(FunctionName="us-work", MemorySize=512)  # noqa: E731
    assert code_of(change) == "ResourceConflictException"
    aws.delays(function=0)
    aws.skip(60)
    api.get_waiter("function_active_v2").wait(FunctionName="us-work", WaiterConfig={"Delay": 1})
    change()
    said = {"Action": "lambda:InvokeFunction", "Principal": "events.amazonaws.com"}
    api.add_permission(FunctionName="us-work", StatementId="one", **said)
    again = lambda: api.add_permission(FunctionName="us-work", StatementId="one", **said)  # noqa: E731
    assert code_of(again) == "ResourceConflictException"
