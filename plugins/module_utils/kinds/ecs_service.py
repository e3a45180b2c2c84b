# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ECS services, called ``<region_name>-<part>``: so many tasks of one definition, kept running.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_UpdateService.html: all but the cluster changes while the
service lives; what its tasks are made of (definition, network, target groups, Service Connect) rolls them over, and a
change of capacity or of what tasks are tagged with is rolled out by a forced deployment.
https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DeleteService.html: a deleted service drains, then stays
visible as INACTIVE for a while; until it has drained its name is taken.
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils._aws import each
from ansible_collections.cloister.aws.plugins.module_utils._ecs import (
    CLUSTER_GONE,
    aws_name,
    clusters,
    listed,
    services,
    short,
    tags_given,
    tags_told,
)
from ansible_collections.cloister.aws.plugins.module_utils._ecs_state import deployment, sound, steady
from ansible_collections.cloister.aws.plugins.module_utils._ecs_trouble import GaveUpError, Watch
from ansible_collections.cloister.aws.plugins.module_utils._errors import (
    ApiError,
    DeadlineError,
    ImmutableError,
    RegionError,
)
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind, Want
from ansible_collections.cloister.aws.plugins.module_utils._unknown import is_unknown

DRAIN_SECONDS = 1800
_ABSENT = ("ServiceNotFoundException", CLUSTER_GONE)
# Fields whose change reaches running tasks only through a deployment that ECS does not start by itself.
_FORCED = frozenset({"capacity", "managed_tags", "propagate_tags", "execute_command", "deployment"})


