"""What a session asks of AWS: whose keys sign, what a refusal says, and which failures may pass."""

from __future__ import annotations

import json
import typing as t

import boto3
import pytest
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager.errors import ServiceError
from ansible_collections.cloister.aws.plugins.plugin_utils.session_manager.service import Role, Service

from lab.embedded_aws.client import EmbeddedAws

NODE = "i-0123456789abcdef0"
URL = "wss://ssmmessages.us-west-2.amazonaws.com/v1/data-channel/a?role=publish_subscribe"


def service(role: Role | None = None, profile: str | None = None) -> Service:
    return Service("us-west-2", profile, role, 5)


@pytest.fixture
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"ACCESS_KEY_ID": "AKIDEXAMPLE", "SECRET_ACCESS_KEY": "secret"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)


def test_a_refusal_says_what_was_asked_why_not_and_what_to_do(embedded_aws: EmbeddedAws) -> None:
    with pytest.raises(ServiceError) as refused:
        service().start(NODE, "AWS-StartSSHSession", {"portNumber": "22"})
    assert refused.value.code == "TargetNotConnected"
    assert not refused.value.passing
    told = str(refused.value)
    assert told.startswith("AWS refused StartSession (TargetNotConnected): ")
    assert NODE in told
    assert "AmazonSSMManagedInstanceCore" in told


def test_a_session_that_is_unknown_is_not_asked_for_again(embedded_aws: EmbeddedAws) -> None:
    with pytest.raises(ServiceError) as refused:
        service().resume("nobody-0123456789abcdef0")
    assert (refused.value.code, refused.value.passing) == ("DoesNotExistException", False)


def test_an_aws_that_does_not_answer_may_answer_later(keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setattr("ansible_collections.cloister.aws.plugins.plugin_utils.session_manager.service.ATTEMPTS", 1)
    with pytest.raises(ServiceError, match=r"AWS could not be asked \(start_session, us-west-2\)") as refused:
        service().start(NODE, None, {})
    assert refused.value.passing


def test_without_credentials_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, "/dev/null")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(ServiceError, match="Unable to locate credentials"):
        service().start(NODE, None, {})


def test_a_profile_that_is_not_there_is_named() -> None:
    with pytest.raises(ServiceError, match="nowhere"):
        service(profile="nowhere").start(NODE, None, {})


def test_the_websocket_is_signed_for_its_service_and_region(keys: None) -> None:
    headers = service().signature(URL)
    assert "AKIDEXAMPLE" in headers["Authorization"]
    assert "/us-west-2/ssmmessages/aws4_request" in headers["Authorization"]


def test_an_address_that_is_signed_already_is_left_alone(keys: None) -> None:
    assert service().signature(f"{URL}&X-Amz-Signature=abc") == {}


def test_a_plus_is_signed_as_the_space_that_it_stands_for(keys: None, monkeypatch: pytest.MonkeyPatch) -> None:
    signed: list[str] = []
    place = "ansible_collections.cloister.aws.plugins.plugin_utils.session_manager.service.SigV4Auth.add_auth"
    monkeypatch.setattr(place, lambda _self, request: signed.append(request.url))
    service().signature(f"{URL}&cell-number=a+b/c==")
    assert signed == [f"{URL.replace('wss', 'https')}&cell-number=a%20b%2Fc%3D%3D"]


def test_a_role_is_taken_on_with_what_its_trust_wants_to_hear(embedded_aws: EmbeddedAws) -> None:
    make: t.Any = boto3.session.Session(region_name="us-west-2").client
    account = make("sts").get_caller_identity()["Account"]
    trust = {"Effect": "Allow", "Principal": {"AWS": account}, "Action": "sts:AssumeRole"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    arn = make("iam").create_role(RoleName="way-in", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    taken, said = service(Role(arn, "a word")), list[dict[str, t.Any]]()
    taken._session.register("provide-client-params.sts.AssumeRole", lambda params, **_more: said.append(params))
    assert taken.call("sts", "get_caller_identity")["Arn"].endswith("assumed-role/way-in/cloister")
    assert [(asked["RoleArn"], asked["ExternalId"]) for asked in said] == [(arn, "a word")]
    assert taken.signature(URL)["Authorization"]
    assert len(said) == 1, "one role for all that is asked"
