"""Who may come in and who may do what: security groups, roles, instance profiles."""

from __future__ import annotations

from ansible_collections.cloister.aws.plugins.module_utils.kinds.iam_role import IamRole
from ansible_collections.cloister.aws.plugins.module_utils.kinds.instance_profile import InstanceProfile
from ansible_collections.cloister.aws.plugins.module_utils.kinds.security_group import SecurityGroup

from tests.integration.playbook import Action
from tests.integration.rehearsal.damage.hands import Hands, Thing, act, told


def _of_iam(hands: Hands, listing: str, listed: str) -> list[Thing]:
    """Return what IAM lists under the region's path."""
    found = getattr(hands.client("iam"), listing)(PathPrefix=f"/cloister/{hands.region_name}/")[listed]
    return sorted(found, key=lambda thing: str(thing["Arn"]))


def _role_told(hands: Hands, role: Thing) -> Action:
    return (role["Path"].split("/")[3], IamRole.noun, role["RoleName"].removeprefix(f"{hands.region_name}-"), "change")


@act(SecurityGroup)
def ssh_is_opened_to_the_world(hands: Hands) -> set[Action]:
    group = [*hands.called(SecurityGroup, "public-alb"), *hands.all(SecurityGroup)][0]
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    hands.ec2.authorize_security_group_ingress(GroupId=group["GroupId"], IpPermissions=[rule])
    return {told(SecurityGroup, group, "change")}


@act(SecurityGroup)
def the_door_of_the_endpoints_is_shut(hands: Hands) -> set[Action]:
    for group in hands.called(SecurityGroup, "endpoints"):
        hands.ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
        return {told(SecurityGroup, group, "change")}
    return set()


@act(IamRole)
def a_role_loses_a_policy(hands: Hands) -> set[Action]:
    iam = hands.client("iam")
    for role in _of_iam(hands, "list_roles", "Roles"):
        for policy in iam.list_attached_role_policies(RoleName=role["RoleName"])["AttachedPolicies"][:1]:
            iam.detach_role_policy(RoleName=role["RoleName"], PolicyArn=policy["PolicyArn"])
            return {_role_told(hands, role)}
    raise AssertionError("no role has an attached policy")


@act(IamRole)
def a_role_may_do_more(hands: Hands) -> set[Action]:
    role = _of_iam(hands, "list_roles", "Roles")[-1]
    everything = '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
    hands.client("iam").put_role_policy(RoleName=role["RoleName"], PolicyName="more", PolicyDocument=everything)
    return {_role_told(hands, role)}


@act(IamRole)
def a_role_loses_its_bounds(hands: Hands) -> set[Action]:
    iam = hands.client("iam")
    for role in _of_iam(hands, "list_roles", "Roles"):
        if "PermissionsBoundary" in iam.get_role(RoleName=role["RoleName"])["Role"]:
            iam.delete_role_permissions_boundary(RoleName=role["RoleName"])
            return {_role_told(hands, role)}
    return set()


@act(InstanceProfile)
def an_instance_profile_is_emptied(hands: Hands) -> set[Action]:
    for profile in _of_iam(hands, "list_instance_profiles", "InstanceProfiles"):
        name, role = profile["InstanceProfileName"], profile["Roles"][0]["RoleName"]
        hands.client("iam").remove_role_from_instance_profile(InstanceProfileName=name, RoleName=role)
        stack, part = profile["Path"].split("/")[3], name.removeprefix(f"{hands.region_name}-")
        return {(stack, InstanceProfile.noun, part, "change")}
    return set()
