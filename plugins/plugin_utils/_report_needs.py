# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a person needs to know of a region that stands: its names, what serves, ids and addresses, what runs out."""

from __future__ import annotations

import typing as t

Member = t.Mapping[str, t.Any]

WIDTH = 34
FOR_LISTS = "(for partners' allow-lists)"


def needed(members: t.Sequence[Member]) -> t.Iterator[str]:
    """Yield the lines about what stands; none when there is nothing to tell."""
    standing = [member for member in members if member["action"] != "remove"]
    yield from _names(standing)
    for kind, tell in _TELLING.items():
        for member in standing:
            if member["kind"] == kind and (text := tell(member)):
                yield _line(f"{kind} {member['part']}", text)
    # Elastic IPs of a stack that has load balancers are theirs, and stay when those are rebuilt.
    balanced = {member["stack"] for member in standing if member["kind"] == "load balancer"}
    ingress = sorted(
        member["shows"]["public_ip"]
        for member in standing
        if member["kind"] == "Elastic IP" and member["stack"] in balanced and member["shows"].get("public_ip")
    )
    if ingress:
        yield _line("partners reach the region at", f"{', '.join(ingress)}  {FOR_LISTS}")
    egress = sorted(
        member["shows"]["public_ip"]
        for member in standing
        if member["kind"] == "NAT gateway" and member["shows"].get("public_ip")
    )
    if egress:
        yield _line("calls leave the region from", f"{', '.join(egress)}  {FOR_LISTS}")


def _names(standing: t.Iterable[Member]) -> t.Iterator[str]:
    """The names of load balancers and the like, apart for clients outside and for services inside."""
    standing = list(standing)
    private = {member["id"]: _is_private(member) for member in standing if member["kind"] == "hosted zone"}
    told: dict[str, list[str]] = {"public names": [], "inner names": [], "names": []}
    for member in standing:
        if member["kind"] == "records":
            inner = private.get(member["id"])
            label = "names" if inner is None else "inner names" if inner else "public names"
            told[label] += member["shows"].get("names", ())
    for label, names in told.items():
        if names:
            yield _line(label, ", ".join(sorted(names)))


def _is_private(zone: Member) -> bool:
    return not zone["shows"].get("name_servers")


def _by_id(member: Member) -> str:
    extra = "  ".join(f"{key} {_plain(value)}" for key, value in member["shows"].items() if value)
    return f"{member['id']}  {extra}".rstrip()


def _balancer(member: Member) -> str:
    return str(member["shows"].get("dns_name") or member["id"])


def _service(member: Member) -> str:
    shows = member["shows"]
    text = f"{shows.get('running', 0)} of {shows.get('desired', 0)} tasks run"
    return f"{text}  webhooks to {shows['callback_url']}" if shows.get("callback_url") else text


def _database(member: Member) -> str:
    shows = member["shows"]
    if not shows.get("endpoint"):
        return str(member["id"])
    rest = "".join(f"  {key}: {_plain(value)}" for key, value in shows.items() if key not in ("endpoint", "port"))
    return f"{shows['endpoint']}:{shows['port']}{rest}"


def _pool(member: Member) -> str:
    shows = member["shows"]
    text = f"machines {shows.get('machines', 'unknown')}"
    return f"{text}  {shows['capacity']}" if shows.get("capacity") else text


def _expiring(member: Member) -> str:
    shows = member["shows"]
    if not shows.get("expires"):
        return str(shows.get("status", ""))
    days = f", in {shows['days']} days" if "days" in shows else ""
    return f"valid until {shows['expires']}{days}"


def _plain(value: t.Any) -> str:
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)


def _line(label: str, text: str) -> str:
    return f"  {label:<{WIDTH}} {text}".rstrip()


_TELLING: dict[str, t.Callable[[Member], str]] = {
    "ECS service": _service,
    "load balancer": _balancer,
    "DB instance": _database,
    "Auto Scaling group": _pool,
    "certificate": _expiring,
    "private CA": _expiring,
    "repository": lambda member: str(member["shows"].get("uri") or member["id"]),
    "VPC": _by_id,
    "Elastic IP": _by_id,
    "hosted zone": _by_id,
    "instance profile": _by_id,
}
"""Kinds that are told one by one, in this order."""
