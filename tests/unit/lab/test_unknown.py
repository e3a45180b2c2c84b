# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import typing as t

import pytest

from lab.embedded_aws.client import EmbeddedAws

Clients = t.Any


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("ec2", "describe_placement_groups", {}),
        ("iam", "get_context_keys_for_custom_policy", {"PolicyInputList": ["{}"]}),
        ("route53", "list_cidr_collections", {}),
        ("ssm", "describe_patch_properties", {"OperatingSystem": "AMAZON_LINUX", "Property": "PRODUCT"}),
        ("eks", "list_insights", {"clusterName": "none"}),
        ("braket", "search_devices", {"filters": []}),
    ],
)
def test_what_is_not_modelled_fails_loudly_in_the_services_protocol(
    client: Clients, refused: t.Any, service: str, operation: str, parameters: dict[str, t.Any]
) -> None:
    with refused("NotModelled", service, status=501):
        getattr(client(service), operation)(**parameters)


def test_an_unknown_call_names_its_action_and_is_not_repeated(
    aws: EmbeddedAws, client: Clients, refused: t.Any
) -> None:
    with refused("NotModelled", "ec2 CreateInstanceExportTask"):
        client("ec2", attempts=4).create_instance_export_task(
            InstanceId="i-0123456789abcdef0",
            TargetEnvironment="vmware",
            ExportToS3Task={"ContainerFormat": "ova", "DiskImageFormat": "VMDK", "S3Bucket": "b"},
        )
    assert [(record["action"], record["error"]) for record in aws.writes()] == [
        ("CreateInstanceExportTask", "NotModelled")
    ]


def test_a_call_of_no_service_is_refused_too(aws: EmbeddedAws) -> None:
    import http.client
    from urllib.parse import urlsplit

    connection = http.client.HTTPConnection(urlsplit(aws.endpoint).netloc, timeout=5)
    connection.request("GET", "/nothing/here")
    response = connection.getresponse()
    assert response.status == 501
    assert b"NotModelled" in response.read()
