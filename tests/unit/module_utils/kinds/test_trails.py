# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Trails, their buckets and log groups on the embedded AWS."""

from __future__ import annotations

import typing as t
from dataclasses import replace

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._audit import KINDS, Audit
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError, OwnershipError
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils._reconcile import Outcome
from ansible_collections.cloister.aws.plugins.module_utils._teardown import tear_down
from ansible_collections.cloister.aws.plugins.module_utils._trails import records_calls
from ansible_collections.cloister.aws.plugins.module_utils.kinds.bucket import Bucket

from lab.embedded_aws.client import EmbeddedAws

Entry = dict[str, t.Any]
OWNER = Owner("us", "audit", {"owner": "platform"})
BUCKET = "us-trail-main-123456789012"
MAIN: Entry = {
    "name": "main",
    "multi_region": True,
    "events": "writes",
    "retention_days": 365,
    "log_group": True,
    "log_retention_days": 90,
    "kms_key_arn": "",
    "keep": True,
}
GOES = {**MAIN, "keep": False}
KEY = "arn:aws:kms:us-west-2:123456789012:key/0a1b2c3d-0a1b-2c3d-4e5f-0a1b2c3d4e5f"


class World:
    """A stack of trails and its lab."""

    def __init__(self, aws: Aws, lab: EmbeddedAws) -> None:
        self.aws, self.lab = aws, lab

    def apply(self, *trails: Entry, check: bool = False) -> Outcome:
        outcome = Audit(self.aws, OWNER, trails).bring_about(check)
        for error in outcome.errors:
            raise error
        return outcome

    def standing(self) -> list[str]:
        return sorted(f"{kind.noun} {one.part}" for kind in KINDS for one in kind(self.aws, OWNER).find())

    def writes(self) -> list[str]:
        done = [write["action"] for write in self.lab.writes()]
        self.lab.clear_journal()
        return done


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws)


def changes(outcome: Outcome) -> list[tuple[str, str]]:
    return [(member.kind, change["field"]) for member in outcome.members for change in member.changes]


def writes_nothing(world: World, *trails: Entry) -> None:
    world.writes()
    assert not world.apply(*trails).changed
    assert not world.apply(*trails, check=True).changed
    assert world.writes() == []


def test_a_trail_lives_through_its_phases(world: World) -> None:
    made = ["IAM role trail-main", "bucket trail-main", "log group trail-main", "trail main"]
    assert {member.action for member in world.apply(GOES, check=True).members} == {"create"}
    assert world.writes() == []
    world.apply(GOES)
    assert world.standing() == made
    assert not {"PutBucketTagging", "AddTags"} & set(world.writes())
    writes_nothing(world, GOES)
    assert {member.action for member in world.apply(check=True).members} == {"remove"}
    assert world.writes() == []
    world.apply()
    assert world.standing() == []
    writes_nothing(world)
    assert [one for one in world.lab.holdings() if one["tags"].get("cloister:region")] == []


def test_the_bucket_and_its_policy_stand_before_the_trail(world: World) -> None:
    """4.18."""
    world.apply(MAIN)
    writes = world.writes()
    order = [writes.index(one) for one in ("CreateBucket", "PutBucketPolicy", "CreateTrail", "StartLogging")]
    assert order == sorted(order)


def test_what_was_written_down_outlives_the_trail(world: World) -> None:
    world.apply(MAIN)
    world.apply()
    assert world.standing() == ["bucket trail-main", "log group trail-main"]
    writes_nothing(world)
    world.apply(MAIN)
    writes_nothing(world, MAIN)


