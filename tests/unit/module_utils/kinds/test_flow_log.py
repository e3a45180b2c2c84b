"""Flow logs and log groups on the embedded AWS."""

from __future__ import annotations

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import ImmutableError, OwnershipError

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.kinds.network_world import MAIN, World, told

GROUP = {"name": "flow-logs/main"}
LOG = {"name": "main", "vpc": "main", "log_group": "flow-logs/main", "role": "flow-logs"}
ROLE = "arn:aws:iam::123456789012:role/us-flow-logs"
ADOPTED = {"IAM role": {"flow-logs": ROLE}}


@pytest.fixture
def world(aws: Aws, embedded_aws: EmbeddedAws) -> World:
    return World(aws, embedded_aws).lay(vpcs=[MAIN], log_groups=[GROUP])


def test_a_log_group_is_called_after_the_region_forgets_in_time_and_is_kept(world: World) -> None:
    group = world.standing("log_groups")["flow-logs/main"]
    assert group.id == "/us/flow-logs/main"
    assert world.fields("log_groups")["flow-logs/main"] == {"retention_days": 30, "kms_key_arn": None}
    assert told(world.apply("log_groups")) == [("flow-logs/main", "keep")]


def test_a_group_whose_run_was_killed_before_it_learned_to_forget_is_completed(world: World) -> None:
    world.aws.call("logs", "delete_retention_policy", logGroupName="/us/flow-logs/main")
    assert told(world.apply("log_groups", GROUP)) == [("flow-logs/main", "change")]
    assert world.fields("log_groups")["flow-logs/main"]["retention_days"] == 30


def test_a_group_of_that_name_that_is_not_ours_is_refused(world: World) -> None:
    world.aws.make("logs", "create_log_group", logGroupName="/us/theirs")
    world.lab.clear_journal()
    with pytest.raises(OwnershipError, match="/us/theirs has its place and is not ours"):
        world.apply("log_groups", GROUP, {"name": "theirs"})
    assert world.actions() == []


def test_refused_traffic_is_written_to_its_group_by_its_role(world: World) -> None:
    world.apply("flow_logs", LOG, adopted=ADOPTED)
    assert world.fields("flow_logs")["main"] == {
        "vpc": world.id("vpcs", "main"),
        "traffic": "reject",
        "interval_seconds": 600,
        "log_group": "/us/flow-logs/main",
        "role_arn": ROLE,
        "destination_arn": None,
    }
    assert not world.apply("flow_logs", LOG, adopted=ADOPTED).changed


def test_one_that_differs_is_replaced_and_told_by_its_new_id(world: World) -> None:
    first = world.apply("flow_logs", LOG, adopted=ADOPTED).ids["main"]
    outcome = world.apply("flow_logs", {**LOG, "interval_seconds": 60}, adopted=ADOPTED)
    assert told(outcome) == [("main", "change")]
    assert outcome.ids["main"] == world.id("flow_logs", "main") != first


def test_a_role_that_is_not_known_everywhere_yet_is_borne(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    refusal = "Access Denied for LogDestination: Unable to assume given IAM role"
    world.lab.fail("CreateFlowLogs", "InvalidParameter", times=2, message=refusal)
    world.apply("flow_logs", LOG, adopted=ADOPTED)
    assert set(world.standing("flow_logs")) == {"main"}


def test_its_vpc_cannot_change(world: World) -> None:
    world.lay(vpcs=[MAIN, {"name": "operator", "cidr": "172.20.0.0/16"}])
    world.apply("flow_logs", LOG, adopted=ADOPTED)
    with pytest.raises(ImmutableError, match="give the new flow log another name"):
        world.apply("flow_logs", {**LOG, "vpc": "operator"}, adopted=ADOPTED)


def test_one_that_writes_to_a_bucket_needs_no_role(world: World) -> None:
    where = {"LocationConstraint": "us-west-2"}
    world.aws.call("s3", "create_bucket", Bucket="cloister-logs", CreateBucketConfiguration=where)
    stored = {"name": "main", "vpc": "main", "destination_arn": "arn:aws:s3:::cloister-logs"}
    world.apply("flow_logs", stored)
    assert world.fields("flow_logs")["main"]["destination_arn"] == "arn:aws:s3:::cloister-logs"
    assert not world.apply("flow_logs", stored).changed
