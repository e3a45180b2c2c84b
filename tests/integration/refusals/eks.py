"""Clusters that are refused."""

from __future__ import annotations

import typing as t

from tests.integration.refusals.broken import GONE, Appended, Broken, Renamed

EKS = "host_vars/eks.yml"
CLUSTER, GROUPS = "eks_cluster", "eks_node_groups"
APPS, GPU = (GROUPS, "apps"), (GROUPS, "gpu")


def broken(path: tuple[t.Any, ...], value: t.Any, variable: str, words: str) -> Broken:
    return Broken(EKS, path, value, variable, words, inventory="kr")


BROKEN = [
    broken((CLUSTER, "version"), GONE, "eks_cluster.version", "missing"),
    broken((CLUSTER, "version"), 1.33, "eks_cluster.version", "in quotes"),
    broken((CLUSTER, "version"), "33", "eks_cluster.version", "no version of Kubernetes"),
    broken((CLUSTER, "role"), "eks-nodes", "eks_cluster.role", "did you mean eks-node?"),
    broken((CLUSTER, "role"), "ai-node", "eks_cluster.role", "eks may not take the role"),
    broken((CLUSTER, "subnets"), ["private-a"], "eks_cluster.subnets", "two zones at least"),
    broken((CLUSTER, "subnets"), Appended("private-d"), "eks_cluster.subnets[3]", "no subnet called"),
    broken((CLUSTER, "endpoint", "public"), True, "eks_cluster.endpoint.public_cidrs", "who may reach the API"),
    broken((CLUSTER, "endpoint", "private"), False, "eks_cluster.endpoint.private", "Nobody could reach the API"),
    broken(
        (CLUSTER, "endpoint"),
        {"public": True, "public_cidrs": ["0.0.0.0/0"]},
        "eks_cluster.endpoint.public_cidrs[0]",
        "open_to_all: true, if it is meant",
    ),
    broken((CLUSTER, "endpoint", "public"), Renamed("publik"), "eks_cluster.endpoint.publik", "did you mean public?"),
    broken((CLUSTER, "logs"), ["apis"], "eks_cluster.logs[0]", "did you mean api?"),
    broken((CLUSTER, "service_cidr"), "10.0.128.0/20", "eks_cluster.service_cidr", "overlaps 10.0.0.0/16"),
    broken((CLUSTER, "secrets_key_arn"), "alias/main", "eks_cluster.secrets_key_arn", "not the ARN of a key"),
    broken((*APPS, "role"), "eks-cluster", "eks_node_groups[0].role", "ec2 may not take the role"),
    broken((*APPS, "subnets", 0), "public-a", "eks_node_groups[0].subnets[0]", "is a public subnet"),
    broken((*APPS, "size"), {"min": 2, "max": 1}, "eks_node_groups[0].size.min", "min is 2 and max is 1"),
    broken((*APPS, "instance_types"), ["m7g.large"], "eks_node_groups[0].instance_types[0]", "AL2023_ARM_64_STANDARD"),
    broken((*APPS, "labels"), {"eks.amazonaws.com/x": "y"}, "eks_node_groups[0].labels", "keep it to themselves"),
    broken((*GPU, "ami_type"), GONE, "eks_node_groups[1].instance_types[0]", "ami_type: AL2023_x86_64_NVIDIA"),
    broken((*GPU, "name"), "apps", "eks_node_groups[1].name", "is there already"),
    broken((*GPU, "taints", 0, "effect"), "NoSchedule", "eks_node_groups[1].taints[0].effect", "one of NO_SCHEDULE"),
    broken(
        ("eks_fargate_profiles",),
        [{"name": "batch", "role": "eks-node", "subnets": ["private-a"], "selectors": [{"namespace": "batch"}]}],
        "eks_fargate_profiles[0].role",
        "eks-fargate-pods may not take the role",
    ),
]
