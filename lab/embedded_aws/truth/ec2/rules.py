# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a security group rule is: read from a request, checked as AWS checks it, shown both ways AWS shows it.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html: CIDRs are made canonical, ports are
needed with TCP and UDP, and protocol -1 means all ports whatever is given.
"""

from __future__ import annotations

import ipaddress
import re
import typing as t

from moto.ec2.models.security_groups import SecurityGroupRule

from lab.embedded_aws.truth.ec2.base import Backend, refuse, tag_list

Permission = dict[str, t.Any]
DESCRIPTION = re.compile(r"[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]{0,255}")
NUMBERS = {"6": "tcp", "17": "udp", "1": "icmp", "58": "icmpv6", "all": "-1"}
# Member of IpPermission -> key of the peer in it.
PEERS = {
    "IpRanges": "CidrIp", "Ipv6Ranges": "CidrIpv6", "UserIdGroupPairs": "GroupId", "PrefixListIds": "PrefixListId",
}  # fmt: skip


def every_rule(backend: Backend) -> list[SecurityGroupRule]:
    return [
        rule
        for groups in backend.groups.values()
        for group in groups.values()
        for rule in (*group.ingress_rules, *group.egress_rules)
    ]


def read_rules(backend: Backend, group: t.Any, given: list[Permission], egress: bool) -> list[SecurityGroupRule]:
    """The single rules that IpPermissions stand for; refuses what AWS refuses."""
    found = []
    for permission in given:
        protocol, low, high = _ports(permission)
        peers = [(key, peer) for member, key in PEERS.items() for peer in permission.get(member) or []]
        if not peers:
            refuse("MissingParameter", "The request must contain a source: a CIDR, a prefix list or a group")
        for key, peer in peers:
            found.append(_rule(backend, group, (protocol, low, high), key, dict(peer), egress))
    return found


def _ports(permission: Permission) -> tuple[str, int | None, int | None]:
    text = permission.get("IpProtocol")
    if text is None:
        message = "Invalid value 'null' for protocol. VPC security group rules must specify protocols explicitly."
        refuse("InvalidParameterValue", message)
    protocol = NUMBERS.get(str(text).lower(), str(text).lower())
    known = protocol in ("-1", "tcp", "udp", "icmp", "icmpv6") or (protocol.isdigit() and int(protocol) < 256)
    if not known:
        refuse("InvalidParameterValue", f"Invalid value '{text}' for IP protocol. Unknown protocol.")
    low, high = permission.get("FromPort"), permission.get("ToPort")
    if protocol in ("tcp", "udp"):
        if low is None or high is None:
            message = "Invalid value for portRange. Must specify both from and to ports with TCP/UDP."
            refuse("InvalidParameterValue", message)
        low, high = int(low), int(high)
        if (low, high) != (-1, -1) and not 0 <= low <= high <= 65535:
            refuse("InvalidParameterValue", f"Invalid TCP/UDP port range ({low}:{high})")
        return protocol, max(low, 0), 65535 if high == -1 else high
    if protocol in ("icmp", "icmpv6"):
        return protocol, int(-1 if low is None else low), int(-1 if high is None else high)
    return protocol, None, None


def _rule(
    backend: Backend, group: t.Any, ports: tuple[str, int | None, int | None], key: str, peer: dict[str, t.Any],
    egress: bool,
) -> SecurityGroupRule:  # fmt: skip
    description = peer.pop("Description", None)
    if description is not None and not DESCRIPTION.fullmatch(description):
        refuse(
            "InvalidParameterValue",
            "Invalid rule description. Valid descriptions are strings less than 256 characters from the following "
            "set: a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*",
        )
    protocol, low, high = ports
    rule = SecurityGroupRule(backend, protocol, group.id, "0", "0", None, None, None, is_egress=egress)
    rule.ip_protocol, rule.from_port, rule.to_port = protocol, low, high
    set_peer(backend, group, rule, key, peer)
    rule.note = description
    return rule


def set_peer(backend: Backend, group: t.Any, rule: SecurityGroupRule, key: str, peer: dict[str, t.Any]) -> None:
    """Set who the rule is about; refuses a malformed CIDR and a group or list that is not there."""
    if key in ("CidrIp", "CidrIpv6"):
        rule.ip_range = {key: _cidr(str(peer.get(key)), 4 if key == "CidrIp" else 6)}
    elif key == "PrefixListId":
        if peer.get(key) not in backend.managed_prefix_lists:
            refuse("InvalidPrefixListID.NotFound", f"The prefix list ID '{peer.get(key)}' does not exist")
        rule.prefix_list_id = peer[key]
    else:
        rule.source_group = {"GroupId": _group(backend, group, peer), "UserId": backend.account_id}


def _cidr(text: str, version: int) -> str:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        network = None
    if network is None or network.version != version or "/" not in text:
        refuse("InvalidParameterValue", f"CIDR block {text} is malformed")
    return str(network)


def _group(backend: Backend, group: t.Any, peer: dict[str, t.Any]) -> str:
    wanted, name = peer.get("GroupId"), peer.get("GroupName")
    for one in (one for groups in backend.groups.values() for one in groups.values()):
        if one.id == wanted or (not wanted and one.name == name and one.vpc_id == group.vpc_id):
            if one.vpc_id != group.vpc_id and not _peered(backend, one.vpc_id, group.vpc_id):
                refuse("InvalidGroup.NotFound", "You have specified two resources that belong to different networks.")
            return str(one.id)
    owner = peer.get("UserId")
    if wanted and owner and owner != backend.account_id:
        return str(wanted)
    refuse("InvalidGroup.NotFound", f"The security group '{wanted or name}' does not exist")


def _peered(backend: Backend, one: str, other: str) -> bool:
    return any(
        {pcx.vpc.id, pcx.peer_vpc.id} == {one, other} and pcx._status.code == "active"
        for pcx in backend.vpc_pcxs.values()
    )


def identity(rule: SecurityGroupRule) -> tuple[t.Any, ...]:
    """What makes two rules of one direction the same."""
    peer = rule.ip_range.get("CidrIp") or rule.ip_range.get("CidrIpv6") or rule.source_group.get("GroupId")
    return rule.ip_protocol, rule.from_port, rule.to_port, peer or rule.prefix_list_id


def described(rule: SecurityGroupRule) -> str | None:
    return getattr(rule, "note", None) or rule.ip_range.get("Description")


def permissions(rules: list[SecurityGroupRule]) -> list[Permission]:
    """Rules as DescribeSecurityGroups shows them: one entry for each protocol and port range."""
    entries: dict[tuple[t.Any, ...], Permission] = {}
    for rule in rules:
        ports = (rule.ip_protocol, rule.from_port, rule.to_port)
        entry = entries.setdefault(
            ports,
            {"IpProtocol": ports[0], "FromPort": ports[1], "ToPort": ports[2], "IpRanges": [], "Ipv6Ranges": [],
             "UserIdGroupPairs": [], "PrefixListIds": []},
        )  # fmt: skip
        note = {"Description": described(rule)}
        if "CidrIp" in rule.ip_range:
            entry["IpRanges"].append({"CidrIp": rule.ip_range["CidrIp"], **note})
        elif "CidrIpv6" in rule.ip_range:
            entry["Ipv6Ranges"].append({"CidrIpv6": rule.ip_range["CidrIpv6"], **note})
        elif rule.source_group:
            pair = {"GroupId": rule.source_group["GroupId"], "UserId": rule.source_group.get("UserId")}
            entry["UserIdGroupPairs"].append({**pair, **note})
        elif rule.prefix_list_id:
            entry["PrefixListIds"].append({"PrefixListId": rule.prefix_list_id, **note})
    return list(entries.values())


def rule_view(rule: SecurityGroupRule) -> dict[str, t.Any]:
    """A rule as DescribeSecurityGroupRules shows it; a port that is not set is -1."""
    backend = rule.ec2_backend
    where = f"{backend.region_name}:{backend.account_id}"
    group = rule.source_group
    return {
        "SecurityGroupRuleId": rule.id, "GroupId": rule.group_id, "GroupOwnerId": backend.account_id,
        "SecurityGroupRuleArn": f"arn:{backend.partition}:ec2:{where}:security-group-rule/{rule.id}",
        "IsEgress": rule.is_egress, "IpProtocol": rule.ip_protocol,
        "FromPort": -1 if rule.from_port is None else rule.from_port,
        "ToPort": -1 if rule.to_port is None else rule.to_port,
        "CidrIpv4": rule.ip_range.get("CidrIp"), "CidrIpv6": rule.ip_range.get("CidrIpv6"),
        "PrefixListId": rule.prefix_list_id,
        "ReferencedGroupInfo": {"GroupId": group["GroupId"], "UserId": group.get("UserId")} if group else None,
        "Description": described(rule), "Tags": tag_list(backend, rule.id),
    }  # fmt: skip
