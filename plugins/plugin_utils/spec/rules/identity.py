# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""IAM roles: somebody may take them, and nobody may do everything.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html,
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._iam_policy import EVERYTHING_POLICIES, everything
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.endpoints import twice
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.shared import ACCOUNT, account_problems

ACTION = re.compile(r"[a-z0-9-]+:[A-Za-z0-9*?]+|\*")
RESOURCE = re.compile(r"arn:[\w*-]+:[\w*-]+:[^:]*:[^:]*:.+|\*")
PRINCIPAL = re.compile(r"arn:[\w-]+:(iam|sts)::\d{12}:.+")
SERVICE = re.compile(r"[a-z0-9-]+(\.[a-z0-9.-]+)?")
POLICY_NAME = re.compile(r"[\w+=,.@-]{1,128}")
POLICY = re.compile(r"(arn:[\w-]+:iam::(aws|\d{12}):policy/)?([\w+=,.@-]+/)*[\w+=,.@-]{1,128}")
DESCRIPTION = re.compile(r"[\t\n\r\x20-\x7e\xa1-\xff]{1,1000}")
MOST_MANAGED = 10
SECONDS = (3600, 43200)
TRUSTS = ("trusted_services", "trusted_arns", "trust_statements")


def rules(region: Region) -> t.Iterator[Problem]:
    """Roles are trusted by somebody, and their statements say what and on what."""
    for role in region.items("identity_roles"):
        yield from _trust(role, region)
        yield from permissions(role, region)
    for boundary in region.variables("identity_permissions_boundary"):
        if boundary.value:
            yield from _policy(boundary, region)


def permissions(role: Item, region: Region) -> t.Iterator[Problem]:
    """What a role is for, how long it is kept, and what it may do."""
    reason = role.get("reason")
    if isinstance(reason, str) and not DESCRIPTION.fullmatch(reason):
        yield role.problem("reason", "IAM does not take this as a description.", "1 to 1000 Latin-1 characters")
    seconds = role.get("session_seconds", SECONDS[0])
    if isinstance(seconds, int) and not SECONDS[0] <= seconds <= SECONDS[1]:
        yield role.problem("session_seconds", f"{seconds} seconds.", f"from {SECONDS[0]} to {SECONDS[1]}")
    yield from _managed(role, region)
    yield from _policies(role, region)


def _trust(role: Item, region: Region) -> t.Iterator[Problem]:
    if not any(role.get(key) for key in TRUSTS) and all(isinstance(role.get(key, []), list) for key in TRUSTS):
        yield role.problem("trusted_services", "Nobody may take this role.", f"one of {', '.join(TRUSTS)}")
    for service in role.items("trusted_services"):
        name = str(service.value)
        if not SERVICE.fullmatch(name):
            yield service.problem(None, f"{shown(name)} is not a service.", "its short name: ec2, ecs-tasks, eks")
    for arn in role.items("trusted_arns"):
        name = str(arn.value)
        if name == "*":
            yield arn.problem(None, "Everybody in every account may take this role.", "roles or accounts by name")
        elif not PRINCIPAL.fullmatch(name) and not (ACCOUNT.fullmatch(name) and name == arn.value):
            yield from account_problems(arn)
        yield from partition_problems(arn, region)


def _managed(role: Item, region: Region) -> t.Iterator[Problem]:
    policies = list(role.items("managed_policies"))
    yield from twice(role.child("managed_policies"))
    for policy in policies:
        yield from _policy(policy, region)
        if str(policy.value).rpartition("/")[2] in EVERYTHING_POLICIES:
            yield policy.problem(None, f"{policy.value} allows everything.", "a policy that says what is needed")
    if role.get("permissions_boundary"):
        yield from _policy(role.child("permissions_boundary"), region)
    if len(policies) > MOST_MANAGED:
        found = f"{len(policies)} policies; IAM attaches {MOST_MANAGED}."
        yield role.problem("managed_policies", found, "fewer, or one of your own")


def _policy(item: Item, region: Region) -> t.Iterator[Problem]:
    if not POLICY.fullmatch(str(item.value)):
        right = "AWS's by name (AmazonSSMManagedInstanceCore), with its path where it has one; others by ARN"
        yield item.problem(None, f"{shown(item.value)} is not a managed policy.", right)
    yield from partition_problems(item, region)


def _policies(role: Item, region: Region) -> t.Iterator[Problem]:
    names: set[str] = set()
    for policy in role.items("policies"):
        name = policy.name
        if name and not POLICY_NAME.fullmatch(name):
            found = f"{shown(name)} cannot be the name of a policy."
            yield policy.problem("name", found, "1 to 128 letters, digits and +=,.@_-")
        if name in names:
            yield policy.problem("name", f"The role has a policy {name} already.", "one policy of a name")
        names.add(name)
        for statement in policy.items("statements"):
            yield from _statement(statement, region)


def _statement(statement: Item, region: Region) -> t.Iterator[Problem]:
    said = {key: [str(item.value) for item in statement.items(key)] for key in ("actions", "resources")}
    if everything([{**said, "effect": statement.text("effect", "Allow")}]):
        yield statement.problem(None, "It allows every action on every resource.", "the actions and resources by name")
    for key in said:
        if statement.get(key, []) == []:
            yield statement.problem(key, f"The statement names no {key}.", f"{key}: [...]")
    for action in statement.items("actions"):
        if not ACTION.fullmatch(str(action.value)):
            found = f"{shown(action.value)} is not an action."
            yield action.problem(None, found, "service:Action, such as s3:GetObject")
    for resource in statement.items("resources"):
        if not RESOURCE.fullmatch(str(resource.value)):
            found = f"{shown(resource.value)} is not an ARN."
            yield resource.problem(None, found, '"arn:{{ region_partition }}:s3:::bucket/*"')
        yield from partition_problems(resource, region)


def partition_problems(item: Item, region: Region) -> t.Iterator[Problem]:
    """Yield a problem where an item is an ARN of another partition than the region's."""
    match = re.match(r"arn:([\w-]+):", str(item.value))
    partition = region.shared("region_partition")
    if match and isinstance(partition, str) and match[1] != partition:
        found = f"{shown(item.value)} lies in the partition {match[1]}; the region lies in {partition}."
        yield item.problem(None, found, "arn:{{ region_partition }}:...")
