# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Load balancers as a configuration of HAProxy.

A listener is a frontend in each zone. A target group is, in each zone, a backend whose targets are checked, and one of
the same targets unchecked, for when none is healthy anywhere: AWS calls that failing open.
https://docs.haproxy.org/3.0/configuration.html
"""

from __future__ import annotations

import hashlib
import typing as t

from lab.embedded_aws import collection  # noqa: F401 - what follows is found by it

# isort: split
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import Thing, tags_of

from lab.plane import filters, http_rules
from lab.plane.container import FOLDER
from lab.plane.engine import ADMIN, STATE, Servers
from lab.plane.fleet import Member
from lab.plane.world import EVERY_ZONE, Balancer, Foot, Group, World

# Descriptors are few where machines of this size run: a connection wants two, and an old process keeps its own.
MOST_CONNECTIONS = 8000
SECURE = ("HTTPS", "TLS")
FASTEST_CHECK_MS, SHORTEST_TIMEOUT_MS = 200, 1000
BEGIN = f"""global
    maxconn {MOST_CONNECTIONS}
    nbthread 2
    stats socket {FOLDER}/{ADMIN} mode 600 level admin expose-fd listeners
    server-state-file {FOLDER}/{STATE}
    ssl-default-bind-options ssl-min-ver TLSv1.2
    hard-stop-after 2h

defaults
    load-server-state-from-file global
    timeout connect 10s
    timeout client 350s
    timeout server 350s
    timeout tunnel 1h
    retries 0
"""
ALGORITHMS = {"least_outstanding_requests": "leastconn", "weighted_random": "random(1)"}
# Words of a stream are passed on as they come, which HAProxy would hold back for up to 200 ms to fill packets:
# https://docs.haproxy.org/2.6/configuration.html#4-option%20http-no-delay
AT_ONCE = "option http-no-delay"
ENDS_UNHEALTHY = "target_health_state.unhealthy.connection_termination.enabled"


def frame(world: World) -> str:
    """The configuration without servers; `# servers` stands where they will be."""
    by_arn = {one.arn: one for one in world.groups}
    parts = [BEGIN]
    for balancer in world.balancers:
        for listener in _listeners(balancer):
            for index, foot in enumerate(balancer.feet):
                parts.append(_frontend(world, by_arn, balancer, listener, foot, index == 0))
    for group in world.groups:
        for foot in group.balancer.feet:
            parts += [_backend(group, _to(group, foot), _checking(group)), _backend(group, _open(group, foot), [])]
    return "\n".join(parts)


def servers(world: World, members: t.Iterable[Member], hurry: float) -> Servers:
    """Servers of each backend."""
    found: Servers = {}
    standing = {one.arn for one in world.groups}
    for member in members:
        group, target = member.group, member.target
        if group.arn not in standing:
            continue
        for foot in feet(member):
            sent = _sent(member, foot)
            found.setdefault(_to(group, foot), {})[target.name] = f"{sent} {_checked(member, hurry)}"
            found.setdefault(_open(group, foot), {})[target.name] = sent
    return found


def feet(member: Member) -> list[Foot]:
    """Where its load balancer sends to it from: its own zone, or all of them."""
    group, zone = member.group, member.target.zone
    return [one for one in group.balancer.feet if group.cross_zone or zone in (one.zone, EVERY_ZONE)]


def checked(member: Member) -> list[str]:
    """A member where it is checked: backend/server."""
    return [f"{_to(member.group, one)}/{member.target.name}" for one in feet(member)]


def unchecked(member: Member) -> list[str]:
    """A member where requests go by when none is healthy: backend/server."""
    return [f"{_open(member.group, one)}/{member.target.name}" for one in feet(member)]


def crt_list(listener: Thing, certificates: t.Mapping[str, t.Any]) -> list[str]:
    """ARNs of a listener's certificates, the default one first; those that are there."""
    named = [str(one["CertificateArn"]) for one in listener.get("Certificates") or ()]
    named += [str(one) for one in listener.get("MoreCertificates") or ()]
    return [one for one in dict.fromkeys(named) if one in certificates]


def groups_of(listener: Thing) -> list[str]:
    """ARNs of where a listener without rules forwards to."""
    actions = [one for one in listener.get("DefaultActions") or () if one.get("Type") == "forward"]
    return [str(one["TargetGroupArn"]) for action in actions for one in http_rules.groups_of(action)]


