# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Repositories and caches on the embedded AWS."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import (
    ImmutableError,
    MissingError,
    OwnershipError,
    RegionError,
)
from ansible_collections.cloister.aws.plugins.module_utils._kind import Found, Kind
from ansible_collections.cloister.aws.plugins.module_utils._names import Names
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome, reconcile
from ansible_collections.cloister.aws.plugins.module_utils._repository_policies import lifecycle
from ansible_collections.cloister.aws.plugins.module_utils._teardown import tear_down
from ansible_collections.cloister.aws.plugins.module_utils.kinds import pull_through_cache, repository
from ansible_collections.cloister.aws.plugins.module_utils.kinds.pull_through_cache import PullThroughCache
from ansible_collections.cloister.aws.plugins.module_utils.kinds.repository import Repository

from lab.embedded_aws.client import EmbeddedAws

Entry = dict[str, t.Any]
OWNER = Owner("us", "registry", {"owner": "platform"})
FORM: Entry = {"tags_immutable": True, "mutable_tags": [], "scan_on_push": True, "encryption": "AES256"}
EXPIRY: Entry = {"keep_images": None, "keep_untagged_days": 14, "lifecycle_policy": None}
GUARD: Entry = {**FORM, **EXPIRY, "name": "guard", "kms_key_arn": None, "pull_principals": [], "keep": True}
CACHE: Entry = {"name": "public", "upstream": "public.ecr.aws", "credentials_secret": None}
HUB: Entry = {"name": "hub", "upstream": "registry-1.docker.io", "credentials_secret": "ecr-pullthroughcache/hub"}
ROLE = "arn:aws:iam::111122223333:role/deploy"


class World:
    """A registry and its lab."""

    def __init__(self, aws: Aws, lab: EmbeddedAws) -> None:
        self.aws, self.lab = aws, lab

    def apply(self, *entries: Entry, check: bool = False) -> Outcome:
        return self._bring(Repository(self.aws, OWNER), [repository.want(one, "aws") for one in entries], check)

    def caches(self, *entries: Entry, check: bool = False, owner: Owner = OWNER) -> Outcome:
        wants = [pull_through_cache.want(one, self.aws) for one in entries]
        return self._bring(PullThroughCache(self.aws, owner), wants, check)

    def _bring(self, kind: Kind, wants: t.Sequence[t.Any], check: bool) -> Outcome:
        outcome = reconcile(kind, wants, check)
        for error in outcome.errors:
            raise error
        return outcome

    def standing(self) -> dict[str, Found]:
        return {found.part: found for found in Repository(self.aws, OWNER).find()}

    def fields(self) -> Entry:
        kind = Repository(self.aws, OWNER)
        return kind.fields(kind.find()[0])

    def push(self, *tags: str) -> None:
        self.lab.publish("us-west-2", images=[f"us/guard:{tag}" for tag in tags])

    def writes(self) -> list[str]:
        done = [write["action"] for write in self.lab.writes()]
        self.lab.clear_journal()
        return done


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws)


def told(outcome: Outcome) -> list[tuple[str, str]]:
    return [(member.part, member.action) for member in outcome.members]


def changes(outcome: Outcome) -> list[str]:
    return [change["field"] for member in outcome.members for change in member.changes]


def writes_nothing(world: World, *entries: Entry) -> None:
    world.writes()
    assert not world.apply(*entries).changed
    assert not world.apply(*entries, check=True).changed
    assert world.writes() == []


def test_a_repository_lives_through_its_phases(world: World) -> None:
    assert told(world.apply(GUARD, check=True)) == [("guard", "create")]
    assert world.writes() == []
    made = world.apply(GUARD)
    assert made.members[0].shows == {"uri": "123456789012.dkr.ecr.us-west-2.amazonaws.com/us/guard"}
    assert world.writes() == ["CreateRepository", "PutLifecyclePolicy"]
    writes_nothing(world, GUARD)
    assert told(world.apply(check=True)) == [("guard", "remove")]
    assert world.writes() == []
    world.apply()
    assert world.writes() == ["DeleteRepository"]
    assert world.standing() == {}
    assert told(world.apply()) == []
    assert world.writes() == []


