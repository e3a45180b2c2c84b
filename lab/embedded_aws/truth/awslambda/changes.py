# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Changes of a function: one at a time, and none before it is active.

https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.clock import current as clock
from lab.embedded_aws.delays import current as delays
from lab.embedded_aws.truth.awslambda.functions import Backend, check_settings, refuse


def check_free(backend: Backend, name: str, qualifier: str | None) -> t.Any:
    """The function, unless something is still being done to it."""
    found = backend.get_function(name, qualifier)
    now = clock.now()
    if now < found.active_at:
        refuse(
            "ResourceConflictException",
            "The operation cannot be performed at this time. The function is currently in the following state: Pending",
        )
    if now < found.updated_at:
        refuse(
            "ResourceConflictException",
            "The operation cannot be performed at this time. An update is in progress for resource: "
            f"{found.function_arn}",
        )
    return found


def check_configuration(self: Backend, function_name: str, qualifier: str, body: dict[str, t.Any]) -> None:
    check_free(self, function_name, qualifier)
    check_settings(self, body)


def check_code(self: Backend, function_name: str, qualifier: str, body: dict[str, t.Any]) -> None:
    check_free(self, function_name, qualifier)
    if "ZipFile" not in body or body.get("Publish") or body.get("DryRun"):
        raise NotImplementedError("code that is no zip file in the call, versions and dry runs")


def update_function_code(self: Backend, function_name: str, qualifier: str, body: dict[str, t.Any]) -> t.Any:
    found = self.get_function(function_name, qualifier)
    found.update_function_code(body)
    found.updated_at = clock.now() + delays["function"]
    return found.get_configuration()
