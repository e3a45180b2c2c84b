"""User data: what it says, and the secrets that it must not have."""

from __future__ import annotations

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._user_data import MOST_BYTES, ecs, faults, rendered


def test_a_machine_of_ecs_joins_its_cluster_and_keeps_its_credentials_to_itself() -> None:
    assert ecs("us-main", gpu=True, settings={"ECS_LOGLEVEL": "warn"}, more="mount /data\n").splitlines() == [
        "#!/bin/bash",
        "cat >>/etc/ecs/ecs.config <<'END_OF_SETTINGS'",
        "ECS_CLUSTER=us-main",
        "ECS_AWSVPC_BLOCK_IMDS=true",
        "ECS_ENABLE_SPOT_INSTANCE_DRAINING=true",
        "ECS_ENABLE_GPU_SUPPORT=true",
        "ECS_LOGLEVEL=warn",
        "END_OF_SETTINGS",
        "mount /data",
    ]
    assert "GPU" not in ecs("us-main", gpu=False, settings={})


def test_a_plain_machine_does_what_it_is_told_and_nothing_else() -> None:
    assert rendered({"purpose": "plain", "user_data": "#!/bin/sh\n"}, "us", gpu=True) == "#!/bin/sh\n"
    assert rendered({"purpose": "plain"}, "us", gpu=False) == ""
    assert "ECS_CLUSTER=us-main" in rendered({"cluster": "main"}, "us", gpu=False)


@pytest.mark.parametrize(
    "line",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "export AWS_SECRET_ACCESS_KEY=abc",
        "aws_secret_access_key = abc",
        "-----BEGIN RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----",
        '{"password": "abc"}',
        'DB_PASSWORD="x1"',
        "passwd: x",
        "token: abc",
        "api_key='z'",
        "hf_" + "a" * 34,
        "curl -H 'Authorization: Bearer abc'",
        "postgres://user:word@database/main",
    ],
)
def test_what_looks_like_a_secret_is_a_fault_and_is_not_repeated(line: str) -> None:
    found = faults(f"#!/bin/sh\n{line}\n")
    assert len(found) == 1
    assert found[0].startswith("line 2 looks like ")
    assert line not in found[0]


@pytest.mark.parametrize(
    "line",
    [
        "password=$(aws secretsmanager get-secret-value --secret-id x)",
        'PASSWORD="${FROM_ELSEWHERE}"',
        "token=`get-token`",
        "password=",
        "# the token is read at boot",
        'curl -X PUT http://169.254.169.254/latest/api/token -H "X-aws-ec2-metadata-token-ttl-seconds: 60"',
        "curl https://host:8080/models@main",
        "bypass=1",
        "systemctl enable --now passwordless.service",
    ],
)
def test_what_fetches_a_secret_or_only_speaks_of_one_passes(line: str) -> None:
    assert faults(line) == []


def test_more_than_ec2_takes_is_a_fault() -> None:
    assert faults("#" * MOST_BYTES) == []
    assert faults("#" * (MOST_BYTES + 1)) == [f"it has {MOST_BYTES + 1} bytes, and EC2 takes {MOST_BYTES}"]
