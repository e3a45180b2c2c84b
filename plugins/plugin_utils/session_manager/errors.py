# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Why a session could not be had or went on no longer; each message stands alone, on one line."""

from __future__ import annotations


class SessionError(Exception):
    """Anything that keeps somebody from a node."""


class ServiceError(SessionError):
    """AWS refused a call. ``code`` is its error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def passing(self) -> bool:
        """Whether it may be otherwise in a moment: nobody answered (botocore's names), or too many asked."""
        return self.code.endswith(("Error", "Throttling", "ThrottlingException"))


class ProtocolError(SessionError):
    """The other side said what the protocol does not have."""


class LinkLostError(SessionError):
    """The websocket is gone; the session may be taken up again."""


class SilentError(SessionError):
    """The node has said nothing for as long as it may be silent."""


class EndedError(SessionError):
    """The session was ended by the node or by AWS."""
