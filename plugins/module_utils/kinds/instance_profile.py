# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Instance profiles: what hands a role of the region to EC2 instances. One has the name of its role.

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_switch-role-ec2_instance-profiles.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import each
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._owner import HOME, Owner, elsewhere, tag_dict, tag_list
from ansible_collections.cloister.aws.plugins.module_utils.kinds.iam_role import path, role_name


class InstanceProfile(Kind):
    """An instance profile. Fields: ``role``, its name in AWS. Its id is its own name, by which EC2 takes it."""

    noun = "instance profile"
    made_by = "identity"
    rank = 50

    def find(self) -> list[Found]:
        """Return what the owner owns, by path and tags."""
        profiles = self.aws.pages("iam", "list_instance_profiles", "InstanceProfiles", PathPrefix=path(self.owner))
        found = each(lambda profile: self._read(profile["InstanceProfileName"]), profiles)
        return [item for item in found if item and self.owner.owns_at(item.tags, self.aws.region)]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return the role in it; AWS allows one."""
        return {"role": next((role["RoleName"] for role in found.raw["Roles"]), "")}

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it, empty."""
        name = role_name(self.owner, want.part)
        try:
            answer = self.aws.make(
                "iam", "create_instance_profile", InstanceProfileName=name, Path=path(self.owner), Tags=tag_list(tags)
            )
        except ApiError as exc:
            there = self._read(name) if exc.code == "EntityAlreadyExists" else None
            if there and self.owner.owns_at(there.tags, self.aws.region):
                return there
            raise
        return Found(name, tags, {**answer["InstanceProfile"], "Roles": answer["InstanceProfile"].get("Roles", [])})

    def complete(self, found: Found, want: Want) -> None:
        """Put the role in."""
        if self.fields(found) != want.fields:
            self.update(found, want, ("role",))

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Take another role out, as it holds one only, and put ours in."""
        self._empty(found)
        role = want.fields["role"]
        try:
            self.aws.call("iam", "add_role_to_instance_profile", InstanceProfileName=found.id, RoleName=role)
        except ApiError as exc:
            # It holds one: ours, when the answer of a call that put it in was lost.
            there = self._read(found.id) if exc.code == "LimitExceeded" else None
            if there is None or self.fields(there) != want.fields:
                raise

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Set these tags, leaving others alone."""
        self.aws.call("iam", "tag_instance_profile", InstanceProfileName=found.id, Tags=tag_list(tags))

    def delete(self, found: Found) -> None:
        """Take the role out and delete it."""
        self._empty(found)
        self.aws.call("iam", "delete_instance_profile", InstanceProfileName=found.id, absent_ok=True)

    def settle(self, found: Found) -> None:
        """Wait until it is shown."""
        self.aws.call("iam", "get_instance_profile", InstanceProfileName=found.id)

    def foreign(self, want: Want) -> str | None:
        """Return a profile of that name that is not ours."""
        found = self._read(role_name(self.owner, want.part))
        if found is None or self.owner.owns_at(found.tags, self.aws.region):
            return None
        return elsewhere(found.raw["Arn"], found.tags)

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return its ARN."""
        return {"arn": found.raw["Arn"]}

    def _read(self, name: str) -> Found | None:
        answer = self.aws.call("iam", "get_instance_profile", InstanceProfileName=name, absent_ok=True)
        if answer is None:
            return None
        raw = answer["InstanceProfile"]
        return Found(name, tag_dict(raw.get("Tags")), raw)

    def _empty(self, found: Found) -> None:
        for role in found.raw["Roles"]:
            self.aws.call(
                "iam",
                "remove_role_from_instance_profile",
                InstanceProfileName=found.id,
                RoleName=role["RoleName"],
                absent_ok=True,
            )


def want(role: str, owner: Owner, home: str = "") -> Want:
    """Return the wish for the profile of a role of this stack; ``home`` as for the role."""
    return Want(role, {"role": role_name(owner, role)}, tags={HOME: home} if home else {})
