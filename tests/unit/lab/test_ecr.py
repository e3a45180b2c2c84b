# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""ECR, and what is published into it."""

from __future__ import annotations

import json
import typing as t

import pytest
from cryptography import x509

from lab.embedded_aws import cli
from lab.embedded_aws.client import EmbeddedAws

Refused = t.Any
MAIN = "123456789012.dkr.ecr.us-west-2.amazonaws.com"
IMMUTABLE = {"imageTagMutability": "IMMUTABLE"}


@pytest.fixture
def ecr(client: t.Any) -> t.Any:
    return client("ecr")


def manifest(what: str) -> str:
    said = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json"}
    return json.dumps({**said, "annotations": {"what": what}})


def push(ecr: t.Any, name: str, tag: str, what: str = "one") -> t.Any:
    return ecr.put_image(repositoryName=name, imageManifest=manifest(what), imageTag=tag)["image"]["imageId"]


def rule(status: str, priority: int = 1, **selection: t.Any) -> dict[str, t.Any]:
    count = {"countType": "imageCountMoreThan", "countNumber": 5}
    said = {"tagStatus": status, **count, **selection}
    return {"rulePriority": priority, "description": "x" * 60, "selection": said, "action": {"type": "expire"}}


def test_a_repository_has_the_address_of_its_partition(client: t.Any, ecr: t.Any) -> None:
    assert ecr.create_repository(repositoryName="us/guard")["repository"]["repositoryUri"] == f"{MAIN}/us/guard"
    made = client("ecr", "cn-north-1").create_repository(repositoryName="cn/guard")["repository"]
    assert made["repositoryUri"] == "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/cn/guard"
    assert made["repositoryArn"].startswith("arn:aws-cn:ecr:")


@pytest.mark.parametrize("name", ["Guard", "us//guard", "us/guard-", "us..guard"])
def test_a_name_that_ecr_does_not_take_is_refused(ecr: t.Any, refused: Refused, name: str) -> None:
    with refused("InvalidParameterException"):
        ecr.create_repository(repositoryName=name)


def test_a_repository_with_images_is_deleted_by_force_only(ecr: t.Any, refused: Refused) -> None:
    ecr.create_repository(repositoryName="us/guard")
    push(ecr, "us/guard", "one")
    with refused("RepositoryNotEmptyException"):
        ecr.delete_repository(repositoryName="us/guard")
    ecr.delete_repository(repositoryName="us/guard", force=True)


def test_a_tag_that_may_not_move_does_not(ecr: t.Any, refused: Refused) -> None:
    ecr.create_repository(repositoryName="us/guard", **IMMUTABLE)
    first = push(ecr, "us/guard", "v1", "one")
    with refused("ImageTagAlreadyExistsException", "immutable"):
        push(ecr, "us/guard", "v1", "two")
    with refused("ImageAlreadyExistsException"):
        push(ecr, "us/guard", "v1", "one")
    second = push(ecr, "us/guard", "v2", "two")
    assert first["imageDigest"] != second["imageDigest"]
    assert push(ecr, "us/guard", "v3", "two")["imageDigest"] == second["imageDigest"]