def test_a_repository_is_tagged_and_shut_in_the_call_that_makes_it(world: World) -> None:
    world.apply(GUARD)
    assert "TagResource" not in world.writes()
    found = world.standing()["guard"]
    assert (found.tags["Name"], found.tags["cloister:keep"], found.tags["owner"]) == ("us-guard", "true", "platform")
    assert found.raw["imageTagMutability"] == "IMMUTABLE"
    assert found.raw["imageScanningConfiguration"] == {"scanOnPush": True}


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"tags_immutable": False}, ["tags_immutable"]),
        ({"mutable_tags": ["dev-*", "latest"]}, ["mutable_tags"]),
        ({"scan_on_push": False}, ["scan_on_push"]),
        ({"keep_images": 20}, ["lifecycle"]),
        ({"keep_untagged_days": 0}, ["lifecycle"]),
        ({"keep_untagged_days": 0, "keep_images": 5}, ["lifecycle"]),
        ({"pull_principals": ["111122223333", ROLE]}, ["policy"]),
    ],
)
def test_each_field_is_changed_and_changed_back(world: World, change: Entry, fields: list[str]) -> None:
    world.apply(GUARD)
    changed = {**GUARD, **change}
    assert changes(world.apply(changed, check=True)) == fields
    assert changes(world.apply(changed)) == fields
    writes_nothing(world, changed)
    assert changes(world.apply(GUARD)) == fields
    writes_nothing(world, GUARD)


def test_all_of_it_is_made_at_once(world: World) -> None:
    whole = {**GUARD, "mutable_tags": ["dev-*"], "keep_images": 9, "pull_principals": [ROLE], "encryption": "KMS"}
    world.apply(whole)
    writes_nothing(world, whole)
    assert world.fields()["policy"]["Statement"][0]["Principal"] == {"AWS": [ROLE]}


def test_a_written_policy_takes_the_place_of_the_numbers(world: World) -> None:
    rule = {"rulePriority": 1, "description": "x" * 60, "action": {"type": "expire"}}
    selection = {"tagStatus": "any", "countType": "imageCountMoreThan", "countNumber": 3}
    written = {**GUARD, "lifecycle_policy": {"rules": [{**rule, "selection": selection}]}}
    world.apply(written)
    assert world.fields()["lifecycle"] == written["lifecycle_policy"]
    writes_nothing(world, written)


@pytest.mark.parametrize("change", [{"encryption": "KMS"}, {"kms_key_arn": "arn:aws:kms:us-west-2:123456789012:key/1"}])
def test_how_images_are_encrypted_cannot_change(world: World, change: Entry) -> None:
    world.apply(GUARD)
    world.writes()
    with pytest.raises(ImmutableError, match="list a second repository"):
        world.apply({**GUARD, **change})
    assert world.writes() == []


def test_a_repository_of_others_in_its_place_is_refused(world: World) -> None:
    arn = world.aws.make("ecr", "create_repository", repositoryName="us/guard")["repository"]["repositoryArn"]
    world.writes()
    with pytest.raises(OwnershipError, match=arn):
        world.apply(GUARD)
    assert world.writes() == []


def test_one_that_holds_images_stays_when_it_is_no_longer_listed(world: World) -> None:
    world.apply(GUARD)
    world.push("v1")
    assert told(world.apply()) == [("guard", "keep")]
    assert world.standing()["guard"].kept


def test_one_whose_images_may_go_goes_with_them(world: World) -> None:
    world.apply({**GUARD, "keep": False})
    world.push("v1")
    assert told(world.apply()) == [("guard", "remove")]
    assert world.standing() == {}


def test_an_image_that_came_after_the_look_stops_the_deletion(world: World) -> None:
    world.apply(GUARD)
    kind = Repository(world.aws, OWNER)
    [found] = kind.find()
    world.push("v1")
    with pytest.raises(RegionError, match="RepositoryNotEmptyException"):
        kind.delete(found)


