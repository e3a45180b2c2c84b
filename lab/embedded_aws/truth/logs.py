# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""CloudWatch Logs: the retentions AWS takes, and tags that go with their group.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from lab.embedded_aws.truth.patching import before, install, refuser

refuse = refuser("logs")

RETENTIONS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
NAME = re.compile(r"[\.\-_/#A-Za-z0-9]{1,512}")
MISSING = "The specified log group does not exist."


def check_retention(_: t.Any, log_group_name: str, retention_in_days: t.Any) -> None:
    if int(retention_in_days) not in RETENTIONS:
        refuse(
            "InvalidParameterException", f"Invalid retention value: {retention_in_days}, must be one of {RETENTIONS}"
        )


def check_name(_: t.Any, log_group_name: str, *__: t.Any, **___: t.Any) -> None:
    if not NAME.fullmatch(log_group_name):
        refuse(
            "InvalidParameterException",
            f"1 validation error detected: Value '{log_group_name}' at 'logGroupName' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [\\.\\-_/#A-Za-z0-9]+",
        )


def check_resource(self: t.Any, *given: t.Any, **named: t.Any) -> None:
    arn = str(next(iter((*given, *named.values()))))
    group = arn.partition(":log-group:")[2].removesuffix(":*")
    if group and group not in self.groups:
        refuse("ResourceNotFoundException", MISSING)


def drop_tags(self: t.Any, log_group_name: str) -> None:
    """Tags end with their group; moto keeps them for the next of that name."""
    group = self.groups.get(log_group_name)
    if group is not None:
        self.tagger.delete_all_tags_for_resource(group.arn)


def apply() -> None:
    from moto.logs.models import LogsBackend

    listed = LogsBackend.iter_tagged_resources

    def iter_tagged_resources(self: t.Any) -> t.Iterator[t.Any]:
        """AWS writes log-group with a hyphen."""
        return (dataclasses.replace(one, resource_type="logs:log-group") for one in listed(self))

    install(LogsBackend, iter_tagged_resources)
    before(LogsBackend, "put_retention_policy", check_retention)
    before(LogsBackend, "create_log_group", check_name)
    before(LogsBackend, "delete_log_group", drop_tags)
    for method in ("list_tags_for_resource", "tag_resource", "untag_resource"):
        before(LogsBackend, method, check_resource)
