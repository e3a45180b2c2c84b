# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which interface endpoints a feature needs, and the list of them that a region asks for."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils import _endpoint_policy as endpoint_policy
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError

# Each set with the page that says so. Image layers lie in S3, whose gateway endpoint is the network's and free.
SETS: dict[str, tuple[str, ...]] = {
    # https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
    "ecr": ("ecr.api", "ecr.dkr"),
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/cloudwatch-logs-and-interface-VPC.html
    "logs": ("logs",),
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-interface-VPC.html
    "monitoring": ("monitoring",),
    # https://docs.aws.amazon.com/systems-manager/latest/userguide/setup-create-vpc.html; ec2messages is for agents
    # before 3.3.40, and newer regions do not have it: take it away with `endpoints_except`.
    "ssm": ("ssm", "ssmmessages", "ec2messages"),
    # https://docs.aws.amazon.com/AmazonECS/latest/developerguide/vpc-endpoints.html
    "ecs": ("ecs", "ecs-agent", "ecs-telemetry"),
    # https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html
    "eks": ("ec2", "sts", "elasticloadbalancing", "autoscaling", "eks", "eks-auth", "kms"),
    # https://docs.aws.amazon.com/secretsmanager/latest/userguide/vpc-endpoint-overview.html
    "secrets": ("secretsmanager",),
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sts_vpc_endpoint_create.html
    "sts": ("sts",),
    # https://docs.aws.amazon.com/kms/latest/developerguide/vpc-endpoint-access.html
    "kms": ("kms",),
}

# Calls that come without credentials, since they fetch the first ones:
# https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
UNSIGNED = {"sts": ("sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML")}


class Defaults(t.TypedDict):
    """What holds for every endpoint that says nothing else."""

    vpc: str
    subnets: list[str]
    security_group: str
    private_dns: bool
    trusted_accounts: list[str]
    trusted_organization: str


def endpoints(
    sets: t.Sequence[str],
    services: t.Sequence[t.Mapping[str, t.Any]],
    excepted: t.Sequence[str],
    defaults: Defaults,
    suffix: str,
) -> list[dict[str, t.Any]]:
    """Return entries for the module ``vpc_endpoints``: the services of all sets, then the further ones.

    An entry of ``services`` whose service a set has as well says how that one differs. Names are the services' with
    hyphens for dots, then ``suffix``. Raise `InputError` for an unknown set, and for an exception that takes nothing
    away.
    """
    unknown = sorted(set(sets) - set(SETS))
    if unknown:
        raise InputError(f"there is no endpoint set {', '.join(unknown)}; there are: {', '.join(sorted(SETS))}")
    said: dict[str, t.Mapping[str, t.Any]] = {service: {} for name in sets for service in SETS[name]}
    idle = sorted(set(excepted) - set(said))
    if idle:
        raise InputError(f"{', '.join(idle)} cannot be left out: no set in {', '.join(sets) or '(none)'} has it")
    said = {service: entry for service, entry in said.items() if service not in excepted}
    said.update({entry["service"]: entry for entry in services})
    return [_entry(service, said[service], defaults, suffix) for service in said]


def _entry(service: str, said: t.Mapping[str, t.Any], defaults: Defaults, suffix: str) -> dict[str, t.Any]:
    trusting = endpoint_policy.trusting(
        defaults["trusted_accounts"], defaults["trusted_organization"] or None, UNSIGNED.get(service, ())
    )
    policy = None if said.get("open_to_all") else said.get("policy") or trusting
    return {
        "name": said.get("name") or service.replace(".", "-") + suffix,
        "vpc": defaults["vpc"],
        "service": service,
        "subnets": said.get("subnets") or defaults["subnets"],
        "security_groups": [defaults["security_group"]],
        "private_dns": said.get("private_dns", defaults["private_dns"]),
        **({"policy": json.dumps(policy)} if policy else {}),
    }
