# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Creating and changing services.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html (and _UpdateService)
"""

from __future__ import annotations

import re
import typing as t

from lab.embedded_aws.limits import current as limits
from lab.embedded_aws.truth.ecs import service_checks, services, task_definitions
from lab.embedded_aws.truth.ecs.base import (
    Backend,
    Body,
    Response,
    action,
    answer,
    cluster_of,
    invalid,
    read_tags,
    refuse,
)

NAME = re.compile(r"[a-zA-Z0-9_-]{1,255}")
# Changing one of these is a new deployment.
DEPLOYED = (
    "networkConfiguration", "platformVersion", "capacityProviderStrategy", "loadBalancers", "serviceRegistries",
    "serviceConnectConfiguration", "volumeConfigurations",
)  # fmt: skip
SWITCHES = ("enableECSManagedTags", "enableExecuteCommand")
ROLLING = "Blue/green and external deployment controllers"


@action
def create_service(response: Response) -> t.Any:
    backend, given = response.ecs_backend, response._get_params()
    cluster = cluster_of(backend, given.get("cluster"), active=True)
    name = given.get("serviceName") or ""
    if not NAME.fullmatch(name):
        invalid("Invalid service name: it must be 1 to 255 letters, digits, underscores and hyphens.")
    tags = read_tags(response)
    known = backend.services.get(f"{cluster.name}:{name}")
    if known is not None and known.status != "INACTIVE":
        return answer(service=_same(known, given))
    limits.check(
        "ecs_services_per_cluster", len(cluster.services), "ClientException",
        "The maximum number of services per cluster has been exceeded.", "ecs",
    )  # fmt: skip
    if not given.get("taskDefinition"):
        invalid("TaskDefinition cannot be null or empty.")
    definition = task_definitions.find(backend, given["taskDefinition"], running=True)
    settings = _settings(backend, cluster, definition, given)
    service = services.Service(backend, cluster, name, _desired(given), _options(given, settings), tags)
    _check_options(service, definition, settings, given)
    service.created_with = {key: value for key, value in given.items() if key not in ("tags", "clientToken")}
    service.deploy(definition, settings)
    backend.services[f"{cluster.name}:{name}"] = service
    return answer(service=services.view(service))


def _same(known: services.Service, given: Body) -> Body:
    """The same request again gets the same answer; another one is refused."""
    if known.status == "DRAINING":
        invalid("Unable to Start a service that is still Draining.")
    asked = {key: value for key, value in given.items() if key not in ("tags", "clientToken")}
    if asked != known.created_with:
        invalid("Creation of service was not idempotent.")
    return services.view(known)


def _settings(backend: Backend, cluster: t.Any, definition: t.Any, given: Body) -> Body:
    """What a deployment is made of, checked."""
    where = service_checks.launch(backend, cluster, given)
    strategy = where["capacityProviderStrategy"]
    fargate = strategy[0]["capacityProvider"] if strategy else where["launchType"]
    on_fargate = str(fargate).startswith("FARGATE")
    service_checks.compatible(definition, on_fargate, given.get("platformVersion"), where["launchType"])
    return {
        **where,
        "networkConfiguration": service_checks.network(
            backend, definition, given.get("networkConfiguration"), on_fargate
        ),
        "platformVersion": (given.get("platformVersion") or "LATEST") if on_fargate else None,
        "loadBalancers": service_checks.load_balancers(backend, definition, given.get("loadBalancers") or []),
        "serviceRegistries": service_checks.registries(definition, given.get("serviceRegistries") or []),
        "serviceConnectConfiguration": service_checks.service_connect(
            backend, cluster, definition, given.get("serviceConnectConfiguration")
        ),
        "volumeConfigurations": given.get("volumeConfigurations") or [],
    }


def _desired(given: Body) -> int:
    daemon = given.get("schedulingStrategy") == "DAEMON"
    desired = given.get("desiredCount")
    if daemon and desired is not None:
        invalid(
            "The daemon scheduling strategy does not support a desired count for services. Remove the desired count "
            "value and try again"
        )
    if not daemon and desired is None:
        invalid("The desired count must be specified when the scheduling strategy is REPLICA.")
    if desired is not None and desired < 0:
        invalid("Invalid desired count: it must not be negative.")
    return desired or 0


def _options(given: Body, settings: Body) -> Body:
    """The rest of a service, with AWS's defaults."""
    daemon = given.get("schedulingStrategy") == "DAEMON"
    controller = given.get("deploymentController") or {"type": "ECS"}
    if controller["type"] != "ECS":
        raise NotImplementedError(f"{ROLLING}: {controller['type']}")
    balanced = bool(settings["loadBalancers"])
    return {
        "deploymentConfiguration": service_checks.deployment(given.get("deploymentConfiguration"), daemon),
        "deploymentController": controller,
        "schedulingStrategy": given.get("schedulingStrategy") or "REPLICA",
        "placementConstraints": given.get("placementConstraints") or [],
        "placementStrategy": given.get("placementStrategy") or [],
        "healthCheckGracePeriodSeconds": (given.get("healthCheckGracePeriodSeconds") or 0) if balanced else None,
        "enableECSManagedTags": bool(given.get("enableECSManagedTags")),
        "propagateTags": given.get("propagateTags") or "NONE",
        "enableExecuteCommand": bool(given.get("enableExecuteCommand")),
        "availabilityZoneRebalancing": given.get("availabilityZoneRebalancing") or "DISABLED",
    }


