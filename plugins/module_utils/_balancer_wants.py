# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From entries of ``load_balancers_defined`` to balancers, listeners, rules and records as the engine wants them."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils import _listener_forms as forms
from ansible_collections.cloister.aws.plugins.module_utils._doors import TLS
from ansible_collections.cloister.aws.plugins.module_utils._elb import check_name
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.module_utils._kind import Want
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._unknown import unknown
from ansible_collections.cloister.aws.plugins.module_utils.kinds import elastic_ip
from ansible_collections.cloister.aws.plugins.module_utils.kinds.elastic_ip import ElasticIp
from ansible_collections.cloister.aws.plugins.module_utils.kinds.load_balancer import LoadBalancer
from ansible_collections.cloister.aws.plugins.module_utils.kinds.security_group import SecurityGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.subnet import Subnet
from ansible_collections.cloister.aws.plugins.module_utils.kinds.target_group import TargetGroup

Entry = t.Mapping[str, t.Any]
WEB_ONLY = ("idle_timeout_seconds", "drop_invalid_headers", "desync_mitigation")
NETWORK_ONLY = ("cross_zone", "private_link_rules")


def addresses(balancers: t.Iterable[Entry], names: Names) -> list[Want]:
    """Return the wishes for the Elastic IPs that balancers have and others have not lent us: they are always kept."""
    parts = sorted({part for balancer in balancers for part in balancer["addresses"].values()})
    return [
        elastic_ip.want({"name": part, "keep": True, "pool": None, "tags": {}})
        for part in parts
        if not names.adopted(ElasticIp, part)
    ]


def balancer(entry: Entry, names: Names, region: str, allocations: t.Mapping[str, str]) -> Want:
    """Return the wish for a load balancer; ``allocations`` are the ids of Elastic IPs by name."""
    part, network = entry["name"], entry["type"] == "network"
    where = f"load balancer {part}"
    check_name(LoadBalancer.noun, region, part)
    if bool(entry["subnets"]) == bool(entry["addresses"]) or (entry["addresses"] and not network):
        raise InputError(f"{where}: give subnets or, for a network one, addresses by subnet")
    if not entry["security_groups"]:
        raise InputError(f"{where}: give it security groups; a network one can only get them when it is made")
    subnets = list(entry["addresses"] or entry["subnets"])
    zones = _zones(subnets, names)
    _check_zones(where, zones, len(subnets), network)
    fields = {
        "type": entry["type"],
        "scheme": entry["scheme"],
        "subnets": names.ids(Subnet, subnets),
        "security_groups": names.ids(SecurityGroup, entry["security_groups"]),
        "deletion_protection": entry["deletion_protection"],
        "access_logs": entry["access_logs"],
        **{key: entry[key] for key in (NETWORK_ONLY if network else WEB_ONLY)},
    }
    if network:
        said = entry["addresses"].items()
        fields["addresses"] = {names.id(Subnet, subnet): _allocation(name, allocations) for subnet, name in said}
    return Want(part, fields, create={"zones": {names.id(Subnet, name): zone for name, zone in zones.items()}})


def _allocation(name: str, allocations: t.Mapping[str, str]) -> str:
    return allocations.get(name) or unknown(ElasticIp.noun, name)


def _zones(subnets: t.Iterable[str], names: Names) -> dict[str, str]:
    """Return the zones of those subnets that are ours and exist, by name."""
    ours = [name for name in subnets if not names.adopted(Subnet, name)]
    found = {name: names.found(Subnet, name) for name in ours}
    return {name: there.raw["AvailabilityZone"] for name, there in found.items() if there}


def _check_zones(where: str, zones: t.Mapping[str, str], subnets: int, network: bool) -> None:
    for name, zone in zones.items():
        other = next((one for one in zones if one != name and zones[one] == zone), None)
        if other:
            raise InputError(f"{where}: {other} and {name} are both in {zone}; it takes one subnet in each zone")
    if not network and subnets < 2:
        raise InputError(f"{where}: an application load balancer takes subnets in at least two zones")


def listeners(balancers: t.Iterable[Entry], names: Names, certificate: t.Callable[[str], str]) -> list[Want]:
    """Return the wishes for all listeners; ``certificate`` gives ARNs by name."""
    return [_listener(entry, said, names, certificate) for entry in balancers for said in entry["listeners"]]


def _listener(entry: Entry, said: Entry, names: Names, certificate: t.Callable[[str], str]) -> Want:
    part = listener_part(entry, said)
    tls = said["protocol"] in TLS
    if tls != bool(said["certificates"]):
        right = "needs certificates" if tls else "takes no certificates"
        raise InputError(f"listener {part}: a listener for {said['protocol']} {right}")
    arns = [certificate(name) for name in said["certificates"]]
    fields = {
        "protocol": said["protocol"],
        "action": forms.action_wanted(f"listener {part}", said, lambda name: names.id(TargetGroup, name)),
        "tls_policy": said["tls_policy"] if tls else None,
        "certificate": arns[0] if arns else None,
        "more_certificates": sorted({*arns[1:]} - {*arns[:1]}),
    }
    return Want(part, fields, create={"load_balancer": names.id(LoadBalancer, entry["name"]), "port": said["port"]})


def listener_part(entry: Entry, said: Entry) -> str:
    """Return a listener's logical name."""
    return f"{entry['name']}:{said['port']}"


def rules(balancers: t.Iterable[Entry], names: Names, ids: t.Mapping[str, str]) -> list[Want]:
    """Return the wishes for all rules; ``ids`` are those of the listeners by part."""
    wanted = []
    for entry in balancers:
        for said in entry["listeners"]:
            part = listener_part(entry, said)
            seen: dict[int, str] = {}
            for rule in said["rules"]:
                wanted.append(_rule(part, rule, names, ids[part]))
                other = seen.setdefault(rule["priority"], rule["name"])
                if other != rule["name"]:
                    raise InputError(
                        f"listener {part}: {other} and {rule['name']} both have priority {rule['priority']}"
                    )
    return wanted


def _rule(listener: str, rule: Entry, names: Names, arn: str) -> Want:
    part = f"{listener}/{rule['name']}"
    conditions = forms.conditions_wanted(rule)
    if not conditions:
        raise InputError(
            f"listener rule {part}: say which requests it means: hosts, paths, methods, headers or source_cidrs"
        )
    fields = {
        "priority": rule["priority"],
        "conditions": conditions,
        "action": forms.action_wanted(f"listener rule {part}", rule, lambda name: names.id(TargetGroup, name)),
    }
    return Want(part, fields, create={"listener": arn})


def records(balancers: t.Iterable[Entry], names: Names) -> list[dict[str, t.Any]]:
    """Return entries of ``dns_records`` that lead to the balancers, left out of answers while these are not well.

    A record that lists addresses itself leads to them as it says.
    """
    listed = []
    for entry in balancers:
        aliased = [record for record in entry["records"] if not (record["values"] or record["multivalue"])]
        found = names.found(LoadBalancer, entry["name"]) if aliased else None
        marker = unknown(LoadBalancer.noun, entry["name"])
        alias = {
            "dns_name": found.raw["DNSName"] if found else marker,
            "zone_id": found.raw["CanonicalHostedZoneId"] if found else marker,
            "evaluate_target_health": True,
        }
        for record in entry["records"]:
            listed.append({**record, "type": "A", "alias": alias if record in aliased else None})
    return listed
