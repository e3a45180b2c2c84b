# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What groups of ours do not do: answered as NotModelled, not by moto's groups that are not there."""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.autoscaling.base import Response, action, not_modelled, refuse

NAMES = (
    "attach_instances", "detach_instances", "enter_standby", "exit_standby", "attach_load_balancers",
    "detach_load_balancers", "put_warm_pool", "describe_warm_pool", "delete_warm_pool",
    "put_scheduled_update_group_action", "batch_put_scheduled_update_group_action",
)  # fmt: skip


def _refuser(name: str) -> t.Callable[[Response], t.Any]:
    def refused(_: Response) -> t.NoReturn:
        not_modelled("this of Auto Scaling groups")

    refused.__name__ = name
    return refused


for _name in NAMES:
    action(_refuser(_name))


@action
def create_launch_configuration(_: Response) -> t.Any:
    """https://docs.aws.amazon.com/autoscaling/ec2/userguide/launch-configurations.html: new accounts have none."""
    refuse(
        "UnsupportedOperation",
        "The Launch Configuration creation operation is not available in your account. Use launch templates to create "
        "configuration templates for your Auto Scaling groups.",
    )