class EcsService(Kind):
    """A service; its id is its ARN.

    Fields: see `settings`; ``desired`` is compared only where no scaling moves it, and ``deployment`` is ``sound``
    unless ECS has given up on the last one. ``create`` holds ``replace``: whether it may be deleted and made anew.
    """

    noun = "ECS service"
    made_by = "ecs"
    rank = 8
    wait_seconds: float = 900
    """How long a service may take to its steady state."""

    def find(self) -> list[Found]:
        """Return ours that live, of all clusters with a name of ours, by tags."""
        found = [item for some in each(self._of, clusters(self.aws, self.owner)) for item in some]
        return [item for item in found if self.owner.owns(item.tags) and item.raw["status"] == "ACTIVE"]

    def fields(self, found: Found) -> dict[str, t.Any]:
        """Return what it is told to be."""
        raw = found.raw
        network = raw.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
        rolling = raw.get("deploymentConfiguration", {})
        breaker = rolling.get("deploymentCircuitBreaker", {})
        return {
            "cluster": raw["clusterArn"],
            "task_definition": raw["taskDefinition"],
            "desired": raw["desiredCount"],
            "capacity": _capacity(raw.get("capacityProviderStrategy", ())),
            "subnets": sorted(network.get("subnets", ())),
            "security_groups": sorted(network.get("securityGroups", ())),
            "assign_public_ip": network.get("assignPublicIp") == "ENABLED",
            "target_groups": _target_groups(raw.get("loadBalancers", ())),
            "service_connect": _connect(deployment(raw).get("serviceConnectConfiguration")),
            "minimum_percent": rolling.get("minimumHealthyPercent"),
            "maximum_percent": rolling.get("maximumPercent"),
            "circuit_breaker": bool(breaker.get("enable")),
            "rollback": bool(breaker.get("rollback")),
            "health_check_grace_seconds": raw.get("healthCheckGracePeriodSeconds", 0),
            "zone_rebalancing": raw.get("availabilityZoneRebalancing") == "ENABLED",
            "execute_command": raw.get("enableExecuteCommand", False),
            "managed_tags": raw.get("enableECSManagedTags", False),
            "propagate_tags": raw.get("propagateTags", "NONE"),
            "deployment": "sound" if sound(raw) else "failed",
        }

    def create(self, want: Want, tags: t.Mapping[str, str]) -> Found:
        """Make it, after a namesake has drained, and do not wait for its tasks."""
        cluster, name = want.fields["cluster"], aws_name(self.owner, want.part)
        self._drained(cluster, name)
        answer = self.aws.make(
            "ecs",
            "create_service",
            cluster=cluster,
            serviceName=name,
            desiredCount=want.create["desired"],
            schedulingStrategy="REPLICA",
            tags=tags_given(tags),
            **settings(want.fields, [name for name, value in want.fields.items() if value is not None]),
        )
        return Found(answer["service"]["serviceArn"], tags, answer["service"])

    def update(self, found: Found, want: Want, changed: t.Collection[str]) -> Found:
        """Change it in place, rolling its tasks over; make it anew where that was allowed and is needed."""
        if "cluster" in changed:
            self.delete(found)
            return self.create(want, self.owner.tags_for(want.part, want.tags))
        said = settings(want.fields, changed)
        if "desired" in changed:
            said["desiredCount"] = want.fields["desired"]
        if _FORCED & set(changed):
            said["forceNewDeployment"] = True
        answer = self.aws.call("ecs", "update_service", cluster=found.raw["clusterArn"], service=found.id, **said)
        return Found(found.id, found.tags, answer["service"])

    def vet(self, want: Want, found: Found | None) -> None:
        """Refuse to move a living service to another cluster unless it may be replaced."""
        if not found or is_unknown(want.fields["cluster"]) or want.create["replace"]:
            return
        if want.fields["cluster"] != found.raw["clusterArn"]:
            raise ImmutableError(
                f"ECS service {want.part} ({found.id}) cannot move to cluster {short(want.fields['cluster'])} while it "
                "lives; say replace: true to have it drained and made anew there, or list it under another name"
            )

    def retag(self, found: Found, tags: t.Mapping[str, str]) -> None:
        """Set these tags, leaving others alone."""
        self.aws.call("ecs", "tag_resource", resourceArn=found.id, tags=tags_given(tags))

    def settled(self, found: Found) -> bool:
        """Say whether it was steady when it was read."""
        return steady(found.raw)

    def settle(self, found: Found) -> None:
        """Wait until it is steady and its targets are healthy; say why when that does not come."""
        watch = Watch(self.aws, found.raw)
        try:
            self.until(f"{short(found.id)} to become steady", watch.steady, self.wait_seconds)
        except (DeadlineError, GaveUpError) as exc:
            raise RegionError(watch.told(exc)) from exc

    def delete(self, found: Found) -> None:
        """Delete it, running tasks or not, and wait until they have gone."""
        cluster = found.raw["clusterArn"]
        try:
            self.aws.call("ecs", "delete_service", cluster=cluster, service=found.id, force=True)
        except ApiError as exc:
            if exc.code not in (*_ABSENT, "ServiceNotActiveException"):
                raise
        self._drained(cluster, short(found.id))

    def foreign(self, want: Want) -> str | None:
        """Return a living service of that name in the cluster that is not ours."""
        if is_unknown(want.fields["cluster"]):
            return None
        raws = services(self.aws, want.fields["cluster"], [aws_name(self.owner, want.part)])
        theirs = [raw for raw in raws if raw["status"] == "ACTIVE" and not self.owner.owns(tags_told(raw.get("tags")))]
        return str(theirs[0]["serviceArn"]) if theirs else None

    def shows(self, found: Found) -> dict[str, t.Any]:
        """Return how many tasks are wanted and run."""
        return {"desired": found.raw["desiredCount"], "running": found.raw["runningCount"]}

    def now(self, found: t.Sequence[Found]) -> dict[str, Found]:
        """Return some services as they are now, by part."""
        by_cluster: dict[str, list[str]] = {}
        for item in found:
            by_cluster.setdefault(item.raw["clusterArn"], []).append(item.id)
        raws = [raw for cluster, ids in by_cluster.items() for raw in services(self.aws, cluster, ids)]
        read = [Found(raw["serviceArn"], tags_told(raw.get("tags")), raw) for raw in raws]
        return {item.part: item for item in read}

    def _of(self, cluster: str) -> list[Found]:
        arns = listed(self.aws, "list_services", "serviceArns", cluster, maxResults=100)
        raws = services(self.aws, cluster, arns)
        return [Found(raw["serviceArn"], tags_told(raw.get("tags")), raw) for raw in raws]

    def _drained(self, cluster: str, name: str) -> None:
        def gone() -> bool:
            return all(raw["status"] != "DRAINING" for raw in services(self.aws, cluster, [name]))

        self.until(f"{name} to let go of its tasks", gone, seconds=DRAIN_SECONDS)


