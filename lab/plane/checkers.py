# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Route 53's health checks, made from one of its own addresses: whoever is to be asked has to let it in.

https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-determining-health-of-endpoints.html
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws import collection  # noqa: F401 - what follows is found by it

# isort: split
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import Thing

from lab.plane.http_rules import quoted
from lab.plane.places import CHECKER
from lab.plane.world import World

FASTEST_MS = 200
SERVER = "it"
# Four seconds to connect, two to answer.
TIMEOUT_MS = 4000


def made(world: World) -> list[Thing]:
    """Checks of public addresses of load balancers."""
    public = {foot.public for one in world.balancers for foot in one.feet if foot.public}
    checks = [one for one in world.region.all("health_checks") if one.get("IPAddress") in public]
    return [one for one in checks if not one.get("Disabled")]


def frame(checks: t.Sequence[Thing], hurry: float) -> str:
    """A backend for each, which nobody uses: it is there to be checked."""
    return "\n".join(_backend(one, hurry) for one in checks)


def found(
    world: World, checks: t.Sequence[Thing], rows: t.Mapping[str, t.Mapping[str, str]], answered: t.Collection[str]
) -> dict[str, bool]:
    """What was found so far, by address:port, of load balancers that have somebody behind them: `answered`, by ARN."""
    said = {}
    stands = {foot.public for one in world.balancers if one.arn in answered for foot in one.feet}
    for one in checks:
        row = rows.get(f"{_name(one)}/{SERVER}", {})
        if one["IPAddress"] in stands and row.get("check_status", "INI").lstrip("* ") != "INI":
            said[f"{one['IPAddress']}:{one['Port']}"] = row["status"].startswith("UP")
    return said


def _name(check: Thing) -> str:
    return f"checker:{check['Id']}"


def _backend(check: Thing, hurry: float) -> str:
    kind, name = str(check["Type"]), str(check.get("FullyQualifiedDomainName") or "")
    interval = max(FASTEST_MS, round(int(check.get("RequestInterval") or 30) * 1000 / hurry))
    times = int(check.get("FailureThreshold") or 3)
    lines = ["mode tcp", f"timeout check {TIMEOUT_MS}ms"]
    server = f"server {SERVER} {check['IPAddress']}:{check['Port']} check inter {interval}ms rise {times} fall {times}"
    if kind.startswith("HTTP"):
        path = quoted(str(check.get("ResourcePath") or "/"))
        lines += [
            "option httpchk",
            f"http-check send meth GET uri {path} ver HTTP/1.1 hdr Host {name or check['IPAddress']}",
        ]
        lines.append("http-check expect status 200-399")
    if kind.startswith("HTTPS"):
        server += " check-ssl verify none" + (f" check-sni {name}" if name and check.get("EnableSNI") else "")
    return "\n    ".join([f"backend {_name(check)}", *lines, f"{server} source {CHECKER}"]) + "\n"
