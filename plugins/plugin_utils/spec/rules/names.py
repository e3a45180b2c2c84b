# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Logical names: well formed, used once for a kind, and the names that are referred to exist."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, did_you_mean, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region

# `<region_name>-<part>` is the tag Name, and the name itself of roles and groups.
PART = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")

# Variable -> what a person calls an element, the most characters of <region_name>-<name>.
# Load balancers and target groups: the page is in shared.py. Pools:
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html; roles:
# https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html; security groups:
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSecurityGroup.html; others: the tag Name.
NAMED = {
    "certificates_defined": ("certificate", 256),
    "certificates_private_cas": ("private CA", 256),
    "database_instances": ("database", 63),
    "images_golden": ("golden image", 100),
    "network_vpcs": ("VPC", 256),
    "network_subnets": ("subnet", 256),
    "network_peerings": ("peering", 256),
    "schedule_calendars": ("calendar", 256),
    "security_groups_defined": ("security group", 255),
    "identity_roles": ("IAM role", 64),
    "ecs_services": ("ECS service", 255),
    "load_balancers_defined": ("load balancer", 32),
    "load_balancers_target_groups": ("target group", 32),
    "pools_defined": ("pool", 128),
    "registry_pull_through_caches": ("pull-through cache", 256),
    "registry_repositories": ("repository", 256),
}


def rules(region: Region) -> t.Iterator[Problem]:
    """Names are sound, short enough and not given twice."""
    home = str(region.shared("region_name", ""))
    for variable, (noun, most) in NAMED.items():
        seen: dict[str, Item] = {}
        for item in region.items(variable):
            name = item.name
            if not name:
                continue
            if not PART.fullmatch(name):
                right = "lowercase letters, digits and hyphens, with a letter or digit at both ends"
                yield item.problem("name", f"{shown(name)} cannot be the name of a {noun}.", right)
            elif len(f"{home}-{name}") > most:
                full = f"{home}-{name}"
                right = f"at most {most - len(home) - 1} characters beside {home}-"
                yield item.problem("name", f"The {noun} would be called {full}, {len(full)} characters long.", right)
            if name in seen:
                found = f"The {noun} {name} is there already: {seen[name].spelled}."
                yield item.problem("name", found, "a name that no other has in this region")
            seen.setdefault(name, item)


def refer(
    item: Item, key: str | int | None, name: t.Any, region: Region, variable: str, noun: str = ""
) -> t.Iterator[Problem]:
    """Yield a problem where ``name`` is not among the elements of ``variable`` nor adopted.

    Nothing is said while those elements have names that are broken themselves.
    """
    noun = noun or NAMED[variable][0]
    known = {**region.named(variable), **region.adopted(noun)}
    if str(name) in known or not region.sound(variable):
        return
    right = did_you_mean(name, known) or (f"one of {', '.join(sorted(known))}" if known else f"a {noun} in {variable}")
    yield item.problem(key, f"There is no {noun} called {shown(name)}.", right)
