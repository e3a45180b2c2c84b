# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Security groups: who may talk to whom, by group. All that no rule lets by is closed, outwards too.

https://docs.aws.amazon.com/vpc/latest/userguide/security-groups.html. A group is ours as a whole: a rule in it that is
not listed is drift and goes, the one included by which AWS lets a new group talk to everybody.
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._blockers import living_on
from ansible_collections.cloister.aws.plugins.module_utils._errors import (
    ApiError,
    InputError,
    MissingError,
    OwnershipError,
    RegionError,
)
from ansible_collections.cloister.aws.plugins.module_utils._kind import LINGERING, Ec2Kind, Found, Want
from ansible_collections.cloister.aws.plugins.module_utils._once import Once
from ansible_collections.cloister.aws.plugins.module_utils._owner import STACK, Owner, tag_dict
from ansible_collections.cloister.aws.plugins.module_utils._security_rules import (
    DIRECTIONS,
    Rules,
    permissions_for,
    rules_of,
)
from ansible_collections.cloister.aws.plugins.module_utils._unknown import is_unknown

_PERMISSIONS = {"ingress": "IpPermissions", "egress": "IpPermissionsEgress"}
# A rule that is there already, or gone already: somebody, or a lost answer, was faster. Look again.
_OVERTAKEN = ("InvalidPermission.Duplicate", "InvalidPermission.NotFound")


