# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws

Refused = t.Any
Balancing = t.Any
Forward = t.Callable[[str], dict[str, t.Any]]
Certificate = t.Callable[[], str]
Action = dict[str, t.Any]

REDIRECT = {"Type": "redirect", "RedirectConfig": {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}}


def one(balancing: Balancing, arn: str) -> dict[str, t.Any]:
    return t.cast("dict[str, t.Any]", balancing.elb.describe_listeners(ListenerArns=[arn])["Listeners"][0])


@pytest.fixture
def web(balancing: Balancing) -> str:
    return str(balancing.balancer()["LoadBalancerArn"])


@pytest.fixture
def edge(balancing: Balancing) -> str:
    return str(balancing.network_balancer()["LoadBalancerArn"])


def test_a_listener_shows_its_action_as_aws_does(balancing: Balancing, web: str, forward: Forward) -> None:
    group = balancing.group()
    shown = one(balancing, balancing.listener(web, forward(group)))
    assert (shown["Protocol"], shown["Port"], shown["LoadBalancerArn"]) == ("HTTP", 80, web)
    assert shown["DefaultActions"] == [
        {
            "Type": "forward",
            "TargetGroupArn": group,
            "ForwardConfig": {
                "TargetGroups": [{"TargetGroupArn": group, "Weight": 1}],
                "TargetGroupStickinessConfig": {"Enabled": False},
            },
        }
    ]
    assert "SslPolicy" not in shown


def test_a_redirect_keeps_what_it_does_not_change(balancing: Balancing, web: str) -> None:
    shown = one(balancing, balancing.listener(web, REDIRECT))
    assert shown["DefaultActions"][0]["RedirectConfig"] == {
        "Protocol": "HTTPS", "Port": "443", "Host": "#{host}", "Path": "/#{path}", "Query": "#{query}",
        "StatusCode": "HTTP_301",
    }  # fmt: skip


def test_weights_and_stickiness_are_kept(balancing: Balancing, web: str) -> None:
    groups = [{"TargetGroupArn": balancing.group(name), "Weight": weight} for name, weight in (("a", 90), ("b", 10))]
    config = {"TargetGroups": groups, "TargetGroupStickinessConfig": {"Enabled": True, "DurationSeconds": 60}}
    shown = one(balancing, balancing.listener(web, {"Type": "forward", "ForwardConfig": config}))
    assert shown["DefaultActions"] == [{"Type": "forward", "ForwardConfig": config}]


def loop(port: str, protocol: str = "HTTP") -> Action:
    return {"Type": "redirect", "RedirectConfig": {"Port": port, "Protocol": protocol, "StatusCode": "HTTP_302"}}


@pytest.mark.parametrize(
    ("code", "action", "words"),
    [
        ("InvalidLoadBalancerAction", loop("80"), "creates a loop"),
        ("ValidationError", loop("http"), "1-65535"),
        ("ValidationError", loop("443", "FTP"), "HTTP, HTTPS"),
        ("ValidationError", {"Type": "forward"}, "target group must be specified"),
        ("ValidationError", {"Type": "reject"}, "enum value set"),
        ("NotModelled", {"Type": "authenticate-oidc"}, "authenticate-oidc"),
        ("ValidationError", {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "302"}}, "302"),
        (
            "InvalidLoadBalancerAction",
            {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200", "ContentType": "text/xml"}},
            "ContentType",
        ),
    ],
)
def test_wrong_actions_are_refused(
    balancing: Balancing, refused: Refused, web: str, code: str, action: Action, words: str
) -> None:
    with refused(code, words):
        balancing.listener(web, action)


def test_an_action_leads_to_a_group_that_is_there(
    balancing: Balancing, refused: Refused, web: str, forward: Forward
) -> None:
    gone = balancing.group()
    balancing.elb.delete_target_group(TargetGroupArn=gone)
    with refused("TargetGroupNotFound"):
        balancing.listener(web, forward(gone))


def test_a_group_is_of_the_load_balancers_vpc(
    balancing: Balancing, refused: Refused, web: str, forward: Forward
) -> None:
    other = balancing.group(VpcId=balancing.network.vpc("10.9.0.0/16"))
    with refused("InvalidConfigurationRequest", "is in a different VPC than load balancer"):
        balancing.listener(web, forward(other))


def test_a_group_serves_one_load_balancer(balancing: Balancing, refused: Refused, web: str, forward: Forward) -> None:
    group, second = balancing.group(), balancing.balancer("second")["LoadBalancerArn"]
    balancing.listener(web, forward(group))
    balancing.listener(web, forward(group), 8080)
    with refused("TargetGroupAssociationLimit", "cannot be associated with more than one load balancer"):
        balancing.listener(second, forward(group))


