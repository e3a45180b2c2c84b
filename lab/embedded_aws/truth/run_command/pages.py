# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lists of Systems Manager in pages, at most fifty a page."""

from __future__ import annotations

import base64
import binascii
import typing as t

from lab.embedded_aws.truth.patching import refuser

refuse = refuser("ssm")
MOST = 50
Body = dict[str, t.Any]


def page(given: Body, listed: t.Sequence[t.Any], key: str) -> Body:
    """The page that is asked for, under `key`, and the token of the next one."""
    size = int(given.get("MaxResults") or MOST)
    if not 1 <= size <= MOST:
        refuse("ValidationException", f"MaxResults must be between 1 and {MOST}.")
    first = _read(given["NextToken"]) if given.get("NextToken") else 0
    shown: Body = {key: list(listed[first : first + size])}
    if first + size < len(listed):
        shown["NextToken"] = base64.b64encode(f"from {first + size}".encode()).decode()
    return shown


def _read(token: str) -> int:
    try:
        word, _, number = base64.b64decode(token, validate=True).decode().partition(" ")
        if word == "from":
            return int(number)
    except (ValueError, binascii.Error):
        pass
    refuse("InvalidNextToken", "The specified token isn't valid.")
