# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""AWS's own client in place of this one: the AWS CLI, which starts its Session Manager plugin.

https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import typing as t

from .errors import SessionError


def become_official(said: argparse.Namespace, document: str | None, parameters: t.Mapping[str, str]) -> t.NoReturn:
    """Turn this process into the AWS CLI with the same session. Raise `SessionError` when it is not to be had."""
    for program in ("aws", "session-manager-plugin"):
        if not shutil.which(program):
            raise SessionError(
                f"client: official needs the program {program}, which is not here. Right would be: client: own"
            )
    if said.role_arn:
        raise SessionError("client: official takes on no role. Right would be: a profile with role_arn, or client: own")
    command = ["aws", "ssm", "start-session", "--region", said.region, "--target", said.target]
    if said.profile:
        command += ["--profile", said.profile]
    if document:
        command += ["--document-name", document]
        command += ["--parameters", json.dumps({name: [value] for name, value in parameters.items()})]
    os.execvp(command[0], command)  # noqa: S606 - no shell is wanted
