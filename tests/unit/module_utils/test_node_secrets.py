# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A node reads its secrets with its own role, signs as AWS wants it, and says what is in the way."""

from __future__ import annotations

import base64
import datetime
import json
import threading
import typing as t
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest import mock

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._errors import ApiError, MissingError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._node_secrets import Keys, Node, signature
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ROLE = {"AccessKeyId": "ASIAROLE", "SecretAccessKey": "s3cret", "Token": "t0ken=="}
SECRETS = {"kr/vllm": {"SecretString": '{"token": "hf_abc", "n": 7}'}, "raw": {"SecretBinary": "AAEC"}}


class Amazon(BaseHTTPRequestHandler):
    """The metadata of an instance with a role, and the two services, which look at who signs."""

    seen: t.ClassVar[list[dict[str, str]]] = []

    def do_PUT(self) -> None:
        assert self.headers["X-aws-ec2-metadata-token-ttl-seconds"]
        self._say(200, b"session")

    def do_GET(self) -> None:
        assert self.headers["X-aws-ec2-metadata-token"] == "session"
        path = self.path.removeprefix("/latest/meta-data/")
        told = {
            "placement/region": "ap-northeast-2",
            "iam/security-credentials/": "kr-ai-node",
            "iam/security-credentials/kr-ai-node": json.dumps(ROLE),
        }
        self._say(200, told[path].encode())

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        Amazon.seen.append(dict(self.headers))
        if self.headers["X-Amz-Target"] == "AmazonSSM.GetParameter":
            assert asked == {"Name": "/kr/token", "WithDecryption": True}
            self._say(200, b'{"Parameter": {"Value": "plain"}}')
        elif asked["SecretId"] in SECRETS:
            self._say(200, json.dumps(SECRETS[asked["SecretId"]]).encode())
        else:
            self._say(400, b'{"__type": "a#ResourceNotFoundException", "Message": "there is no such secret"}')

    def _say(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: t.Any) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def base() -> t.Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Amazon)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def node(base: str) -> Node:
    Amazon.seen.clear()
    return Node({"AWS_ENDPOINT_URL": base}, metadata=base)


@pytest.mark.parametrize(
    ("reference", "content"),
    [
        ({"secret": "kr/vllm"}, b'{"token": "hf_abc", "n": 7}'),
        ({"secret": "kr/vllm", "key": "token"}, b"hf_abc"),
        ({"secret": "kr/vllm", "key": "n"}, b"7"),
        ({"secret": "raw"}, base64.b64decode("AAEC")),
        ({"parameter": "/kr/token"}, b"plain"),
    ],
)
def test_a_secret_is_read_with_the_machines_role(node: Node, reference: dict[str, str], content: bytes) -> None:
    assert node.read(reference) == content
    (headers,) = Amazon.seen
    assert headers["X-Amz-Security-Token"] == ROLE["Token"]
    service = "secretsmanager" if "secret" in reference else "ssm"
    assert f"Credential=ASIAROLE/{headers['X-Amz-Date'][:8]}/ap-northeast-2/{service}/aws4_request" in str(headers)


@pytest.mark.parametrize("token", ["", "t0ken=="])
def test_a_call_is_signed_as_botocore_signs_it(token: str) -> None:
    now = datetime.datetime(2026, 3, 14, 15, 9, 26, tzinfo=datetime.UTC)
    url, body = "https://secretsmanager.us-west-2.amazonaws.com/", b'{"SecretId": "kr/vllm"}'
    headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "secretsmanager.GetSecretValue"}
    mine = signature(Keys("AKIA", "s3cret", token), "us-west-2", "secretsmanager", url, headers, body, now)
    request = AWSRequest("POST", url, headers=headers, data=body)
    with mock.patch("botocore.auth.get_current_datetime", return_value=now.replace(tzinfo=None)):
        SigV4Auth(Credentials("AKIA", "s3cret", token or None), "secretsmanager", "us-west-2").add_auth(request)
    assert mine["Authorization"] == request.headers["Authorization"]


def test_a_region_of_china_has_names_of_its_own() -> None:
    keys = {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"}
    assert Node(keys, "cn-north-1").endpoint("ssm") == "https://ssm.cn-north-1.amazonaws.com.cn"
    assert Node(keys, "us-west-2").endpoint("ssm") == "https://ssm.us-west-2.amazonaws.com"


def test_what_aws_refuses_is_told_with_its_reason_and_the_secret_it_is_about(node: Node) -> None:
    with pytest.raises(ApiError, match="GetSecretValue of nobody: ResourceNotFoundException: there is no such secret"):
        node.read({"secret": "nobody"})


@pytest.mark.parametrize("reference", [{"secret": "kr/vllm", "key": "none"}, {"parameter": "/kr/token", "key": "a"}])
def test_a_part_that_is_not_there_is_missed_and_the_rest_is_not_told(node: Node, reference: dict[str, str]) -> None:
    with pytest.raises(MissingError) as missed:
        node.read(reference)
    assert "has no part" in str(missed.value)
    assert "hf_abc" not in str(missed.value)
    assert "plain" not in str(missed.value)


def test_a_machine_without_a_role_says_what_it_needs() -> None:
    with pytest.raises(RegionError, match="give its pool an instance profile"):
        Node({}, "us-west-2", metadata="http://127.0.0.1:9")
