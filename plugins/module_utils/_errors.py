# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The one tree of errors. Each message says what was wanted, what was found and what to do."""

from __future__ import annotations


class RegionError(Exception):
    """Anything that stops a region from being as its inventory says."""


class InputError(RegionError):
    """The inventory asks for something that cannot be; found before the first API call."""


class OwnershipError(RegionError):
    """Something is in the way that is not ours, or is ours twice."""


class ImmutableError(RegionError):
    """AWS cannot change this field of a living thing, and we do not replace things unasked."""


class MissingError(RegionError):
    """A name that another stack gives does not exist yet."""


class DeadlineError(RegionError):
    """A state was not reached in time."""


class ApiError(RegionError):
    """AWS refused a call. ``code`` is AWS's error code, ``action`` the API action."""

    def __init__(self, action: str, code: str, message: str) -> None:
        super().__init__(message)
        self.action = action
        self.code = code


class UnsureError(ApiError):
    """A create went out and no answer came back: it may have been carried out or not."""
