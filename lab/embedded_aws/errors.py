# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Error answers in the shape of each AWS protocol, so that botocore parses code and message."""

from __future__ import annotations

import json
import uuid
from xml.sax.saxutils import escape

from lab.embedded_aws.call import Call
from lab.embedded_aws.http_server import Answer

EXPIRED = {
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
    "ec2": ("RequestExpired", 400, "Request has expired."),
    "query": ("ExpiredToken", 403, "The security token included in the request is expired"),
    "rest-xml": ("ExpiredToken", 403, "The security token included in the request is expired"),
}
EXPIRED_JSON = ("ExpiredTokenException", 400, "The security token included in the request is expired")


def error(call: Call, code: str, message: str, status: int = 400) -> Answer:
    """An error answer in `call`'s protocol."""
    request_id = str(uuid.uuid4())
    if call.protocol in ("json", "rest-json", ""):
        body = json.dumps({"__type": code, "message": message, "Message": message})
        headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": code}
        return Answer(status, headers | {"x-amzn-RequestId": request_id}, body.encode())
    sender = "Sender" if status < 500 else "Receiver"
    inner = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    if call.protocol == "ec2":
        body = f"<Response><Errors><Error>{inner}</Error></Errors><RequestID>{request_id}</RequestID></Response>"
    else:
        body = (
            f"<ErrorResponse><Error><Type>{sender}</Type>{inner}</Error>"
            f"<RequestId>{request_id}</RequestId></ErrorResponse>"
        )
    return Answer(status, {"Content-Type": "text/xml"}, b'<?xml version="1.0"?>' + body.encode())


def expired(call: Call) -> Answer:
    """What each kind of service says when the caller's session has ended."""
    code, status, message = EXPIRED.get(call.protocol, EXPIRED_JSON)
    return error(call, code, message, status)


def code_of(answer: Answer) -> str | None:
    """The AWS error code an answer carries, None for a success or an answer without one."""
    if answer.status < 400:
        return None
    named = next((value for key, value in answer.headers.items() if key.lower() == "x-amzn-errortype"), None)
    if named:
        return named.partition(":")[0].rpartition("#")[2]
    text = answer.body[:2000].decode("utf-8", "replace")
    if "<Code>" in text:
        return text.partition("<Code>")[2].partition("</Code>")[0]
    try:
        body = json.loads(answer.body)
        return str(body["__type"]).rpartition("#")[2]
    except (ValueError, KeyError, TypeError):
        return None
