# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From the entries of an inventory to task definitions, services and their scaling as the engine wants them."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._ecs import FARGATE, aws_name
from ansible_collections.cloister.aws.plugins.module_utils._ecs_containers import (
    container,
    port_name,
    readable,
    volume,
)
from ansible_collections.cloister.aws.plugins.module_utils._ecs_secrets import Secrets
from ansible_collections.cloister.aws.plugins.module_utils._ecs_sizes import fargate_fault
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError, MissingError
from ansible_collections.cloister.aws.plugins.module_utils._images import resolve
from ansible_collections.cloister.aws.plugins.module_utils._kind import Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils._role_arns import RoleArns
from ansible_collections.cloister.aws.plugins.module_utils._unknown import unknown
from ansible_collections.cloister.aws.plugins.module_utils.kinds import log_group as log_group_kind
from ansible_collections.cloister.aws.plugins.module_utils.kinds.ecs_cluster import EcsCluster
from ansible_collections.cloister.aws.plugins.module_utils.kinds.repository import Repository
from ansible_collections.cloister.aws.plugins.module_utils.kinds.security_group import SecurityGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.service_namespace import ServiceNamespace
from ansible_collections.cloister.aws.plugins.module_utils.kinds.subnet import Subnet
from ansible_collections.cloister.aws.plugins.module_utils.kinds.target_group import TargetGroup

Entry = t.Mapping[str, t.Any]
Entries = t.Sequence[Entry]


def log_group(service: str) -> str:
    """Return the logical name of a service's log group."""
    return f"ecs/{service}"


def log_groups(services: Entries, days: int) -> list[Want]:
    """Return the wishes for the log groups of ``services``, kept so many days where a service does not say."""
    said = [
        {
            "name": log_group(one["name"]),
            "retention_days": one["log_retention_days"] or days,
            "kms_key_arn": None,
            "keep": True,
        }
        for one in services
    ]
    return [log_group_kind.want(group) for group in said]


def on_fargate(service: Entry) -> bool:
    """Return whether a service runs on capacity that AWS runs itself."""
    return any(item["provider"] in FARGATE for item in service["capacity"])


def definitions(services: Entries, names: Names, aws: Aws, owner: Owner, secrets: Secrets) -> list[Want]:
    """Return the wishes for the task definitions of ``services``; images and secrets are looked up side by side."""
    for service in services:
        _refuse(service)
    containers = [one for service in services for one in service["containers"]]
    images = [one["image"] for one in containers]
    kinds: list[type[Kind]] = [Repository] if any(image.get("repository") for image in images) else []
    roles = RoleArns(aws, owner, names)
    references = [reference for one in containers for reference in one["secrets"].values()]
    reads: list[t.Callable[[], None]] = [lambda: names.read(*kinds), lambda: secrets.read(references), roles.read]
    each(lambda read: read(), reads)
    found = each(lambda image: resolve(aws, names, image).pinned, images)
    places = {id(one): image for one, image in zip(containers, found, strict=True)}
    return [_definition(service, places, roles, aws.region, owner, secrets) for service in services]


def _refuse(service: Entry) -> None:
    """Raise `InputError` for what Fargate cannot run."""
    if not on_fargate(service):
        return
    fault = fargate_fault(service["cpu"], service["memory_mib"])
    if fault:
        raise InputError(f"service {service['name']}: {fault[0]} Right would be: {fault[1]}")
    if any(one["gpus"] for one in service["containers"]):
        raise InputError(
            f"service {service['name']} asks for GPUs and Fargate has none; let it run on a pool of GPU machines "
            "(capacity: [{provider: <pool>}])"
        )


def _definition(
    service: Entry, images: t.Mapping[int, str], roles: RoleArns, region: str, owner: Owner, secrets: Secrets
) -> Want:
    logs = {"awslogs-group": f"/{owner.region}/{log_group(service['name'])}", "awslogs-region": region}
    added = {"CALLBACK_URL": service["callback_url"]} if service["callback_url"] else {}
    said: dict[str, t.Any] = {
        "requiresCompatibilities": ["FARGATE" if on_fargate(service) else "EC2"],
        "networkMode": "awsvpc",
        "cpu": str(service["cpu"]) if service["cpu"] else None,
        "memory": str(service["memory_mib"]) if service["memory_mib"] else None,
        "executionRoleArn": roles.arn(service["execution_role"]),
        "taskRoleArn": roles.arn(service["task_role"]) if service["task_role"] else None,
        "runtimePlatform": {
            "cpuArchitecture": service["architecture"].upper(),
            "operatingSystemFamily": "LINUX",
        },
        "volumes": [volume(entry) for entry in service["volumes"]],
        "containerDefinitions": [
            container(
                entry,
                images[id(entry)],
                {name: secrets.value_from(reference) for name, reference in entry["secrets"].items()},
                added,
                logs,
            )
            for entry in service["containers"]
        ],
    }
    if service["ephemeral_storage_gib"]:
        said["ephemeralStorage"] = {"sizeInGiB": service["ephemeral_storage_gib"]}
    definition = {key: value for key, value in said.items() if value not in (None, [])}
    return Want(service["name"], readable(definition), create={"definition": definition})


