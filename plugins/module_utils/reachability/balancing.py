# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A load balancer in between: its listener, the rule for the name, and from its interfaces to each target.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-listeners.html
https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
"""

from __future__ import annotations

from ansible_collections.cloister.aws.plugins.module_utils.reachability import rules, targets
from ansible_collections.cloister.aws.plugins.module_utils.reachability.endpoints import Place
from ansible_collections.cloister.aws.plugins.module_utils.reachability.snapshot import Region, Thing
from ansible_collections.cloister.aws.plugins.module_utils.reachability.verdict import Step, broken, passed
from ansible_collections.cloister.aws.plugins.module_utils.reachability.way import Left

OVER = {"UDP": ("udp",), "TCP_UDP": ("tcp", "udp"), "QUIC": ("udp",), "TCP_QUIC": ("tcp", "udp")}
"""What listeners' protocols run over, where it is not TCP alone."""
STANDING = ("active", "active_impaired")


def balancer_of(region: Region, place: Place) -> Thing | None:
    """Return the load balancer that a place belongs to."""
    if place.balancer:
        return region.get("load_balancers", place.balancer)
    described = str((place.interface or {}).get("Description") or "")
    for balancer in region.all("load_balancers"):
        if described == f"ELB {str(balancer.get('LoadBalancerArn') or '').rpartition(':loadbalancer/')[2]}":
            return balancer
    return None


def runs_over(listener: Thing) -> tuple[str, ...]:
    """Return the transport protocols of a listener."""
    return OVER.get(str(listener.get("Protocol")), ("tcp",))


def through(region: Region, left: Left, balancer: Thing, name: str, port: int, protocol: str) -> list[Step]:
    """Return what a request meets from the listener of a load balancer to its targets."""
    arn = balancer.get("LoadBalancerArn")
    who, state = region.called("load_balancers", arn), (balancer.get("State") or {}).get("Code", "active")
    steps = []
    if state not in STANDING:
        steps.append(broken("balancer-not-active", f"{who} is {state}", "wait until it is active", arn))
    listeners = list(balancer.get("Listeners") or ())
    fitting = [one for one in listeners if one.get("Port") == port and protocol in runs_over(one)]
    if not fitting:
        has = ", ".join(f"{one.get('Port')} ({one.get('Protocol')})" for one in listeners) or "no port at all"
        fix = "add the port to listeners in load_balancers_defined, or use one that it listens on"
        return [*steps, broken("no-listener", f"{who} listens on {has} and not on {port}/{protocol}", fix, arn)]
    listener = fitting[0]
    steps.append(passed("tcp", f"{who} listens on {port} ({listener.get('Protocol')})", listener.get("ListenerArn")))
    if listener.get("Protocol") in ("HTTPS", "TLS"):
        shown = ", ".join(str(one.get("CertificateArn")) for one in listener.get("Certificates") or ())
        steps.append(passed("tls", f"{who} ends TLS on {port} with {shown or 'a certificate'}"))
    chosen = rules.choose(listener, name)
    step = rules.step(region, listener, name, chosen)
    steps += [step] if step else []
    for arn in chosen.target_groups:
        steps += targets.judge(region, left, balancer, arn, protocol)
    return steps
