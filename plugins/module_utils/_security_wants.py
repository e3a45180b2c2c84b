# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From the entries of an inventory to security groups as the engine wants them."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Want
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._security_rules import (
    DIRECTIONS,
    Rule,
    check_text,
    rules_from,
)
from ansible_collections.cloister.aws.plugins.module_utils._unknown import is_unknown, unknown
from ansible_collections.cloister.aws.plugins.module_utils.kinds.security_group import SecurityGroup, as_text
from ansible_collections.cloister.aws.plugins.module_utils.kinds.vpc import Vpc


def wants(
    groups: t.Sequence[t.Mapping[str, t.Any]],
    region_name: str,
    names: Names,
    aws: Aws,
    said: t.Mapping[str, t.Sequence[str]] | None = None,
) -> list[Want]:
    """Return the wishes for all groups of a stack; rules may name each other's groups, in circles too.

    ``said`` are ranges of VPCs as the inventory has them. They come before what AWS has: in check mode a range may not
    be there yet, and in an apply one that is no longer listed goes while the groups are made.
    """
    ours = {group["name"] for group in groups}
    made = []
    for group in groups:
        where = f"security group {group['name']}"
        check_text(f"{where}: its name in AWS", f"{region_name}-{group['name']}")
        if region_name.startswith("sg-"):
            raise InputError(
                f"{where}: AWS takes no group names that start with sg-, as region_name {region_name} does"
            )
        check_text(f"{where}: its reason", group["reason"])
        rules: dict[str, dict[Rule, str]] = {}
        outside: dict[str, str] = {}
        for direction in DIRECTIONS:
            read = rules_from(f"{where}, {direction}", group[direction], ranges_from(said, names, aws))
            rules[direction] = {_placed(rule, ours, names, outside): reason for rule, reason in read.items()}
        fields = {"vpc": names.id(Vpc, group["vpc"]), "reason": group["reason"]}
        fields.update({direction: as_text(rules[direction]) for direction in DIRECTIONS})
        made.append(Want(group["name"], fields, create={**rules, "outside": outside}))
    return made


def ranges_from(
    said: t.Mapping[str, t.Sequence[str]] | None, names: Names, aws: Aws
) -> t.Callable[[str], t.Sequence[str]]:
    """Return what gives the ranges of a VPC: as the inventory has them, else as AWS does."""

    def ranges(vpc: str) -> t.Sequence[str]:
        if said and vpc in said and not names.adopted(Vpc, vpc):
            return sorted(said[vpc])
        return vpc_ranges(vpc, names, aws)

    return ranges


def vpc_ranges(vpc: str, names: Names, aws: Aws) -> list[str]:
    """Return all IPv4 ranges of a VPC, the secondary ones included; a marker for a VPC that does not exist yet."""
    vpc_id = names.id(Vpc, vpc)
    if is_unknown(vpc_id):
        return [unknown("ranges of VPC", vpc)]
    found = None if names.adopted(Vpc, vpc) else names.found(Vpc, vpc)
    raw = found.raw if found else aws.call("ec2", "describe_vpcs", VpcIds=[vpc_id])["Vpcs"][0]
    standing = {
        item["CidrBlock"]
        for item in raw.get("CidrBlockAssociationSet", ())
        if item.get("CidrBlockState", {}).get("State", "associated") in ("associating", "associated")
    }
    return sorted(standing | {raw["CidrBlock"]})


def _placed(rule: Rule, ours: t.Collection[str], names: Names, outside: dict[str, str]) -> Rule:
    """Return a rule that names a group as AWS will be read: ours by name, what others made and we adopted by id."""
    if rule.peer_kind != "group" or rule.peer in ours:
        return rule
    group_id = names.id(SecurityGroup, rule.peer)
    if names.adopted(SecurityGroup, rule.peer):
        return Rule(rule.protocol, rule.first, rule.last, rule.peer_kind, group_id)
    outside[rule.peer] = group_id
    return rule
