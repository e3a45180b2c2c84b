# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Instance types: what they are (moto's data is AWS's own), where they are offered, whose vCPU quota they use.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-on-demand-instances.html#ec2-on-demand-instances-limits
"""

from __future__ import annotations

import re
import typing as t

from moto.core.responses import ActionResult
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS, INSTANCE_TYPES, InstanceType

from lab.embedded_aws.truth.ec2.base import Backend, Response, action, refuse
from lab.embedded_aws.truth.ec2.reading import accepts, paged, read_filters
from lab.embedded_aws.truth.late import Rows

# Letters of a type's family -> name of the limit on its vCPUs; the other families have quotas nobody sets here.
BUCKETS = {
    **dict.fromkeys(("a", "c", "d", "h", "i", "im", "is", "m", "r", "t", "z"), "vcpus_standard"),
    **dict.fromkeys(("g", "gr", "vt"), "vcpus_g"), "p": "vcpus_p",
}  # fmt: skip


def facts(kind: str) -> dict[str, t.Any] | None:
    """AWS's description of an instance type, None when there is none of that name."""
    return t.cast("dict[str, t.Any] | None", INSTANCE_TYPES.get(kind))


def vcpus(kind: str) -> int:
    return int(INSTANCE_TYPES[kind]["VCpuInfo"]["DefaultVCpus"])


def bucket(kind: str, spot: bool) -> str | None:
    """The limit that counts this type's vCPUs."""
    letters = re.match(r"[a-z]+", kind)
    name = BUCKETS.get(letters.group() if letters else "")
    return f"spot_{name}" if name and spot else name


def offerings(backend: Backend, place: str) -> list[dict[str, t.Any]]:
    """What is offered in the region: {InstanceType, Location}, by region, availability-zone or its id."""
    rows: t.Any = INSTANCE_TYPE_OFFERINGS.get(place, {}).get(backend.region_name, [])
    return rows.fill() if isinstance(rows, Rows) else t.cast("list[dict[str, t.Any]]", rows)


def zones_of(backend: Backend, kind: str) -> list[str]:
    """The zones of the region that offer a type."""
    rows = offerings(backend, "availability-zone")
    there = {zone.name for zone in backend.describe_availability_zones()}
    return sorted(row["Location"] for row in rows if row["InstanceType"] == kind and row["Location"] in there)


@action
def describe_instance_types(response: Response) -> t.Any:
    response.error_on_dryrun()
    offered = {row["InstanceType"] for row in offerings(response.ec2_backend, "region")}
    wanted = response._get_param("InstanceTypes", [])
    unknown = [one for one in wanted if one not in INSTANCE_TYPES or one not in offered]
    if unknown:
        refuse(
            "InvalidInstanceType",
            f"The following supplied instance types do not exist: [{', '.join(sorted(unknown))}]",
        )
    filters = list(read_filters(response))
    names = wanted or sorted(one for one in offered if one in INSTANCE_TYPES)
    # First by name, which most callers ask for: there are a thousand types.
    for values in [values for name, values in filters if name == "instance-type"]:
        names = [name for name in names if accepts(values, [name])]
    found = [InstanceType(name) for name in names]
    for name, values in filters:
        found = [one for one in found if accepts(values, _listed(one.get_filter_value(name)))]
    return ActionResult(paged(response, "InstanceTypes", found).result)


def _listed(value: t.Any) -> list[t.Any]:
    return value if isinstance(value, list) else [value]


@action
def describe_instance_type_offerings(response: Response) -> t.Any:
    response.error_on_dryrun()
    backend, place = response.ec2_backend, response._get_param("LocationType") or "region"
    rows = [{**row, "LocationType": place} for row in offerings(backend, place)]
    if place == "availability-zone":
        there = {zone.name for zone in backend.describe_availability_zones()}
        rows = [row for row in rows if row["Location"] in there]
    keys = {"location": "Location", "instance-type": "InstanceType"}
    for name, values in read_filters(response):
        if name not in keys:
            refuse("InvalidParameterValue", f"The filter '{name}' is invalid")
        rows = [row for row in rows if accepts(values, [row[keys[name]]])]
    return ActionResult(paged(response, "InstanceTypeOfferings", rows).result)
