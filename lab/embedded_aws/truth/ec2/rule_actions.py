# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Authorizing, revoking, changing and listing security group rules."""

from __future__ import annotations

import typing as t

from moto.ec2.models.security_groups import SecurityGroupRule

from lab.embedded_aws.truth.ec2 import tags
from lab.embedded_aws.truth.ec2.base import Backend, Response, action, done, forget, refuse
from lab.embedded_aws.truth.ec2.kinds import Kind, find, register
from lab.embedded_aws.truth.ec2.reading import describe
from lab.embedded_aws.truth.ec2.rules import (
    PEERS,
    described,
    every_rule,
    identity,
    permissions,
    read_rules,
    rule_view,
    set_peer,
)
from lab.embedded_aws.truth.ec2.xml import Ec2Result

MOST_RULES = 60

RULE = register(
    Kind(
        type="security-group-rule", prefix="sgr",
        missing=("InvalidSecurityGroupRuleId.NotFound", "security group rule ID"), id_key="SecurityGroupRuleId",
        objects=every_rule, view=rule_view,
        filters={"group-id": "GroupId", "security-group-rule-id": "SecurityGroupRuleId"},
    )
)  # fmt: skip


@action
def describe_security_group_rules(response: Response) -> t.Any:
    return describe(response, RULE, "SecurityGroupRules", "SecurityGroupRuleIds")


@action
def authorize_security_group_ingress(response: Response) -> t.Any:
    return _authorize(response, egress=False)


@action
def authorize_security_group_egress(response: Response) -> t.Any:
    return _authorize(response, egress=True)


@action
def revoke_security_group_ingress(response: Response) -> t.Any:
    return _revoke(response, egress=False)


@action
def revoke_security_group_egress(response: Response) -> t.Any:
    return _revoke(response, egress=True)


@action
def update_security_group_rule_descriptions_ingress(response: Response) -> t.Any:
    return _redescribe(response, egress=False)


@action
def update_security_group_rule_descriptions_egress(response: Response) -> t.Any:
    return _redescribe(response, egress=True)


def _group(response: Response) -> t.Any:
    from lab.embedded_aws.truth.ec2.security_groups import _wanted

    return _wanted(response)


def _rules(group: t.Any, egress: bool) -> list[SecurityGroupRule]:
    return t.cast("list[SecurityGroupRule]", group.egress_rules if egress else group.ingress_rules)


def _given(response: Response) -> list[dict[str, t.Any]]:
    """IpPermissions, or the single rule that the older parameters spell."""
    given = response._get_param("IpPermissions", [])
    if given or response._get_param("SecurityGroupRuleIds", []):
        return list(given)
    single = {key: response._get_param(key) for key in ("IpProtocol", "FromPort", "ToPort")}
    if response._get_param("CidrIp"):
        single["IpRanges"] = [{"CidrIp": response._get_param("CidrIp")}]
    if response._get_param("SourceSecurityGroupName"):
        single["UserIdGroupPairs"] = [{"GroupName": response._get_param("SourceSecurityGroupName")}]
    return [single]


def _authorize(response: Response, egress: bool) -> t.Any:
    backend = response.ec2_backend
    given = tags.requested(response, "security-group-rule")
    group = _group(response)
    added = read_rules(backend, group, _given(response), egress)
    present = _rules(group, egress)
    known = {identity(rule) for rule in present}
    for rule in added:
        if identity(rule) in known:
            refuse("InvalidPermission.Duplicate", f"the specified rule {_spelled(rule)} already exists")
        known.add(identity(rule))
    if len(present) + len(added) > MOST_RULES:
        message = "The maximum number of rules per security group has been reached."
        refuse("RulesPerSecurityGroupLimitExceeded", message)
    response.error_on_dryrun()
    present.extend(added)
    for rule in added:
        tags.put(backend, rule.id, given)
    return Ec2Result({"Return": True, "SecurityGroupRules": [rule_view(rule) for rule in added]})


def _spelled(rule: SecurityGroupRule) -> str:
    """The rule as AWS spells it in InvalidPermission.Duplicate."""
    protocol, low, high, peer = identity(rule)
    if protocol == "-1":
        return f'"peer: {peer}, ALL, ALLOW"'
    return f'"peer: {peer}, {protocol.upper()}, from port: {low}, to port: {high}, ALLOW"'