def test_a_tag_that_is_excepted_moves(ecr: t.Any, refused: Refused) -> None:
    excepted = [{"filterType": "WILDCARD", "filter": "dev-*"}]
    said = {"imageTagMutability": "IMMUTABLE_WITH_EXCLUSION", "imageTagMutabilityExclusionFilters": excepted}
    ecr.create_repository(repositoryName="us/guard", **said)
    first, second = push(ecr, "us/guard", "dev-a", "one"), push(ecr, "us/guard", "dev-a", "two")
    found = ecr.describe_images(repositoryName="us/guard", imageIds=[{"imageTag": "dev-a"}])["imageDetails"]
    assert [one["imageDigest"] for one in found] == [second["imageDigest"]]
    assert first != second
    push(ecr, "us/guard", "v1", "one")
    with refused("ImageTagAlreadyExistsException"):
        push(ecr, "us/guard", "v1", "three")


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ([rule("tagged")], "tagPatternList or tagPrefixList"),
        ([rule("untagged", tagPatternList=["*"])], "untagged takes no tagPatternList"),
        ([rule("any", 1), rule("untagged", 2)], "highest rulePriority"),
        ([rule("untagged", 1), rule("untagged", 1)], "unique"),
        ([rule("untagged", countUnit="days")], "countUnit"),
        ([rule("untagged", countType="sinceImagePushed")], "countUnit"),
        ([rule("tagged", tagPatternList=["a*b*c*d*e*"])], "wildcards"),
    ],
)
def test_a_lifecycle_policy_that_ecr_does_not_take_is_refused(
    ecr: t.Any, refused: Refused, rules: list[t.Any], words: str
) -> None:
    ecr.create_repository(repositoryName="us/guard")
    with refused("InvalidParameterException", words):
        ecr.put_lifecycle_policy(repositoryName="us/guard", lifecyclePolicyText=json.dumps({"rules": rules}))


def test_a_lifecycle_policy_that_ecr_takes_is_kept(ecr: t.Any) -> None:
    ecr.create_repository(repositoryName="us/guard")
    text = json.dumps({"rules": [rule("tagged", tagPatternList=["*"]), rule("any", 2)]})
    ecr.put_lifecycle_policy(repositoryName="us/guard", lifecyclePolicyText=text)
    assert ecr.get_lifecycle_policy(repositoryName="us/guard")["lifecyclePolicyText"] == text


def test_a_pull_through_cache_lives_and_ends(aws: EmbeddedAws, ecr: t.Any, refused: Refused) -> None:
    said = {"ecrRepositoryPrefix": "us/registry/public", "upstreamRegistryUrl": "public.ecr.aws"}
    ecr.create_pull_through_cache_rule(**said)
    with refused("PullThroughCacheRuleAlreadyExistsException"):
        ecr.create_pull_through_cache_rule(**said)
    [found] = ecr.describe_pull_through_cache_rules()["pullThroughCacheRules"]
    assert (found["upstreamRegistry"], found["registryId"]) == ("ecr-public", "123456789012")
    assert [one["kind"] for one in aws.holdings() if one["id"] == "us/registry/public"] == [
        "ecr:pull-through-cache-rule"
    ]
    ecr.delete_pull_through_cache_rule(ecrRepositoryPrefix="us/registry/public")
    with refused("PullThroughCacheRuleNotFoundException"):
        ecr.describe_pull_through_cache_rules(ecrRepositoryPrefixes=["us/registry/public"])


def test_an_upstream_that_asks_who_pulls_needs_a_secret_that_is_there(
    aws: EmbeddedAws, ecr: t.Any, refused: Refused
) -> None:
    said = {"ecrRepositoryPrefix": "us/registry/hub", "upstreamRegistryUrl": "registry-1.docker.io"}
    missing = "arn:aws:secretsmanager:us-west-2:123456789012:secret:ecr-pullthroughcache/hub-AbCdEf"
    with refused("InvalidParameterException", "credentialArn"):
        ecr.create_pull_through_cache_rule(**said)
    with refused("SecretNotFoundException"):
        ecr.create_pull_through_cache_rule(**said, credentialArn=missing)
    brought = aws.publish("us-west-2", secrets={"ecr-pullthroughcache/hub": "{}"})["secrets"]
    ecr.create_pull_through_cache_rule(**said, credentialArn=brought["ecr-pullthroughcache/hub"])
    with refused("UnsupportedUpstreamRegistryException"):
        ecr.create_pull_through_cache_rule(ecrRepositoryPrefix="us/x", upstreamRegistryUrl="registry.example.com")