@pytest.mark.parametrize(
    ("listens", "serves", "fits"),
    [
        ("TCP", "TCP", True), ("TCP", "TCP_UDP", True), ("TLS", "TLS", True), ("TLS", "TCP", True),
        ("UDP", "UDP", True), ("TCP_UDP", "TCP_UDP", True),
        ("TCP", "UDP", False), ("TCP_UDP", "TCP", False), ("UDP", "TCP", False), ("TCP", "HTTP", False),
    ],
)  # fmt: skip
def test_protocols_go_together_or_not(
    balancing: Balancing, refused: Refused, edge: str, forward: Forward, certificate: Certificate,
    listens: str, serves: str, fits: bool,
) -> None:  # fmt: skip
    group = balancing.group(Protocol=serves)
    secure = {"Certificates": [{"CertificateArn": certificate()}]} if listens == "TLS" else {}
    if fits:
        assert balancing.listener(edge, forward(group), 443, Protocol=listens, **secure)
        return
    with refused("IncompatibleProtocols", "have incompatible protocols"):
        balancing.listener(edge, forward(group), 443, Protocol=listens, **secure)


def test_each_type_speaks_its_protocols(
    balancing: Balancing, refused: Refused, web: str, edge: str, fixed: Action, forward: Forward
) -> None:
    with refused("ValidationError", "Listener protocol 'TCP' must be one of 'HTTPS, HTTP'"):
        balancing.listener(web, fixed, Protocol="TCP")
    with refused("ValidationError", "Listener protocol 'HTTP' must be one of"):
        balancing.listener(edge, forward(balancing.group()))
    with refused("InvalidLoadBalancerAction", "not supported for load balancers of type 'network'"):
        balancing.listener(edge, fixed, Protocol="TCP")
    with refused("NotModelled"):
        balancing.listener(edge, forward(balancing.group()), Protocol="QUIC")
    with refused("ValidationError", "A listener port must be specified"):
        balancing.elb.create_listener(LoadBalancerArn=web, Protocol="HTTP", DefaultActions=[fixed])


def test_grpc_needs_https(balancing: Balancing, refused: Refused, web: str, forward: Forward) -> None:
    group = balancing.group(ProtocolVersion="GRPC")
    with refused("InvalidConfigurationRequest", "protocol-version 'GRPC'"):
        balancing.listener(web, forward(group))


def test_a_port_is_taken_once(balancing: Balancing, refused: Refused, web: str, fixed: Action) -> None:
    assert balancing.listener(web, fixed) == balancing.listener(web, fixed)
    with refused("DuplicateListener", "already exists on this port"):
        balancing.listener(web, REDIRECT)
    second = balancing.listener(web, fixed, 8080)
    with refused("DuplicateListener"):
        balancing.elb.modify_listener(ListenerArn=second, Port=80)


def test_https_needs_a_certificate(
    balancing: Balancing, refused: Refused, web: str, fixed: Action, certificate: Certificate
) -> None:
    with refused("ValidationError", "A certificate must be specified for HTTPS listeners"):
        balancing.listener(web, fixed, 443, Protocol="HTTPS")
    named = [{"CertificateArn": certificate()}]
    with refused("ValidationError", "A certificate cannot be specified for HTTP listeners"):
        balancing.listener(web, fixed, 80, Certificates=named)
    shown = one(balancing, balancing.listener(web, fixed, 443, Protocol="HTTPS", Certificates=named))
    assert (shown["Certificates"], shown["SslPolicy"]) == (named, "ELBSecurityPolicy-2016-08")
    assert shown["MutualAuthentication"] == {"Mode": "off"}


def test_a_certificate_is_there_and_issued(
    client: t.Any, balancing: Balancing, refused: Refused, web: str, fixed: Action
) -> None:
    def listen(arn: str) -> str:
        return str(balancing.listener(web, fixed, 443, Protocol="HTTPS", Certificates=[{"CertificateArn": arn}]))

    absent = "arn:aws:acm:us-west-2:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef"
    with refused("CertificateNotFound", absent):
        listen(absent)
    elsewhere = client("acm", "ap-northeast-2")
    made = elsewhere.request_certificate(DomainName="web.example.com", ValidationMethod="DNS")["CertificateArn"]
    with refused("CertificateNotFound"):
        listen(made)
    waiting = client("acm").request_certificate(DomainName="web.example.com", ValidationMethod="DNS")
    with refused("UnsupportedCertificate", "fully-qualified domain name"):
        listen(waiting["CertificateArn"])