def services(
    entries: Entries, cluster: str, namespace: str | None, revisions: t.Mapping[str, str], names: Names, owner: Owner
) -> list[Want]:
    """Return the wishes for services; ``revisions`` leads from their names to the task definitions to run."""
    kinds: set[type[Kind]] = {EcsCluster, Subnet, SecurityGroup}
    kinds |= {TargetGroup} if any(entry["target_groups"] for entry in entries) else set()
    kinds |= {ServiceNamespace} if any(entry["service_connect"] for entry in entries) else set()
    names.read(*kinds)
    made = []
    for entry in entries:
        if entry["name"] not in revisions:
            raise MissingError(
                f"ECS service {entry['name']} has no task definition; cloister.aws.task_definitions makes it: run that "
                "first"
            )
        fields = _fields(entry, names, owner)
        fields["cluster"] = names.id(EcsCluster, cluster)
        fields["task_definition"] = revisions[entry["name"]]
        fields["service_connect"] = _connect(entry["service_connect"], namespace, names, owner)
        create = {key: entry[key] for key in ("desired", "replace", "callback_url")}
        made.append(Want(entry["name"], fields, create=create))
    return made


def _fields(entry: Entry, names: Names, owner: Owner) -> dict[str, t.Any]:
    rolling = entry["deployment"]
    fields: dict[str, t.Any] = {
        "capacity": _capacity(entry["capacity"], owner),
        "subnets": names.ids(Subnet, entry["subnets"]),
        "security_groups": names.ids(SecurityGroup, entry["security_groups"]),
        "assign_public_ip": entry["assign_public_ip"],
        "target_groups": _target_groups(entry["target_groups"], names),
        "minimum_percent": rolling["minimum_percent"],
        "maximum_percent": rolling["maximum_percent"],
        "circuit_breaker": rolling["circuit_breaker"],
        "rollback": rolling["rollback"] and rolling["circuit_breaker"],
        "zone_rebalancing": entry["zone_rebalancing"],
        "execute_command": entry["execute_command"],
        "managed_tags": True,
        "propagate_tags": "SERVICE",
        "deployment": "sound",
    }
    if entry["target_groups"]:
        fields["health_check_grace_seconds"] = entry["health_check_grace_seconds"]
    if not entry["scaling"]:
        fields["desired"] = entry["desired"]
    return fields


def _capacity(entries: Entries, owner: Owner) -> list[dict[str, t.Any]]:
    said = [
        {
            "provider": FARGATE.get(entry["provider"]) or aws_name(owner, entry["provider"]),
            "weight": entry["weight"],
            "base": entry["base"],
        }
        for entry in entries
    ]
    return sorted(said, key=lambda item: str(item["provider"]))


def _target_groups(entries: Entries, names: Names) -> list[dict[str, t.Any]]:
    said = [
        {"target_group": names.id(TargetGroup, entry["name"]), "container": entry["container"], "port": entry["port"]}
        for entry in entries
    ]
    return sorted(said, key=lambda item: (str(item["target_group"]), str(item["container"])))


def _connect(said: Entry | None, namespace: str | None, names: Names, owner: Owner) -> dict[str, t.Any] | None:
    if said is None:
        return None
    if not namespace:
        raise InputError("Service Connect needs a namespace: name one in the cluster (namespace)")
    tail = aws_name(owner, namespace)
    ports = [
        {
            "port": port_name(port["container"], port["port"]),
            "name": port["name"],
            "client_name": port["client_name"] or f"{port['name']}.{tail}",
            "client_port": port["client_port"] or port["port"],
        }
        for port in said["ports"]
    ]
    return {"namespace": names.id(ServiceNamespace, namespace), "ports": ports}


def scalings(entries: Entries, cluster: str, names: Names, owner: Owner) -> list[Want]:
    """Return the wishes for the scaling of those services that have one."""
    return [_scaling(entry, cluster, names, owner) for entry in entries if entry["scaling"]]


def _scaling(entry: Entry, cluster: str, names: Names, owner: Owner) -> Want:
    said = entry["scaling"]
    fields = {
        "min": said["min"],
        "max": said["max"],
        "targets": {target["metric"]: _tracking(target, names) for target in said["targets"]},
        "schedules": {
            one["name"]: {key: one[key] for key in ("schedule", "timezone", "min", "max")} for one in said["schedules"]
        },
    }
    resource = f"service/{aws_name(owner, cluster)}/{aws_name(owner, entry['name'])}"
    return Want(entry["name"], fields, create={"resource": resource})


def _tracking(target: Entry, names: Names) -> dict[str, t.Any]:
    value = target["count"] if target["metric"] == "requests" else target["percent"]
    if value is None:
        key = "count" if target["metric"] == "requests" else "percent"
        raise InputError(f"scaling by {target['metric']} needs {key}")
    return {
        "metric": target["metric"],
        "value": float(value),
        "label": _label(target, names),
        "scale_out_seconds": target["scale_out_seconds"],
        "scale_in_seconds": target["scale_in_seconds"],
    }


def _label(target: Entry, names: Names) -> str:
    """Return how requests of a target group are named: the ends of the load balancer's ARN and of the group's."""
    if target["metric"] != "requests":
        return ""
    part = str(target["target_group"])
    found = names.found(TargetGroup, part)
    balancers = found.raw.get("LoadBalancerArns") if found else None
    if found is None or not balancers:
        if names.promised(TargetGroup, part):
            return unknown(TargetGroup.noun, part)
        raise MissingError(f"target group {part} stands behind no load balancer yet: run its stack first")
    return f"{balancers[0].partition(':loadbalancer/')[2]}/{found.id.rpartition(':')[2]}"
