# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules of ours in the security group that EKS makes for a cluster.

The group is EKS's own, and what EKS or others put into it is left alone. So a rule carries our tags itself, and is
found by them. https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html,
https://docs.aws.amazon.com/vpc/latest/userguide/security-group-rules.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._eks_inside import Cluster, part_in
from ansible_collections.cloister.aws.plugins.module_utils._errors import OwnershipError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Ec2Kind, Found, Want
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._owner import tag_dict
from ansible_collections.cloister.aws.plugins.module_utils._security_rules import Rule, permissions_for, rules_from
from ansible_collections.cloister.aws.plugins.module_utils._security_wants import ranges_from
from ansible_collections.cloister.aws.plugins.module_utils._unknown import is_unknown
from ansible_collections.cloister.aws.plugins.module_utils.kinds.security_group import SecurityGroup


class ClusterRule(Ec2Kind):
    """A rule by which somebody comes in; its id is the rule's. Fields: ``group`` (id), ``reason``."""

    noun = "cluster rule"
    made_by = "eks"
    rank = 10
    describe, listed, id_key = "describe_security_group_rules", "SecurityGroupRules", "SecurityGroupRuleId"
    tag_type = "security-group-rule"

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return where it is, and why."""
        return {"group": found.raw["GroupId"], "reason": found.raw.get("Description", "")}

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Let them in."""
        answer = self.aws.make(
            "ec2",
            "authorize_security_group_ingress",
            GroupId=want.fields["group"],
            IpPermissions=[want.create["permission"]],
            TagSpecifications=self.tag_specifications(tags),
        )
        return Found(answer["SecurityGroupRules"][0][self.id_key], tags, answer["SecurityGroupRules"][0])

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> Found | None:
        """Tell its reason anew; a cluster that was made anew has another group, and gets the rule there."""
        if "group" in changed:
            made = self.create(want, self.owner.tags_for(want.part, want.tags))
            self.delete(found)
            return made
        said = [{"SecurityGroupRuleId": found.id, "Description": want.fields["reason"]}]
        action = "update_security_group_rule_descriptions_ingress"
        self.aws.call("ec2", action, GroupId=want.fields["group"], SecurityGroupRuleDescriptions=said)
        return None

    def delete(self, found: Found) -> None:
        """Shut them out; with its group it is gone already."""
        about = {"GroupId": found.raw["GroupId"], "SecurityGroupRuleIds": [found.id]}
        self.aws.call("ec2", "revoke_security_group_ingress", absent_ok=True, **about)

    def foreign(self, want: Want) -> str | None:
        """Refuse to take over a rule that somebody else made: theirs to keep, or to take away."""
        if is_unknown(want.fields["group"]):
            return None
        filters = [{"Name": "group-id", "Values": [want.fields["group"]]}]
        for raw in self.aws.pages("ec2", self.describe, self.listed, Filters=filters):
            if not raw["IsEgress"] and _same(raw, want.create["permission"]):
                if self.owner.owns(tag_dict(raw.get("Tags"))):
                    return None
                raise OwnershipError(
                    f"{want.fields['group']} lets {want.create['rule']} in by {raw[self.id_key]} already, which is not "
                    "ours; take that rule away by hand, or leave ours off the list"
                )
        return None

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return the group that it is in."""
        return {"group": found.raw["GroupId"]}


def _same(raw: t.Mapping[str, t.Any], permission: t.Mapping[str, t.Any]) -> bool:
    """Say whether a rule of AWS's lets in what a permission would."""
    peers = {
        "CidrIpv4": [one["CidrIp"] for one in permission.get("IpRanges", ())],
        "CidrIpv6": [one["CidrIpv6"] for one in permission.get("Ipv6Ranges", ())],
        "PrefixListId": [one["PrefixListId"] for one in permission.get("PrefixListIds", ())],
        "group": [one["GroupId"] for one in permission.get("UserIdGroupPairs", ())],
    }
    there = {**raw, "group": raw.get("ReferencedGroupInfo", {}).get("GroupId")}
    ports = tuple(permission.get(key, -1) for key in ("FromPort", "ToPort"))
    return (
        str(raw["IpProtocol"]) == permission["IpProtocol"]
        and (raw.get("FromPort", -1), raw.get("ToPort", -1)) == ports
        and any(there.get(key) in values for key, values in peers.items() if values)
    )


def wants(
    entries: t.Sequence[t.Mapping[str, t.Any]],
    cluster: Cluster,
    kind: ClusterRule,
    names: Names,
    said: t.Mapping[str, t.Sequence[str]] | None = None,
) -> list[Want]:
    """Return the wishes for the ``ingress`` of a cluster: one for each port and peer of an entry.

    ``said`` are ranges of VPCs as the inventory has them.
    """
    where = f"EKS cluster {cluster.part}, ingress"
    rules = rules_from(where, entries, ranges_from(said, names, kind.aws))
    lists = SecurityGroup(kind.aws, kind.owner).list_id
    return [_want(rule, reason, cluster, names, lists) for rule, reason in rules.items()]


def _want(rule: Rule, reason: str, cluster: Cluster, names: Names, lists: t.Callable[[str], str]) -> Want:
    permission = permissions_for({rule: reason}, lambda name: names.id(SecurityGroup, name), lists)[0]
    # A tag takes no comma.
    part = part_in(cluster.part, str(rule).replace(",", ""))
    fields = {"group": cluster.security_group, "reason": reason}
    return Want(part, fields, create={"permission": permission, "rule": str(rule)})
