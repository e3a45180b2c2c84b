# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Databases on the embedded AWS: their phases, and each change of them."""

from __future__ import annotations

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.database_world import Entry, World, changes, database, told

CREATED = [
    ("DB subnet group", "main", "create"),
    ("DB parameter group", "main-mysql8-0", "create"),
    ("DB instance", "main", "create"),
]
REMOVED = [(kind, part, "remove") for kind, part, _ in CREATED]


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws)


def writes_nothing(world: World, *entries: Entry) -> None:
    world.writes()
    assert not world.bring(*entries).changed
    assert not world.bring(*entries, check=True).changed
    assert world.writes() == []


def test_a_database_lives_through_its_phases(world: World) -> None:
    assert told(world.bring(database(), check=True)) == CREATED
    assert world.writes() == []
    assert told(world.bring(database())) == CREATED
    assert sorted(world.writes()) == [
        "CreateDBInstance",
        "CreateDBParameterGroup",
        "CreateDBSubnetGroup",
        "ModifyDBParameterGroup",
    ]
    writes_nothing(world, database())
    assert sorted(told(world.bring(check=True))) == sorted(REMOVED)
    assert world.writes() == []
    assert sorted(told(world.bring())) == sorted(REMOVED)
    assert sorted(world.writes()) == ["DeleteDBInstance", "DeleteDBParameterGroup", "DeleteDBSubnetGroup"]
    assert told(world.bring()) == []
    assert world.writes() == []


def test_it_is_private_encrypted_and_has_a_password_that_nobody_knows(world: World) -> None:
    world.bring(database())
    raw = world.instance().raw
    assert (raw["PubliclyAccessible"], raw["StorageEncrypted"], raw["MultiAZ"]) == (False, True, True)
    assert raw["MasterUserSecret"]["SecretArn"].startswith("arn:aws:secretsmanager:us-west-2:")
    assert (
        world.rds("describe_db_parameters", DBParameterGroupName="us-main-mysql8-0", Source="user")["Parameters"][0][
            "ParameterValue"
        ]
        == "1"
    )


def test_its_tags_come_with_it_and_say_whether_it_is_kept(world: World) -> None:
    world.bring(database(tags={"team": "data"}, schedule="office-hours", deletion_protection=True))
    assert "AddTagsToResource" not in world.writes()
    tags = world.instance().tags
    assert (tags["Name"], tags["owner"], tags["team"]) == ("us-main", "platform", "data")
    assert (tags["cloister:keep"], tags["cloister:schedule"]) == ("true", "office-hours")


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"instance_class": "db.t3.small"}, ["class"]),
        ({"multi_az": False}, ["multi_az"]),
        ({"security_groups": ["database", "other"]}, ["security_groups"]),
        ({"storage": {"gib": 20, "max_gib": 200}}, ["max_storage_gib"]),
        ({"storage": {"gib": 20}}, ["max_storage_gib"]),
        ({"backup_retention_days": 14}, ["backup_retention_days"]),
        ({"minor_upgrades": False}, ["minor_upgrades"]),
        ({"logs": ["error", "slowquery"]}, ["logs"]),
        ({"iam_authentication": True}, ["iam_authentication"]),
        ({"deletion_protection": True}, ["deletion_protection", "tag cloister:keep"]),
        ({"parameters": {}}, ["parameters"]),
        ({"parameters": {"require_secure_transport": True, "max_connections": 200}}, ["parameters"]),
        ({"subnets": ["private-a", "private-b", "private-c"]}, ["subnets"]),
        ({"schedule": "office-hours"}, ["schedule"]),
    ],
)
def test_each_field_is_changed_and_changed_back(world: World, change: Entry, fields: list[str]) -> None:
    before, after = (database(changes="immediately", **said) for said in ({}, change))
    world.bring(before)
    assert changes(world.bring(after, check=True)) == fields
    assert changes(world.bring(after)) == fields
    writes_nothing(world, after)
    assert changes(world.bring(before)) == fields
    writes_nothing(world, before)