def _revoke(response: Response, egress: bool) -> t.Any:
    backend, group = response.ec2_backend, _group(response)
    present, ids = _rules(group, egress), response._get_param("SecurityGroupRuleIds", [])
    by_id = {rule.id: rule for rule in present}
    for one in ids:
        if one not in by_id:
            refuse("InvalidSecurityGroupRuleId.NotFound", f"The security group rule ID '{one}' does not exist")
    revoked = [by_id[one] for one in ids]
    unknown: list[SecurityGroupRule] = []
    for rule in read_rules(backend, group, _given(response), egress):
        match = next((one for one in present if identity(one) == identity(rule)), None)
        (revoked if match else unknown).append(match or rule)
    vpc = backend.vpcs.get(group.vpc_id)
    if unknown and not (vpc is not None and vpc.is_default):
        refuse("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
    response.error_on_dryrun()
    for rule in revoked:
        present.remove(rule)
        forget(backend, rule.id)
    return Ec2Result(
        {
            "Return": True,
            "UnknownIpPermissions": permissions(unknown),
            "RevokedSecurityGroupRules": [_revoked_view(rule) for rule in revoked],
        }
    )


def _revoked_view(rule: SecurityGroupRule) -> dict[str, t.Any]:
    view = rule_view(rule)
    kept = ("SecurityGroupRuleId", "GroupId", "IsEgress", "IpProtocol", "FromPort", "ToPort", "CidrIpv4", "CidrIpv6",
            "PrefixListId", "Description")  # fmt: skip
    return {**{key: view[key] for key in kept}, "ReferencedGroupId": (rule.source_group or {}).get("GroupId")}


def _redescribe(response: Response, egress: bool) -> t.Any:
    backend, group = response.ec2_backend, _group(response)
    present = _rules(group, egress)
    for one in response._get_param("SecurityGroupRuleDescriptions", []):
        find(backend, one["SecurityGroupRuleId"]).note = one.get("Description")
    for rule in read_rules(backend, group, response._get_param("IpPermissions", []), egress):
        match = next((one for one in present if identity(one) == identity(rule)), None)
        if match is None:
            refuse("InvalidPermission.NotFound", "The specified rule does not exist in this security group.")
        match.note = described(rule)
    return done()


@action
def modify_security_group_rules(response: Response) -> t.Any:
    backend, group = response.ec2_backend, _group(response)
    for one in response._get_param("SecurityGroupRules", []):
        rule = find(backend, one["SecurityGroupRuleId"])
        if rule.group_id != group.id:
            refuse("InvalidSecurityGroupRuleId.NotFound", f"The security group rule ID '{rule.id}' does not exist")
        _modify(backend, group, rule, one["SecurityGroupRule"])
    return done()


def _modify(backend: Backend, group: t.Any, rule: SecurityGroupRule, wanted: dict[str, t.Any]) -> None:
    """Change a rule in place; its kind of peer stays what it was."""
    given = {
        "CidrIp": "CidrIpv4",
        "CidrIpv6": "CidrIpv6",
        "GroupId": "ReferencedGroupId",
        "PrefixListId": "PrefixListId",
    }
    named = [key for key, parameter in given.items() if wanted.get(parameter)]
    if len(named) != 1:
        refuse(
            "InvalidParameterCombination",
            "Only one of cidrIp, cidrIpv6, prefixListId, or referencedGroupId can be specified",
        )
    key = named[0]
    member = next(member for member, peer in PEERS.items() if peer == key)
    permission = {**wanted, member: [{key: wanted[given[key]], "Description": wanted.get("Description")}]}
    changed = read_rules(backend, group, [permission], rule.is_egress)[0]
    kept = (rule.ip_range.keys(), bool(rule.source_group), bool(rule.prefix_list_id))
    if kept != (changed.ip_range.keys(), bool(changed.source_group), bool(changed.prefix_list_id)):
        refuse("InvalidParameterValue", f"Invalid rule type for security group rule '{rule.id}'.")
    rule.ip_protocol, rule.from_port, rule.to_port = changed.ip_protocol, changed.from_port, changed.to_port
    set_peer(backend, group, rule, key, {key: wanted[given[key]]})
    rule.note = changed.note
