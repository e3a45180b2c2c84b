# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What ACM shows of certificates, and who uses them.

https://docs.aws.amazon.com/acm/latest/APIReference/API_ListCertificates.html
"""

from __future__ import annotations

import sys
import typing as t

from lab.embedded_aws.truth.acm.requesting import Request, proof, refuse

Shown = dict[str, t.Any]
DEFAULT_KEYS = ("RSA_2048",)
# Not told before a certificate is issued.
OF_ISSUED = ("NotBefore", "NotAfter", "IssuedAt", "Serial", "Issuer", "SignatureAlgorithm", "Subject")


def find(self: t.Any) -> t.Any:
    """The certificate that a call names."""
    arn = self._get_param("CertificateArn")
    found = self.acm_backend._certificates.get(arn)
    if found is None:
        refuse("ResourceNotFoundException", f"Could not find certificate {arn}.")
    return found


def users(arn: str) -> list[str]:
    """ARNs of the load balancers that use a certificate."""
    if "moto.elbv2.models" not in sys.modules:
        return []
    from lab.embedded_aws.truth.elbv2.certificates import users_of

    return users_of(arn)


def key_algorithm(bundle: t.Any) -> str:
    """RSA_2048, EC_prime256v1, ... as requests name it."""
    return str(bundle.describe()["Certificate"]["KeyAlgorithm"])


def view(bundle: t.Any) -> Shown:
    """A certificate as DescribeCertificate shows it."""
    shown: Shown = bundle.describe()["Certificate"]
    request: Request | None = bundle.__dict__.get("cloister_request")
    # Answers have a hyphen where requests have an underscore.
    shown["KeyAlgorithm"] = shown["KeyAlgorithm"].replace("_", "-", 1)
    shown["Subject"] = bundle._cert.subject.rfc4514_string()
    shown["RenewalEligibility"] = "ELIGIBLE" if request and shown["InUseBy"] else "INELIGIBLE"
    if request:
        shown["DomainName"], shown["SubjectAlternativeNames"] = request.names[0], request.names
        shown["DomainValidationOptions"] = [_validation(request, name, shown["Status"]) for name in request.names]
    if shown["Status"] == "PENDING_VALIDATION":
        shown = {key: value for key, value in shown.items() if key not in OF_ISSUED}
    return shown


def _validation(request: Request, name: str, status: str) -> Shown:
    shown = {"DomainName": name, "ValidationDomain": name, "ValidationMethod": "DNS"}
    shown["ValidationStatus"] = "SUCCESS" if status in ("ISSUED", "EXPIRED") else "PENDING_VALIDATION"
    return {**shown, "ResourceRecord": proof(request.account, name)} if request.told() else shown


def describe_certificate(self: t.Any) -> t.Any:
    return _answer({"Certificate": view(find(self))})


def get_certificate(self: t.Any) -> t.Any:
    found = find(self)
    if found.status == "PENDING_VALIDATION":
        refuse("RequestInProgressException", f"The certificate request is in progress: {found.arn}")
    chain = {"CertificateChain": found.chain.decode()} if found.chain.strip() else {}
    return _answer({"Certificate": found.cert.decode(), **chain})


def list_certificates(self: t.Any) -> t.Any:
    statuses, includes = self._get_param("CertificateStatuses"), self._get_param("Includes") or {}
    keys = includes.get("keyTypes") or DEFAULT_KEYS
    listed = [
        bundle
        for bundle in self.acm_backend._certificates.values()
        if key_algorithm(bundle) in keys and (not statuses or bundle.status in statuses)
    ]
    start, most = int(self._get_param("NextToken") or 0), int(self._get_param("MaxItems") or 1000)
    more = {"NextToken": str(start + most)} if start + most < len(listed) else {}
    return _answer({"CertificateSummaryList": [_summary(one) for one in listed[start : start + most]], **more})


def _summary(bundle: t.Any) -> Shown:
    shown = view(bundle)
    names = shown.pop("SubjectAlternativeNames")
    kept = (
        "CertificateArn", "DomainName", "Status", "Type", "KeyAlgorithm", "RenewalEligibility", "NotBefore", "NotAfter",
        "CreatedAt", "IssuedAt", "ImportedAt",
    )  # fmt: skip
    return {
        **{key: shown[key] for key in kept if key in shown}, "SubjectAlternativeNameSummaries": names[:100],
        "HasAdditionalSubjectAlternativeNames": len(names) > 100, "InUse": bool(shown["InUseBy"]), "Exported": False,
    }  # fmt: skip


def delete_certificate(self: t.Any) -> t.Any:
    found = find(self)
    if users(found.arn):
        refuse("ResourceInUseException", f"Certificate {found.arn} in account {self.current_account} is in use.")
    del self.acm_backend._certificates[found.arn]
    return _answer({})


def _answer(result: Shown) -> t.Any:
    from moto.core.responses import ActionResult

    return ActionResult(result)
