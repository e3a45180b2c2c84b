# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What CreateService and UpdateService refuse.

https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.ecs import cluster_providers, namespaces, targets
from lab.embedded_aws.truth.ecs.base import Backend, Body, ec2_of, invalid, refuse

PLATFORMS = ("LATEST", "1.3.0", "1.4.0")


def launch(backend: Backend, cluster: t.Any, given: Body) -> Body:
    """{launchType, capacityProviderStrategy} of a request; the cluster's default when neither is given."""
    strategy = given.get("capacityProviderStrategy")
    if given.get("launchType") and strategy:
        invalid(
            "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again."
        )
    if strategy:
        strategy = cluster_providers.read_strategy(strategy)
        for one in strategy:
            if one["capacityProvider"] not in cluster.capacity_providers:
                invalid(cluster_providers.NOT_ASSOCIATED)
    elif not given.get("launchType"):
        strategy = list(cluster.strategy)
    return {"launchType": given.get("launchType") or "EC2", "capacityProviderStrategy": strategy or []}


def compatible(definition: t.Any, fargate: bool, platform: str | None, launch_type: str) -> None:
    wanted = "FARGATE" if fargate else launch_type
    asked = definition.body.get("requiresCompatibilities") or definition.body["compatibilities"]
    if wanted not in asked and wanted not in definition.body["compatibilities"]:
        invalid(f"Task definition does not support launch_type {wanted}.")
    if platform is not None and not fargate:
        invalid("The platform version must be null when specifying an EC2 launch type.")
    if platform is not None and platform not in PLATFORMS:
        refuse("PlatformUnknownException", "The specified platform does not exist.")


def network(backend: Backend, definition: t.Any, given: Body | None, fargate: bool) -> Body | None:
    """A network configuration with AWS's defaults, refused when EC2 does not know what it names."""
    config = (given or {}).get("awsvpcConfiguration")
    if not definition.awsvpc:
        if config:
            invalid("Network Configuration is not valid for the given networkMode of this task definition.")
        return None
    if not config:
        invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.")
    public = config.get("assignPublicIp") or "DISABLED"
    if public == "ENABLED" and not fargate:
        invalid("Assign public IP is not supported for this launch type.")
    groups = list(config.get("securityGroups") or [])
    if not config.get("subnets"):
        invalid("subnets can not be empty.")
    if len(config["subnets"]) > 16:
        invalid("subnets can have at most 16 items.")
    if len(groups) > 5:
        invalid("securityGroups can have at most 5 items.")
    vpc = _vpc_of(backend, config["subnets"])
    for group in groups:
        _check_group(backend, group, vpc)
    shown = {"subnets": list(config["subnets"]), "securityGroups": groups, "assignPublicIp": public}
    return {"awsvpcConfiguration": shown}


def _vpc_of(backend: Backend, subnets: list[str]) -> str:
    from moto.ec2.exceptions import EC2ClientError

    from lab.embedded_aws.truth.ec2.kinds import find

    found = []
    for subnet in subnets:
        try:
            found.append(find(ec2_of(backend), subnet).vpc_id)
        except EC2ClientError as missing:
            invalid(f"Error retrieving subnet information for [{subnet}]: {_said(missing)}")
    if len(set(found)) > 1:
        invalid("Subnets must be from the same VPC.")
    return str(found[0])


def _check_group(backend: Backend, group: str, vpc: str) -> None:
    from moto.ec2.exceptions import EC2ClientError

    from lab.embedded_aws.truth.ec2.kinds import find

    try:
        found = find(ec2_of(backend), group)
    except EC2ClientError as missing:
        invalid(f"Error retrieving security group information for [{group}]: {_said(missing)}")
    if found.vpc_id != vpc:
        invalid(f"Security Group {group} does not appear to belong to the same VPC as the input subnets.")


def _said(error: t.Any) -> str:
    code = getattr(error, "error_type", None) or getattr(error, "code", "")
    return f"{error.message} (ErrorCode: {code})"


