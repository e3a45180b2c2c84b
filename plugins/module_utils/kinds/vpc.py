# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""VPCs: a range, the two DNS attributes that private names need, a default security group that lets nothing by.

Their secondary ranges are the kind `VpcRange`.

https://docs.aws.amazon.com/vpc/latest/userguide/AmazonDNS-concepts.html: private hosted zones and private DNS of
interface endpoints work only with both ``enableDnsSupport`` and ``enableDnsHostnames``.
https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-2: the default security group cannot be
deleted and takes whatever is started without a group of its own, so it should have no rules.
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import each
from ansible_collections.cloister.aws.plugins.module_utils._kind import LINGERING, Ec2Kind, Found, Want

_DNS = {"dns_support": "EnableDnsSupport", "dns_hostnames": "EnableDnsHostnames"}


class Vpc(Ec2Kind):
    """A VPC. Fields: ``cidr``, ``dns_support``, ``dns_hostnames``, ``default_security_group_closed``."""

    noun = "VPC"
    made_by = "network"
    rank = 90
    immutable: t.ClassVar = {
        "cidr": "add the new range to secondary_cidrs, or build a VPC of another name beside it and move"
    }
    describe, listed, id_key, tag_type = "describe_vpcs", "Vpcs", "VpcId", "vpc"

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return range, DNS attributes and the default group; attributes are read one by one, as the API has it."""
        reads: list[t.Callable[[], bool]] = [
            lambda: self._attribute(found.id, "dns_support"),
            lambda: self._attribute(found.id, "dns_hostnames"),
            lambda: _closed(self._default_group(found.id)),
        ]
        support, hostnames, closed = each(lambda read: read(), reads)
        return {
            "cidr": found.raw["CidrBlock"],
            "dns_support": support,
            "dns_hostnames": hostnames,
            "default_security_group_closed": closed,
        }

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it with its first range."""
        answer = self.aws.make(
            "ec2", "create_vpc", CidrBlock=want.fields["cidr"], TagSpecifications=self.tag_specifications(tags)
        )
        return self.made(answer["Vpc"], tags)

    def complete(self, found: Found, want: Want) -> None:
        """Add what only later calls can add."""
        self.update(found, want, want.fields)

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> None:
        """Bring attributes and the default group to what is wanted."""
        steps: list[t.Callable[[], None]] = [lambda: self._set_dns(found.id, want, changed)]
        if "default_security_group_closed" in changed:
            steps.append(lambda: self._close_default_group(found.id))
        each(lambda step: step(), steps)

    def delete(self, found: Found) -> None:
        """Delete it, bearing what still lingers in it."""
        self.aws.call("ec2", "delete_vpc", VpcId=found.id, absent_ok=True, patience=LINGERING)

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return its first range."""
        return {"cidr": found.raw["CidrBlock"]}

    def _set_dns(self, vpc_id: str, want: Want, changed: t.Collection[str]) -> None:
        # ModifyVpcAttribute takes one attribute a call, and hostnames need support.
        for name in [name for name in _DNS if name in changed]:
            attribute: dict[str, t.Any] = {_DNS[name]: {"Value": want.fields[name]}}
            self.aws.call("ec2", "modify_vpc_attribute", VpcId=vpc_id, **attribute)

    def _attribute(self, vpc_id: str, name: str) -> bool:
        attribute = _DNS[name][0].lower() + _DNS[name][1:]
        answer = self.aws.call("ec2", "describe_vpc_attribute", VpcId=vpc_id, Attribute=attribute)
        return bool(answer[_DNS[name]]["Value"])

    def _default_group(self, vpc_id: str) -> dict[str, t.Any] | None:
        filters = [{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "group-name", "Values": ["default"]}]
        groups = self.aws.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=filters)
        return groups[0] if groups else None

    def _close_default_group(self, vpc_id: str) -> None:
        self.until(f"the default security group of {vpc_id}", lambda: self._default_group(vpc_id) is not None, 60)
        group = self._default_group(vpc_id) or {}
        for rules, action in (
            (group.get("IpPermissions"), "revoke_security_group_ingress"),
            (group.get("IpPermissionsEgress"), "revoke_security_group_egress"),
        ):
            if rules:  # gone already: by a call whose answer was lost
                self.aws.call("ec2", action, absent_ok=True, GroupId=group["GroupId"], IpPermissions=rules)


def want(vpc: t.Mapping[str, t.Any]) -> Want:
    """Return the wish for one entry of ``network_vpcs``."""
    fields: dict[str, t.Any] = {
        "cidr": vpc["cidr"],
        "dns_support": True,
        "dns_hostnames": True,
    }
    if vpc["default_security_group_closed"]:
        fields["default_security_group_closed"] = True
    return Want(vpc["name"], fields)


def _closed(group: t.Mapping[str, t.Any] | None) -> bool:
    return group is not None and not group.get("IpPermissions") and not group.get("IpPermissionsEgress")
