# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""IAM roles: who may take one, what it may do, and what bounds it.

A role of ours lives under the path ``/cloister/<region>/<stack>/`` and is called ``<region>-<name>``.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Patience, each
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, InputError, OwnershipError
from ansible_collections.cloister.aws.plugins.module_utils._iam_policy import (
    canonical,
    document,
    faults,
    policy_arn,
    text,
    trust,
)
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import HOME, Owner, elsewhere, tag_dict, tag_list

LONGEST_NAME = 64
# What the largest raise of a quota gives; below it AWS decides.
MOST_TRUST_CHARACTERS, MOST_POLICY_CHARACTERS, MOST_MANAGED = 8192, 10240, 25
USUALLY_MANAGED = 10
_NAME = re.compile(r"[\w+=,.@-]+", re.ASCII)
_DESCRIPTION = re.compile(r"[\t\n\r\x20-\x7e\u00a1-\u00ff]*")
# https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html: EKS makes one for each managed node group.
_OF_A_NODE_GROUP = re.compile(r"eks-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# IAM shows late that a policy or a profile has let go of a role.
_LETTING_GO = Patience(frozenset({"DeleteConflict", "ConcurrentModification"}), seconds=60)


Steps = t.Sequence[tuple[str, dict[str, t.Any]]]
"""Actions and their parameters beside the role."""


class IamRole(Kind):
    """A role; its id is its ARN.

    Fields: ``trust``, ``policies`` (documents by name), ``managed_policies`` (ARNs), ``boundary`` (ARN or empty),
    ``description``, ``session_seconds``.
    """

    noun = "IAM role"
    made_by = "identity"
    rank = 60

    def find(self) -> list[Found]:
        """Return what the owner owns, by path and tags, with all that belongs to each."""
        roles = self.aws.pages("iam", "list_roles", "Roles", PathPrefix=path(self.owner))
        found = each(lambda role: self._read(role["RoleName"]), roles)
        return [item for item in found if item and self.owner.owns_at(item.tags, self.aws.region)]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return what a role is, documents in canonical form."""
        raw = found.raw
        return {
            "trust": canonical(raw["AssumeRolePolicyDocument"]),
            "policies": {name: canonical(said) for name, said in sorted(raw["policies"].items())},
            "managed_policies": sorted(raw["managed_policies"]),
            "boundary": raw.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", ""),
            "description": raw.get("Description", ""),
            "session_seconds": raw.get("MaxSessionDuration", 3600),
        }

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it, without any permission yet."""
        fields = want.fields
        name = role_name(self.owner, want.part)
        try:
            answer = self.aws.make(
                "iam",
                "create_role",
                Path=path(self.owner),
                RoleName=name,
                AssumeRolePolicyDocument=text(fields["trust"]),
                Description=fields["description"],
                MaxSessionDuration=fields["session_seconds"],
                Tags=tag_list(tags),
                **({"PermissionsBoundary": fields["boundary"]} if fields["boundary"] else {}),
            )
        except ApiError as exc:
            # ListRoles shows a new role late: the one that a killed run made a moment ago is ours all the same.
            there = self._read(name) if exc.code == "EntityAlreadyExists" else None
            if there and self.owner.owns_at(there.tags, self.aws.region):
                return there
            raise
        return Found(answer["Role"]["Arn"], tags, {**answer["Role"], "policies": {}, "managed_policies": []})

    def complete(self, found: Found, want: Want) -> None:
        """Give it its permissions."""
        have = self.fields(found)
        self.update(found, want, [name for name, value in want.fields.items() if have[name] != value])

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Bring it to what is wanted; the boundary first, and new permissions before old ones go."""
        role: dict[str, t.Any] = {"RoleName": found.raw["RoleName"]}
        fields = want.fields
        if "boundary" in changed and fields["boundary"]:
            self.aws.call("iam", "put_role_permissions_boundary", PermissionsBoundary=fields["boundary"], **role)
        elif "boundary" in changed:
            self.aws.call("iam", "delete_role_permissions_boundary", absent_ok=True, **role)
        if "trust" in changed:
            self.aws.call("iam", "update_assume_role_policy", PolicyDocument=text(fields["trust"]), **role)
        if {"description", "session_seconds"} & set(changed):
            said = {"Description": fields["description"], "MaxSessionDuration": fields["session_seconds"]}
            self.aws.call("iam", "update_role", **said, **role)
        if "policies" in changed:
            self._bring_policies(found, fields["policies"])
        if "managed_policies" in changed:
            self._bring_managed(found, fields["managed_policies"])

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Set these tags, leaving others alone."""
        self.aws.call("iam", "tag_role", RoleName=found.raw["RoleName"], Tags=tag_list(tags))

    def delete(self, found: Found) -> None:
        """Take it out of our instance profiles, take its permissions, delete it."""
        name = found.raw["RoleName"]
        for profile in self._profiles(found):
            self.aws.call("iam", "remove_role_from_instance_profile", True, InstanceProfileName=profile, RoleName=name)
        self._bring_policies(found, {})
        self._bring_managed(found, [])
        self.aws.call("iam", "delete_role", RoleName=name, absent_ok=True, patience=_LETTING_GO)

    def vet(self, want: Want, found: Found | None) -> None:
        """Refuse policies that do not exist."""
        have = self.fields(found) if found else {"managed_policies": [], "boundary": ""}
        new = {*want.fields["managed_policies"], want.fields["boundary"]}
        arns = sorted(new - {*have["managed_policies"], have["boundary"], ""})
        there = each(lambda arn: self.aws.call("iam", "get_policy", PolicyArn=arn, absent_ok=True), arns)
        missing = [arn for arn, answer in zip(arns, there, strict=True) if answer is None]
        if missing:
            raise InputError(
                f"IAM role {want.part}: there is no managed policy {', '.join(missing)}; AWS's own are named with "
                "their path, such as service-role/AmazonECSTaskExecutionRolePolicy, all others by ARN"
            )

    def vet_removal(self, found: Found) -> None:
        """Refuse while instance profiles of others hold it."""
        self._profiles(found)

    def settle(self, found: Found) -> None:
        """Wait until it is shown."""
        self.aws.call("iam", "get_role", RoleName=found.raw["RoleName"])

    def foreign(self, want: Want) -> str | None:
        """Return a role of that name that is not ours; names are unique in an account whatever the path."""
        answer = self.aws.call("iam", "get_role", RoleName=role_name(self.owner, want.part), absent_ok=True)
        tags = tag_dict(answer["Role"].get("Tags")) if answer else {}
        if answer is None or self.owner.owns_at(tags, self.aws.region):
            return None
        return elsewhere(answer["Role"]["Arn"], tags)

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return its name."""
        return {"name": found.raw["RoleName"]}

    def _read(self, name: str) -> Found | None:
        """Read a role and all that belongs to it, in the time of two calls."""
        role: dict[str, t.Any] = {"RoleName": name}
        reads: list[t.Callable[[], t.Any]] = [
            lambda: self.aws.call("iam", "get_role", absent_ok=True, **role),
            lambda: self._inline(name),
            lambda: self.aws.pages("iam", "list_attached_role_policies", "AttachedPolicies", absent_ok=True, **role),
        ]
        answer, inline, attached = each(lambda read: read(), reads)
        if answer is None:
            return None
        raw, managed = answer["Role"], [policy["PolicyArn"] for policy in attached]
        return Found(raw["Arn"], tag_dict(raw.get("Tags")), {**raw, "policies": inline, "managed_policies": managed})

    def _inline(self, name: str) -> dict[str, t.Any]:
        role: dict[str, t.Any] = {"RoleName": name}
        names = self.aws.pages("iam", "list_role_policies", "PolicyNames", absent_ok=True, **role)
        said = each(lambda one: self.aws.call("iam", "get_role_policy", True, PolicyName=one, **role), names)
        return {one["PolicyName"]: one["PolicyDocument"] for one in said if one}

    def _bring_policies(self, found: Found, wanted: t.Mapping[str, t.Any]) -> None:
        have = self.fields(found)["policies"]
        gone = [("delete_role_policy", {"PolicyName": name}) for name in have if name not in wanted]
        new = [
            ("put_role_policy", {"PolicyName": name, "PolicyDocument": text(said)})
            for name, said in wanted.items()
            if have.get(name) != said
        ]
        both = sum(len(text(said)) for said in {**have, **wanted}.values())
        self._take(found, new, gone, full=both > MOST_POLICY_CHARACTERS)

    def _bring_managed(self, found: Found, wanted: t.Sequence[str]) -> None:
        have = found.raw["managed_policies"]
        gone = [("detach_role_policy", {"PolicyArn": arn}) for arn in have if arn not in wanted]
        new = [("attach_role_policy", {"PolicyArn": arn}) for arn in wanted if arn not in have]
        self._take(found, new, gone, full=len(have) + len(new) > USUALLY_MANAGED)

    def _take(self, found: Found, new: Steps, gone: Steps, full: bool) -> None:
        """Give and take permissions; new ones first, unless old ones have to make room."""
        for action, params in [*gone, *new] if full else [*new, *gone]:
            absent_ok = action.startswith(("delete", "detach"))
            self.aws.call("iam", action, absent_ok, RoleName=found.raw["RoleName"], **params)

    def _profiles(self, found: Found) -> list[str]:
        """Return the names of the instance profiles that hold it, all of them ours.

        Those of node groups are left out: EKS takes them away with their groups.
        """
        listed = self.aws.pages(
            "iam", "list_instance_profiles_for_role", "InstanceProfiles", absent_ok=True, RoleName=found.raw["RoleName"]
        )
        profiles = [item for item in listed if not _OF_A_NODE_GROUP.fullmatch(item["InstanceProfileName"])]
        ours = path(Owner(self.owner.region))
        theirs = [item["Arn"] for item in profiles if not item["Path"].startswith(ours)]
        if theirs:
            raise OwnershipError(
                f"IAM role {found.part} is in instance profiles that are not ours, and stays: {', '.join(theirs)}; "
                "take it out of them by hand, then run again"
            )
        return [item["InstanceProfileName"] for item in profiles]


def path(owner: Owner) -> str:
    """Return the IAM path of what an owner owns."""
    return f"/cloister/{owner.region}/{owner.stack}/" if owner.stack else f"/cloister/{owner.region}/"


def role_name(owner: Owner, part: str) -> str:
    """Return the name of a role or an instance profile in AWS."""
    return f"{owner.region}-{part}"


def want(role: t.Mapping[str, t.Any], owner: Owner, partition: str, boundary: str = "", home: str = "") -> Want:
    """Return the wish for one entry of ``identity_roles``; ``boundary`` is for a role that names none itself.

    ``home`` is the AWS region of the region, in which alone a role of the account is its own.
    """
    found = faults(role)
    name = role_name(owner, role["name"])
    if not _NAME.fullmatch(name) or len(name) > LONGEST_NAME:
        found.append(f"its name in AWS would be {name}: at most {LONGEST_NAME} letters, digits and +=,.@_-")
    if len(role["reason"]) > 1000 or not _DESCRIPTION.fullmatch(role["reason"]):
        found.append("its reason becomes its description in AWS: at most 1000 Latin-1 characters")
    said = trust(
        role["trusted_services"], role["trusted_arns"], role["trust_conditions"], role["trust_statements"], partition
    )
    policies = {policy["name"]: document(policy["statements"]) for policy in role["policies"]}
    if len(policies) < len(role["policies"]):
        found.append("two of its policies have one name")
    if len(text(said)) > MOST_TRUST_CHARACTERS:
        found.append(f"its trust policy has {len(text(said))} characters and AWS takes {MOST_TRUST_CHARACTERS} at most")
    size = sum(len(text(policy)) for policy in policies.values())
    if size > MOST_POLICY_CHARACTERS:
        found.append(f"its policies have {size} characters together and AWS takes {MOST_POLICY_CHARACTERS}")
    managed = sorted({policy_arn(policy, partition) for policy in role["managed_policies"]})
    if len(managed) > MOST_MANAGED:
        found.append(f"it has {len(managed)} managed policies and AWS takes {MOST_MANAGED} at most")
    if found:
        raise InputError(f"IAM role {role['name']}: {'; '.join(found)}")
    bound = role["permissions_boundary"] or boundary
    fields = {
        "trust": said,
        "policies": dict(sorted(policies.items())),
        "managed_policies": managed,
        "boundary": policy_arn(bound, partition) if bound else "",
        "description": role["reason"],
        "session_seconds": role["session_seconds"],
    }
    return Want(role["name"], fields, tags={HOME: home} if home else {})
