"""System 4's region, looked at by its parts: the API of the cluster, its load balancer, who comes from where."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils.reachability import names
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import Region as Seen
from ansible_collections.cloister.aws.plugins.module_utils.reachability.vantage import Vantage, vantage_of

from tests.integration.systems.built import Built, Thing

AWS_REGION, PARTNER = "ap-northeast-2", "999988887777"
API = "private-eks-api-main"
RULE, SWEEP = f"{API}-targets-new", f"{API}-targets-sweep"
TEXT = "Amazon EKS private-eks-main"


def cluster(one: Built) -> Thing:
    return t.cast("Thing", one.client("eks").describe_cluster(name="private-eks-main")["cluster"])


def host(one: Built) -> str:
    """The API's own name."""
    return str(cluster(one)["endpoint"]).partition("://")[2]


def interfaces(one: Built) -> dict[str, Thing]:
    """The interfaces that EKS keeps, by address."""
    found = one.ec2.describe_network_interfaces(Filters=[{"Name": "description", "Values": [TEXT]}])
    return {face["PrivateIpAddress"]: face for face in found["NetworkInterfaces"]}


def balancer(one: Built) -> Thing:
    return t.cast("Thing", one.client("elbv2").describe_load_balancers(Names=[API])["LoadBalancers"][0])


def group(one: Built) -> Thing:
    return t.cast("Thing", one.client("elbv2").describe_target_groups(Names=[API])["TargetGroups"][0])


def targets(one: Built) -> dict[str, str]:
    """States of the targets that do not drain, by address."""
    arn = group(one)["TargetGroupArn"]
    found = one.client("elbv2").describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    states = {said["Target"]["Id"]: said["TargetHealth"]["State"] for said in found}
    return {address: state for address, state in states.items() if state != "draining"}


def endpoint(one: Built) -> Thing:
    """The operators' endpoint."""
    return one.described("describe_vpc_endpoints", "VpcEndpoints")["api-main-operator"]


def service(one: Built) -> Thing:
    """The endpoint service."""
    described = "describe_vpc_endpoint_service_configurations"
    return one.described(described, "ServiceConfigurations")["api-main"]


def machine(one: Built) -> Thing:
    """The operator host, by its tags: it may have been replaced."""
    asked = {"tag:cloister:part": "operator", "tag:cloister:region": "private-eks", "instance-state-name": "running"}
    filters = [{"Name": name, "Values": [value]} for name, value in asked.items()]
    (found,) = one.ec2.describe_instances(Filters=filters)["Reservations"]
    return t.cast("Thing", found["Instances"][0])


def operator(one: Built) -> Vantage:
    """Where its requests come from."""
    faces = [face["NetworkInterfaceId"] for face in machine(one)["NetworkInterfaces"]]
    return vantage_of(one.ec2.describe_network_interfaces(NetworkInterfaceIds=faces)["NetworkInterfaces"][0])


def resolved(one: Built, name: str) -> list[str]:
    """What `dig` says of a name on the operator host."""
    answer = names.resolve(Seen(one.snapshot), operator(one).vpc_id, name)
    return [str(place.address).partition("/")[0] for place in answer.places]


def move(one: Built, *zones: str) -> None:
    """Let EKS put the API's interfaces elsewhere, as it does with a change of subnets, or unasked."""
    subnets = one.described("describe_subnets", "Subnets")
    wanted = {"subnetIds": [subnets[f"eks-private-{zone}"]["SubnetId"] for zone in zones]}
    one.client("eks").update_cluster_config(name="private-eks-main", resourcesVpcConfig=wanted)
    one.region.lab.settle()


def follows(one: Built, seconds: float = 10) -> bool:
    """Whether the targets become what the interfaces are."""
    end = time.monotonic() + seconds
    while set(targets(one)) != set(interfaces(one)):
        if time.monotonic() > end:
            return False
        time.sleep(0.2)
    return True
