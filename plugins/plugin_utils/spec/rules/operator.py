# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The operator host: no open port unless it is a bastion, then for named addresses.

And no secret in what it does at its first boot, which everyone reads who may describe an instance.
"""

from __future__ import annotations

import ipaddress
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._instance_types import well_formed
from ansible_collections.cloister.aws.plugins.module_utils._operator import BASTION, door
from ansible_collections.cloister.aws.plugins.module_utils._user_data import faults
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, did_you_mean, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region, vpc_of
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.endpoints import twice
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.names import PART, refer
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.security_groups import PORTS, REASON
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.shared import tags

TAGS_LEFT = 10
LONGEST_NAME = 128
LARGEST_GIB = 65536
SSM_POLICY = "AmazonSSMManagedInstanceCore"
SSH = 22
FETCHED = "what is secret fetched at boot, with the machine's role, from Secrets Manager or Parameter Store"


def rules(region: Region) -> t.Iterator[Problem]:
    """Who may come in, where it stands and what it is."""
    for host in region.variables("operator_host"):
        if isinstance(host.value, t.Mapping):
            yield from _itself(host, region)
            yield from _doors(host, region)
            yield from _places(host, region)
            yield from _profile(host, region)
            yield from tags(host.child("tags") if host.get("tags") else None, TAGS_LEFT)
    yield from _first_boot(region)


def _itself(host: Item, region: Region) -> t.Iterator[Problem]:
    name, kind, gib = (
        host.text("name", "operator"),
        host.text("instance_type", "t3.medium"),
        host.get("root_volume_gib"),
    )
    longest = LONGEST_NAME - len(str(region.shared("region_name", ""))) - 1
    if not PART.fullmatch(name) or len(name) > longest:
        right = f"at most {longest} lowercase letters, digits and hyphens, with a letter or digit at both ends"
        yield host.problem("name", f"{shown(name)} cannot be the name of a host.", right)
    if name in region.named("pools_defined"):
        found = f"A pool is called {name} too: {region.named('pools_defined')[name].spelled}."
        yield host.problem("name", found, "a name that no pool has")
    if not well_formed(kind):
        yield host.problem("instance_type", f"{shown(kind)} is not an instance type.", "a type such as t3.medium")
    if isinstance(gib, int) and not 8 <= gib <= LARGEST_GIB:
        yield host.problem("root_volume_gib", f"{gib} GiB.", f"from 8 to {LARGEST_GIB}")
    if host.get("schedule"):
        yield from refer(host, "schedule", host.text("schedule"), region, "schedule_calendars", "calendar")
    known = {item.name for item in region.variables("eks_cluster") if item.name}
    cluster = host.text("cluster")
    if cluster and known and cluster not in known:
        right = did_you_mean(cluster, known) or f"one of {', '.join(sorted(known))}"
        yield host.problem("cluster", f"There is no EKS cluster called {shown(cluster)}.", right)


def _doors(host: Item, region: Region) -> t.Iterator[Problem]:
    bastion, listed = host.text("mode", "ssm") == BASTION, list(host.items("ssh_cidrs"))
    if bastion and not listed:
        right = "ssh_cidrs: [{cidr: 203.0.113.7/32, reason: the office}], or mode: ssm"
        yield host.problem("ssh_cidrs", "Nobody may come in, and a bastion is for those who do.", right)
    if not bastion and listed:
        yield host.problem("ssh_cidrs", "By SSH nobody comes to a host of the mode ssm.", "none, or mode: bastion")
    for one in listed:
        yield from _address(one)
        if one.get("reason") and not REASON.fullmatch(one.text("reason")):
            yield one.problem("reason", "AWS does not take it as a description.", "1 to 255 plain letters and signs")
    taken = region.named("security_groups_defined").get(door(host.value))
    if bastion and taken:
        found = f"The bastion makes a security group {taken.name} of its own, and there is one: {taken.spelled}."
        yield host.problem("name", found, "another name for either")
    for item in host.items("security_groups"):
        group = region.named("security_groups_defined").get(str(item.value))
        for rule in group.items("ingress") if group else ():
            if _lets_ssh(rule) and not bastion:
                found = f"The group {item.value} lets SSH in ({rule.text('reason')})."
                yield item.problem(None, found, "a group without it, or mode: bastion with ssh_cidrs")
            elif any(str(one.value).endswith("/0") for one in rule.items("cidrs")):
                found = f"The group {item.value} lets the whole internet in ({rule.text('reason')})."
                yield item.problem(None, found, "a group that lets nobody in")


def _address(one: Item) -> t.Iterator[Problem]:
    cidr = one.text("cidr")
    try:
        network = ipaddress.ip_network(cidr)
    except ValueError:
        yield one.problem("cidr", f"{shown(cidr)} is not a range of addresses.", "such as 203.0.113.7/32")
        return
    if network.prefixlen == 0:
        yield one.problem("cidr", f"{cidr} is the whole internet.", "the addresses of those who come in")


def _lets_ssh(rule: Item) -> bool:
    protocol = rule.text("protocol", "tcp")
    if protocol == "all":
        return True
    matches = [PORTS.fullmatch(str(one.value)) for one in rule.items("ports")]
    spans = [(int(one[1]), int(one[2] or one[1])) for one in matches if one]
    return protocol == "tcp" and any(low <= SSH <= high for low, high in spans)


def _places(host: Item, region: Region) -> t.Iterator[Problem]:
    for key, variable in (("subnets", "network_subnets"), ("security_groups", "security_groups_defined")):
        yield from twice(host.child(key))
        for item in host.items(key):
            yield from refer(item, None, item.value, region, variable)
        if host.get(key) == []:
            yield host.problem(key, "The list is empty.", f"{key}: [...]")
    bastion, homes = host.text("mode", "ssm") == BASTION, set()
    for item in host.items("subnets"):
        subnet = region.named("network_subnets").get(str(item.value))
        if subnet is None:
            continue
        home, tier = vpc_of(subnet, region), subnet.text("tier")
        homes |= {home.name} if home else set()
        if bastion and tier != "public":
            right = "a public subnet, or mode: ssm"
            yield item.problem(None, f"A bastion is reached from outside, and {subnet.name} is {tier}.", right)
        elif not bastion and tier == "public":
            found = f"{subnet.name} is a public subnet, and nobody comes to the host from outside."
            yield item.problem(None, found, "a private subnet")
    if len(homes) > 1:
        yield host.problem("subnets", f"Its subnets lie in {' and '.join(sorted(homes))}.", "subnets of one VPC")
    elif homes:
        yield from _one_vpc(host, min(homes), bastion, region)


def _one_vpc(host: Item, home: str, bastion: bool, region: Region) -> t.Iterator[Problem]:
    if bastion and host.text("vpc", "main") != home:
        yield host.problem("vpc", f"Its subnets lie in VPC {home}, not in {host.text('vpc', 'main')}.", f"vpc: {home}")
    default = {item.stack: item.value for item in region.variables("security_groups_vpc")}
    for item in host.items("security_groups"):
        group = region.named("security_groups_defined").get(str(item.value))
        vpc = (group.text("vpc") or default.get(group.stack)) if group else None
        if vpc and vpc != home:
            found = f"The group {item.value} belongs to VPC {vpc}, and the host's subnets to {home}."
            yield item.problem(None, found, f"a group of VPC {home}")


def _profile(host: Item, region: Region) -> t.Iterator[Problem]:
    name, roles = host.text("instance_profile"), region.named("identity_roles")
    if not name or name in region.adopted("instance profile") or not region.sound("identity_roles"):
        return
    role = roles.get(name)
    known = [one for one, item in roles.items() if item.get("instance_profile")]
    if role is None:
        right = (
            did_you_mean(name, known) or f"one of {', '.join(sorted(known)) or 'those that identity_roles gives one'}"
        )
        yield host.problem("instance_profile", f"There is no role called {shown(name)}.", right)
    elif not role.get("instance_profile"):
        right = f"instance_profile: true at the role {name}"
        yield host.problem("instance_profile", f"The role {name} has no instance profile.", right)
    elif host.text("mode", "ssm") != BASTION and SSM_POLICY not in [
        one.value for one in role.items("managed_policies")
    ]:
        found = f"The role {name} does not let the host be known to Systems Manager, its only door."
        yield host.problem("instance_profile", found, f"managed_policies: [{SSM_POLICY}] at the role {name}")


def _first_boot(region: Region) -> t.Iterator[Problem]:
    for host in region.variables("operator_host"):
        for fault in faults(host.text("user_data")):
            yield host.problem("user_data", f"{fault[:1].upper()}{fault[1:]}.", FETCHED)
