# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an edge sends and what the proxies behind it expect are the same: ports, health check, clients' addresses.

The one is a stack's, the other its machines': neither's own specification sees both.
"""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils import _edge as edge
from ansible_collections.cloister.aws.plugins.plugin_utils.spec import edges
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.problems import Problem, shown
from ansible_collections.cloister.aws.plugins.plugin_utils.spec.region import Item, Region

Said = t.Mapping[str, t.Any]
ROLE = "proxy"
# The role's defaults.
USUAL = {
    "proxy_client_address": "connection",
    "proxy_health_port": 8081,
    "proxy_https_port": 443,
    "proxy_http_port": 80,
    "proxy_redirect_enabled": True,
}
TELLS = {"preserved": "connection", "proxy_protocol": "proxy_protocol"}


def rules(
    region: Region, kits: t.Mapping[str, t.Sequence[str]], written: t.Callable[..., Said], file: t.Callable[[str], str]
) -> t.Iterator[Problem]:
    """Yield what does not fit; ``written`` gives nodes' untemplated variables by groups, ``file`` where they lie."""
    for stack in region.stacks:
        said = edges.of(stack)
        if said is None or said["mode"] != edge.NGINX:
            continue
        for pool in region.items("pools_defined"):
            role = pool.text("role")
            if ROLE in kits.get(role, ()):
                mine = {**USUAL, **written(f"role_{role}", f"pool_{pool.name.replace('-', '_')}")}
                yield from _unlike(stack.name, said, pool, mine, f"role_{role}", file(f"role_{role}"))


def _unlike(stack: str, said: Said, pool: Item, mine: Said, group: str, file: str) -> t.Iterator[Problem]:
    served = set(map(str, pool.get("target_groups") or ()))
    listeners = [one for one in said["listeners"] if edge.group_name(said, one) in served]
    if not listeners:
        return
    health = {**edge.HEALTH, **said["health_check"]}["port"]
    wanted = {"proxy_client_address": TELLS[said["client_address"]], "proxy_health_port": health}
    for name, right in wanted.items():
        if _plain(mine[name]) and str(mine[name]) != str(right):
            found = f"{shown(mine[name])}, and stack {stack} before these machines has {right}."
            yield Problem(group, (name,), found, str(right), file)
    ports = {str(mine[name]) for name in ("proxy_https_port", "proxy_http_port") if _plain(mine[name])}
    for one in listeners if len(ports) > 1 else ():
        port = str(one.get("target_port") or one["port"])
        if port not in ports:
            found = f"These machines listen on {' and '.join(sorted(ports))}, and stack {stack} sends to {port}."
            yield Problem(
                group, ("proxy_https_port",), found, f"a port {port} here, or another target_port there", file
            )
    yield from _astray(stack, listeners, mine, group, file)


def _astray(stack: str, listeners: list[Said], mine: Said, group: str, file: str) -> t.Iterator[Problem]:
    """Clients who come without TLS are sent to a port that the edge has."""
    outside = {str(one.get("target_port") or one["port"]): one["port"] for one in listeners}
    right = outside.get(str(mine["proxy_https_port"]))
    leads = mine.get("proxy_redirect_port", mine["proxy_https_port"])
    comes = mine["proxy_redirect_enabled"] is True and str(mine["proxy_http_port"]) in outside
    if comes and right is not None and _plain(leads) and str(leads) != str(right):
        found = f"Clients are sent to port {shown(leads)}, and stack {stack} takes HTTPS at {right}."
        yield Problem(group, ("proxy_redirect_port",), found, str(right), file)


def _plain(value: t.Any) -> bool:
    """Return whether it is a value, and no template that only a node can fill in."""
    return isinstance(value, int) or (isinstance(value, str) and "{{" not in value and "{%" not in value)
