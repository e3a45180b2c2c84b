# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Account settings, as AWS has them when nobody changed one.

https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-account-settings.html
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.ec2.base import own
from lab.embedded_aws.truth.ecs.base import Backend, Body, Response, action, answer, invalid

DEFAULTS = {
    "serviceLongArnFormat": "enabled", "taskLongArnFormat": "enabled", "containerInstanceLongArnFormat": "enabled",
    "awsvpcTrunking": "disabled", "containerInsights": "disabled", "dualStackIPv6": "enabled",
    "fargateFIPSMode": "disabled", "tagResourceAuthorization": "off", "fargateTaskRetirementWaitPeriod": "7",
    "guardDutyActivate": "off", "defaultLogDriverMode": "non-blocking",
}  # fmt: skip


def _row(backend: Backend, name: str, value: str) -> Body:
    return {"name": name, "value": value, "principalArn": f"arn:{backend.partition}:iam::{backend.account_id}:root"}


@action
def list_account_settings(response: Response) -> t.Any:
    backend, name = response.ecs_backend, response._get_param("name")
    mine = own(backend, "account_settings")
    settings = {**DEFAULTS, **mine} if response._get_param("effectiveSettings") else dict(mine)
    value = response._get_param("value")
    rows = [_row(backend, *one) for one in settings.items() if name in (None, one[0]) and value in (None, one[1])]
    return answer(settings=rows)


@action
def put_account_setting(response: Response) -> t.Any:
    name, value = response._get_param("name"), response._get_param("value")
    if name not in DEFAULTS:
        invalid(f"unknown should be one of [{','.join(DEFAULTS)}]")
    own(response.ecs_backend, "account_settings")[name] = value
    return answer(setting=_row(response.ecs_backend, name, value))


@action
def put_account_setting_default(response: Response) -> t.Any:
    return put_account_setting(response)


@action
def delete_account_setting(response: Response) -> t.Any:
    name = response._get_param("name")
    value = own(response.ecs_backend, "account_settings").pop(name, DEFAULTS.get(name, ""))
    return answer(setting=_row(response.ecs_backend, name, value))
