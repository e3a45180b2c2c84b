# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Listeners: made, listed, changed, deleted.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateListener.html
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.limits import current as limits
from lab.embedded_aws.truth.elbv2 import views
from lab.embedded_aws.truth.elbv2.actions import read_actions
from lab.embedded_aws.truth.elbv2.base import (
    Backend,
    Params,
    Response,
    action,
    answer,
    done,
    hexadecimal,
    invalid,
    not_modelled,
    one_of,
    paged,
    params,
    refuse,
    within,
)
from lab.embedded_aws.truth.elbv2.certificates import SECURE, read_certificate, read_policy
from lab.embedded_aws.truth.elbv2.finding import listener, load_balancer, users_of_group
from lab.embedded_aws.truth.elbv2.listener_attributes import defaults
from lab.embedded_aws.truth.elbv2.state import APPLICATION, Listener, LoadBalancer, Rule, forwarded
from lab.embedded_aws.truth.elbv2.tags import read_tags
from lab.embedded_aws.truth.elbv2.targets import begin_checks, load_balancer_target

PROTOCOLS = ("HTTP", "HTTPS", "TCP", "TLS", "UDP", "TCP_UDP", "GENEVE", "QUIC", "TCP_QUIC")
SPOKEN = {"application": ("HTTPS", "HTTP"), "network": ("TLS", "UDP", "TCP", "TCP_UDP")}
ALPN = ("HTTP1Only", "HTTP2Only", "HTTP2Optional", "HTTP2Preferred", "None")


@action
def create_listener(response: Response) -> t.Any:
    backend, given = response.elbv2_backend, params(response)
    balancer = load_balancer(backend, given["LoadBalancerArn"])
    for key in ("Protocol", "Port"):
        if not given.get(key):
            invalid(f"A listener {key.lower()} must be specified")
    protocol, port = given["Protocol"], int(given["Port"])
    _check_protocol(balancer, given)
    wanted = Listener(
        arn=f"{balancer.arn.replace(':loadbalancer/', ':listener/')}/{hexadecimal()}", balancer=balancer,
        protocol=protocol, port=port, certificate=read_certificate(backend, protocol, given),
        ssl_policy=read_policy(protocol, given), alpn_policy=_alpn(protocol, given),
        mutual_authentication=_mutual(protocol, given), attributes=defaults(balancer.type, protocol),
        tags=read_tags(given),
    )  # fmt: skip
    actions = read_actions(backend, balancer, protocol, port, given["DefaultActions"])
    arn = f"{wanted.arn.replace(':listener/', ':listener-rule/')}/{hexadecimal()}"
    wanted.rules[arn] = Rule(arn, wanted, None, [], actions)
    existing = next((one for one in balancer.listeners.values() if one.port == port), None)
    if existing is None:
        _begin(backend, balancer, wanted)
    elif _settings(existing) != _settings(wanted):
        _refuse_duplicate(balancer)
    return answer(Listeners=[views.listener(existing or wanted)])


def _check_protocol(balancer: LoadBalancer, given: Params) -> None:
    one_of(given, "Protocol", PROTOCOLS)
    within(given, "Port", 1, 65535)
    protocol = given.get("Protocol")
    if protocol in ("QUIC", "TCP_QUIC"):
        not_modelled(f"listeners of {protocol}")
    if protocol is not None and protocol not in SPOKEN[balancer.type]:
        invalid(f"Listener protocol '{protocol}' must be one of '{', '.join(SPOKEN[balancer.type])}'")


def _alpn(protocol: str, given: Params) -> list[str]:
    wanted = list(given.get("AlpnPolicy") or [])
    if wanted and protocol != "TLS":
        invalid(f"An ALPN policy cannot be specified for {protocol} listeners")
    if len(wanted) > 1:
        invalid("You can specify one ALPN policy")
    if wanted and wanted[0] not in ALPN:
        refuse("ALPNPolicyNotFound", f"ALPN policy '{wanted[0]}' not found")
    return wanted


