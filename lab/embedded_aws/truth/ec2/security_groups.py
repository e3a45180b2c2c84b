# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Security groups; rules.py has the rules in them.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html gives the rules for names.
"""

from __future__ import annotations

import re
import typing as t

from lab.embedded_aws.limits import current as limits
from lab.embedded_aws.truth.ec2 import tags
from lab.embedded_aws.truth.ec2.base import Backend, Response, action, catch_up, forget, refuse, tag_list
from lab.embedded_aws.truth.ec2.kinds import Kind, find, register
from lab.embedded_aws.truth.ec2.reading import describe
from lab.embedded_aws.truth.ec2.rules import every_rule, permissions
from lab.embedded_aws.truth.ec2.xml import Ec2Result

ALLOWED = re.compile(r"[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{1,255}")


def view(group: t.Any) -> dict[str, t.Any]:
    backend = group.ec2_backend
    return {
        "GroupId": group.id, "GroupName": group.name, "Description": group.description, "VpcId": group.vpc_id,
        "OwnerId": backend.account_id, "SecurityGroupArn": arn(backend, group.id),
        "IpPermissions": permissions(group.ingress_rules), "IpPermissionsEgress": permissions(group.egress_rules),
        "Tags": tag_list(backend, group.id),
    }  # fmt: skip


def arn(backend: Backend, group_id: str) -> str:
    return f"arn:{backend.partition}:ec2:{backend.region_name}:{backend.account_id}:security-group/{group_id}"


def every(backend: Backend) -> list[t.Any]:
    return [group for groups in backend.groups.values() for group in groups.values()]


def _rule_filters(prefix: str, member: str) -> dict[str, str]:
    return {
        f"{prefix}ip-permission.cidr": f"{member}[].IpRanges[].CidrIp",
        f"{prefix}ip-permission.ipv6-cidr": f"{member}[].Ipv6Ranges[].CidrIpv6",
        f"{prefix}ip-permission.group-id": f"{member}[].UserIdGroupPairs[].GroupId",
        f"{prefix}ip-permission.user-id": f"{member}[].UserIdGroupPairs[].UserId",
        f"{prefix}ip-permission.prefix-list-id": f"{member}[].PrefixListIds[].PrefixListId",
        f"{prefix}ip-permission.protocol": f"{member}[].IpProtocol",
        f"{prefix}ip-permission.from-port": f"{member}[].FromPort",
        f"{prefix}ip-permission.to-port": f"{member}[].ToPort",
    }


GROUP = register(
    Kind(
        type="security-group", prefix="sg", missing=("InvalidGroup.NotFound", "security group"), id_key="GroupId",
        objects=every, view=view,
        filters={
            "group-id": "GroupId", "group-name": "GroupName", "description": "Description", "vpc-id": "VpcId",
            "owner-id": "OwnerId", **_rule_filters("", "IpPermissions"),
            **_rule_filters("egress.", "IpPermissionsEgress"),
        },
    )
)  # fmt: skip


@action
def describe_security_groups(response: Response) -> t.Any:
    names = response._get_param("GroupNames", [])
    result = describe(response, GROUP, "SecurityGroups", "GroupIds")
    if names:
        result.result["SecurityGroups"] = _named(response, result.result["SecurityGroups"], names)
    return result


def _named(response: Response, groups: list[dict[str, t.Any]], names: list[str]) -> list[dict[str, t.Any]]:
    """Names without a VPC are looked up in the default one."""
    default = next((one.id for one in response.ec2_backend.vpcs.values() if one.is_default), None)
    found = [one for one in groups if one["GroupName"] in names and one["VpcId"] == default]
    missing = set(names) - {one["GroupName"] for one in found}
    if missing:
        refuse(
            "InvalidGroup.NotFound", f"The security group '{min(missing)}' does not exist in default VPC '{default}'"
        )
    return found


@action
def create_security_group(response: Response) -> t.Any:
    backend, name = response.ec2_backend, (response._get_param("GroupName") or "").strip()
    given = tags.requested(response, "security-group")
    description = response._get_param("Description") or ""
    _check_name(name)
    if not ALLOWED.fullmatch(description):
        refuse(
            "InvalidParameterValue",
            "Invalid security group description. Valid descriptions are strings less than 256 characters from the "
            "following set: a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*",
        )
    vpc = find(backend, response._get_param("VpcId")) if response._get_param("VpcId") else backend.get_default_vpc()
    if vpc is None:
        refuse("VPCIdNotSpecified", "No default VPC for this user")
    if any(group.name == name for group in backend.groups.get(vpc.id, {}).values()):
        refuse("InvalidGroup.Duplicate", f"The security group '{name}' already exists for VPC '{vpc.id}'")
    message = "You've reached the limit on the number of security groups that you can create."
    limits.check("security_groups", len(every(backend)), "SecurityGroupLimitExceeded", message)
    response.error_on_dryrun()
    group = backend.create_security_group(name, description, vpc_id=vpc.id, force=True)
    tags.put(backend, group.id, given)
    return Ec2Result(
        {"GroupId": group.id, "SecurityGroupArn": arn(backend, group.id), "Tags": tag_list(backend, group.id)}
    )


def _check_name(name: str) -> None:
    if not name:
        refuse("MissingParameter", "The request must contain the parameter GroupName")
    if name.lower().startswith("sg-"):
        refuse(
            "InvalidParameterValue",
            f"Value ({name}) for parameter GroupName is invalid. Group names may not be in the format sg-*.",
        )
    if not ALLOWED.fullmatch(name):
        refuse(
            "InvalidParameterValue",
            f"Value ({name}) for parameter GroupName is invalid. Character sets beyond ASCII are not supported.",
        )


@action
def delete_security_group(response: Response) -> t.Any:
    backend = response.ec2_backend
    catch_up(backend)
    group = _wanted(response)
    response.error_on_dryrun()
    if group.is_default:
        refuse("CannotDelete", f'the specified group: "{group.id}" name: "default" cannot be deleted by a user')
    in_use = any(group in eni.group_set for eni in backend.enis.values())
    referenced = any(
        rule.source_group.get("GroupId") == group.id and rule.group_id != group.id for rule in every_rule(backend)
    )
    if in_use or referenced:
        refuse("DependencyViolation", f"resource {group.id} has a dependent object")
    backend.groups[group.vpc_id].pop(group.id)
    forget(backend, group.id)
    for rule in [*group.ingress_rules, *group.egress_rules]:
        forget(backend, rule.id)
    return Ec2Result({"Return": True, "GroupId": group.id})


def _wanted(response: Response) -> t.Any:
    if response._get_param("GroupId"):
        return find(response.ec2_backend, response._get_param("GroupId"))
    name = response._get_param("GroupName")
    for group in every(response.ec2_backend):
        vpc = response.ec2_backend.vpcs.get(group.vpc_id)
        if group.name == name and vpc is not None and vpc.is_default:
            return group
    refuse("InvalidGroup.NotFound", f"The security group '{name}' does not exist")
