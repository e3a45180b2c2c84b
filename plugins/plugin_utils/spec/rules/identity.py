# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""IAM roles: somebody may take them, and nobody may do everything.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region

ACTION = re.compile(r"[a-z0-9-]+:[A-Za-z0-9*?]+")
SERVICE = re.compile(r"[a-z0-9-]+(\.[a-z0-9.-]+)?")
POLICY_NAME = re.compile(r"[\w+=,.@-]{1,128}")
POLICY = re.compile(r"(arn:[\w-]+:iam::(aws|\d{12}):policy/)?([\w+=,.@-]+/)*[\w+=,.@-]{1,128}")
DESCRIPTION = re.compile(r"[\t\n\r\x20-\x7e\xa1-\xff]{1,1000}")
MOST_MANAGED = 10


def rules(region: Region) -> t.Iterator[Problem]:
    """Roles are trusted by somebody, and their statements say what and on what."""
    for role in region.items("identity_roles"):
        yield from _trust(role, region)
        reason = role.get("reason")
        if isinstance(reason, str) and not DESCRIPTION.fullmatch(reason):
            yield role.problem("reason", "IAM does not take this as a description.", "1 to 1000 Latin-1 characters")
        yield from _managed(role, region)
        names: set[str] = set()
        for policy in role.items("policies"):
            name = policy.name
            if name and not POLICY_NAME.fullmatch(name):
                yield policy.problem(
                    "name", f"{shown(name)} cannot be the name of a policy.", "letters, digits and +=,.@_-"
                )
            if name in names:
                yield policy.problem("name", f"The role has a policy {name} already.", "one policy of a name")
            names.add(name)
            for statement in policy.items("statements"):
                yield from _statement(statement, region)


def _trust(role: Item, region: Region) -> t.Iterator[Problem]:
    keys = [key for key in role.value if str(key).startswith("trust")] if isinstance(role.value, t.Mapping) else []
    if keys and not any(role.get(key) for key in keys):
        yield role.problem(
            "trusted_services", "Nobody may take this role.", "trusted_services: [ec2], or another trust"
        )
    for service in role.items("trusted_services"):
        name = str(service.value)
        if not SERVICE.fullmatch(name):
            yield service.problem(
                None, f"{shown(name)} is not a service.", "its short name: ec2, ecs-tasks, eks, lambda"
            )


def _managed(role: Item, region: Region) -> t.Iterator[Problem]:
    seen: set[str] = set()
    for policy in [
        *role.items("managed_policies"),
        *([role.child("permissions_boundary")] if role.get("permissions_boundary") else []),
    ]:
        name = str(policy.value)
        if not POLICY.fullmatch(name):
            right = "a policy's name (AmazonSSMManagedInstanceCore), with its path where it has one"
            yield policy.problem(None, f"{shown(name)} is not a managed policy.", right)
        yield from _partition(policy, region)
        if name in seen and policy.path[-2] == "managed_policies":
            yield policy.problem(None, f"{name} is listed twice.", "each once")
        seen.add(name)
    if len(seen) > MOST_MANAGED:
        yield role.problem(
            "managed_policies", f"{len(seen)} policies; IAM attaches {MOST_MANAGED}.", "fewer, or one of your own"
        )


def _statement(statement: Item, region: Region) -> t.Iterator[Problem]:
    allows = str(statement.get("effect", "Allow")).lower() == "allow"
    for key in ("actions", "resources"):
        if not statement.get(key) and isinstance(statement.child(key).value, list):
            yield statement.problem(key, f"The statement names no {key}.", f"{key}: [...]")
    for action in statement.items("actions"):
        name = str(action.value)
        if name == "*" or name.endswith(":*"):
            if allows:
                yield action.problem(
                    None, f"{shown(name)} allows more than anybody can look over.", "the actions by name"
                )
        elif not ACTION.fullmatch(name):
            yield action.problem(None, f"{shown(name)} is not an action.", "service:Action, such as s3:GetObject")
    for resource in statement.items("resources"):
        name = str(resource.value)
        if name != "*" and not re.fullmatch(r"arn:[\w*-]+:[\w*-]+:[^:]*:[^:]*:.+", name):
            yield resource.problem(None, f"{shown(name)} is not an ARN.", '"arn:{{ region_partition }}:s3:::bucket/*"')
        yield from _partition(resource, region)


def _partition(item: Item, region: Region) -> t.Iterator[Problem]:
    match = re.match(r"arn:([\w-]+):", str(item.value))
    partition = region.shared("region_partition")
    if match and isinstance(partition, str) and match[1] != partition:
        found = f"{shown(item.value)} lies in the partition {match[1]}; the region lies in {partition}."
        yield item.problem(None, found, "arn:{{ region_partition }}:...")
