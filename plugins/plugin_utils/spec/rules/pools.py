# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Pools: what they name exists and fits together, and their numbers are numbers that Auto Scaling takes.

https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateAutoScalingGroup.html,
https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_RefreshPreferences.html
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._owner import ROLE_NAME
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, did_you_mean, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region, vpc_of
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules import pool_machines
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.endpoints import twice
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.names import refer
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.shared import tags

TAGS_LEFT = 10
SHORTEST_LIFE_SECONDS = 86400
# Numbers with a range: option, and the lowest and highest that AWS takes.
RANGES: dict[tuple[str, ...], tuple[int, int]] = {
    ("size", "min"): (0, 10000),
    ("size", "max"): (0, 10000),
    ("spot", "on_demand_base"): (0, 10000),
    ("spot", "on_demand_percent"): (0, 100),
    ("refresh", "healthy_percent"): (0, 100),
    ("refresh", "max_healthy_percent"): (100, 200),
    ("refresh", "warmup_seconds"): (0, 86400),
    ("health_check", "grace_seconds"): (0, 86400),
    ("metadata_hop_limit",): (1, 64),
    ("warmup_seconds",): (0, 86400),
}


def rules(region: Region) -> t.Iterator[Problem]:
    """Sizes, places, names, percentages; and what `pool_machines` says of the machines."""
    for item in region.variables("pools_refresh_images"):
        # From the command line it comes as a text.
        if str(item.value).lower() not in ("true", "false"):
            yield item.problem(None, f"{shown(item.value)} is neither true nor false.", "true or false")
    for pool in region.items("pools_defined"):
        yield from _numbers(pool)
        yield from _sizes(pool)
        yield from _refresh(pool)
        yield from references(pool, region)
        yield from places(pool, region)
        yield from _health(pool)
        yield from tags(pool.child("tags") if pool.get("tags") else None, TAGS_LEFT)
        yield from pool_machines.rules(pool)
        yield from role_name(pool, "role")


def _numbers(pool: Item) -> t.Iterator[Problem]:
    for path, (low, high) in RANGES.items():
        holder = pool
        for step in path[:-1]:
            holder = holder.child(step)
        value = holder.get(path[-1])
        if isinstance(value, int) and not low <= value <= high:
            yield holder.problem(path[-1], f"{value} is out of range.", f"from {low} to {high}")
    lifetime = pool.get("max_lifetime_seconds", 0)
    if isinstance(lifetime, int) and lifetime and lifetime < SHORTEST_LIFE_SECONDS:
        right = f"{SHORTEST_LIFE_SECONDS} (a day) or more, or 0 for no limit"
        yield pool.problem("max_lifetime_seconds", f"{lifetime} seconds is less than AWS takes.", right)


def _sizes(pool: Item) -> t.Iterator[Problem]:
    size = pool.child("size")
    low, high, desired = size.get("min"), size.get("max"), size.get("desired")
    if not isinstance(low, int) or not isinstance(high, int):
        return
    if low > high:
        yield size.problem("min", f"min is {low} and max is {high}.", f"min of at most {high}, or a larger max")
    elif isinstance(desired, int) and not low <= desired <= high:
        yield size.problem("desired", f"{desired} is not between {low} and {high}.", "a size from min to max")
    base = pool.child("spot").get("on_demand_base", 0)
    if isinstance(base, int) and base > high:
        yield pool.child("spot").problem("on_demand_base", f"The pool never has {base} machines.", f"at most {high}")


def _refresh(pool: Item) -> t.Iterator[Problem]:
    refresh = pool.child("refresh")
    healthy, most = refresh.get("healthy_percent", 90), refresh.get("max_healthy_percent")
    if isinstance(healthy, int) and isinstance(most, int) and most - healthy > 100:
        found = f"{most} is more than 100 above healthy_percent, which is {healthy}."
        yield refresh.problem("max_healthy_percent", found, f"from 100 to {healthy + 100}")


def role_name(item: Item, field: str) -> t.Iterator[Problem]:
    """What a field calls a role of nodes can be the name of one."""
    if item.get(field) and not ROLE_NAME.fullmatch(item.text(field)):
        right = "one word of lowercase letters, digits and underscores, such as vllm"
        yield item.problem(field, f"{shown(item.get(field))} cannot be the name of a role.", right)