def settings(fields: t.Mapping[str, t.Any], named: t.Collection[str]) -> dict[str, t.Any]:
    """Return the parameters that a create and an update of a service share, for the fields in ``named``."""
    said: dict[str, t.Any] = {}
    if "task_definition" in named:
        said["taskDefinition"] = fields["task_definition"]
    if "capacity" in named:
        said["capacityProviderStrategy"] = [
            {"capacityProvider": item["provider"], "weight": item["weight"], "base": item["base"]}
            for item in fields["capacity"]
        ]
    if {"subnets", "security_groups", "assign_public_ip"} & set(named):
        said["networkConfiguration"] = {"awsvpcConfiguration": _network(fields)}
    if "target_groups" in named:
        said["loadBalancers"] = [
            {"targetGroupArn": item["target_group"], "containerName": item["container"], "containerPort": item["port"]}
            for item in fields["target_groups"]
        ]
    if "service_connect" in named:
        said["serviceConnectConfiguration"] = _connect_given(fields["service_connect"])
    if {"minimum_percent", "maximum_percent", "circuit_breaker", "rollback"} & set(named):
        said["deploymentConfiguration"] = _rolling(fields)
    if "health_check_grace_seconds" in named and fields["target_groups"]:
        said["healthCheckGracePeriodSeconds"] = fields["health_check_grace_seconds"]
    if "zone_rebalancing" in named:
        said["availabilityZoneRebalancing"] = "ENABLED" if fields["zone_rebalancing"] else "DISABLED"
    plain = {"execute_command": "enableExecuteCommand", "managed_tags": "enableECSManagedTags"}
    plain |= {"propagate_tags": "propagateTags"}
    return {**said, **{key: fields[name] for name, key in plain.items() if name in named}}


def _network(fields: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {
        "subnets": fields["subnets"],
        "securityGroups": fields["security_groups"],
        "assignPublicIp": "ENABLED" if fields["assign_public_ip"] else "DISABLED",
    }


def _rolling(fields: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    return {
        "deploymentCircuitBreaker": {"enable": fields["circuit_breaker"], "rollback": fields["rollback"]},
        "minimumHealthyPercent": fields["minimum_percent"],
        "maximumPercent": fields["maximum_percent"],
    }


def _capacity(strategy: t.Iterable[t.Mapping[str, t.Any]]) -> list[dict[str, t.Any]]:
    told = [
        {"provider": item["capacityProvider"], "weight": item.get("weight", 0), "base": item.get("base", 0)}
        for item in strategy
    ]
    return sorted(told, key=lambda item: str(item["provider"]))


def _target_groups(balancers: t.Iterable[t.Mapping[str, t.Any]]) -> list[dict[str, t.Any]]:
    told = [
        {"target_group": item["targetGroupArn"], "container": item["containerName"], "port": item["containerPort"]}
        for item in balancers
        if item.get("targetGroupArn")
    ]
    return sorted(told, key=lambda item: (str(item["target_group"]), str(item["container"])))


def _connect(raw: t.Mapping[str, t.Any] | None) -> dict[str, t.Any] | None:
    if not raw or not raw.get("enabled"):
        return None
    return {"namespace": raw.get("namespace", ""), "ports": [_connect_told(item) for item in raw.get("services", ())]}


def _connect_told(item: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    alias: t.Mapping[str, t.Any] = next(iter(item.get("clientAliases", ())), {})
    return {
        "port": item["portName"],
        "name": item.get("discoveryName") or item["portName"],
        "client_name": alias.get("dnsName", ""),
        "client_port": alias.get("port"),
    }


def _connect_given(said: t.Mapping[str, t.Any] | None) -> dict[str, t.Any]:
    if said is None:
        return {"enabled": False}
    return {
        "enabled": True,
        "namespace": said["namespace"],
        "services": [_connect_port(port) for port in said["ports"]],
    }


def _connect_port(port: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    alias = {"dnsName": port["client_name"], "port": port["client_port"]}
    return {"portName": port["port"], "discoveryName": port["name"], "clientAliases": [alias]}
