# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Attributes of listeners.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ListenerAttribute.html
"""

from __future__ import annotations

import typing as t

from lab.embedded_aws.truth.elbv2.attributes import Table, check, first_values, flag, number, text
from lab.embedded_aws.truth.elbv2.base import Response, action, answer, pairs, params, settings
from lab.embedded_aws.truth.elbv2.finding import listener
from lab.embedded_aws.truth.elbv2.state import APPLICATION

_RENAMED_REQUEST_HEADERS = (
    "x_amzn_mtls_clientcert_serial_number", "x_amzn_mtls_clientcert_issuer", "x_amzn_mtls_clientcert_subject",
    "x_amzn_mtls_clientcert_validity", "x_amzn_mtls_clientcert_leaf", "x_amzn_mtls_clientcert", "x_amzn_tls_version",
    "x_amzn_tls_cipher_suite",
)  # fmt: skip
_RESPONSE_HEADERS = (
    "strict_transport_security", "access_control_allow_origin", "access_control_allow_methods",
    "access_control_allow_headers", "access_control_allow_credentials", "access_control_expose_headers",
    "access_control_max_age", "content_security_policy", "x_content_type_options", "x_frame_options",
)  # fmt: skip
HTTP: Table = {
    "routing.http.response.server.enabled": flag("true"),
    **{f"routing.http.response.{name}.header_value": text("", ".{0,1024}") for name in _RESPONSE_HEADERS},
}
HTTPS: Table = {
    **HTTP,
    **{
        f"routing.http.request.{name}.header_name": text("", r"[A-Za-z0-9-]{0,40}") for name in _RENAMED_REQUEST_HEADERS
    },
}
TCP: Table = {"tcp.idle_timeout.seconds": number("350", 60, 6000)}
KNOWN = {*HTTPS, *TCP}


def table(kind: str, protocol: str) -> Table:
    """The attributes that a listener of this protocol has."""
    if kind == APPLICATION:
        return HTTPS if protocol == "HTTPS" else HTTP
    return TCP if protocol in ("TCP", "TCP_UDP") else {}


def defaults(kind: str, protocol: str) -> dict[str, str]:
    return first_values(table(kind, protocol))


@action
def describe_listener_attributes(response: Response) -> t.Any:
    one = listener(response.elbv2_backend, params(response)["ListenerArn"])
    return answer(Attributes=pairs(one.attributes))


@action
def modify_listener_attributes(response: Response) -> t.Any:
    given = params(response)
    one = listener(response.elbv2_backend, given["ListenerArn"])
    wanted = settings(given)
    check(table(one.balancer.type, one.protocol), KNOWN, wanted, "Listener", f"{one.protocol} listeners")
    one.attributes = {**one.attributes, **wanted}
    return answer(Attributes=pairs(one.attributes))
