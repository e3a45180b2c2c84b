# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Session Manager's actions; what passes through a session is the package lab.embedded_aws.sessions."""

from __future__ import annotations


def apply() -> None:
    """Let moto answer as AWS does."""
    from moto.ssm.models import SimpleSystemManagerBackend
    from moto.ssm.responses import SimpleSystemManagerResponse

    from lab.embedded_aws.truth.patching import install
    from lab.embedded_aws.truth.session_manager import documents, listing, starting

    install(SimpleSystemManagerResponse, starting.start_session, starting.resume_session, starting.terminate_session)
    install(SimpleSystemManagerResponse, listing.describe_sessions, listing.get_connection_status)
    for name, told in (("get_document", documents.content_of), ("describe_document", documents.description_of)):
        setattr(SimpleSystemManagerBackend, name, documents.first(told, getattr(SimpleSystemManagerBackend, name)))
