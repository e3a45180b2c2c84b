# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ACM: certificates that wait for their proof in DNS, and those that are brought and checked."""

from __future__ import annotations


def apply() -> None:
    """Put our actions in the place of moto's; a certificate's state is asked of DNS whenever somebody looks."""
    from moto.acm import models
    from moto.acm.responses import AWSCertificateManagerResponse

    from lab.embedded_aws.truth.acm import importing, listing, requesting
    from lab.embedded_aws.truth.patching import install

    models.CertBundle.status = property(requesting.state, requesting.set_state)
    models.CertBundle.check = lambda self: None
    models.CertBundle.in_use_by = property(lambda self: listing.users(self.arn), lambda self, _: None)
    install(
        AWSCertificateManagerResponse,
        requesting.request_certificate,
        importing.import_certificate,
        listing.list_certificates,
        listing.describe_certificate,
        listing.get_certificate,
        listing.delete_certificate,
    )
