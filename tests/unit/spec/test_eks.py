"""Each rule about clusters of Kubernetes: the one thing that is wrong is told at its path, and nothing else is."""

from __future__ import annotations

import copy
import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.needs import needs

from tests.unit.spec.described import Variables, region, sound, told

CLUSTER, GROUPS, PROFILES = "eks_cluster", "eks_node_groups", "eks_fargate_profiles"
APPS, GPU, BATCH = (GROUPS, 0), (GROUPS, 1), (PROFILES, 0)
EKS: Variables = {
    CLUSTER: {
        "name": "main",
        "version": "1.33",
        "role": "eks-cluster",
        "subnets": ["private-a", "private-b"],
        "endpoint": {"private": True, "public": True, "public_cidrs": ["8.8.8.0/24"]},
        "logs": ["api", "audit"],
        "secrets_key_arn": "arn:aws:kms:us-west-2:111122223333:key/1a2b",
        "service_cidr": "10.100.0.0/16",
    },
    GROUPS: [
        {
            "name": "apps",
            "role": "eks-node",
            "subnets": ["private-a", "private-b"],
            "instance_types": ["t3.large", "t3a.large"],
            "size": {"min": 1, "max": 3, "desired": 2},
            "security_groups": ["app"],
            "root_volume": {"gib": 30},
            "labels": {"example.com/role": "apps"},
            "update": {"max_unavailable": 1},
        },
        {
            "name": "gpu",
            "role": "eks-node",
            "subnets": ["private-b"],
            "ami_type": "AL2023_x86_64_NVIDIA",
            "instance_types": ["g5.xlarge"],
            "size": {"min": 0, "max": 2},
            "taints": [{"key": "nvidia.com/gpu", "value": "true", "effect": "NO_SCHEDULE"}],
        },
    ],
    PROFILES: [
        {"name": "batch", "role": "pods", "subnets": ["private-a"], "selectors": [{"namespace": "batch"}]},
    ],
}
ROLES = [
    ("eks-cluster", "eks", ["AmazonEKSClusterPolicy"]),
    ("eks-node", "ec2", ["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"]),
    ("pods", "eks-fargate-pods", ["AmazonEKSFargatePodExecutionRolePolicy"]),
]


def with_cluster() -> Variables:
    variables = {**sound(), **copy.deepcopy(EKS)}
    variables["identity_roles"] += [
        {"name": name, "reason": name, "trusted_services": [service], "managed_policies": policies}
        for name, service, policies in ROLES
    ]
    return variables


def changed(path: tuple[str | int, ...], value: t.Any) -> Variables:
    variables = with_cluster()
    at: t.Any = variables
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return variables


def test_a_sound_cluster_has_no_problem() -> None:
    assert told(with_cluster()) == []


ENDPOINT = (CLUSTER, "endpoint")
MANY = [{"namespace": f"n{number}"} for number in range(6)]
TWICE = [{"key": "gpu", "value": "", "effect": "NO_SCHEDULE"}, {"key": "gpu", "value": "x", "effect": "NO_SCHEDULE"}]


