"""What services show and run: certificates and the CAs that sign them, repositories and caches."""

from __future__ import annotations

import typing as t
from datetime import UTC, datetime

from ansible_collections.cloister.aws.plugins.module_utils import _x509
from ansible_collections.cloister.aws.plugins.module_utils.kinds.certificate import EVERY_KEY, Certificate
from ansible_collections.cloister.aws.plugins.module_utils.kinds.private_ca import PrivateCa
from ansible_collections.cloister.aws.plugins.module_utils.kinds.pull_through_cache import PullThroughCache
from ansible_collections.cloister.aws.plugins.module_utils.kinds.repository import Repository

from tests.integration.playbook import Action
from tests.integration.rehearsal.damage.hands import Hands, Thing, act, told


def _certificates(hands: Hands, **wanted: str) -> t.Iterator[Thing]:
    """Yield the region's certificates whose summary says what is ``wanted``."""
    acm = hands.client("acm")
    listed = acm.list_certificates(Includes={"keyTypes": list(EVERY_KEY)})["CertificateSummaryList"]
    for one in sorted(listed, key=lambda one: str(one["DomainName"])):
        tags = acm.list_tags_for_certificate(CertificateArn=one["CertificateArn"])["Tags"]
        ours = {"Key": "cloister:region", "Value": hands.region_name} in tags
        if ours and all(one[key] == value for key, value in wanted.items()):
            yield {**one, "Tags": tags}


@act(Certificate)
def another_certificate_is_brought_in_the_place_of_ours(hands: Hands) -> set[Action]:
    for certificate in _certificates(hands, Type="IMPORTED", KeyAlgorithm="EC-prime256v1"):
        now, key = datetime.now(UTC), _x509.new_key("EC_prime256v1")
        ca = _x509.root(key, "Somebody's", 30, [], now)
        made = _x509.issue(key, ca, [certificate["DomainName"]], 20, "EC_prime256v1", now)
        hands.client("acm").import_certificate(
            CertificateArn=certificate["CertificateArn"],
            Certificate=made.certificate,
            PrivateKey=made.private_key,
            CertificateChain=made.chain,
        )
        return {told(Certificate, certificate, "change")}
    return set()


@act(Certificate)
def a_certificate_loses_its_name(hands: Hands) -> set[Action]:
    for certificate in _certificates(hands, Type="AMAZON_ISSUED"):
        tags = [{"Key": "Name"}]
        hands.client("acm").remove_tags_from_certificate(CertificateArn=certificate["CertificateArn"], Tags=tags)
        return {told(Certificate, certificate, "change")}
    return set()


@act(PrivateCa)
def the_key_of_a_ca_loses_its_name(hands: Hands) -> set[Action]:
    ssm, path = hands.client("ssm"), f"/cloister/{hands.region_name}/ca"
    for parameter in ssm.get_parameters_by_path(Path=path, Recursive=True)["Parameters"]:
        if parameter["Name"].endswith("/key"):
            where = {"ResourceType": "Parameter", "ResourceId": parameter["Name"]}
            tags = ssm.list_tags_for_resource(**where)["TagList"]
            ssm.remove_tags_from_resource(**where, TagKeys=["Name"])
            return {told(PrivateCa, {"Tags": tags}, "change")}
    return set()


def _repositories(hands: Hands) -> t.Iterator[Thing]:
    """Yield the region's repositories with their tags."""
    ecr = hands.client("ecr")
    for one in sorted(ecr.describe_repositories()["repositories"], key=lambda one: str(one["repositoryName"])):
        tags = ecr.list_tags_for_resource(resourceArn=one["repositoryArn"])["tags"]
        if {"Key": "cloister:region", "Value": hands.region_name} in tags:
            yield {**one, "Tags": tags}


@act(Repository)
def the_tags_of_a_repository_may_move(hands: Hands) -> set[Action]:
    for repository in list(_repositories(hands))[:1]:
        hands.client("ecr").put_image_tag_mutability(
            repositoryName=repository["repositoryName"], imageTagMutability="MUTABLE"
        )
        return {told(Repository, repository, "change")}
    return set()


@act(Repository)
def a_repository_keeps_everything(hands: Hands) -> set[Action]:
    for repository in list(_repositories(hands))[-1:]:
        hands.client("ecr").delete_lifecycle_policy(repositoryName=repository["repositoryName"])
        return {told(Repository, repository, "change")}
    return set()


@act(PullThroughCache)
def a_cache_is_deleted(hands: Hands) -> set[Action]:
    ecr = hands.client("ecr")
    for rule in ecr.describe_pull_through_cache_rules()["pullThroughCacheRules"]:
        region, _slash, rest = rule["ecrRepositoryPrefix"].partition("/")
        if region == hands.region_name:
            ecr.delete_pull_through_cache_rule(ecrRepositoryPrefix=rule["ecrRepositoryPrefix"])
            stack, _slash, part = rest.partition("/")
            return {(stack, PullThroughCache.noun, part, "create")}
    return set()