def test_an_image_is_there_as_soon_as_its_repository_is(aws: EmbeddedAws, ecr: t.Any) -> None:
    assert aws.publish("us-west-2", images=["us/guard:prod-20260701-0930"])["waiting"] == [
        "us/guard:prod-20260701-0930"
    ]
    ecr.create_repository(repositoryName="us/guard", **IMMUTABLE)
    [image] = ecr.describe_images(repositoryName="us/guard")["imageDetails"]
    assert image["imageTags"] == ["prod-20260701-0930"]
    asked = ecr.batch_get_image(repositoryName="us/guard", imageIds=[{"imageTag": "prod-20260701-0930"}])["images"]
    assert len(json.loads(asked[0]["imageManifest"])["layers"]) == 2
    assert asked[0]["imageId"]["imageDigest"] == image["imageDigest"]


def test_an_image_comes_into_a_repository_that_is_there(aws: EmbeddedAws, ecr: t.Any) -> None:
    ecr.create_repository(repositoryName="us/guard", **IMMUTABLE)
    for _ in range(2):
        assert aws.publish("us-west-2", images=["us/guard:v1"])["images"] == ["us/guard:v1"]
    assert len(ecr.describe_images(repositoryName="us/guard")["imageDetails"]) == 1
    assert aws.writes() == [write for write in aws.writes() if write["action"] == "CreateRepository"]


def test_secrets_and_parameters_are_brought_at_once_and_stay(aws: EmbeddedAws, client: t.Any) -> None:
    aws.publish("us-west-2", secrets={"us/guard/webhook-key": ""}, parameters={"/us/x": "42"})
    first = client("secretsmanager").get_secret_value(SecretId="us/guard/webhook-key")["SecretString"]
    aws.publish("us-west-2", secrets={"us/guard/webhook-key": ""}, parameters={"/us/x": "43"})
    assert len(first) > 20
    assert client("secretsmanager").get_secret_value(SecretId="us/guard/webhook-key")["SecretString"] == first
    assert client("ssm").get_parameter(Name="/us/x", WithDecryption=True)["Parameter"]["Value"] == "42"


def test_a_command_line_publishes(
    aws: EmbeddedAws, ecr: t.Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    ecr.create_repository(repositoryName="us/guard")
    words = ["publish", "--region", "us-west-2", "--image", "us/guard:v1", "--secret", "us/key", "--parameter", "/us/x"]
    assert cli.main(words) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["images"] == ["us/guard:v1"]
    assert list(told["secrets"]) == ["us/key"]
    assert told["parameters"] == ["/us/x"]


def test_repositories_are_held_and_change_their_fingerprint(aws: EmbeddedAws, ecr: t.Any) -> None:
    ecr.create_repository(repositoryName="us/guard", tags=[{"Key": "cloister:region", "Value": "us"}])
    [before] = [one for one in aws.holdings() if one["kind"] == "ecr:repository"]
    assert before["tags"] == {"cloister:region": "us"}
    aws.publish("us-west-2", images=["us/guard:v1"])
    [after] = [one for one in aws.holdings() if one["kind"] == "ecr:repository"]
    assert before["fingerprint"] != after["fingerprint"]
    ecr.delete_repository(repositoryName="us/guard", force=True)
    assert [one for one in aws.holdings() if one["kind"] == "ecr:repository"] == []


def test_a_certificate_is_a_secret_that_the_labs_own_ca_signed(aws: EmbeddedAws, client: t.Any) -> None:
    aws.publish("us-west-2", certificates={"us/partner": ["partner.infer.example.com", "*.infer.example.com"]})
    told = json.loads(client("secretsmanager").get_secret_value(SecretId="us/partner")["SecretString"])
    leaf, root = (x509.load_pem_x509_certificate(told[part].encode()) for part in ("certificate", "chain"))
    leaf.verify_directly_issued_by(root)
    assert told["chain"] == aws.authority()
    named = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert named.get_values_for_type(x509.DNSName) == ["partner.infer.example.com", "*.infer.example.com"]
    assert aws.issue(["a.test"])["chain"] == aws.authority()