@pytest.mark.parametrize(
    ("path", "value", "where", "words"),
    [
        ((CLUSTER, "name"), "Main", "eks_cluster.name", "cannot be the name of a cluster"),
        ((CLUSTER, "name"), "m" * 98, "eks_cluster.name", "101 characters long"),
        ((CLUSTER, "version"), "1.33.1", "eks_cluster.version", "no version of Kubernetes"),
        ((CLUSTER, "role"), "eks-clustr", "eks_cluster.role", "no IAM role called"),
        ((CLUSTER, "role"), "eks-node", "eks_cluster.role", "eks may not take the role"),
        ((CLUSTER, "subnets"), ["private-a", "private-x"], "eks_cluster.subnets[1]", "no subnet called"),
        ((CLUSTER, "subnets"), ["private-a"], "eks_cluster.subnets", "two zones at least"),
        ((CLUSTER, "subnets"), ["private-a", "private-b", "private-a"], "eks_cluster.subnets[2]", "listed twice"),
        ((CLUSTER, "security_groups"), ["ap"], "eks_cluster.security_groups[0]", "no security group called"),
        (ENDPOINT, {"private": False}, "eks_cluster.endpoint.private", "Nobody could reach the API"),
        (ENDPOINT, {"public": True}, "eks_cluster.endpoint.public_cidrs", "does not say who may reach"),
        (ENDPOINT, {"public_cidrs": ["8.8.8.0/24"]}, "eks_cluster.endpoint.public_cidrs", "not reached from the int"),
        (ENDPOINT, {"open_to_all": True}, "eks_cluster.endpoint.open_to_all", "not reached from the internet"),
        ((*ENDPOINT, "open_to_all"), True, "eks_cluster.endpoint.public_cidrs", "Every address comes in already"),
        ((*ENDPOINT, "private"), False, "eks_cluster.endpoint.private", "addresses of NAT gateways"),
        ((*ENDPOINT, "public_cidrs"), ["0.0.0.0/0"], "eks_cluster.endpoint.public_cidrs[0]", "every address there is"),
        ((*ENDPOINT, "public_cidrs"), ["10.0.0.0/8"], "eks_cluster.endpoint.public_cidrs[0]", "not of the internet"),
        ((*ENDPOINT, "public_cidrs"), ["8.8.8.8"], "eks_cluster.endpoint.public_cidrs[0]", "has no size"),
        ((CLUSTER, "secrets_key_arn"), "1a2b", "eks_cluster.secrets_key_arn", "not the ARN of a key"),
        (
            (CLUSTER, "secrets_key_arn"),
            "arn:aws:kms:us-east-1:111122223333:key/1a2b",
            "eks_cluster.secrets_key_arn",
            "lies in us-east-1",
        ),
        ((CLUSTER, "service_cidr"), "10.2.0.0/16", "eks_cluster.service_cidr", "overlaps 10.2.0.0/16 of its VPC"),
        ((CLUSTER, "service_cidr"), "100.64.0.0/16", "eks_cluster.service_cidr", "EKS takes no 100.64.0.0/16"),
        ((CLUSTER, "logs"), ["api", "api"], "eks_cluster.logs[1]", "listed twice"),
        ((*APPS, "name"), "apps_1", "eks_node_groups[0].name", "cannot be the name of a node group"),
        ((*APPS, "name"), "gpu", "eks_node_groups[1].name", "is there already"),
        ((*APPS, "role"), "pods", "eks_node_groups[0].role", "ec2 may not take the role pods"),
        ((*APPS, "subnets"), [], "eks_node_groups[0].subnets", "list is empty"),
        ((*APPS, "subnets"), ["public-a"], "eks_node_groups[0].subnets[0]", "is a public subnet"),
        ((*APPS, "subnets"), ["operator-a"], "eks_node_groups[0].subnets[0]", "lies in VPC operator"),
        ((*APPS, "instance_types"), ["large"], "eks_node_groups[0].instance_types[0]", "not an instance type"),
        ((*APPS, "instance_types"), ["m7g.large"], "eks_node_groups[0].instance_types[0]", "is arm64, and AL2023_x86"),
        ((*APPS, "instance_types"), ["g5.xlarge"], "eks_node_groups[0].instance_types[0]", "has no driver for it"),
        ((*GPU, "instance_types"), ["t3.large"], "eks_node_groups[1].instance_types[0]", "has no GPU"),
        ((*APPS, "size"), {"min": 4, "max": 3}, "eks_node_groups[0].size.min", "min is 4 and max is 3"),
        ((*APPS, "size"), {"min": 0, "max": 0}, "eks_node_groups[0].size.max", "0 is out of range"),
        ((*APPS, "size", "desired"), 9, "eks_node_groups[0].size.desired", "not between 1 and 3"),
        ((*APPS, "root_volume"), {"gib": 8}, "eks_node_groups[0].root_volume.gib", "hold no image"),
        ((*APPS, "security_groups"), ["apps"], "eks_node_groups[0].security_groups[0]", "did you mean app"),
        ((*APPS, "labels"), {"kubernetes.io/role": "x"}, "eks_node_groups[0].labels.kubernetes.io/role", "to themsel"),
        ((*APPS, "labels"), {"role": "a b"}, "eks_node_groups[0].labels.role", "cannot be the value of a label"),
        ((*APPS, "update"), {"max_unavailable": 0}, "eks_node_groups[0].update.max_unavailable", "out of range"),
        ((*APPS, "release_version"), "latest", "eks_node_groups[0].release_version", "no release of an image"),
        ((*APPS, "metadata_hop_limit"), 65, "eks_node_groups[0].metadata_hop_limit", "out of range"),
        ((*GPU, "taints"), TWICE, "eks_node_groups[1].taints[1].key", "is there twice"),
        ((*BATCH, "name"), "eks-batch", "eks_fargate_profiles[0].name", "begin with eks-"),
        ((*BATCH, "role"), "eks-node", "eks_fargate_profiles[0].role", "eks-fargate-pods may not take"),
        ((*BATCH, "selectors"), MANY, "eks_fargate_profiles[0].selectors", "6 selectors"),
        ((*BATCH, "subnets"), ["public-b"], "eks_fargate_profiles[0].subnets[0]", "is a public subnet"),
    ],
)
def test_what_is_wrong_is_told_where_it_is(path: tuple[str | int, ...], value: t.Any, where: str, words: str) -> None:
    first, *others = told(changed(path, value))
    assert (first.partition(": ")[0], others) == (where, [])
    assert words in first


def test_a_role_that_lacks_what_it_is_taken_for_is_told() -> None:
    variables = with_cluster()
    variables["identity_roles"][-2]["managed_policies"] = ["AmazonEKSWorkerNodePolicy"]
    first, second = told(variables)
    assert (first.partition(":")[0], second.partition(":")[0]) == ("eks_node_groups[0].role", "eks_node_groups[1].role")
    assert "PullOnly or AmazonEC2ContainerRegistryReadOnly" in first


def test_node_groups_are_among_the_machines_that_aws_is_asked_for_before() -> None:
    apps, gpu = needs(region({**with_cluster(), "pools_defined": []}))["pools"]
    assert (apps["name"], apps["least"], apps["most"], apps["on_demand_percent"]) == ("apps (all)", 2, 3, 100)
    assert (gpu["instance_types"], gpu["zones"]) == (["g5.xlarge"], {"us-west-2b": ["private-b"]})