def test_security_policies_are_known(
    balancing: Balancing, refused: Refused, web: str, fixed: Action, certificate: Certificate
) -> None:
    secure = {"Protocol": "HTTPS", "Certificates": [{"CertificateArn": certificate()}]}
    with refused("SSLPolicyNotFound", "'Strong'"):
        balancing.listener(web, fixed, 443, SslPolicy="Strong", **secure)
    policy = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"
    assert one(balancing, balancing.listener(web, fixed, 443, SslPolicy=policy, **secure))["SslPolicy"] == policy
    known = balancing.elb.describe_ssl_policies(Names=[policy])["SslPolicies"][0]
    assert known["SslProtocols"] == ["TLSv1.3", "TLSv1.2"]
    with refused("SSLPolicyNotFound"):
        balancing.elb.describe_ssl_policies(Names=["Strong"])
    with refused("ValidationError", "SSL policy cannot be specified for HTTP"):
        balancing.listener(web, fixed, 80, SslPolicy=policy)


def test_a_listener_has_certificates_for_more_names(
    balancing: Balancing, refused: Refused, web: str, fixed: Action, certificate: Certificate
) -> None:
    elb, first, second = balancing.elb, certificate(), certificate()
    arn = balancing.listener(web, fixed, 443, Protocol="HTTPS", Certificates=[{"CertificateArn": first}])
    elb.add_listener_certificates(ListenerArn=arn, Certificates=[{"CertificateArn": second}])
    shown = elb.describe_listener_certificates(ListenerArn=arn)["Certificates"]
    assert shown == [{"CertificateArn": first, "IsDefault": True}, {"CertificateArn": second, "IsDefault": False}]
    with refused("OperationNotPermitted"):
        elb.remove_listener_certificates(ListenerArn=arn, Certificates=[{"CertificateArn": first}])
    elb.remove_listener_certificates(ListenerArn=arn, Certificates=[{"CertificateArn": second}])
    elb.modify_listener(ListenerArn=arn, Certificates=[{"CertificateArn": second}])
    assert one(balancing, arn)["Certificates"] == [{"CertificateArn": second}]
    with refused("CertificateNotFound"):
        elb.add_listener_certificates(ListenerArn=arn, Certificates=[{"CertificateArn": f"{first[:-1]}x"}])


def test_a_listener_changes_in_place(
    balancing: Balancing, refused: Refused, web: str, fixed: Action, certificate: Certificate
) -> None:
    arn = balancing.listener(web, fixed)
    with refused("ValidationError", "A certificate must be specified"):
        balancing.elb.modify_listener(ListenerArn=arn, Protocol="HTTPS", Port=443)
    named = [{"CertificateArn": certificate()}]
    balancing.elb.modify_listener(ListenerArn=arn, Protocol="HTTPS", Port=443, Certificates=named)
    assert (one(balancing, arn)["Protocol"], one(balancing, arn)["Port"]) == ("HTTPS", 443)
    with refused("InvalidLoadBalancerAction", "HTTPS to HTTP"):
        balancing.elb.modify_listener(ListenerArn=arn, DefaultActions=[loop("80")])
    balancing.elb.modify_listener(ListenerArn=arn, Protocol="HTTP", Port=80, DefaultActions=[REDIRECT])
    assert "Certificates" not in one(balancing, arn)
    assert "SslPolicy" not in one(balancing, arn)


def test_tls_knows_its_alpn_policies(
    balancing: Balancing, refused: Refused, edge: str, forward: Forward, certificate: Certificate
) -> None:
    action = forward(balancing.group(Protocol="TCP"))
    secure = {"Protocol": "TLS", "Certificates": [{"CertificateArn": certificate()}]}
    with refused("ALPNPolicyNotFound"):
        balancing.listener(edge, action, 443, AlpnPolicy=["HTTP3Only"], **secure)
    arn = balancing.listener(edge, action, 443, AlpnPolicy=["HTTP2Preferred"], **secure)
    assert one(balancing, arn)["AlpnPolicy"] == ["HTTP2Preferred"]


def test_listeners_are_found_and_deleted(balancing: Balancing, refused: Refused, web: str, fixed: Action) -> None:
    arns = [balancing.listener(web, fixed, port) for port in (80, 81, 82)]
    page = balancing.elb.describe_listeners(LoadBalancerArn=web, PageSize=2)
    assert [row["ListenerArn"] for row in page["Listeners"]] == arns[:2]
    assert page["NextMarker"]
    balancing.elb.delete_listener(ListenerArn=arns[0])
    with refused("ListenerNotFound"):
        balancing.elb.delete_listener(ListenerArn=arns[0])
    with refused("ValidationError", "either listener ARNs or a load balancer ARN"):
        balancing.elb.describe_listeners()
    with refused("LoadBalancerNotFound"):
        balancing.elb.describe_listeners(LoadBalancerArn=f"{web[:-1]}x")


def test_the_limit_of_listeners_is_enforced_once_set(
    aws: EmbeddedAws, balancing: Balancing, refused: Refused, web: str, fixed: Action
) -> None:
    aws.limits(listeners_per_load_balancer=1)
    balancing.listener(web, fixed)
    with refused("TooManyListeners"):
        balancing.listener(web, fixed, 81)