def references(pool: Item, region: Region) -> t.Iterator[Problem]:
    """What a pool, or what becomes one, names is there."""
    for key, variable in (("subnets", "network_subnets"), ("security_groups", "security_groups_defined")):
        yield from twice(pool.child(key))
        for item in pool.items(key):
            yield from refer(item, None, item.value, region, variable)
        if pool.get(key) == []:
            yield pool.problem(key, "The list is empty.", f"{key}: [...]")
    if pool.get("schedule"):
        yield from refer(pool, "schedule", pool.text("schedule"), region, "schedule_calendars")
    yield from _profile(pool, region)
    yield from _cluster(pool, region)
    yield from twice(pool.child("target_groups")) if pool.get("target_groups") else ()
    for item in pool.items("target_groups"):
        yield from refer(item, None, item.value, region, "load_balancers_target_groups", "target group")


def _profile(pool: Item, region: Region) -> t.Iterator[Problem]:
    name = pool.text("instance_profile")
    if not name:
        if pool.text("purpose", "ecs") == "ecs":
            right = "a role of identity_roles with instance_profile: true and AmazonEC2ContainerServiceforEC2Role"
            yield pool.problem("instance_profile", "A machine without a role cannot join an ECS cluster.", right)
        return
    known = {role: item for role, item in region.named("identity_roles").items() if item.get("instance_profile")}
    if name in known or name in region.adopted("instance profile") or not region.sound("identity_roles"):
        return
    if name in region.named("identity_roles"):
        found, right = f"The role {name} has no instance profile.", f"instance_profile: true at the role {name}"
    else:
        found = f"There is no role called {shown(name)} with an instance profile."
        right = (
            did_you_mean(name, known) or f"one of {', '.join(sorted(known)) or 'those that identity_roles gives one'}"
        )
    yield pool.problem("instance_profile", found, right)


def _cluster(pool: Item, region: Region) -> t.Iterator[Problem]:
    ecs, name = pool.text("purpose", "ecs") == "ecs", pool.text("cluster")
    if ecs and not name:
        yield pool.problem("cluster", "It does not say which ECS cluster its machines join.", "cluster: main")
    if not ecs and name:
        yield pool.problem("cluster", "A plain machine joins no cluster.", "purpose: ecs, or no cluster")
    known = {item.name for item in region.variables("ecs_cluster") if item.name}
    if ecs and name and known and name not in known:
        right = did_you_mean(name, known) or f"one of {', '.join(sorted(known))}"
        yield pool.problem("cluster", f"There is no ECS cluster called {shown(name)}.", right)


def places(pool: Item, region: Region) -> t.Iterator[Problem]:
    """Its subnets are of one VPC and of the tier that it needs, its groups of that VPC."""
    subnets = region.named("network_subnets")
    public = pool.text("exposure", "internal") == "public"
    homes: dict[str, str] = {}
    for item in pool.items("subnets"):
        subnet = subnets.get(str(item.value))
        if subnet is None:
            continue
        tier, vpc = subnet.text("tier"), vpc_of(subnet, region)
        if vpc:
            homes.setdefault(vpc.name, subnet.name)
        if tier == "public" and not public:
            right = "private subnets, or exposure: public where the internet is meant to reach the machines"
            yield item.problem(None, f"{subnet.name} is a public subnet, and the pool is internal.", right)
        elif tier and tier != "public" and public:
            right = "public subnets, or exposure: internal"
            yield item.problem(None, f"A public address leads nowhere in {subnet.name}, which is {tier}.", right)
    if len(homes) > 1:
        found = f"Its subnets lie in {len(homes)} VPCs: {', '.join(f'{name} in {vpc}' for vpc, name in homes.items())}."
        yield pool.problem("subnets", found, "subnets of one VPC")
    elif homes:
        (home,) = homes
        yield from _groups_of(pool, home, region)


def _groups_of(pool: Item, home: str, region: Region) -> t.Iterator[Problem]:
    groups = region.named("security_groups_defined")
    default = {item.stack: item.value for item in region.variables("security_groups_vpc")}
    for item in pool.items("security_groups"):
        group = groups.get(str(item.value))
        vpc = (group.text("vpc") or default.get(group.stack)) if group else None
        if vpc and vpc != home:
            found = f"The group {item.value} belongs to VPC {vpc}, and the pool's subnets to {home}."
            yield item.problem(None, found, f"a group of VPC {home}")


def _health(pool: Item) -> t.Iterator[Problem]:
    if pool.child("health_check").text("type") == "elb" and not pool.get("target_groups"):
        found = "No target group says whether the machines are well, since the pool is in none."
        yield pool.child("health_check").problem("type", found, "target_groups: [...], or type: ec2")
