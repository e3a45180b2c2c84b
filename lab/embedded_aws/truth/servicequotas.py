# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Service Quotas for what Cloister asks of them; the values are AWS's defaults, but those of vCPUs.

A new account may run no GPU at all. This one has asked for more, as whoever wants a region with GPUs has to; `limits`
sets what is enforced, and then it is told too.

https://docs.aws.amazon.com/general/latest/gr/vpc-service.html and .../ec2-service.html
"""

from __future__ import annotations

import json
import typing as t

from lab.embedded_aws.limits import current as limits
from lab.embedded_aws.truth.patching import install, refuser

refuse = refuser("servicequotas")

# service -> quota code -> (name, value, adjustable)
QUOTAS: dict[str, dict[str, tuple[str, float, bool]]] = {
    "vpc": {
        "L-F678F1CE": ("VPCs per Region", 5, True),
        "L-407747CB": ("Subnets per VPC", 200, True),
        "L-589F43AA": ("Route tables per VPC", 200, True),
        "L-93826ACB": ("Routes per route table", 50, True),
        "L-A4707A72": ("Internet gateways per Region", 5, True),
        "L-FE5A380F": ("NAT gateways per Availability Zone", 5, True),
        "L-E79EC296": ("VPC security groups per Region", 2500, True),
        "L-0EA8095F": ("Inbound or outbound rules per security group", 60, True),
        "L-2AFB9258": ("Security groups per network interface", 5, True),
        "L-29B6F2EB": ("Interface VPC endpoints per VPC", 50, True),
        "L-1B52E74A": ("Gateway VPC endpoints per Region", 20, True),
        "L-7E9ECCDB": ("Active VPC peering connections per VPC", 50, True),
        "L-83CA0A9D": ("IPv4 CIDR blocks per VPC", 5, True),
        "L-DF5E4CA3": ("Network interfaces per Region", 5000, True),
    },
    "ec2": {
        "L-0263D0A3": ("EC2-VPC Elastic IPs", 5, True),
        "L-1216C47A": ("Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances", 64, True),
        "L-DB2E81BA": ("Running On-Demand G and VT instances", 64, True),
        "L-417A185B": ("Running On-Demand P instances", 192, True),
        "L-34B43A08": ("All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests", 64, True),
        "L-3819A6DF": ("All G and VT Spot Instance Requests", 64, True),
        "L-7212CCBC": ("All P4, P3 and P2 Spot Instance Requests", 192, True),
    },
}

# Quota code -> the name of the limit that enforces it; an enforced limit is what the account is told of.
LIMITS = {
    "L-F678F1CE": "vpcs", "L-407747CB": "subnets_per_vpc", "L-589F43AA": "route_tables_per_vpc",
    "L-A4707A72": "internet_gateways", "L-FE5A380F": "nat_gateways_per_zone", "L-E79EC296": "security_groups",
    "L-29B6F2EB": "interface_endpoints_per_vpc", "L-0263D0A3": "addresses", "L-1216C47A": "vcpus_standard",
    "L-DB2E81BA": "vcpus_g", "L-417A185B": "vcpus_p", "L-34B43A08": "spot_vcpus_standard",
    "L-3819A6DF": "spot_vcpus_g", "L-7212CCBC": "spot_vcpus_p",
}  # fmt: skip


def _quota(self: t.Any, service: str, code: str, applied: bool = True) -> dict[str, t.Any]:
    name, value, adjustable = QUOTAS[service][code]
    if applied:
        value = limits.most.get(LIMITS.get(code, ""), value)
    partition, account = self.partition, self.current_account
    return {
        "ServiceCode": service, "ServiceName": {"vpc": "Amazon Virtual Private Cloud (Amazon VPC)"}.get(
            service, "Amazon Elastic Compute Cloud (Amazon EC2)"),
        "QuotaArn": f"arn:{partition}:servicequotas:{self.region}:{account}:{service}/{code}",
        "QuotaCode": code, "QuotaName": name, "Value": float(value), "Unit": "None", "Adjustable": adjustable,
        "GlobalQuota": False, "QuotaAppliedAtLevel": "ACCOUNT",
    }  # fmt: skip


def _service(self: t.Any) -> tuple[str, dict[str, t.Any]]:
    body = json.loads(self.body)
    service = str(body.get("ServiceCode"))
    if service not in QUOTAS:
        refuse("NoSuchResourceException", f"The request failed because the specified service does not exist: {service}")
    return service, body


def list_service_quotas(self: t.Any) -> str:
    service, _ = _service(self)
    return json.dumps({"Quotas": [_quota(self, service, code) for code in QUOTAS[service]]})


def list_aws_default_service_quotas(self: t.Any) -> str:
    service, _ = _service(self)
    return json.dumps({"Quotas": [_quota(self, service, code, applied=False) for code in QUOTAS[service]]})


def get_service_quota(self: t.Any, applied: bool = True) -> str:
    service, body = _service(self)
    code = str(body.get("QuotaCode"))
    if code not in QUOTAS[service]:
        refuse("NoSuchResourceException", "The request failed because the specified quota does not exist.")
    return json.dumps({"Quota": _quota(self, service, code, applied)})


def get_aws_default_service_quota(self: t.Any) -> str:
    return get_service_quota(self, applied=False)


def apply() -> None:
    from moto.servicequotas.responses import ServiceQuotasResponse

    install(
        ServiceQuotasResponse,
        list_service_quotas,
        list_aws_default_service_quotas,
        get_service_quota,
        get_aws_default_service_quota,
    )
