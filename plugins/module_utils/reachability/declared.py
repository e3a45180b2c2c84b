# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The ways in that were found, beside those that the inventory declares public."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils.reachability.exposure import Exposed, exposed
from ansible_collections.cloister.aws.plugins.module_utils.reachability.flow import INTERNET, reach
from ansible_collections.cloister.aws.plugins.module_utils.reachability.openings import ANYBODY
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import Snapshot, part_of

UNTIL_THE_BALANCER = ("dns", "route", "security_group", "network_acl", "tcp")


class Declared(t.TypedDict):
    """A listener that the inventory calls public: ``load_balancer`` is a logical name."""

    load_balancer: str
    port: int
    protocol: str


class Comparison(t.TypedDict):
    """Every way in; those not declared, each with ``advice``; those declared and closed, each with ``why``."""

    entrances: list[dict[str, t.Any]]
    undeclared: list[dict[str, t.Any]]
    closed: list[dict[str, t.Any]]


def compare(snapshot: Snapshot, region_name: str, declared: t.Sequence[Declared]) -> Comparison:
    """Return what the internet finds of a region beside what it is meant to find."""
    found = exposed(snapshot)
    meant = [(one, _declaration(one, region_name, declared)) for one in found]
    return {
        "entrances": [{**one.told(), "declared": said is not None} for one, said in meant],
        "undeclared": [{**one.told(), "advice": _advice(one, region_name)} for one, said in meant if said is None],
        "closed": [
            {**one, "why": _why(snapshot, one)} for one in declared if one not in [said for _one, said in meant if said]
        ],
    }


def _declaration(one: Exposed, region_name: str, declared: t.Sequence[Declared]) -> Declared | None:
    if one.kind != "load balancer" or one.region != region_name:
        return None
    for said in declared:
        if (said["load_balancer"], said["protocol"], str(said["port"])) == (one.part, one.protocol, *one.ports):
            return said
    return None


def _advice(one: Exposed, region_name: str) -> str:
    """What to do about a way in that nobody declared."""
    who = ", ".join(one.open_to)
    if one.region != region_name:
        return f"nothing of region {region_name} made it: ask its owner, or have it taken out of the region's VPC"
    if one.kind == "load balancer":
        return (
            f"if the internet may use it, say exposure: public at listener {', '.join(one.ports)} of {one.part} in "
            f"load_balancers_defined; else take {who} out of the ingress of its group in security_groups_defined, or "
            "give the load balancer scheme: internal"
        )
    if one.kind == "endpoint service":
        return "name the accounts that may connect instead of *"
    where = "everybody" if set(one.open_to) & set(ANYBODY) else who
    return f"move it to a private subnet, or take {where} out of the ingress of its group in security_groups_defined"


def _why(snapshot: Snapshot, said: Declared) -> str:
    """Why a declared listener is not reached."""
    for balancer in snapshot.get("load_balancers", []):
        if part_of(balancer) == said["load_balancer"]:
            steps = reach(snapshot, INTERNET, str(balancer.get("DNSName")), said["port"], said["protocol"]).steps
            broken = [step.said for step in steps if not step.ok and step.stage in UNTIL_THE_BALANCER]
            return broken[0] if broken else f"{said['load_balancer']} is {balancer.get('Scheme')}"
    return f"load balancer {said['load_balancer']} does not stand: run the stack that makes it"
