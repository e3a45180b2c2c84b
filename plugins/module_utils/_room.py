# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What only AWS can say before the first write: which zones there are, what is adopted, whether quotas leave room.

All of it is read at once; a quota only when the region would grow what it limits.
"""

from __future__ import annotations

import typing as t
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from ansible_collections.cloister.aws.plugins.module_utils import _machine_room
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws, each
from ansible_collections.cloister.aws.plugins.module_utils._endings import endings
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError
from ansible_collections.cloister.aws.plugins.module_utils._owner import PART, Owner, tag_dict

# https://docs.aws.amazon.com/general/latest/gr/vpc-service.html and
# https://docs.aws.amazon.com/general/latest/gr/ec2-service.html list the codes.
QUOTAS = {
    "vpcs": ("vpc", "L-F678F1CE", "VPCs per Region"),
    "nat_gateways": ("vpc", "L-FE5A380F", "NAT gateways per Availability Zone"),
    "elastic_ips": ("ec2", "L-0263D0A3", "EC2-VPC Elastic IPs"),
    "security_groups": ("vpc", "L-E79EC296", "VPC security groups per Region"),
    "interface_endpoints": ("vpc", "L-29B6F2EB", "Interface and Gateway Load Balancer endpoints per VPC"),
    "rules_per_security_group": ("vpc", "L-0EA8095F", "Inbound or outbound rules per security group"),
    "vcpus_standard": ("ec2", "L-1216C47A", "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances"),
    "vcpus_g": ("ec2", "L-DB2E81BA", "Running On-Demand G and VT instances"),
    "vcpus_p": ("ec2", "L-417A185B", "Running On-Demand P instances"),
    "spot_vcpus_standard": ("ec2", "L-34B43A08", "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests"),
    "spot_vcpus_g": ("ec2", "L-3819A6DF", "All G and VT Spot Instance Requests"),
    "spot_vcpus_p": ("ec2", "L-7212CCBC", "All P Spot Instance Requests"),
}
# What AWS gives an account that never asked for more: https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html
RULES_ALWAYS_ALLOWED = 60
_READS: dict[str, tuple[str, str, dict[str, t.Any]]] = {
    "zones": ("describe_availability_zones", "AvailabilityZones", {"AllAvailabilityZones": True}),
    "vpcs": ("describe_vpcs", "Vpcs", {}),
    "subnets": ("describe_subnets", "Subnets", {}),
    "elastic_ips": ("describe_addresses", "Addresses", {}),
    "security_groups": ("describe_security_groups", "SecurityGroups", {}),
    "endpoints": (
        "describe_vpc_endpoints",
        "VpcEndpoints",
        {"Filters": [{"Name": "vpc-endpoint-type", "Values": ["Interface", "GatewayLoadBalancer"]}]},
    ),
    "nat_gateways": (
        "describe_nat_gateways",
        "NatGateways",
        {"Filter": [{"Name": "state", "Values": ["pending", "available", "deleting"]}]},
    ),
}
_NOT_ENABLED = ("AuthFailure", "OptInRequired", "UnauthorizedOperation.OptInRequired", "InvalidClientTokenId")

Reads = t.Mapping[str, t.Sequence[t.Mapping[str, t.Any]]]


@dataclass
class Verdict:
    """What was found: problems that stop the run, and notes on what could not be looked at."""

    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Growth:
    """How much of something limited there is in the account, and how much the region adds to it."""

    quota: str
    where: str
    have: int
    adds: int
    may_add: int = 0
    """How much more there may be later: where that is too much it is a note."""


def look(aws: Aws, owner: Owner, needs: t.Mapping[str, t.Any], adopted: t.Mapping[str, t.Any]) -> Verdict:
    """Compare what the inventory asks for (``region_spec``'s ``needs``) with what AWS has. Reads only."""
    verdict, pools = Verdict(), list(needs.get("pools", ()))
    try:
        asked: list[t.Callable[[], t.Any]] = [partial(_read, aws, name) for name in _READS]
        asked.append(partial(_machine_room.read, aws, pools))
        *answers, machines = each(lambda read: read(), asked)
        reads = dict(zip(_READS, answers, strict=True))
    except ApiError as exc:
        if exc.code not in _NOT_ENABLED:
            raise
        advice = f"Is the region enabled? aws account get-region-opt-status --region-name {aws.region}"
        raise ApiError(exc.action, exc.code, f"{exc}. {advice}") from exc
    verdict.problems += zone_problems(needs.get("zones", ()), reads["zones"])
    verdict.problems += adopted_problems(adopted, reads)
    verdict.notes += endings(needs.get("imported_certificates", ()), datetime.now(UTC))
    stop, notes = _machine_room.problems(pools, machines)
    verdict.problems += stop
    verdict.notes += notes
    vcpus = [
        Growth(one.quota, "this account", one.have, one.adds, one.may_add)
        for one in _machine_room.wanted(owner, pools, machines)
    ]
    _quotas(aws, growths(owner, needs, adopted, reads) + vcpus, verdict)
    return verdict


def _read(aws: Aws, name: str) -> t.Sequence[t.Mapping[str, t.Any]]:
    action, listed, arguments = _READS[name]
    return aws.pages("ec2", action, listed, **arguments)


def zone_problems(wanted: t.Iterable[str], zones: t.Iterable[t.Mapping[str, t.Any]]) -> list[str]:
    """Say which zones do not exist, are not enabled or are out of order."""
    known = {zone["ZoneName"]: zone for zone in zones}
    enabled = sorted(name for name, zone in known.items() if zone.get("OptInStatus") != "not-opted-in")
    problems = []
    for name in wanted:
        zone = known.get(name)
        if zone is None:
            problems.append(f"There is no availability zone {name} for this account; it has {', '.join(enabled)}")
        elif name not in enabled:
            group = zone.get("GroupName", name)
            problems.append(
                f"The zone {name} is not enabled for this account: aws ec2 modify-availability-zone-group "
                f"--group-name {group} --opt-in-status opted-in"
            )
        elif zone.get("State", "available") in ("impaired", "unavailable", "constrained"):
            problems.append(
                f"AWS says that the zone {name} is {zone['State']}; wait, or use another of {', '.join(enabled)}"
            )
    return problems


def adopted_problems(adopted: t.Mapping[str, t.Any], reads: Reads) -> list[str]:
    """Say which adopted VPCs and subnets are not there."""
    problems = []
    for kind, listed, key in (("VPC", "vpcs", "VpcId"), ("subnet", "subnets", "SubnetId")):
        there = {item[key] for item in reads.get(listed, ())}
        for name, wanted in sorted(adopted.get(kind, {}).items()):
            if wanted not in there:
                have = ", ".join(sorted(there)) or "none"
                problems.append(
                    f"region_adopted says that the {kind} {name} is {wanted}, which this account does not have here. "
                    f"It has {have}"
                )
    return problems


def growths(owner: Owner, needs: t.Mapping[str, t.Any], adopted: t.Mapping[str, t.Any], reads: Reads) -> list[Growth]:
    """Return what the region would add to what is limited, by quota; what it owns already is not added again."""

    def owned(item: t.Mapping[str, t.Any]) -> bool:
        return owner.owns(tag_dict(item.get("Tags")))

    def by_place(listed: str, places: t.Mapping[str, str], key: str) -> tuple[Counter[str], Counter[str]]:
        """Count all and our own things of a list by the place that their subnet or VPC stands for."""
        found = [(places.get(item.get(key, ""), ""), owned(item)) for item in reads[listed]]
        return Counter(place for place, _own in found), Counter(place for place, own in found if own)

    grown = []
    for name in ("vpcs", "elastic_ips", "security_groups"):
        ours = sum(map(owned, reads[name]))
        grown.append(Growth(name, "this region", len(reads[name]), int(needs.get(name, 0)) - ours))
    zones = {subnet["SubnetId"]: subnet["AvailabilityZone"] for subnet in reads["subnets"]}
    vpcs = {vpc["VpcId"]: tag_dict(vpc.get("Tags"))[PART] for vpc in reads["vpcs"] if owned(vpc)}
    vpcs.update({wanted: name for name, wanted in adopted.get("VPC", {}).items()})
    places = (
        ("nat_gateways", "nat_gateways_by_zone", by_place("nat_gateways", zones, "SubnetId"), ""),
        ("interface_endpoints", "interface_endpoints_by_vpc", by_place("endpoints", vpcs, "VpcId"), "VPC "),
    )
    for quota, need, (there, own), what in places:
        for place, count in needs.get(need, {}).items():
            grown.append(Growth(quota, f"{what}{place}", there[place], int(count) - own[place]))
    rules = int(needs.get("rules_per_security_group", 0))
    grown.append(Growth("rules_per_security_group", "one group", 0, rules if rules > RULES_ALWAYS_ALLOWED else 0))
    return [growth for growth in grown if growth.adds > 0]


def _quotas(aws: Aws, grown: t.Sequence[Growth], verdict: Verdict) -> None:
    """Ask for the quotas that matter now, and compare."""
    names = sorted({growth.quota for growth in grown})
    limits = dict(zip(names, each(lambda name: _limit(aws, name), names), strict=True))
    for growth in grown:
        limit = limits[growth.quota]
        service, code, title = QUOTAS[growth.quota]
        if isinstance(limit, str):
            verdict.notes.append(f"The quota {title} ({code}) could not be read, so it is not checked: {limit}")
        elif growth.have + growth.adds > limit:
            verdict.problems.append(
                f"The quota {title} is {limit:g}; {growth.where} has {growth.have} and {growth.adds} more would come. "
                f"aws service-quotas request-service-quota-increase --service-code {service} --quota-code {code} "
                f"--desired-value {growth.have + growth.adds}"
            )
        elif growth.have + growth.adds + growth.may_add > limit:
            verdict.notes.append(
                f"The quota {title} ({code}) is {limit:g}: enough to begin with, but the region may grow to "
                f"{growth.have + growth.adds + growth.may_add}"
            )


def _limit(aws: Aws, name: str) -> float | str:
    """Return a quota's value, or why it cannot be known: that is no reason to stop."""
    service, code, _title = QUOTAS[name]
    try:
        answer = aws.call("service-quotas", "get_service_quota", ServiceCode=service, QuotaCode=code)
    except ApiError as exc:
        return str(exc)
    return float(answer["Quota"]["Value"])
