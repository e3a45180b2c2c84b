"""System 1's region, looked at by its parts: machines by what they are, and the ways between them."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils.reachability.flow import reach
from ansible_collections.cloister.aws.plugins.module_utils.reachability.vantage import Vantage, vantage_of
from ansible_collections.cloister.aws.plugins.module_utils.reachability.verdict import Verdict

from tests.integration.systems.built import Built, Thing

TAGS = {
    "nodes": ("eks:cluster-name", "kr-main"),
    "vllm": ("cloister:part", "vllm"),
    "fastapi": ("cloister:part", "fastapi"),
    "operator": ("cloister:part", "operator"),
}
CLUSTER, DATABASE = "Amazon EKS kr-main", "RDSNetworkInterface"


def cluster(kr: Built) -> Thing:
    """EKS's description of the cluster."""
    return t.cast("Thing", kr.client("eks").describe_cluster(name="kr-main")["cluster"])


def machines(kr: Built, which: str) -> list[Thing]:
    """EC2's descriptions of the machines of a sort that run."""
    key, value = TAGS[which]
    filters = [{"Name": f"tag:{key}", "Values": [value]}, {"Name": "instance-state-name", "Values": ["running"]}]
    found = kr.ec2.describe_instances(Filters=filters)["Reservations"]
    return [machine for reservation in found for machine in reservation["Instances"]]


def interfaces(kr: Built, description: str) -> list[Thing]:
    """The interfaces that AWS keeps for something of ours."""
    found = kr.ec2.describe_network_interfaces(Filters=[{"Name": "description", "Values": [description]}])
    return t.cast("list[Thing]", found["NetworkInterfaces"])


def place(kr: Built, which: str) -> Vantage:
    """Where requests of somebody come from."""
    if which in ("cluster", "database"):
        return vantage_of(interfaces(kr, CLUSTER if which == "cluster" else DATABASE)[0])
    ids = [face["NetworkInterfaceId"] for face in machines(kr, which)[0]["NetworkInterfaces"]]
    return vantage_of(kr.ec2.describe_network_interfaces(NetworkInterfaceIds=ids)["NetworkInterfaces"][0])


def flows(kr: Built, asked: t.Iterable[tuple[t.Any, str, int]]) -> dict[tuple[str, str, int], Verdict]:
    """How far each request gets, from somebody or the internet to somebody's port, all judged at one moment."""
    seen, found = kr.snapshot, {}
    for source, to, port in asked:
        start = place(kr, source) if isinstance(source, str) else source
        found[str(source), to, port] = reach(seen, start, str(place(kr, to).private_ip), port)
    return found
