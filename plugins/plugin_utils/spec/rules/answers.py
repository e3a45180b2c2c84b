# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a name answers with: values, addresses one by one with health checks, and for how long it is remembered.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/resource-record-sets-values-multivalue.html,
https://docs.aws.amazon.com/Route53/latest/APIReference/API_HealthCheckConfig.html
"""

from __future__ import annotations

import re
import typing as t

from ansible_collections.cloister.aws.plugins.module_utils import _dns
from ansible_collections.cloister.aws.plugins.module_utils import _record_wants as record_wants
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import is_private, network
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, did_you_mean, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules import ways
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.rules.target_groups import between

MOST_SECONDS = 2147483647
LONGEST = 255
VALUES = {
    "A": "an IPv4 address, 10.0.1.5, or the name of an Elastic IP",
    "AAAA": "an IPv6 address, fd00::5",
    "CAA": 'flags, a word and a value, 0 issue "amazon.com"',
    "CNAME": "one full domain name, host.example.com",
    "MX": "a priority and a name, 10 mail.example.com",
    "NS": "a full domain name, ns1.example.com",
    "PTR": "a full domain name, host.example.com",
    "SRV": "priority, weight, port and name, 1 10 5269 host.example.com",
    "TXT": "up to 4000 Latin-1 characters",
}
FORMS = {
    "CAA": re.compile(r'\d{1,3} [a-z]+ "[^"]*"'),
    "MX": re.compile(r"\d{1,5} \S+"),
    "SRV": re.compile(r"(\d{1,5} ){3}\S+"),
}


def answers(record: Item, kind: str, region: Region, balancers: bool) -> t.Iterator[Problem]:
    """Yield what is wrong with what a record of a type says, but for its alias.

    ``balancers``: it is made after load balancers, so their addresses are there.
    """
    listed, several = record.get("values", []), record.get("multivalue", [])
    if listed and several:
        yield record.problem("multivalue", "The record has values too.", "either values or multivalue")
    if kind == "CNAME" and isinstance(listed, list) and len(listed) > 1:
        yield record.problem("values", f"{len(listed)} values, and a CNAME has one.", "one value")
    for value in record.items("values"):
        yield from _value(value, None, kind, value.value, region, balancers)
    if several and kind not in record_wants.ONE_BY_ONE:
        right = f"type {' or '.join(record_wants.ONE_BY_ONE)}, or values"
        yield record.problem("multivalue", f"It lists addresses, and a record of type {kind} has none.", right)
    seen: set[str] = set()
    for answer in record.items("multivalue"):
        address = answer.text("address")
        if kind in record_wants.ONE_BY_ONE and address:
            yield from _value(answer, "address", kind, address, region, balancers)
        if address and address in seen:
            yield answer.problem("address", f"{address} is listed twice.", "each address once")
        seen.add(address)
        if answer.get("health_check"):
            yield from _check(answer.child("health_check"), record, address)
    yield from between(record, "ttl_seconds", 0, MOST_SECONDS, "time to live")


def _value(
    item: Item, key: str | None, kind: str, value: t.Any, region: Region, balancers: bool
) -> t.Iterator[Problem]:
    if kind == "A" and record_wants.is_name(str(value)):
        known, all_known = _elastic_ips(region)
        later = _of_balancers(region)
        if str(value) in later - known and not balancers:
            found = f"{value} is a load balancer's, which is made after these names."
            yield item.problem(key, found, "edge_names, or records of that load balancer")
            return
        known |= later if balancers else set()
        if str(value) not in known and all_known:
            right = did_you_mean(value, known) or f"{VALUES['A']}: {', '.join(sorted(known)) or 'there are none'}"
            yield item.problem(key, f"There is no Elastic IP called {shown(value)}.", right)
        return
    try:
        _dns.values_wanted(kind, [str(value)])
        fits = kind not in FORMS or bool(FORMS[kind].fullmatch(str(value)))
    except InputError:
        fits = False
    if not fits:
        right = VALUES.get(kind, f"a value for type {kind}")
        yield item.problem(key, f"{shown(value)} is no value for type {kind}.", right)


def _elastic_ips(region: Region) -> tuple[set[str], bool]:
    """Return the names of the Elastic IPs that are there before names, and whether they are all of them."""
    known = set(region.adopted("Elastic IP"))
    try:
        for stack in region.stacks:
            if stack.values.get("network_vpcs"):
                known |= {one["name"] for one in ways.network(stack, region)["elastic_ips"]}
    except (InputError, AttributeError, KeyError, TypeError, ValueError):
        return known, False  # the network is broken itself, which is told where it is
    return known, True


def _of_balancers(region: Region) -> set[str]:
    """Return the names of the Elastic IPs of load balancers, edges among them."""
    listed = [balancer.get("addresses", {}) for balancer in region.items("load_balancers_defined")]
    return {str(name) for addresses in listed if isinstance(addresses, t.Mapping) for name in addresses.values()}


def _check(check: Item, record: Item, address: str) -> t.Iterator[Problem]:
    web = check.text("protocol", "TCP") != "TCP"
    found = network(address)
    if found is not None and is_private(found):
        told = f"Route 53 asks over the internet, where there is no {address}."
        yield check.problem(None, told, "no health check for an address inside")
    yield from between(check, "port", 1, 65535, "port")
    yield from between(check, "failure_threshold", 1, 10, "number of answers in a row")
    for key in [key for key in ("path", "host") if check.text(key) and not web]:
        yield check.problem(key, f"TCP asks for no {key}.", f"protocol: HTTPS, or no {key}")
    path, host = check.text("path"), check.text("host")
    if web and path and (path[0] != "/" or len(path) > LONGEST):
        yield check.problem("path", f"{shown(path)} is no path.", f"/health, of {LONGEST} characters at most")
    if web and host and not _dns.is_domain(host):
        yield check.problem("host", f"{shown(host)} is not a full domain name.", "the name that clients use")
    if web and not host and record.text("name").startswith("*"):
        yield check.problem(None, "It does not say which of all these names to ask for.", "host: a full domain name")