def whole(certificate: t.Mapping[str, str]) -> str:
    """A certificate with its chain and key, as HAProxy reads it."""
    return "".join(f"{certificate[part].strip()}\n" for part in ("certificate", "chain", "private_key"))


def file_of(arn: str, certificate: t.Mapping[str, str]) -> str:
    """The file of a certificate in the plane's folder; another one once there is another under its ARN."""
    digest = hashlib.sha256(whole(certificate).encode()).hexdigest()[:12]
    return f"certificates/{arn.rpartition('/')[2]}-{digest}.pem"


def _to(group: Group, foot: Foot) -> str:
    return f"to:{group.key}:{foot.zone}"


def _open(group: Group, foot: Foot) -> str:
    return f"open:{group.key}:{foot.zone}"


def _listeners(balancer: Balancer) -> list[Thing]:
    return [one for one in balancer.listeners if one.get("Protocol") != "UDP"]


def _inner(balancer: Balancer, port: int) -> str:
    """Where an application load balancer listens for a network one: in the plane, with the client's address told."""
    return f"abns@{balancer.key}.{port}"


def _frontend(
    world: World, groups: dict[str, Group], balancer: Balancer, listener: Thing, foot: Foot, first: bool
) -> str:
    port, said = int(listener["Port"]), str(listener["Protocol"])
    held = world.certificates
    certificates = [f"{FOLDER}/{file_of(arn, held[arn])}" for arn in crt_list(listener, held)]
    if said in SECURE and not certificates:
        return f"# {balancer.key}:{port} has no certificate"
    secure = f" ssl {' '.join(f'crt {one}' for one in certificates)}" if certificates else ""
    secure += " alpn h2,http/1.1" if secure and not balancer.network else ""
    found = [f"bind {address}:{port}{secure}" for address in foot.addresses]
    if first and not balancer.network and _is_target(groups.values(), balancer, port):
        found.append(f"bind {_inner(balancer, port)} accept-proxy{secure}")

    def backend(arn: str) -> list[tuple[str, str]]:
        group = groups.get(arn)
        if group is None:
            return []
        none = "".join(f" {{ nbsrv({_to(group, one)}) eq 0 }}" for one in balancer.feet)
        return [(_open(group, foot), none), (_to(group, foot), "")]

    if balancer.network:
        found = ["mode tcp", *found, *_network(world, groups, listener, backend)]
    else:
        idle = balancer.attributes.get("idle_timeout.timeout_seconds", "60")
        found = [
            "mode http",
            AT_ONCE,
            *found,
            f"timeout client {idle}s",
            *http_rules.lines(listener, balancer.attributes, backend),
        ]
    return "\n    ".join([f"frontend {balancer.key}:{port}:{foot.zone}", *found]) + "\n"


def _network(
    world: World, groups: dict[str, Group], listener: Thing, backend: t.Callable[[str], list[tuple[str, str]]]
) -> list[str]:
    attributes = tags_of({"Tags": listener.get("Attributes")})
    found = [f"timeout client {attributes.get('tcp.idle_timeout.seconds', '350')}s"]
    actions = [one for one in listener.get("DefaultActions") or () if one.get("Type") == "forward"]
    for action in actions:
        named = http_rules.groups_of(action)
        for one in named:
            found += _admission(world, groups.get(str(one["TargetGroupArn"])))
        if len(named) > 1:
            found.append(f"tcp-request connection set-var({'sess.dice'}) rand(1000)")
        for arn, below in http_rules.weighted(named):
            chosen = f" {{ var(sess.dice) -m int lt {below} }}" if len(named) > 1 else ""
            found += [f"use_backend {name} if TRUE{chosen}{condition}" for name, condition in backend(arn)]
    return found


def _admission(world: World, group: Group | None) -> list[str]:
    """What the groups of an application load balancer behind a network one say: inside the plane no filter sees it."""
    if group is None or group.kind != "alb":
        return []
    inner = [one for one in world.balancers for target in group.targets if one.arn == target.id]
    found = []
    for balancer in inner:
        ranges = filters.sources(world.region, balancer.groups, int(group.targets[0].port))
        named = filters.names_one_of(world.region, balancer.groups, int(group.targets[0].port), group.balancer.groups)
        if not named:
            found.append(f"tcp-request connection silent-drop unless {{ src {' '.join(ranges) or '255.255.255.255'} }}")
    return found


