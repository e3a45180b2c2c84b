# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Certificates and security policies of HTTPS and TLS listeners.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/https-listener-certificates.html
"""

from __future__ import annotations

import sys
import typing as t

from lab.embedded_aws.truth.elbv2.base import Backend, Params, Response, action, answer, done, invalid, params, refuse
from lab.embedded_aws.truth.elbv2.finding import listener, listeners
from lab.embedded_aws.truth.elbv2.state import Listener

SECURE = ("HTTPS", "TLS")
# What AWS takes for a listener made through the API:
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
DEFAULT_POLICY = "ELBSecurityPolicy-2016-08"
MOST_MORE = 25


def read_certificate(backend: Backend, protocol: str, given: Params) -> str | None:
    """The default certificate a request names for a listener of `protocol`, checked."""
    wanted = [one["CertificateArn"] for one in given.get("Certificates") or []]
    if protocol not in SECURE:
        if wanted:
            invalid(f"A certificate cannot be specified for {protocol} listeners")
        return None
    if not wanted:
        invalid(f"A certificate must be specified for {protocol} listeners")
    if len(wanted) > 1:
        invalid("You must specify exactly one certificate as the default of a listener")
    check_certificate(backend, wanted[0])
    return str(wanted[0])


def read_policy(protocol: str, given: Params, before: str | None = None) -> str | None:
    """The security policy of a listener: the one asked for, the one it has, or AWS's default."""
    from moto.elbv2.ssl_policies import SSL_POLICIES

    wanted = given.get("SslPolicy")
    if protocol not in SECURE:
        if wanted:
            invalid(f"An SSL policy cannot be specified for {protocol} listeners")
        return None
    if wanted is not None and wanted not in SSL_POLICIES:
        refuse("SSLPolicyNotFound", f"SSL policy '{wanted}' not found")
    return wanted or before or DEFAULT_POLICY


def check_certificate(backend: Backend, arn: str) -> None:
    """Refuse a certificate that this account has not in this region, or that nobody has issued yet."""
    status = _status(backend, arn)
    if status is None:
        refuse("CertificateNotFound", f"Certificate '{arn}' not found")
    if status != "ISSUED":
        refuse(
            "UnsupportedCertificate",
            f"The certificate '{arn}' must have a fully-qualified domain name, a supported signature, and a supported "
            "key size.",
        )


def _status(backend: Backend, arn: str) -> str | None:
    """ISSUED, PENDING_VALIDATION, ... as ACM says, None when there is none; IAM's are always issued."""
    if ":iam:" in arn:
        iam = sys.modules["moto.iam.models"].iam_backends[backend.account_id][backend.partition]
        return "ISSUED" if iam.get_certificate_by_arn(arn) else None
    acm = sys.modules.get("moto.acm.models")
    if acm is None:
        return None
    found: t.Any = acm.acm_backends[backend.account_id][backend.region_name]._certificates.get(arn)
    return None if found is None else str(found.status)


def users_of(arn: str) -> list[str]:
    """ARNs of the load balancers, of any account and region, whose listeners use a certificate."""
    models = sys.modules.get("moto.elbv2.models")
    if models is None:
        return []
    found: dict[str, None] = {}
    for regions in list(models.elbv2_backends.values()):
        for backend in list(regions.values()):
            for one in listeners(backend):
                if arn == one.certificate or arn in one.more_certificates:
                    found[one.balancer.arn] = None
    return list(found)


@action
def describe_listener_certificates(response: Response) -> t.Any:
    return answer(Certificates=_shown(listener(response.elbv2_backend, params(response)["ListenerArn"])))


def _shown(one: Listener) -> list[Params]:
    """The default certificate first; it comes twice when it is in the list too."""
    first = [{"CertificateArn": one.certificate, "IsDefault": True}] if one.certificate else []
    return [*first, *({"CertificateArn": arn, "IsDefault": False} for arn in one.more_certificates)]


@action
def add_listener_certificates(response: Response) -> t.Any:
    backend, given = response.elbv2_backend, params(response)
    one = listener(backend, given["ListenerArn"])
    if one.protocol not in SECURE:
        invalid(f"A certificate cannot be specified for {one.protocol} listeners")
    wanted = [each["CertificateArn"] for each in given["Certificates"]]
    for arn in wanted:
        check_certificate(backend, arn)
    after = list(dict.fromkeys([*one.more_certificates, *wanted]))
    if len(after) > MOST_MORE:
        refuse("TooManyCertificates", "You've reached the limit on the number of certificates per load balancer")
    one.more_certificates = after
    return answer(Certificates=[{"CertificateArn": arn, "IsDefault": False} for arn in wanted])


@action
def remove_listener_certificates(response: Response) -> t.Any:
    given = params(response)
    one = listener(response.elbv2_backend, given["ListenerArn"])
    wanted = [each["CertificateArn"] for each in given["Certificates"]]
    if one.certificate in wanted and one.certificate not in one.more_certificates:
        refuse("OperationNotPermitted", f"Default certificate '{one.certificate}' cannot be removed")
    one.more_certificates = [arn for arn in one.more_certificates if arn not in wanted]
    return done()
