# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What kinds of RDS share: names, versions, and calls that bear what RDS sees late."""

from __future__ import annotations

import re
import time
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner, tag_dict, tag_list

# RDS sees a group that was made a moment ago late, its own and those of EC2, and says so as an error of the request.
_LATE_CODES = ("DBSubnetGroupNotFoundFault", "DBParameterGroupNotFound")
_LATE_WORDS = re.compile(r"Invalid security group|input subnets .* invalid", re.IGNORECASE)
_LATE_WAITS = (0.3, 0.6, 1.2, 2.5, 5.0, 5.0, 5.0, 5.0)
_YES, _NO = ("1", "on", "true"), ("0", "off", "false")

Raw = t.Mapping[str, t.Any]


def aws_name(owner: Owner, part: str) -> str:
    """Return what RDS calls a part."""
    return f"{owner.region}-{part}"


def family(engine: str, version: str) -> str:
    """Return the parameter group family of a version, such as ``mysql8.0`` of MySQL 8.0.43."""
    return engine + major(engine, version)


def major(engine: str, version: str) -> str:
    """Return the major version, two numbers of MySQL and one of PostgreSQL."""
    return ".".join(version.split(".")[: 2 if engine == "mysql" else 1])


def numbers(version: str) -> list[int]:
    """Return a version in a form that can be compared; what is no number counts as 0."""
    return [int(step) if step.isdigit() else 0 for step in version.split(".")]


def group_part(name: str, engine: str, version: str) -> str:
    """Return the part of an instance's parameter group: another family is another group."""
    return f"{name}-{family(engine, version).replace('.', '-')}"


def plain(value: t.Any) -> str:
    """Return a parameter's value in one form: RDS keeps 1 where a person says ON, true or 1."""
    text = str(value)
    return "1" if text.lower() in _YES else "0" if text.lower() in _NO else text


def tags_of(aws: Aws, arn: str, gone: str) -> dict[str, str]:
    """Return the tags of what has none in its description; none of what is ``gone``."""
    try:
        return tag_dict(aws.call("rds", "list_tags_for_resource", ResourceName=arn)["TagList"])
    except ApiError as exc:
        if exc.code != gone:
            raise
        return {}


def retag(aws: Aws, arn: str, tags: t.Mapping[str, str]) -> None:
    """Set these tags, leaving others alone."""
    aws.call("rds", "add_tags_to_resource", ResourceName=arn, Tags=tag_list(tags))


def described(aws: Aws, action: str, listed: str, gone: str, **named: t.Any) -> Raw | None:
    """Return AWS's description of what is named, None when it is not there."""
    try:
        return next(iter(aws.call("rds", action, **named)[listed]), None)
    except ApiError as exc:
        if exc.code != gone:
            raise
        return None


def bear_late_neighbours(work: t.Callable[[], t.Any]) -> t.Any:
    """Do ``work`` again while RDS does not see yet what it needs and was made a moment ago."""
    for pause in (*_LATE_WAITS, None):
        try:
            return work()
        except ApiError as exc:
            if pause is None or not (exc.code in _LATE_CODES or _LATE_WORDS.search(str(exc))):
                raise
            time.sleep(pause)
    raise AssertionError("unreachable")