class SecurityGroup(Ec2Kind):
    """A security group. Fields: ``vpc`` (id), ``reason``, ``ingress``, ``egress`` (reasons by rule, as text).

    Rules name groups of the region by name, so that what is predicted for a group that does not exist yet is what is
    then made. ``Want.create`` holds the `Rule` objects by direction, and ``outside``: ids of groups of other stacks.
    """

    noun = "security group"
    made_by = "security_groups"
    rank = 60
    immutable: t.ClassVar[t.Mapping[str, str]] = {
        "vpc": "give the group in the new VPC another name, and take the old one off the list when nothing uses it",
        "reason": "AWS keeps a group's description for life: put the old reason back, or give the group another name",
    }
    describe, listed, id_key, tag_type = "describe_security_groups", "SecurityGroups", "GroupId", "security-group"

    def __init__(self, aws: Aws, owner: Owner) -> None:
        super().__init__(aws, owner)
        self._once = Once()
        self._region: dict[str, Found] = {}
        self._ids: dict[str, str] = {}

    def find(self) -> list[Found]:
        """Return what the owner owns; the rest of the region is read along, since rules name its groups."""
        everyone = Owner(self.owner.region)
        raws = self.aws.pages("ec2", self.describe, self.listed, Filters=everyone.filters())
        found = [self.found(raw) for raw in raws]
        self._region = {item.id: item for item in found if everyone.owns(item.tags)}
        self._ids = {item.part: item.id for item in self._region.values()}
        return [item for item in self._region.values() if self.owner.owns(item.tags)]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return VPC, reason and rules."""
        rules = self._rules(found.raw)
        return {
            "vpc": found.raw["VpcId"],
            "reason": found.raw["Description"],
            **{direction: as_text(rules[direction]) for direction in DIRECTIONS},
        }

    def vet(self, want: Want, found: Found | None) -> None:
        """Refuse a prefix list that does not exist."""
        for rules in (want.create[direction] for direction in DIRECTIONS):
            for rule in rules:
                if rule.peer_kind == "prefix list":
                    self.list_id(rule.peer)

    def foreign(self, want: Want) -> str | None:
        """Return a group of the same name in the VPC; AWS compares names without regard to case."""
        if is_unknown(want.fields["vpc"]):
            return None
        filters = [{"Name": "vpc-id", "Values": [want.fields["vpc"]]}]
        standing = self._once.get(
            filters[0]["Values"][0], lambda: self.aws.pages("ec2", self.describe, self.listed, Filters=filters)
        )
        name = self.owner.tags_for(want.part)["Name"]
        for raw in standing:
            if raw["GroupName"].lower() == name.lower():
                tags = tag_dict(raw.get("Tags"))
                if Owner(self.owner.region).owns(tags):
                    raise OwnershipError(
                        f"security group {want.part}: stack {tags[STACK]} has {raw['GroupId']} of the name "
                        f"{raw['GroupName']} already; give one of the two another name"
                    )
                return str(raw["GroupId"])
        return None

    def vet_removal(self, found: Found) -> None:
        """Refuse to delete the group of a living instance; interfaces of other things may be on their way out."""
        instances = living_on(self, self._interfaces(found))
        if instances:
            raise OwnershipError(
                f"{self.noun} {found.part} ({found.id}) is no longer listed, but {', '.join(instances)} still use it; "
                "give them another first"
            )

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it; its rules come with `complete`, when the groups that they name are there."""
        answer = self.aws.make(
            "ec2",
            "create_security_group",
            GroupName=tags["Name"],
            Description=want.fields["reason"],
            VpcId=want.fields["vpc"],
            TagSpecifications=self.tag_specifications(tags),
        )
        self._ids[want.part] = answer["GroupId"]
        return self.made({**answer, "VpcId": want.fields["vpc"], "Description": want.fields["reason"]}, tags)

    def complete(self, found: Found, want: Want) -> None:
        """Give a new group its rules, and take away the one that AWS gave it."""
        self._ids[want.part] = found.id
        self._bring(found.id, want, self._read(found.id))

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Bring the rules to what is wanted."""
        self._bring(found.id, want, self._rules(found.raw))

    def delete(self, found: Found) -> None:
        """Delete it after the rules that name it, bearing interfaces that AWS still takes down."""
        if not self._region:
            self.find()
        each(lambda other: self._forget(other, found), [item for item in self._region.values() if item.id != found.id])
        try:
            self.aws.call("ec2", "delete_security_group", GroupId=found.id, absent_ok=True)
        except ApiError as exc:
            if exc.code not in LINGERING.codes:
                raise
            self.vet_removal(found)
            self._outlast(found)

    def _bring(self, group_id: str, want: Want, have: t.Mapping[str, Rules]) -> None:
        for last in (False, False, True):
            try:
                self._change(group_id, want, have)
                return
            except ApiError as exc:
                if last or exc.code not in _OVERTAKEN:
                    raise
                have = self._read(group_id)

    def _change(self, group_id: str, want: Want, have: t.Mapping[str, Rules]) -> None:
        """Let in what is new before what is old is shut out, so that nothing is cut in between."""
        first: list[tuple[str, list[dict[str, t.Any]]]] = []
        then: list[tuple[str, list[dict[str, t.Any]]]] = []
        for direction in DIRECTIONS:
            wanted, there = want.create[direction], have[direction]
            new = {rule: reason for rule, reason in wanted.items() if rule not in there}
            told_anew = {rule: reason for rule, reason in wanted.items() if there.get(rule, reason) != reason}
            old = {rule: reason for rule, reason in there.items() if rule not in wanted}
            for calls, action, rules in (
                (first, f"authorize_security_group_{direction}", new),
                (first, f"update_security_group_rule_descriptions_{direction}", told_anew),
                (then, f"revoke_security_group_{direction}", old),
            ):
                if rules:
                    permissions = permissions_for(
                        rules,
                        lambda name: self._group_id(name, want.create["outside"]),
                        self.list_id,
                        reasons=calls is first,
                    )
                    calls.append((action, permissions))
        for batch in (first, then):
            each(lambda call: self.aws.call("ec2", call[0], GroupId=group_id, IpPermissions=call[1]), batch)

    def _forget(self, other: Found, gone: Found) -> None:
        """Take the rules that name ``gone`` out of another group of the region."""
        for direction, rules in self._rules(other.raw).items():
            naming = {rule: "" for rule in rules if rule.peer_kind == "group" and rule.peer in (gone.part, gone.id)}
            if naming:
                action = f"revoke_security_group_{direction}"
                permissions = permissions_for(naming, lambda _name: gone.id, self.list_id, reasons=False)
                self.aws.call("ec2", action, GroupId=other.id, IpPermissions=permissions, absent_ok=True)

    def _outlast(self, found: Found) -> None:
        try:
            self.aws.call("ec2", "delete_security_group", GroupId=found.id, absent_ok=True, patience=LINGERING)
        except ApiError as exc:
            if exc.code not in LINGERING.codes:
                raise
            users = [f"{raw['NetworkInterfaceId']} ({raw.get('Description', '')})" for raw in self._interfaces(found)]
            raise RegionError(
                f"{found.id} is no longer listed and still used by {', '.join(users) or 'a rule of a foreign group'}; "
                "take it off there and run again"
            ) from exc

    def _interfaces(self, found: Found) -> list[t.Any]:
        filters = [{"Name": "group-id", "Values": [found.id]}]
        return self.aws.pages("ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=filters)

    def _read(self, group_id: str) -> dict[str, Rules]:
        answer = self.aws.call("ec2", self.describe, GroupIds=[group_id])
        return self._rules(answer["SecurityGroups"][0])

    def _rules(self, raw: t.Mapping[str, t.Any]) -> dict[str, Rules]:
        return {
            direction: rules_of(raw.get(key, ()), self._group_name, self._list_name)
            for direction, key in _PERMISSIONS.items()
        }

    def _group_name(self, group_id: str) -> str:
        names = {known: part for part, known in self._ids.items()}
        return names.get(group_id, group_id)

    def _group_id(self, name: str, outside: t.Mapping[str, str]) -> str:
        known = self._ids.get(name) or outside.get(name) or name
        if not known.startswith("sg-"):
            raise MissingError(f"region {self.owner.region} has no {self.noun} called {name} any more; run again")
        return known

    def _list_name(self, list_id: str) -> str:
        names = {known: name for name, known in self._lists().items()}
        return names.get(list_id, list_id)

    def list_id(self, name: str) -> str:
        """Return the id of a prefix list; what is one already is left as it is."""
        lists = self._lists()
        if name not in lists and not name.startswith("pl-"):
            raise InputError(
                f"there is no prefix list {name} in {self.aws.region}; there are: {', '.join(sorted(lists))}"
            )
        return lists.get(name, name)

    def _lists(self) -> dict[str, str]:
        """Return ids of prefix lists by name; AWS's own by the name of the service, such as ``s3``."""
        head = f"com.amazonaws.{self.aws.region}."
        return self._once.get(
            "prefix lists",
            lambda: {
                raw["PrefixListName"].removeprefix(head): raw["PrefixListId"]
                for raw in self.aws.pages("ec2", "describe_managed_prefix_lists", "PrefixLists")
            },
        )


def as_text(rules: Rules) -> dict[str, str]:
    """Return rules as people read them, reasons by rule."""
    return {str(rule): rules[rule] for rule in sorted(rules, key=str)}