@pytest.mark.parametrize(
    ("said", "back"),
    [
        ({"port": 3307}, {"port": 3306}),
        ({"backup_window": "17:00-17:30"}, {"backup_window": "18:00-18:30"}),
        ({"maintenance_window": "sun:18:00-sun:18:30"}, {"maintenance_window": "sat:18:00-sat:18:30"}),
    ],
)
def test_what_is_left_to_aws_until_it_is_said(world: World, said: Entry, back: Entry) -> None:
    world.bring(database())
    assert changes(world.bring(database(**said))) == list(said)
    writes_nothing(world, database(**said))
    writes_nothing(world, database())
    assert changes(world.bring(database(**back))) == list(said)


def test_what_waits_for_the_window_counts_as_made_and_is_told(world: World) -> None:
    world.bring(database())
    larger = database(instance_class="db.t3.small")
    assert changes(world.bring(larger, check=True)) == ["class"]
    member = world.make(larger).members[-1]
    assert member.shows["waits for its window"] == ["DBInstanceClass"]
    assert world.instance().raw["DBInstanceClass"] == "db.t3.micro"
    writes_nothing(world, larger)
    at_once = database(instance_class="db.t3.small", changes="immediately")
    assert changes(world.bring(at_once)) == ["waiting"]
    assert world.instance().raw["DBInstanceClass"] == "db.t3.small"
    writes_nothing(world, at_once)


def test_all_of_it_is_made_at_once(world: World) -> None:
    whole = database(
        engine="postgres", engine_version="16", database=None, port=5433, multi_az=False, iam_authentication=True,
        storage={"gib": 400, "type": "io2", "iops": 3000, "max_gib": 800}, logs=["postgresql", "upgrade"],
        parameters={"rds.force_ssl": 1, "shared_preload_libraries": "pg_stat_statements,pg_cron"},
        backup_window="17:00-17:30", maintenance_window="sun:18:00-sun:18:30", minor_upgrades=False,
    )  # fmt: skip
    world.bring(whole)
    writes_nothing(world, whole)


def test_storage_that_grew_by_itself_is_as_wanted(world: World) -> None:
    world.bring(database())
    world.modify(AllocatedStorage=60)
    writes_nothing(world, database())


def test_a_newer_minor_version_is_as_wanted_while_rds_upgrades_those(world: World) -> None:
    world.bring(database(engine_version="8.0.42"))
    world.modify(EngineVersion="8.0.44")
    writes_nothing(world, database(engine_version="8.0.42"))


def test_a_major_version_takes_its_own_parameters_and_lets_go_of_the_old(world: World) -> None:
    world.bring(database())
    newer = database(engine_version="8.4", major_upgrade=True, changes="immediately")
    assert sorted(told(world.bring(newer))) == [
        ("DB instance", "main", "change"),
        ("DB parameter group", "main-mysql8-0", "remove"),
        ("DB parameter group", "main-mysql8-4", "create"),
    ]
    assert world.instance().raw["EngineVersion"] == "8.4.7"
    writes_nothing(world, newer)


def test_a_password_that_somebody_set_becomes_one_that_rds_keeps(world: World) -> None:
    world.bring(database())
    world.modify(ManageMasterUserPassword=False, MasterUserPassword="set-by-hand")
    assert changes(world.bring(database())) == ["password"]
    writes_nothing(world, database())


def test_a_static_parameter_needs_a_restart_and_says_so(world: World) -> None:
    world.bring(database())
    world.bring(database(parameters={"performance_schema": True}))
    member = world.join(database(parameters={"performance_schema": True})).members[0]
    assert member.shows["restart"] == "needed, for parameters that were changed"


def test_more_parameters_than_one_call_takes_are_all_set(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "ansible_collections.cloister.aws.plugins.module_utils.kinds.db_parameter_group.MOST_AT_ONCE", 1
    )
    world.bring(database(parameters={"max_connections": 200, "long_query_time": 2, "slow_query_log": "ON"}))
    assert world.writes().count("ModifyDBParameterGroup") == 3
