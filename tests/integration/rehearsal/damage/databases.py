"""Databases, what they stand on, and what is left of them."""

from __future__ import annotations

import typing as t

from ansible_collections.cloister.aws.plugins.module_utils.kinds.db_instance import DbInstance
from ansible_collections.cloister.aws.plugins.module_utils.kinds.db_parameter_group import DbParameterGroup
from ansible_collections.cloister.aws.plugins.module_utils.kinds.db_snapshot import DbSnapshot
from ansible_collections.cloister.aws.plugins.module_utils.kinds.db_subnet_group import DbSubnetGroup

from tests.integration.playbook import Action
from tests.integration.rehearsal.damage.hands import Hands, Thing, act, told


def _ours(hands: Hands, action: str, listed: str, arn: str) -> t.Iterator[Thing]:
    """Yield what the region has of a kind, with its tags."""
    rds = hands.client("rds")
    for one in getattr(rds, action)()[listed]:
        tags = rds.list_tags_for_resource(ResourceName=one[arn])["TagList"]
        if {"Key": "cloister:region", "Value": hands.region_name} in tags:
            yield {**one, "Tags": tags}


def _instances(hands: Hands) -> t.Iterator[Thing]:
    return _ours(hands, "describe_db_instances", "DBInstances", "DBInstanceArn")


@act(DbInstance)
def a_database_keeps_no_backups(hands: Hands) -> set[Action]:
    for one in _instances(hands):
        # Which comes first is anybody's guess, and one that keeps none already takes no harm from it.
        if not one["BackupRetentionPeriod"]:
            continue
        changed = {"BackupRetentionPeriod": 0, "ApplyImmediately": True}
        hands.client("rds").modify_db_instance(DBInstanceIdentifier=one["DBInstanceIdentifier"], **changed)
        return {told(DbInstance, one, "change")}
    return set()


@act(DbParameterGroup)
def a_parameter_is_set_by_hand(hands: Hands) -> set[Action]:
    for one in _ours(hands, "describe_db_parameter_groups", "DBParameterGroups", "DBParameterGroupArn"):
        said = {"ParameterName": "max_connections", "ParameterValue": "9", "ApplyMethod": "pending-reboot"}
        hands.client("rds").modify_db_parameter_group(
            DBParameterGroupName=one["DBParameterGroupName"], Parameters=[said]
        )
        return {told(DbParameterGroup, one, "change")}
    return set()


@act(DbSubnetGroup)
def the_subnets_of_a_database_lose_their_name(hands: Hands) -> set[Action]:
    for one in _ours(hands, "describe_db_subnet_groups", "DBSubnetGroups", "DBSubnetGroupArn"):
        hands.client("rds").remove_tags_from_resource(ResourceName=one["DBSubnetGroupArn"], TagKeys=["Name"])
        return {told(DbSubnetGroup, one, "change")}
    return set()


@act(DbSnapshot)
def what_looks_like_a_last_snapshot_is_taken(hands: Hands) -> set[Action]:
    """No plan minds it, and a teardown that releases snapshots takes it too."""
    for one in _instances(hands):
        name = one["DBInstanceIdentifier"]
        hands.client("rds").create_db_snapshot(DBInstanceIdentifier=name, DBSnapshotIdentifier=f"{name}-final-by-hand")
    return set()