def test_a_teardown_that_releases_data_takes_the_bucket_with_all_it_holds(world: World) -> None:
    world.apply(MAIN)
    world.aws.call("s3", "put_bucket_versioning", Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    for body in (b"a", b"b"):
        world.aws.call("s3", "put_object", Bucket=BUCKET, Key="AWSLogs/x", Body=body)
    world.aws.call("s3", "delete_object", Bucket=BUCKET, Key="AWSLogs/x")
    tear_down(world.aws, OWNER, {}, (), check=False)
    assert world.standing() == ["bucket trail-main", "log group trail-main"]
    tear_down(world.aws, OWNER, {}, ("data",), check=False)
    assert world.standing() == []


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({"multi_region": False}, [("trail", "multi_region")]),
        ({"events": "all"}, [("trail", "events")]),
        ({"retention_days": 30}, [("bucket", "retention_days")]),
        ({"retention_days": 0}, [("bucket", "retention_days")]),
        ({"log_retention_days": 30}, [("log group", "retention_days")]),
        ({"kms_key_arn": KEY}, [("bucket", "kms_key_arn"), ("trail", "kms_key_arn")]),
    ],
)
def test_each_field_is_changed_and_changed_back(world: World, change: Entry, found: list[tuple[str, str]]) -> None:
    world.apply(MAIN)
    changed = {**MAIN, **change}
    assert changes(world.apply(changed, check=True)) == found
    assert changes(world.apply(changed)) == found
    writes_nothing(world, changed)
    assert changes(world.apply(MAIN)) == found
    writes_nothing(world, MAIN)


def test_a_log_group_comes_and_goes_with_its_role(world: World) -> None:
    without = {**GOES, "log_group": False}
    world.apply(without)
    assert world.standing() == ["bucket trail-main", "trail main"]
    writes_nothing(world, without)
    world.apply(GOES)
    writes_nothing(world, GOES)
    world.apply(without)
    assert world.standing() == ["bucket trail-main", "trail main"]


@pytest.mark.parametrize("action", ["PutBucketPolicy", "CreateTrail", "PutEventSelectors", "StartLogging"])
def test_what_was_killed_half_way_is_finished_by_the_next_run(world: World, action: str) -> None:
    world.lab.fail(action, "AccessDeniedException", times=1)
    with pytest.raises(Exception, match="AccessDenied"):
        world.apply(MAIN)
    assert world.apply(MAIN).changed
    writes_nothing(world, MAIN)


def test_what_others_opened_or_stopped_is_found_and_put_right(world: World) -> None:
    world.apply(MAIN)
    world.aws.call("s3", "delete_public_access_block", Bucket=BUCKET)
    world.aws.call("s3", "delete_bucket_policy", Bucket=BUCKET)
    world.aws.call("cloudtrail", "stop_logging", Name="us-main")
    drift = [("bucket", "policy"), ("bucket", "shut"), ("trail", "logging")]
    assert changes(world.apply(MAIN, check=True)) == drift
    assert changes(world.apply(MAIN)) == drift
    writes_nothing(world, MAIN)


def test_a_bucket_of_others_in_its_place_is_refused_before_anything_is_written(world: World) -> None:
    home = {"LocationConstraint": "us-west-2"}
    world.aws.make("s3", "create_bucket", Bucket=BUCKET, CreateBucketConfiguration=home)
    world.writes()
    with pytest.raises(OwnershipError, match=BUCKET):
        world.apply(MAIN)
    assert world.writes() == []


def test_a_bucket_that_cloudtrail_sees_late_is_waited_for(world: World) -> None:
    world.lab.fail("CreateTrail", "InsufficientS3BucketPolicyException", times=2)
    world.apply(MAIN)
    writes_nothing(world, MAIN)


def test_a_name_that_is_too_long_is_refused_first(world: World) -> None:
    world.writes()
    with pytest.raises(InputError, match=r"bucket trail-x+: .* from 3 to 63"):
        world.apply({**MAIN, "name": "x" * 50})
    assert world.writes() == []


@pytest.mark.parametrize(("events", "logging"), [("writes", True), ("all", True), ("writes", False)])
def test_calls_are_heard_of_while_a_trail_logs_them(world: World, events: str, logging: bool) -> None:
    assert not records_calls(world.aws)
    world.apply({**MAIN, "events": events})
    if not logging:
        world.aws.call("cloudtrail", "stop_logging", Name="us-main")
    assert records_calls(world.aws) is logging


def test_a_trail_of_all_regions_logs_elsewhere_too(world: World) -> None:
    elsewhere = Aws(replace(world.aws.connection, region="ap-northeast-2"))
    world.apply({**MAIN, "multi_region": False})
    assert not records_calls(elsewhere)
    world.apply(MAIN)
    assert records_calls(elsewhere)
    assert Bucket(elsewhere, OWNER).find() == []
