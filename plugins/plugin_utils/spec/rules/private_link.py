# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the mode ``privatelink`` of ``private_api`` asks: a provider, zones in common, groups, a trail.

An endpoint stands in zones of the load balancer
(https://docs.aws.amazon.com/vpc/latest/privatelink/create-endpoint-service.html), and events need a trail
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event-cloudtrail.html).
"""

from __future__ import annotations

import re
import typing as t
from collections import Counter

from ansible_collections.cloister.aws.plugins.module_utils._private_api import PORT
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region, Stack, vpc_of
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.endpoints import twice
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.names import refer
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.private_ways import home_of, lets_in, of

PRINCIPAL = re.compile(r"\*|arn:aws[\w-]*:iam::\d{12}:(root|user/.+|role/.+)")
ENDPOINT = re.compile(r"vpce-[0-9a-f]{8,17}")
_PARTS = {"vpc": "eks", "subnets": "[private-a, private-b]", "security_groups": "[private-api]"}


def endpoints(region: Region) -> Counter[str]:
    """Return how many endpoints consumers get in each VPC."""
    linked = [one for one in region.stacks if one.values.get("private_api_mode") == "privatelink"]
    return Counter(item.text("vpc") for stack in linked for item in of(stack, "private_api_consumers").items())


def rules(stack: Stack, region: Region, cluster: Item | None) -> t.Iterator[Problem]:
    """Everything about the provider and its consumers."""
    provider = of(stack, "private_api_provider")
    for key, example in _PARTS.items():
        if not provider.get(key):
            yield provider.problem(key, f"PrivateLink needs {key} of where the cluster is.", f"{key}: {example}")
    yield from _provider(provider, region, cluster)
    yield from _health_check(provider.child("health_check"))
    yield from _strangers(provider)
    yield from _consumers(stack, provider, region)
    yield from _trail(stack, region)


def _provider(provider: Item, region: Region, cluster: Item | None) -> t.Iterator[Problem]:
    vpc, subnets, zones = provider.text("vpc"), region.named("network_subnets"), dict[str, str]()
    if vpc:
        yield from refer(provider, "vpc", vpc, region, "network_vpcs")
    home = home_of(cluster, region) if cluster else ""
    known = vpc in region.named("network_vpcs")
    if known and home and vpc != home:
        yield provider.problem("vpc", f"The cluster is in {home}.", f"vpc: {home}")
    yield from twice(provider.child("subnets"))
    for item in provider.items("subnets"):
        yield from refer(item, None, item.value, region, "network_subnets")
        subnet = subnets.get(str(item.value))
        if subnet is None:
            continue
        where, zone = vpc_of(subnet, region), subnet.text("az")
        if where and known and where.name != vpc:
            yield item.problem(None, f"{item.value} lies in the VPC {where.name}.", f"a subnet of {vpc}")
        if zone in zones:
            found = f"{item.value} and {zones[zone]} are both in {zone}."
            yield item.problem(None, found, "one subnet in each zone")
        zones.setdefault(zone, str(item.value))
    groups = {str(item.value) for item in provider.items("security_groups")}
    for item in provider.items("security_groups"):
        yield from refer(item, None, item.value, region, "security_groups_defined")
    if cluster and groups and known and not lets_in(cluster, region, groups, vpc):
        right = f"{{reason: PrivateLink, group: {sorted(groups)[0]}, ports: [{PORT}]}} in ingress of eks_cluster"
        yield provider.problem("security_groups", f"The cluster lets its load balancer in to no port {PORT}.", right)


def _health_check(check: Item) -> t.Iterator[Problem]:
    protocol, path, matcher = check.text("protocol", "HTTPS"), check.text("path", "/"), check.text("matcher", "200")
    if protocol == "HTTPS" and not path.startswith("/"):
        yield check.problem("path", f"{shown(path)} is no path.", "a path that starts with /, such as /readyz")
    if protocol == "HTTPS" and not re.fullmatch(r"[2-5]\d\d(-[2-5]\d\d)?(,[2-5]\d\d(-[2-5]\d\d)?)*", matcher):
        yield check.problem("matcher", f"{shown(matcher)} is no list of HTTP codes.", '"200"')


def _strangers(provider: Item) -> t.Iterator[Problem]:
    for item in provider.items("principals"):
        if not PRINCIPAL.fullmatch(str(item.value)):
            right = "the ARN of an account (arn:<partition>:iam::111122223333:root), role or user, or *"
            yield item.problem(None, f"{shown(item.value)} is nobody who could ask.", right)
        elif item.value == "*" and provider.get("acceptance_required", True) is False:
            found = "Every account of AWS could connect, and nobody would be asked."
            yield item.problem(None, found, "acceptance_required: true, or accounts by name")
    for item in provider.items("accepted_endpoints"):
        if item.text("endpoint") and not ENDPOINT.fullmatch(item.text("endpoint")):
            found = f"{shown(item.get('endpoint'))} is no id of an endpoint."
            yield item.problem("endpoint", found, "an id such as vpce-0a1b2c3d4e5f60718")


def _consumers(stack: Stack, provider: Item, region: Region) -> t.Iterator[Problem]:
    subnets, homes = region.named("network_subnets"), dict[str, str]()
    zones = {subnets[str(one.value)].text("az") for one in provider.items("subnets") if str(one.value) in subnets}
    for one in of(stack, "private_api_consumers").items():
        vpc = one.text("vpc")
        if not one.get("security_groups"):
            right = "security_groups: [...], groups that let its clients in to 443"
            yield one.problem("security_groups", "Its endpoint needs a group.", right)
        if vpc and vpc == provider.text("vpc"):
            found = f"In {vpc} the API has its own name already, where the cluster is."
            yield one.problem("vpc", found, "another VPC, or nothing for this one")
        if vpc in homes:
            found = f"{homes[vpc]} has an endpoint in {vpc} already, and the name leads to one."
            yield one.problem("vpc", found, "one consumer for each VPC, with all of its subnets")
        homes.setdefault(vpc, one.name)
        for item in one.items("subnets"):
            zone = subnets[str(item.value)].text("az") if str(item.value) in subnets else ""
            if zone and zones and zone not in zones:
                found = f"{item.value} is in {zone}, where the load balancer does not stand."
                right = f"a subnet in {', '.join(sorted(zones))}, or a provider's subnet in {zone}"
                yield item.problem(None, found, right)


def _trail(stack: Stack, region: Region) -> t.Iterator[Problem]:
    item = of(stack, "private_api_sweep_minutes")
    minutes = item.value
    if isinstance(minutes, int) and not 1 <= minutes <= 1440:
        yield item.problem(None, f"Every {minutes} minutes is no time to look again.", "from 1 to 1440, such as 15")
    others = stack.values.get("private_api_trail_of_others")
    if others is False and not any(one.role == "audit" for one in region.stacks):
        found = "No stack has the role audit, and without a trail no event tells of a cluster's new interfaces."
        right = "a stack with the role audit, or true where the account has a trail for management events"
        yield Problem(stack.name, ("private_api_trail_of_others",), found, right)
