"""A small sound region to break in tests, as the rules see it."""

from __future__ import annotations

import copy
import typing as t

from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, spell
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Region, Stack
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules import judge

Variables = dict[str, t.Any]
AWS_REGIONS = {"us-west-2": "aws", "us-east-1": "aws", "ap-northeast-2": "aws", "cn-north-1": "aws-cn"}

SOUND: Variables = {
    "region_name": "us",
    "region_aws_region": "us-west-2",
    "region_partition": "aws",
    "region_allowed_account_ids": ["111122223333"],
    "region_tags": {"environment": "production"},
    "region_adopted": {},
    "region_peer_cidrs": [{"name": "kr", "cidr": "10.9.0.0/16"}],
    "network_vpcs": [
        {"name": "main", "cidr": "10.0.0.0/16", "secondary_cidrs": ["10.2.0.0/16"], "nat": "per_az"},
        {"name": "operator", "cidr": "172.20.0.0/16", "secondary_cidrs": [], "nat": "none"},
    ],
    "network_subnets": [
        {"name": "public-a", "vpc": "main", "tier": "public", "az": "us-west-2a", "cidr": "10.0.1.0/24"},
        {"name": "public-b", "vpc": "main", "tier": "public", "az": "us-west-2b", "cidr": "10.0.2.0/24"},
        {"name": "private-a", "vpc": "main", "tier": "private", "az": "us-west-2a", "cidr": "10.0.16.0/20"},
        {"name": "private-b", "vpc": "main", "tier": "private", "az": "us-west-2b", "cidr": "10.2.32.0/20"},
        {"name": "operator-a", "vpc": "operator", "tier": "isolated", "az": "us-west-2a", "cidr": "172.20.0.0/24"},
    ],
    "endpoints_vpc": "main",
    "endpoints_sets": ["ecr", "logs"],
    "endpoints_subnets": ["private-a", "private-b"],
    "security_groups_defined": [
        {
            "name": "web",
            "reason": "The door",
            "ingress": [{"reason": "clients", "cidrs": ["0.0.0.0/0"], "ports": ["443"], "protocol": "tcp"}],
            "egress": [{"reason": "requests", "group": "app", "ports": ["8080-8090"], "protocol": "tcp"}],
        },
        {
            "name": "app",
            "reason": "The works",
            "ingress": [{"reason": "requests", "group": "web", "ports": ["8080-8090"], "protocol": "tcp"}],
            "egress": [{"reason": "all inside", "cidrs": ["10.0.0.0/16"], "protocol": "all"}],
        },
    ],
    "dns_zones": [
        {
            "name": "prod.example.internal",
            "private": True,
            "vpcs": ["main"],
            "records": [
                {"name": "api", "type": "A", "values": ["10.0.1.5"], "ttl_seconds": 60},
                {"name": "_region", "type": "TXT", "values": ["us"]},
            ],
        },
        {"name": "example.com", "private": False, "vpcs": [], "records": []},
    ],
    "identity_roles": [
        {
            "name": "node",
            "reason": "Every instance",
            "trusted_services": ["ec2"],
            "managed_policies": ["AmazonSSMManagedInstanceCore", "service-role/AmazonECSTaskExecutionRolePolicy"],
            "policies": [
                {
                    "name": "read",
                    "statements": [{"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::models/*"]}],
                }
            ],
        }
    ],
}


def sound() -> Variables:
    """The region, to be changed freely."""
    return copy.deepcopy(SOUND)


def region(variables: Variables) -> Region:
    """All variables in the hands of one stack: the rules look at the region as a whole."""
    return Region([Stack("all", "all", variables)], AWS_REGIONS)


def problems(variables: Variables) -> list[Problem]:
    """What the rules find wrong."""
    return list(judge(region(variables)))


def told(variables: Variables) -> list[str]:
    """What the rules find wrong, as path and sentences."""
    return [f"{spell(problem.path)}: {problem.found} {problem.right}" for problem in problems(variables)]
