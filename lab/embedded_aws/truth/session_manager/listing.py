# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""DescribeSessions and GetConnectionStatus.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_DescribeSessions.html (and _GetConnectionStatus)
"""

from __future__ import annotations

import datetime
import json
import typing as t

from lab.embedded_aws.sessions import session
from lab.embedded_aws.sessions.session import Session
from lab.embedded_aws.truth.patching import refuser
from lab.embedded_aws.truth.session_manager.starting import Body, Response, body_of, connected

refuse = refuser("ssm")

MOST = 200
# Filters that name a member of what is shown.
EQUAL = ("Target", "Owner", "Status", "SessionId", "AccessType")


def describe_sessions(self: Response) -> str:
    """The sessions of the caller's account and region, the newest first."""
    asked = body_of(self)
    mine = [one for one in session.current.all() if (one.account, one.region) == (self.current_account, self.region)]
    found = [one for one in mine if one.over is (asked["State"] == "History")]
    shown = [_shown(one) for one in sorted(found, key=lambda one: one.started, reverse=True)]
    for one in asked.get("Filters") or []:
        shown = [row for row in shown if _passes(row, str(one["key"]), str(one["value"]))]
    return _page(shown, asked)


def get_connection_status(self: Response) -> str:
    target = str(body_of(self).get("Target", ""))
    there = connected(self.current_account, self.region, target) is not None
    return json.dumps({"Target": target, "Status": "connected" if there else "notconnected"})


def _page(shown: list[Body], asked: Body) -> str:
    size, token = int(asked.get("MaxResults") or MOST), str(asked.get("NextToken") or 0)
    if not token.isdigit():
        refuse("InvalidNextToken", "The specified token isn't valid.")
    start = int(token)
    answer: Body = {"Sessions": shown[start : start + size]}
    if start + size < len(shown):
        answer["NextToken"] = str(start + size)
    return json.dumps(answer)


def _shown(one: Session) -> Body:
    row: dict[str, t.Any] = {
        "SessionId": one.id, "Target": one.target, "Status": one.status, "StartDate": one.started,
        "EndDate": one.ended, "DocumentName": one.document, "Owner": one.owner, "Reason": one.reason or None,
        "AccessType": "Standard",
    }  # fmt: skip
    return {key: value for key, value in row.items() if value is not None}


def _passes(row: Body, key: str, value: str) -> bool:
    if key in ("InvokedAfter", "InvokedBefore"):
        when = datetime.datetime.fromisoformat(value).timestamp()
        return (row["StartDate"] > when) is (key == "InvokedAfter")
    if key not in EQUAL:
        refuse("InvalidFilterKey", f"The specified key {key} isn't valid.")
    return bool(row[key] == value)