def _check_options(service: services.Service, definition: t.Any, settings: Body, given: Body) -> None:
    """Refuse options that do not go together."""
    strategy = settings["capacityProviderStrategy"]
    fargate = (strategy[0]["capacityProvider"] if strategy else settings["launchType"]).startswith("FARGATE")
    if service.daemon and fargate:
        invalid(
            "The scheduling strategy DAEMON is not supported on AWS Fargate. Change the scheduling strategy and try "
            "again."
        )
    if fargate and service.options["placementStrategy"]:
        invalid("Placement strategies are not supported with FARGATE launch type.")
    if fargate and service.options["placementConstraints"]:
        invalid("Placement constraints are not supported with FARGATE launch type.")
    if given.get("healthCheckGracePeriodSeconds") is not None and not settings["loadBalancers"]:
        invalid("Health check grace period is only valid for services configured to use load balancers")
    if service.options["enableExecuteCommand"] and not definition.body.get("taskRoleArn"):
        invalid(
            "The service couldn't be created because a valid taskRoleArn is not being used. Specify a valid task role "
            "in your task definition and try again."
        )


@action
def update_service(response: Response) -> t.Any:
    backend, given = response.ecs_backend, response._get_params()
    cluster = cluster_of(backend, given.get("cluster"), active=True)
    service = services.find(backend, cluster, given.get("service") or "")
    if service.status != "ACTIVE":
        refuse("ServiceNotActiveException", "Service was not ACTIVE.")
    old = service.primary
    definition = old.definition
    if given.get("taskDefinition"):
        definition = task_definitions.find(backend, given["taskDefinition"], running=True)
    force = bool(given.get("forceNewDeployment"))
    settings = _changed(service, definition, given, force)
    options = _updated_options(service, given, settings)
    if given.get("desiredCount") is not None:
        service.desired = _desired({**given, "schedulingStrategy": service.options["schedulingStrategy"]})
    service.options, service.steady = options, False
    if force or definition is not old.definition or settings != old.settings:
        service.deploy(definition, settings)
    return answer(service=services.view(service))


def _changed(service: services.Service, definition: t.Any, given: Body, force: bool) -> Body:
    """The settings after an update, checked as a whole."""
    old = service.primary.settings
    asked = {key: given[key] for key in DEPLOYED if given.get(key) is not None}
    if asked.get("capacityProviderStrategy") == []:
        asked["launchType"] = "EC2"
    strategy = asked.get("capacityProviderStrategy")
    if not strategy and "capacityProviderStrategy" not in asked and not old["capacityProviderStrategy"]:
        asked["launchType"] = old["launchType"]
    merged = {**{key: old[key] for key in DEPLOYED}, **asked}
    if merged["platformVersion"] == "LATEST" and "platformVersion" not in given:
        merged["platformVersion"] = None
    if merged.get("launchType"):
        merged["capacityProviderStrategy"] = None
    settings = _settings(service.backend, service.cluster, definition, merged)
    if settings["capacityProviderStrategy"] != old["capacityProviderStrategy"] and not force:
        invalid(
            "When switching from launch type to capacity provider strategy on an existing service, or making a change "
            "to a capacity provider strategy on a service that is already using one, you must force a new deployment."
        )
    return settings


def _updated_options(service: services.Service, given: Body, settings: Body) -> Body:
    options = dict(service.options)
    if given.get("deploymentConfiguration"):
        merged = {**options["deploymentConfiguration"], **given["deploymentConfiguration"]}
        options["deploymentConfiguration"] = service_checks.deployment(merged, service.daemon)
    for key in ("placementConstraints", "placementStrategy", "propagateTags", "availabilityZoneRebalancing", *SWITCHES):
        if given.get(key) is not None:
            options[key] = given[key]
    grace = given.get("healthCheckGracePeriodSeconds")
    if grace is not None and not settings["loadBalancers"]:
        invalid("Health check grace period is only valid for services configured to use load balancers")
    if grace is not None:
        options["healthCheckGracePeriodSeconds"] = grace
    elif settings["loadBalancers"] and options["healthCheckGracePeriodSeconds"] is None:
        options["healthCheckGracePeriodSeconds"] = 0
    return options
