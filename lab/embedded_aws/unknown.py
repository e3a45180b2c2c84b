# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Loud unknowns: what moto cannot answer comes back as NotModelled, never as a page or an empty body."""

from __future__ import annotations

from lab.embedded_aws.call import Call
from lab.embedded_aws.errors import code_of, error
from lab.embedded_aws.http_server import Answer

CODE = "NotModelled"
# botocore's retry modes repeat 500, 502, 503 and 504; 501 ends at once.
STATUS = 501


def not_modelled(call: Call, reason: str) -> Answer:
    """The error for a call the embedded AWS has no truthful answer to."""
    what = f"{call.service or 'an unknown service'} {call.action or call.request.method + ' ' + call.request.path}"
    return error(call, CODE, f"The embedded AWS does not model {what}: {reason}", STATUS)


def loud(call: Call, answer: Answer) -> Answer:
    """`answer`, or NotModelled when it is none that AWS could give."""
    if answer.status == STATUS:
        return answer
    if answer.status >= 500:
        return not_modelled(call, f"the simulator failed with {answer.status} {answer.body[:300]!r}")
    if answer.status >= 400 and call.service != "s3" and code_of(answer) is None:
        return not_modelled(call, f"the simulator answered {answer.status} without an error code")
    if call.protocol in ("ec2", "query") and answer.status < 400 and not answer.body.lstrip().startswith(b"<"):
        return not_modelled(call, "the simulator answered without XML")
    return answer
