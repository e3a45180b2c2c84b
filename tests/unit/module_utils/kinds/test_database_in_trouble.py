# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Databases: what is refused before anything is written, what is lost on the way, and how one ends."""

from __future__ import annotations

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import InputError, OwnershipError, RegionError
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner
from ansible_collections.cloister.aws.plugins.module_utils.kinds.db_instance import DbInstance
from ansible_collections.cloister.aws.plugins.module_utils.kinds.db_snapshot import DbSnapshot

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.database_world import OWNER, Entry, World, database, told


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"engine_version": "5.7"}, "has no mysql 5.7; it has 8.0, 8.4"),
        ({"instance_class": "db.x1.micro"}, "offers no db.x1.micro"),
        ({"parameters": {"require_transport": "ON"}}, "mysql8.0 has no parameter require_transport"),
        ({"parameters": {"require_secure_transport": "maybe"}}, "takes one of 0,1"),
    ],
)
def test_what_rds_does_not_have_is_refused_before_anything_is_written(world: World, said: Entry, words: str) -> None:
    for check in (True, False):
        with pytest.raises(InputError, match=words):
            world.make(database(**said), check=check)
    assert world.writes() == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"engine": "postgres", "engine_version": "16"}, "engine is mysql and cannot become postgres"),
        ({"database": "other"}, "database is prod_db"),
        ({"username": "other"}, "username is prod"),
        ({"storage": {"gib": 20, "kms_key_arn": "arn:aws:kms:us-west-2:123456789012:key/x"}}, "kms_key_arn is"),
        ({"engine_version": "8.4"}, "major_upgrade: true"),
        ({"engine_version": "8.0.40"}, "cannot go back to 8.0.40"),
        ({"storage": {"gib": 10, "max_gib": 15}}, "RDS takes none back; say storage.gib: 20"),
    ],
)
def test_what_cannot_be_changed_is_refused_before_anything_is_written(world: World, change: Entry, words: str) -> None:
    # With minor upgrades a newer version than wanted would be welcome.
    standing = database(minor_upgrades=False)
    world.bring(standing)
    world.writes()
    for check in (True, False):
        with pytest.raises(RegionError, match=words):
            world.make({**standing, **database(minor_upgrades=False, **change)}, check=check)
    assert world.writes() == []


def test_one_that_is_stopped_is_left_alone_and_not_changed(world: World) -> None:
    world.bring(database())
    world.rds("stop_db_instance", DBInstanceIdentifier="us-main")
    world.writes()
    assert not world.bring(database()).changed
    with pytest.raises(RegionError, match=r"is stopped, .* start it \(playbooks/start.yml\)"):
        world.make(database(instance_class="db.t3.small"))
    assert world.writes() == []


def test_what_others_made_under_the_name_is_refused(world: World) -> None:
    world.bring(database())
    with pytest.raises(OwnershipError, match="has its place and is not ours"):
        world.make(database(), owner=Owner("us", "elsewhere"))


def test_a_foreign_parameter_group_is_refused(world: World) -> None:
    said = {"DBParameterGroupFamily": "mysql8.0", "Description": "somebody's"}
    world.rds("create_db_parameter_group", DBParameterGroupName="us-main-mysql8-0", **said)
    world.writes()
    with pytest.raises(OwnershipError, match="DB parameter group main-mysql8-0 cannot be made"):
        world.make(database())
    assert world.writes() == []


def test_a_foreign_subnet_group_is_refused(world: World) -> None:
    ours = [{"Name": "vpc-id", "Values": [world.vpc]}]
    subnets = [one["SubnetId"] for one in world.aws.call("ec2", "describe_subnets", Filters=ours)["Subnets"]]
    said = {"DBSubnetGroupDescription": "somebody's", "SubnetIds": subnets}
    world.rds("create_db_subnet_group", DBSubnetGroupName="us-main", **said)
    with pytest.raises(OwnershipError, match="DB subnet group main cannot be made"):
        world.make(database())