def _mutual(protocol: str, given: Params) -> Params | None:
    wanted = given.get("MutualAuthentication")
    if protocol != "HTTPS":
        if wanted:
            invalid(f"Mutual authentication cannot be specified for {protocol} listeners")
        return None
    if wanted and wanted.get("Mode", "off") not in ("off", "passthrough"):
        not_modelled("mutual authentication against a trust store")
    return {"Mode": (wanted or {}).get("Mode", "off")}


def _settings(one: Listener) -> tuple[t.Any, ...]:
    """What makes a repeated request the same one."""
    secure = (one.certificate, one.ssl_policy, one.alpn_policy, one.mutual_authentication)
    return one.protocol, one.port, secure, one.default.actions, one.tags


def _refuse_duplicate(balancer: LoadBalancer) -> t.NoReturn:
    refuse("DuplicateListener", f"A listener already exists on this port for this load balancer '{balancer.arn}'")


def _begin(backend: Backend, balancer: LoadBalancer, wanted: Listener) -> None:
    message = "The maximum number of listeners has been reached on this load balancer"
    present = len(balancer.listeners)
    limits.check("listeners_per_load_balancer", present, "TooManyListeners", message, "elbv2")
    new = [arn for arn in forwarded(wanted.default.actions) if not users_of_group(backend, arn)]
    balancer.listeners[wanted.arn] = wanted
    begin_checks(backend, new)


@action
def describe_listeners(response: Response) -> t.Any:
    backend, given = response.elbv2_backend, params(response)
    arns, balancer = given.get("ListenerArns") or [], given.get("LoadBalancerArn")
    if bool(arns) == bool(balancer):
        invalid("You must specify either listener ARNs or a load balancer ARN")
    if balancer:
        found = list(load_balancer(backend, balancer).listeners.values())
    else:
        found = [listener(backend, arn) for arn in dict.fromkeys(arns)]
    return paged(given, "Listeners", found, views.listener)


@action
def modify_listener(response: Response) -> t.Any:
    backend, given = response.elbv2_backend, params(response)
    one = listener(backend, given["ListenerArn"])
    balancer = one.balancer
    _check_protocol(balancer, given)
    protocol, port = given.get("Protocol") or one.protocol, int(given.get("Port") or one.port)
    if any(other.port == port and other is not one for other in balancer.listeners.values()):
        _refuse_duplicate(balancer)
    certificate = one.certificate if protocol in SECURE else None
    if given.get("Certificates") or certificate is None:
        certificate = read_certificate(backend, protocol, given)
    policy = read_policy(protocol, given, one.ssl_policy)
    alpn = _alpn(protocol, given) if given.get("AlpnPolicy") or protocol != "TLS" else one.alpn_policy
    mutual = _mutual(protocol, given) if given.get("MutualAuthentication") else one.mutual_authentication
    actions = given.get("DefaultActions") or one.default.actions
    read = read_actions(backend, balancer, protocol, port, actions)
    new = [arn for arn in forwarded(read) if not users_of_group(backend, arn)]
    if protocol not in SECURE:
        one.more_certificates = []
    if protocol != one.protocol:
        one.attributes = {**defaults(balancer.type, protocol), **_kept(one, protocol)}
        mutual = _mutual(protocol, given)
    one.protocol, one.port, one.certificate, one.ssl_policy = protocol, port, certificate, policy
    one.alpn_policy, one.mutual_authentication, one.default.actions = alpn, mutual, read
    begin_checks(backend, new)
    return answer(Listeners=[views.listener(one)])


def _kept(one: Listener, protocol: str) -> dict[str, str]:
    """Attributes that the listener has under its new protocol too."""
    return {key: value for key, value in one.attributes.items() if key in defaults(one.balancer.type, protocol)}


@action
def delete_listener(response: Response) -> t.Any:
    backend = response.elbv2_backend
    one = listener(backend, params(response)["ListenerArn"])
    balancer = one.balancer
    if balancer.type == APPLICATION and load_balancer_target(backend, balancer.arn, one.port):
        refuse(
            "ResourceInUse",
            f"Listener port '{one.port}' is in use by registered target '{balancer.arn}' and cannot be removed.",
        )
    del balancer.listeners[one.arn]
    return done()
