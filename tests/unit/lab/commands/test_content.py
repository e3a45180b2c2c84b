# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a command brings onto a node from S3: as far as the node's role, or the bucket's policy, lets it."""

from __future__ import annotations

import io
import json
import typing as t
import zipfile

import pytest

Fleet = t.Any
BUCKET = "us-fleet-123456789012"
READING = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
# What stands for Ansible: the machine of this test is this machine.
ANSIBLE = '#!/bin/sh\necho "ansible-playbook $*"\ncat "$(for last; do :; done; echo "$last")"\n'
UNZIP = '#!/bin/sh\nexec python3 -m zipfile -e "$2" .\n'


@pytest.fixture
def packed(fleet: Fleet) -> str:
    """A pack in a bucket; its address."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as pack:
        pack.writestr("play/role_vllm.yml", "the play\n")
    fleet.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "us-west-2"})
    fleet.s3.put_object(Bucket=BUCKET, Key="packs/one.zip", Body=file.getvalue())
    return f"https://s3.us-west-2.amazonaws.com/{BUCKET}/packs/one.zip"


def apply(fleet: Fleet, node: str, path: str, **more: str) -> str:
    """Send AWS-ApplyAnsiblePlaybooks; the command's id once it has ended."""
    said = {"SourceType": "S3", "SourceInfo": json.dumps({"path": path}), "InstallDependencies": "False", **more}
    parameters = {key: [value] for key, value in said.items()}
    given = {"DocumentName": "AWS-ApplyAnsiblePlaybooks", "InstanceIds": [node], "Parameters": parameters}
    sent = str(fleet.ssm.send_command(**given)["Command"]["CommandId"])
    fleet.over(sent)
    return sent


def test_without_a_right_nothing_is_read_and_the_playbook_is_missing(fleet: Fleet, packed: str) -> None:
    node = fleet.node()
    sent = apply(fleet, node, packed, PlaybookFile="play/role_vllm.yml")
    assert fleet.details(sent) == {node: "Failed"}
    assert "AccessDenied" in fleet.result(sent, node, PluginName="downloadContent")["StandardErrorContent"]
    assert fleet.result(sent, node, PluginName="runShellScript")["ResponseCode"] == 2


@pytest.mark.parametrize("way", ["role", "bucket"])
def test_a_pack_is_unpacked_and_its_playbook_run(fleet: Fleet, packed: str, way: str) -> None:
    fleet.put("ansible-playbook", ANSIBLE)
    fleet.put("unzip", UNZIP)
    node = fleet.node()
    if way == "role":
        fleet.iam.attach_role_policy(RoleName="node", PolicyArn=READING)
    else:
        fleet.s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(_policy("us")))
    sent = apply(fleet, node, packed, PlaybookFile="play/role_vllm.yml", Check="True", ExtraVariables="a=1 b=2")
    assert fleet.details(sent) == {node: "Success"}
    said = fleet.result(sent, node, PluginName="runShellScript")["StandardOutputContent"]
    assert "ansible-playbook -i localhost, --check -c local -e a=1 b=2 -v play/role_vllm.yml\nthe play\n" in said


def test_a_bucket_for_another_region_lets_nobody_in(fleet: Fleet, packed: str) -> None:
    node = fleet.node()
    fleet.s3.put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(_policy("kr")))
    sent = apply(fleet, node, packed)
    assert "AccessDenied" in fleet.result(sent, node, PluginName="downloadContent")["StandardErrorContent"]


def test_a_key_that_is_not_there_is_told(fleet: Fleet, packed: str) -> None:
    node = fleet.node()
    fleet.iam.attach_role_policy(RoleName="node", PolicyArn=READING)
    sent = apply(fleet, node, packed.replace("one", "two"))
    assert "NoSuchKey" in fleet.result(sent, node, PluginName="downloadContent")["StandardErrorContent"]


def test_extra_variables_are_held_to_the_documents_pattern(fleet: Fleet, refused: t.Any, packed: str) -> None:
    node = fleet.node()
    with refused("InvalidParameters"):
        apply(fleet, node, packed, ExtraVariables="command=a;b")


def _policy(region: str) -> dict[str, t.Any]:
    test = {"StringEquals": {"aws:PrincipalTag/cloister:region": region, "aws:PrincipalAccount": "123456789012"}}
    arn = f"arn:aws:s3:::{BUCKET}"
    may = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["s3:GetObject", "s3:ListBucket"]}
    return {"Version": "2012-10-17", "Statement": [{**may, "Resource": [arn, f"{arn}/*"], "Condition": test}]}