def _is_target(groups: t.Iterable[Group], balancer: Balancer, port: int) -> bool:
    return any(target.id == balancer.arn and target.port == port for one in groups for target in one.targets)


def _checking(group: Group) -> list[str]:
    check = group.check
    timeout = max(SHORTEST_TIMEOUT_MS, int(check.get("HealthCheckTimeoutSeconds") or 10) * 1000)
    if str(check.get("HealthCheckProtocol")) not in ("HTTP", "HTTPS") or group.version == "GRPC":
        return [f"timeout check {timeout}ms"]
    path = http_rules.quoted(str(check.get("HealthCheckPath") or "/"))
    return [
        f"timeout check {timeout}ms",
        "option httpchk",
        f"http-check send meth GET uri {path} ver HTTP/1.1 hdr Host localhost hdr User-Agent ELB-HealthChecker/2.0",
        f"http-check expect status {(check.get('Matcher') or {}).get('HttpCode') or '200'}",
    ]


def _backend(group: Group, name: str, checking: list[str]) -> str:
    if group.balancer.network:
        sticky = group.attributes.get("stickiness.enabled") == "true"
        balance = ["balance source", "hash-type consistent"] if sticky else ["balance roundrobin"]
        lines = ["mode tcp", *balance]
    else:
        lines = ["mode http", AT_ONCE, *_application(group)]
    return "\n    ".join([f"backend {name}", *lines, *checking, "# servers"]) + "\n"


def _application(group: Group) -> list[str]:
    attributes = group.attributes
    said = attributes.get("load_balancing.algorithm.type", "")
    idle = group.balancer.attributes.get("idle_timeout.timeout_seconds", "60")
    found = [f"balance {ALGORITHMS.get(said, 'roundrobin')}", f"timeout server {idle}s"]
    if attributes.get("stickiness.enabled") != "true":
        return found
    if attributes.get("stickiness.type", "lb_cookie") == "lb_cookie":
        return [*found, "cookie AWSALB insert indirect nocache dynamic", f"dynamic-cookie-key {group.key}"]
    cookie = attributes["stickiness.app_cookie.cookie_name"]
    found += ["stick-table type string len 128 size 10k expire 1d", f"stick match req.cook({cookie})"]
    return [*found, f"stick store-response res.cook({cookie})"]


def _checked(member: Member, hurry: float) -> str:
    group, check = member.group, member.group.check
    interval = max(FASTEST_CHECK_MS, round(int(check.get("HealthCheckIntervalSeconds") or 30) * 1000 / hurry))
    rise, fall = check.get("HealthyThresholdCount") or 5, check.get("UnhealthyThresholdCount") or 2
    said = f"check inter {interval}ms rise {rise} fall {fall}"
    # Where a port is said, checks have neither TLS nor PROXY's header unless that is said too.
    said += f" port {group.check_port or member.target.port}"
    said += f" addr {member.target.address}" if group.kind == "alb" else ""
    if check.get("HealthCheckProtocol") == "HTTPS":
        said += " check-ssl" + ("" if group.protocol in SECURE else " verify none")
    # Health checks have the header too, at whatever port:
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/network/edit-target-group-attributes.html#proxy-protocol
    said += " check-send-proxy" if _proxied(group) else ""
    ends = group.balancer.network and group.attributes.get(ENDS_UNHEALTHY, "true") == "true"
    return said + (" on-marked-down shutdown-sessions" if ends else "")


def _sent(member: Member, foot: Foot) -> str:
    group, target = member.group, member.target
    if group.kind == "alb":
        name = ".".join(target.id.split("/")[-2:])
        return f"abns@{name}.{target.port} send-proxy-v2 source {foot.private}"
    said = f"{target.address}:{target.port}"
    said += " send-proxy-v2" if _proxied(group) else ""
    said += " ssl verify none" if group.protocol in SECURE else ""
    said += " proto h2" if group.version in ("HTTP2", "GRPC") and group.protocol == "HTTP" else ""
    said += " alpn h2" if group.version in ("HTTP2", "GRPC") and group.protocol == "HTTPS" else ""
    return said + f" source {foot.private}" + (" usesrc clientip" if group.keeps_client else "")


def _proxied(group: Group) -> bool:
    return group.attributes.get("proxy_protocol_v2.enabled") == "true"
