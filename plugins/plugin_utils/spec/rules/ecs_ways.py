# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What tasks are tied to: subnets, groups, roles, target groups, names of their own, and where results go."""

from __future__ import annotations

import fnmatch
import typing as t
from urllib.parse import urlsplit

from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, did_you_mean, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region, vpc_of
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.endpoints import twice
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.names import refer

MOST_GROUPS, MOST_SUBNETS, MOST_TARGET_GROUPS = 5, 16, 5
_PULLING = "AmazonECSTaskExecutionRolePolicy"
_READS = {"secret": "secretsmanager:GetSecretValue", "parameter": "ssm:GetParameters"}


def rules(service: Item, cluster: Item | None, region: Region) -> t.Iterator[Problem]:
    """All that a service names is there and fits together."""
    yield from _network(service, region)
    yield from _roles(service, region)
    yield from _target_groups(service, region)
    yield from _connect(service, cluster)
    yield from _callback(service, region)


def _network(service: Item, region: Region) -> t.Iterator[Problem]:
    homes: set[str] = set()
    known = {"subnets": "network_subnets", "security_groups": "security_groups_defined"}
    for key, most in (("subnets", MOST_SUBNETS), ("security_groups", MOST_GROUPS)):
        items = list(service.items(key))
        if service.get(key) == [] or len(items) > most:
            yield service.problem(key, f"{len(items)} of them.", f"from 1 to {most}")
        yield from twice(service.child(key))
        for item in items:
            yield from refer(item, None, item.value, region, known[key])
    for item in service.items("subnets"):
        subnet = region.named("network_subnets").get(str(item.value))
        vpc = vpc_of(subnet, region) if subnet else None
        if vpc and homes and vpc.name not in homes:
            found = f"{item.value} lies in VPC {vpc.name}, the subnets before it in {', '.join(homes)}."
            yield item.problem(None, found, "subnets of one VPC")
        homes |= {vpc.name} if vpc else set()
        if subnet and service.get("assign_public_ip") and subnet.text("tier") not in ("", "public"):
            found = f"{item.value} is {subnet.text('tier')}: a public address leads nowhere there."
            yield service.problem("assign_public_ip", found, "false, or public subnets")
            break


def _roles(service: Item, region: Region) -> t.Iterator[Problem]:
    roles = region.named("identity_roles")
    for key in ("execution_role", "task_role"):
        if not service.get(key):
            continue
        yield from refer(service, key, service.get(key), region, "identity_roles")
        role = roles.get(service.text(key))
        trusted = [str(item.value).partition(".")[0] for item in role.items("trusted_services")] if role else []
        if role and "ecs-tasks" not in trusted and not role.get("trust_statements"):
            found = f"ECS may not take the role {role.name} for tasks."
            yield service.problem(key, found, "trusted_services: [ecs-tasks] in identity_roles")
    if service.get("task_role") and service.get("task_role") == service.get("execution_role"):
        found = "What pulls images and reads secrets for ECS would be in the hands of the containers."
        yield service.problem("task_role", found, "a role of its own, with what the containers need and no more")
    if service.get("execute_command") and not service.get("task_role"):
        found = "A shell in a container is opened with the task's own role, and it has none."
        yield service.problem("execute_command", found, "a task_role that allows ssmmessages:*, four actions")
    yield from _readable(service, roles.get(service.text("execution_role")), region)


def _readable(service: Item, role: Item | None, region: Region) -> t.Iterator[Problem]:
    """The execution role may read each secret; of policies that stand elsewhere nothing is known."""
    policies = [str(item.value).rpartition("/")[2] for item in role.items("managed_policies")] if role else []
    if role is None or any(policy != _PULLING for policy in policies):
        return
    said = [statement for policy in role.items("policies") for statement in policy.items("statements")]
    for one in service.items("containers"):
        secrets = one.child("secrets")
        for name in secrets.value if isinstance(secrets.value, t.Mapping) else ():
            item = secrets.child(name)
            kind = next((kind for kind in _READS if item.text(kind)), None)
            if kind and not any(_allows(statement, _READS[kind], _arn(item, kind, region)) for statement in said):
                found = f"The role {role.name} may not read the {kind} {item.text(kind)}."
                right = f"{_READS[kind]} on it, in policies of {role.name} in identity_roles"
                yield item.problem(kind, found, right)


def _arn(item: Item, kind: str, region: Region) -> str:
    service, tail = ("secretsmanager", f"secret:{item.text(kind)}-AbCdEf") if kind == "secret" else ("ssm", "")
    tail = tail or f"parameter/{item.text(kind).removeprefix('/')}"
    account = next((str(item.value) for item in region.items("region_allowed_account_ids")), "")
    head = f"arn:{region.shared('region_partition', 'aws')}:{service}:{region.shared('region_aws_region', '')}"
    return f"{head}:{account}:{tail}"