def load_balancers(backend: Backend, definition: t.Any, given: list[Body]) -> list[Body]:
    """A service's target groups; each must belong to a load balancer already."""
    for one in given:
        arn = one.get("targetGroupArn")
        if not arn:
            raise NotImplementedError("ECS with a Classic Load Balancer")
        group = targets.find(backend, arn)
        if group is None:
            invalid(
                "Unable to assume role and validate the specified targetGroupArn. Please verify that the ECS service "
                "role being passed has the proper permissions."
            )
        if not targets.attached(backend, arn):
            invalid(f"The target group with targetGroupArn {arn} does not have an associated load balancer.")
        mode, kind = definition.body["networkMode"], group.target_type
        if (kind == "ip") != definition.awsvpc:
            invalid(
                f"The provided target group {arn} has target type {kind}, which is incompatible with the {mode} "
                "network mode specified in the task definition."
            )
        _check_container(definition, one.get("containerName"), one.get("containerPort"))
    return [dict(one) for one in given]


def _check_container(definition: t.Any, name: str | None, port: int | None) -> None:
    container = next((one for one in definition.containers if one["name"] == name), None)
    if container is None:
        invalid(f"The container {name} does not exist in the task definition.")
    if port not in [one.get("containerPort") for one in container["portMappings"]]:
        invalid(f"The container {name} did not have a container port {port} defined.")


def registries(definition: t.Any, given: list[Body]) -> list[Body]:
    for one in given:
        if one.get("containerName"):
            _check_container(definition, one["containerName"], one.get("containerPort"))
    return [dict(one) for one in given]


def service_connect(backend: Backend, cluster: t.Any, definition: t.Any, given: Body | None) -> Body | None:
    """A Service Connect configuration; its namespace must be there, and its ports named in the task definition."""
    if not given:
        return None
    if not given.get("enabled"):
        return {"enabled": False}
    namespace = given.get("namespace") or (cluster.service_connect or {}).get("namespace")
    if not namespace:
        invalid(
            "A namespace must be specified when Service Connect is enabled and the cluster has no default namespace."
        )
    found = namespaces.required(backend, namespace)
    if definition.body["networkMode"] not in ("awsvpc", "bridge"):
        invalid("Service Connect supports only the awsvpc and bridge network modes.")
    named = {port.get("name") for one in definition.containers for port in one["portMappings"]}
    for one in given.get("services") or []:
        if one["portName"] not in named:
            invalid(f"The portName {one['portName']} does not match any named port mapping in the task definition.")
    return {**given, "namespace": found.arn}


def deployment(given: Body | None, daemon: bool) -> Body:
    """A deployment configuration with AWS's defaults."""
    asked = given or {}
    breaker = {"enable": False, "rollback": False, **(asked.get("deploymentCircuitBreaker") or {})}
    least = asked.get("minimumHealthyPercent", 0 if daemon else 100)
    most = asked.get("maximumPercent", 100 if daemon else 200)
    if not 0 <= least <= 100 or not 100 <= most <= 200:
        invalid("The minimumHealthyPercent must be from 0 to 100 and the maximumPercent from 100 to 200.")
    if least == most == 100:
        invalid("Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.")
    if breaker["rollback"] and not breaker["enable"]:
        invalid("The deployment circuit breaker must be enabled for rollback to be enabled.")
    strategy = asked.get("strategy") or "ROLLING"
    if strategy != "ROLLING":
        raise NotImplementedError(f"deployment strategy {strategy}")
    shown = {
        "deploymentCircuitBreaker": breaker, "maximumPercent": most, "minimumHealthyPercent": least,
        "strategy": strategy, "bakeTimeInMinutes": asked.get("bakeTimeInMinutes", 0),
    }  # fmt: skip
    if asked.get("alarms"):
        shown["alarms"] = asked["alarms"]
    return shown
