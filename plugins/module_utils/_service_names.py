# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The names of AWS's services: as endpoints have them, in short, and in DNS. Pure functions.

https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
"""

from __future__ import annotations

# In the China regions some names start with ``cn.`` and some do not, so AWS is asked rather than a table.
_PREFIXES = ("com.amazonaws", "cn.com.amazonaws")
_FULL = ("com.amazonaws.", "cn.com.amazonaws.", "aws.", "api.aws.")
# Names in DNS that do not follow from the service's.
_IN_DNS = {"ecr.dkr": ("*.dkr.ecr.{tail}",), "s3": ("s3.{tail}", "*.s3.{tail}")}


def short_name(service: str, region: str) -> str:
    """Return the name of an AWS service without prefix and region, such as ``ecr.api``; others as they are."""
    for prefix in _PREFIXES:
        head = f"{prefix}.{region}."
        if service.startswith(head):
            return service[len(head) :]
    return service


def full_names(service: str, region: str) -> list[str]:
    """Return the names that a short one may stand for; a full one stands for itself."""
    if service.startswith(_FULL):
        return [service]
    return [f"{prefix}.{region}.{service}" for prefix in _PREFIXES]


def dns_names(service: str, region: str, partition: str) -> list[str]:
    """Return the regional names of a service in DNS, such as ``api.ecr.us-west-2.amazonaws.com`` for ``ecr.api``."""
    tail = f"{region}.amazonaws.com.cn" if partition == "aws-cn" else f"{region}.amazonaws.com"
    turned = ".".join(reversed(service.split(".")))
    return [name.format(tail=tail) for name in _IN_DNS.get(service, (f"{turned}.{{tail}}",))]
