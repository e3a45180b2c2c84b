"""Ways to a cluster's API that are refused."""

from __future__ import annotations

import typing as t

from tests.integration.refusals.broken import GONE, Appended, Broken, Renamed

INVENTORY = "examples/private-eks"
FILE, EKS, STACKS = "host_vars/private_api.yml", "host_vars/eks.yml", "stacks.yml"
PROVIDER, CONSUMERS, MODE = "private_api_provider", "private_api_consumers", "private_api_mode"
FIRST = (CONSUMERS, "operator")
SECOND = {"name": "second", "vpc": "operator", "subnets": ["operator-a"], "security_groups": ["eks-api-endpoint"]}


def broken(
    path: tuple[t.Any, ...], value: t.Any, variable: str, words: str, file: str = FILE, told: str = ""
) -> Broken:
    """One broken copy of system 4's inventory."""
    return Broken(file, path, value, variable, words, told, INVENTORY)


BROKEN = [
    broken(("private_api_cluster",), GONE, "private_api_cluster", "missing"),
    broken(("private_api_cluster",), "mian", "private_api_cluster", "did you mean main?"),
    broken((MODE,), "peering", MODE, "did you mean peered?"),
    broken((MODE,), Renamed("private_api_way"), "private_api_way", "has no variable"),
    broken((PROVIDER,), GONE, f"{PROVIDER}.vpc", "PrivateLink needs vpc"),
    broken((PROVIDER, "vpc"), "operator", f"{PROVIDER}.vpc", "The cluster is in eks"),
    broken((PROVIDER, "subnets", 1), "eks-public-a", f"{PROVIDER}.subnets[1]", "both in ap-northeast-2a"),
    broken((PROVIDER, "subnets"), ["eks-private-b"], f"{CONSUMERS}[0].subnets[0]", "does not stand"),
    broken((PROVIDER, "security_groups", 0), "eks-node", f"{PROVIDER}.security_groups", "no port 443"),
    broken((PROVIDER, "health_check", "path"), "readyz", f"{PROVIDER}.health_check.path", "starts with /"),
    broken((PROVIDER, "health_check", "protocol"), "HTTP", f"{PROVIDER}.health_check.protocol", "one of HTTPS, TCP"),
    broken((PROVIDER, "principals"), ["999988887777"], f"{PROVIDER}.principals[0]", "nobody who could ask"),
    broken((CONSUMERS,), [], CONSUMERS, "Nobody is to reach the API"),
    broken((CONSUMERS,), Appended(SECOND), f"{CONSUMERS}[1].vpc", "one consumer for each VPC"),
    broken((*FIRST, "subnets", 0), "eks-private-a", f"{CONSUMERS}[0].subnets[0]", "lies in the VPC eks"),
    broken((*FIRST, "security_groups"), GONE, f"{CONSUMERS}[0].security_groups", "needs a group"),
    broken(("private_api_sweep_minutes",), 0, "private_api_sweep_minutes", "no time to look again"),
    broken(("eks_cluster", "ingress"), [], f"{PROVIDER}.security_groups", "group: private-api", EKS, FILE),
]