def _allows(statement: Item, action: str, arn: str) -> bool:
    actions = [str(item.value).lower() for item in statement.items("actions")]
    resources = [str(item.value) for item in statement.items("resources")]
    effect = statement.text("effect", "Allow") == "Allow"
    return (
        effect
        and any(fnmatch.fnmatchcase(action.lower(), pattern) for pattern in actions)
        and any(fnmatch.fnmatchcase(arn, pattern) for pattern in resources)
    )


def _target_groups(service: Item, region: Region) -> t.Iterator[Problem]:
    entries = list(service.items("target_groups"))
    groups = region.named("load_balancers_target_groups")
    if len(entries) > MOST_TARGET_GROUPS:
        found = f"{len(entries)} target groups; ECS takes {MOST_TARGET_GROUPS} for a service."
        yield service.problem("target_groups", found, f"at most {MOST_TARGET_GROUPS}")
    if not entries and service.get("health_check_grace_seconds"):
        found = "No load balancer asks these tasks for their health."
        yield service.problem("health_check_grace_seconds", found, "0, or target_groups")
    seen: set[str] = set()
    for entry in entries:
        yield from refer(entry, "name", entry.name, region, "load_balancers_target_groups", "target group")
        group = groups.get(entry.name)
        if group and group.text("target_type", "ip") != "ip":
            found = f"Target group {entry.name} is for targets of type {group.text('target_type')}, and tasks are ip."
            yield entry.problem("name", found, "a target group with target_type: ip")
        if entry.name in seen:
            yield entry.problem("name", f"{entry.name} is listed twice.", "each once")
        seen.add(entry.name)
        yield from _listens(entry, service)


def _listens(entry: Item, service: Item) -> t.Iterator[Problem]:
    """The container that an entry names is there and has its port."""
    containers = {one.name: one for one in service.items("containers")}
    one = containers.get(entry.text("container"))
    if one is None:
        right = did_you_mean(entry.text("container"), containers) or f"one of {', '.join(sorted(containers))}"
        yield entry.problem("container", f"The task has no container {shown(entry.get('container'))}.", right)
        return
    ports = [item.value for item in one.items("ports")]
    if isinstance(entry.get("port"), int) and entry.get("port") not in ports:
        found = f"Container {one.name} does not listen on {entry.get('port')}."
        yield entry.problem("port", found, f"one of {', '.join(map(str, ports))}" if ports else f"ports of {one.name}")


def _connect(service: Item, cluster: Item | None) -> t.Iterator[Problem]:
    said = service.child("service_connect")
    if not isinstance(said.value, t.Mapping):
        return
    if cluster and not cluster.get("namespace"):
        found = "The cluster has no namespace in which services could find each other."
        yield service.problem("service_connect", found, "namespace in ecs_cluster")
    for port in said.items("ports"):
        yield from _listens(port, service)


def _callback(service: Item, region: Region) -> t.Iterator[Problem]:
    """Results go back inside: to a name that only VPCs of the region can resolve."""
    url = service.text("callback_url")
    if not url:
        return
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if parts.scheme not in ("http", "https") or not host:
        found = f"{shown(url)} is not the address of a service."
        yield service.problem("callback_url", found, "https://<name in a private zone>/<path>")
        return
    inner, outer = _hosts(region)
    others = tuple(f".{zone}" for zone in region.adopted("hosted zone"))
    if host in inner or host.endswith(others) or not region.sound("dns_zones"):
        return
    where = "a public name: results would leave the region" if host in outer else "no name inside the region"
    right = did_you_mean(host, inner) or (f"one of {', '.join(sorted(inner))}" if inner else "a private zone's record")
    yield service.problem("callback_url", f"{host} is {where}.", right)


def _hosts(region: Region) -> tuple[set[str], set[str]]:
    """Return the names that lead inside, by a private zone and to no public load balancer, and all others."""
    zones = {zone.text("part") or zone.name: zone for zone in region.items("dns_zones")}
    records = [(part, record, True) for part, zone in zones.items() for record in zone.items("records")]
    records += [(record.text("zone"), record, True) for record in region.items("dns_records")]
    for balancer in region.items("load_balancers_defined"):
        internal = balancer.text("scheme", "internal") == "internal"
        records += [(record.text("zone"), record, internal) for record in balancer.items("records")]
    inner: set[str] = set()
    outer: set[str] = set()
    for part, record, inside in records:
        zone = zones.get(part)
        domain, name = zone.name if zone else part, record.text("name")
        private = zone is not None and zone.get("private", False) is True
        if record.text("type", "A") in ("A", "AAAA", "CNAME"):
            host = domain if name in ("", "@") else f"{name}.{domain}"
            (inner if private and inside else outer).add(host.lower().rstrip("."))
    return inner, outer