def test_a_teardown_keeps_images_until_they_are_released(world: World) -> None:
    world.apply(GUARD, {**GUARD, "name": "empty"})
    world.push("v1")
    kept = tear_down(world.aws, OWNER, {}, ["data"], check=False)
    assert sorted(told(kept)) == [("empty", "remove"), ("guard", "keep")]
    released = tear_down(world.aws, OWNER, {}, ["images"], check=False)
    assert told(released) == [("guard", "remove")]
    assert [one for one in world.lab.holdings() if one["kind"].startswith("ecr:")] == []


def test_a_run_killed_before_the_policies_were_set_goes_on(world: World) -> None:
    world.lab.fail("PutLifecyclePolicy", "AccessDeniedException", status=400)
    with pytest.raises(RegionError, match="AccessDenied"):
        world.apply(GUARD)
    assert changes(world.apply(GUARD)) == ["lifecycle"]
    writes_nothing(world, GUARD)


def test_a_lost_answer_makes_no_second_one(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    world.lab.reset_connections("CreateRepository", applied=True)
    world.apply(GUARD)
    assert list(world.standing()) == ["guard"]
    writes_nothing(world, GUARD)


def test_a_lifecycle_counts_tagged_images_only() -> None:
    rules = (lifecycle({**EXPIRY, "keep_images": 20}) or {})["rules"]
    assert [rule["selection"]["tagStatus"] for rule in rules] == ["untagged", "tagged"]
    assert rules[1]["selection"]["tagPatternList"] == ["*"]
    assert len(json.dumps({"rules": rules[1:]})) >= 100
    assert lifecycle({**EXPIRY, "keep_untagged_days": 0}) is None


def test_a_cache_lives_through_its_phases(world: World) -> None:
    assert told(world.caches(CACHE, check=True)) == [("public", "create")]
    assert world.writes() == []
    world.caches(CACHE)
    assert world.writes() == ["CreatePullThroughCacheRule"]
    for check in (False, True):
        assert not world.caches(CACHE, check=check).changed
    assert world.writes() == []
    with pytest.raises(ImmutableError, match="list it under another name"):
        world.caches({**CACHE, "upstream": "quay.io"})
    assert told(world.caches(check=True)) == [("public", "remove")]
    world.caches()
    assert world.writes() == ["DeletePullThroughCacheRule"]
    assert told(world.caches()) == []


def test_a_cache_of_who_asks_who_pulls_has_its_secret(world: World) -> None:
    with pytest.raises(MissingError, match="there is no secret ecr-pullthroughcache/hub"):
        world.caches(HUB)
    assert world.writes() == []
    world.lab.publish("us-west-2", secrets={"ecr-pullthroughcache/hub": "{}", "ecr-pullthroughcache/other": "{}"})
    world.caches(HUB)
    assert not world.caches(HUB).changed
    other = {**HUB, "credentials_secret": "ecr-pullthroughcache/other"}
    assert changes(world.caches(other)) == ["credentials"]
    assert not world.caches(other).changed


def test_a_cache_that_shall_do_without_its_secret_is_made_anew(world: World) -> None:
    world.lab.publish("us-west-2", secrets={"ecr-pullthroughcache/hub": "{}"})
    secret = {**CACHE, "credentials_secret": "ecr-pullthroughcache/hub"}
    world.caches(secret)
    world.caches(CACHE)
    assert not world.caches(CACHE).changed


def test_caches_of_other_stacks_regions_and_people_are_left_alone(world: World) -> None:
    world.caches(CACHE)
    for prefix in ("us/other/public", "kr/registry/public", "public", "us/registry/public/deep"):
        world.aws.make(
            "ecr", "create_pull_through_cache_rule", ecrRepositoryPrefix=prefix, upstreamRegistryUrl="quay.io"
        )
    world.writes()
    assert told(world.caches()) == [("public", "remove")]
    assert len(world.aws.pages("ecr", "describe_pull_through_cache_rules", "pullThroughCacheRules")) == 4
    assert [found.stack for found in PullThroughCache(world.aws, Owner("us")).find()] == ["other"]


def test_a_repository_is_found_by_name_from_other_stacks(world: World) -> None:
    world.apply(GUARD)
    names = Names(world.aws, "us", check=False)
    assert names.id(Repository, "guard").endswith(":repository/us/guard")