@pytest.mark.parametrize("call", ["CreateDBSubnetGroup", "CreateDBParameterGroup", "CreateDBInstance"])
def test_a_lost_answer_makes_no_second_one(world: World, call: str) -> None:
    world.lab.reset_connections(call, applied=True)
    world.bring(database())
    assert world.writes().count(call) == 1
    assert not world.bring(database()).changed


def test_a_run_that_died_is_taken_up_by_the_next(world: World) -> None:
    world.lab.fail("rds:ModifyDBParameterGroup", "ServiceUnavailable", times=1, status=400)
    with pytest.raises(RegionError):
        world.bring(database())
    assert told(world.bring(database())) == [
        ("DB parameter group", "main-mysql8-0", "change"),
        ("DB instance", "main", "create"),
    ]


def test_names_that_are_seen_late_are_borne(world: World) -> None:
    world.lab.hide_new_ids(calls=2)
    world.bring(database())
    assert not world.bring(database()).changed


def test_it_is_waited_for_in_the_join_alone(world: World) -> None:
    world.lab.delays(rds_instance=60)
    world.make(database())
    assert world.instance().raw["DBInstanceStatus"] == "creating"
    assert not world.make(database()).changed
    shows = world.join(database()).members[0].shows
    assert world.instance().raw["DBInstanceStatus"] == "available"
    assert shows["endpoint"].startswith("us-main.")
    assert shows["port"] == 3306


def test_it_can_be_made_again_while_the_old_one_goes(world: World) -> None:
    world.bring(database())
    world.lab.delays(rds_instance_delete=60)
    world.rds("delete_db_instance", DBInstanceIdentifier="us-main", SkipFinalSnapshot=True)
    assert told(world.bring(database())) == [("DB instance", "main", "create")]


def snapshots(world: World) -> list[str]:
    return [found.part for found in DbSnapshot(world.aws, OWNER).find()]


def test_one_that_goes_leaves_a_last_snapshot(world: World) -> None:
    world.bring(database())
    world.bring()
    (last,) = snapshots(world)
    assert last.startswith("us-main-final-")
    world.tear_down("data")
    assert snapshots(world) == [last]
    world.tear_down("snapshots")
    assert snapshots(world) == []


def test_what_is_protected_stays_when_it_is_no_longer_listed(world: World) -> None:
    world.bring(database(deletion_protection=True))
    world.writes()
    assert told(world.bring()) == []
    assert world.writes() == []


def test_one_that_somebody_protected_by_hand_is_not_removed(world: World) -> None:
    world.bring(database())
    world.modify(DeletionProtection=True)
    world.writes()
    with pytest.raises(RegionError, match="protected from deletion, and nothing of its stack was touched"):
        world.bring()
    assert world.writes() == []


def test_a_teardown_refuses_while_it_is_protected(world: World) -> None:
    world.bring(database(deletion_protection=True))
    world.writes()
    with pytest.raises(RegionError, match="-e teardown_release_data=true"):
        world.tear_down()
    assert world.writes() == []


def test_a_teardown_that_releases_data_keeps_a_last_snapshot(world: World) -> None:
    world.bring(database(deletion_protection=True))
    removed = {(one.kind, one.action) for one in world.tear_down("data").members}
    assert removed == {(kind, "remove") for kind in ("DB instance", "DB subnet group", "DB parameter group")}
    assert len(snapshots(world)) == 1


def test_a_teardown_that_releases_snapshots_too_leaves_nothing(world: World) -> None:
    world.bring(database(deletion_protection=True))
    world.tear_down("data", "snapshots")
    assert snapshots(world) == []
    assert [one["kind"] for one in world.lab.holdings() if one["tags"].get("cloister:stack") == "database"] == []


def test_one_that_will_never_serve_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.lab.delays(rds_instance=600)
    world.make(database())
    raw = {**world.instance().raw, "DBInstanceStatus": "incompatible-parameters"}
    monkeypatch.setattr(DbInstance, "now", lambda self, name: raw)
    with pytest.raises(RegionError, match="us-main is incompatible-parameters"):
        world.join(database())
