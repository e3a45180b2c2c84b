"""An account with many machines, all alike: `python -m benchmarks.nodes.account FILE MACHINES MILLISECONDS`.

It answers the few reads that inventories make as AWS does, page by page, and nothing else. FILE holds a `Sample`. Its
answers are written before they are asked for, so that what is measured is who asks.
"""

from __future__ import annotations

import json
import sys
import time
import typing as t
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

from benchmarks.nodes.sample import Sample

MACHINES_A_PAGE = 1000
NODES_A_PAGE = 50
NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"
CALLER = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    "<Arn>arn:aws-cn:iam::111122223333:user/bench</Arn><UserId>AIDA</UserId><Account>111122223333</Account>"
    "</GetCallerIdentityResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
)


class Account:
    """Answers by request, for so many machines like the sample, each with an id of its own."""

    def __init__(self, sample: Sample, count: int) -> None:
        self.ids = [f"i-0{number:016x}" for number in range(count)]
        self._reservations = [sample.reservation.replace(sample.id, one) for one in self.ids]
        self._rows = {one: sample.row.replace(sample.id, one) for one in self.ids}

    def answer(self, target: str, body: str) -> str:
        """The body of an answer; KeyError for what no inventory asks."""
        if target.endswith("DescribeInstanceInformation"):
            return self._nodes(json.loads(body or "{}"))
        asked = {key: values[0] for key, values in parse_qs(body).items()}
        answers: dict[str, t.Callable[[], str]] = {
            "DescribeInstances": lambda: self._machines(int(asked.get("NextToken", 0))),
            "GetCallerIdentity": lambda: CALLER,
        }
        return answers[asked["Action"]]()

    def _machines(self, first: int) -> str:
        last = first + MACHINES_A_PAGE
        token = f"<nextToken>{last}</nextToken>" if last < len(self.ids) else ""
        page = "".join(self._reservations[first:last])
        return (
            f'<DescribeInstancesResponse xmlns="{NAMESPACE}"><requestId>1</requestId>'
            f"<reservationSet>{page}</reservationSet>{token}</DescribeInstancesResponse>"
        )

    def _nodes(self, asked: dict[str, t.Any]) -> str:
        wanted = self.ids
        for one in asked.get("Filters") or []:
            if one["Key"] == "InstanceIds":
                wanted = one["Values"]
            elif one["Key"] == "ResourceType":
                wanted = []
        first = int(asked.get("NextToken", 0))
        last = first + NODES_A_PAGE
        token = f', "NextToken": "{last}"' if last < len(wanted) else ""
        page = ", ".join(self._rows[one] for one in wanted[first:last])
        return f'{{"InstanceInformationList": [{page}]{token}}}'


def serve(account: Account, milliseconds: float) -> ThreadingHTTPServer:
    """A server on a free port of loopback that holds each answer back for so long."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            time.sleep(milliseconds / 1000)
            said = account.answer(self.headers.get("X-Amz-Target", ""), body).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, *_: t.Any) -> None:
            """Nothing: what is measured waits for whoever writes."""

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


if __name__ == "__main__":
    file, machines, held = sys.argv[1:]
    server = serve(Account(Sample(*json.loads(Path(file).read_text())), int(machines)), float(held))
    print(server.server_address[1], flush=True)
    server.serve_forever()
