# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import concurrent.futures
import http.client
import typing as t
from urllib.parse import urlsplit

from lab.embedded_aws.client import EmbeddedAws

Clients = t.Any


def connect(aws: EmbeddedAws) -> http.client.HTTPConnection:
    return http.client.HTTPConnection(urlsplit(aws.endpoint).netloc, timeout=5)


def status(connection: http.client.HTTPConnection, aws: EmbeddedAws, **options: t.Any) -> int:
    headers = {"X-Cloister-Key": aws.environment["AWS_SECRET_ACCESS_KEY"]}
    connection.request(options.pop("method", "GET"), "/_cloister/status", headers=headers, **options)
    response = connection.getresponse()
    response.read()
    return response.status


def test_a_connection_is_kept_from_call_to_call(aws: EmbeddedAws) -> None:
    connection = connect(aws)
    assert status(connection, aws) == 200
    socket = connection.sock
    assert status(connection, aws) == 200
    assert connection.sock is socket is not None


def test_a_body_may_come_in_chunks(aws: EmbeddedAws) -> None:
    connection = connect(aws)
    headers = {"X-Cloister-Key": aws.environment["AWS_SECRET_ACCESS_KEY"]}
    chunks = iter([b'{"vp', b'cs": 7}'])
    connection.request("POST", "/_cloister/limits", chunks, headers, encode_chunked=True)
    response = connection.getresponse()
    assert (response.status, response.read()) == (200, b'{"limits": {"vpcs": 7}}')


def test_an_unknown_control_call_is_told_so(aws: EmbeddedAws) -> None:
    connection = connect(aws)
    assert status(connection, aws, method="PUT") == 404
    assert status(connection, aws) == 200


def test_a_broken_request_ends_only_its_connection(aws: EmbeddedAws) -> None:
    broken = connect(aws)
    broken.connect()
    assert broken.sock is not None
    broken.sock.sendall(b"what?\r\n\r\n")
    assert broken.sock.recv(100) == b""
    assert status(connect(aws), aws) == 200


def test_many_clients_at_once_lose_nothing(aws: EmbeddedAws, client: Clients) -> None:
    ec2 = client("ec2", attempts=1, max_pool_connections=16)

    def work(number: int) -> str:
        vpc = ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")["Vpc"]["VpcId"]
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.{number}.1.0/24")
        ec2.create_tags(Resources=[vpc], Tags=[{"Key": "number", "Value": str(number)}])
        found = ec2.describe_vpcs(Filters=[{"Name": "tag:number", "Values": [str(number)]}])["Vpcs"]
        return str(found[0]["VpcId"] == vpc)

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        assert set(pool.map(work, range(60))) == {"True"}
    writes = aws.writes()
    assert len(writes) == 180
    assert [record["sequence"] for record in writes] == list(range(1, 181))
