"""Whether AWS can give the machines that pools ask for."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._instance_types import Offer
from ansible_collections.cloister.aws.plugins.module_utils._machine_room import (
    Machines,
    PoolNeed,
    Wanted,
    problems,
    wanted,
)
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner, tag_list
from ansible_collections.cloister.aws.plugins.module_utils._room import Verdict, look

from lab.embedded_aws.client import EmbeddedAws

US = Owner("us", "pools")
OFFERS = {name: Offer(name, vcpus, 1024, ("x86_64",)) for name, vcpus in (("g5.xlarge", 4), ("g5.2xlarge", 8))}


def need(**said: t.Any) -> PoolNeed:
    entry: t.Any = {
        "name": "gpu", "instance_types": ["g5.xlarge"], "least": 1, "most": 4, "on_demand_base": 0,
        "on_demand_percent": 100, "zones": {"us-west-2a": ["private-a"], "us-west-2b": ["private-b"]},
    }  # fmt: skip
    return t.cast(PoolNeed, {**entry, **said})


def machine(kind: str, cores: int, owner: Owner | None = None, **said: t.Any) -> dict[str, t.Any]:
    tags = tag_list(owner.tags_for("gpu")) if owner else []
    return {"InstanceType": kind, "CpuOptions": {"CoreCount": cores, "ThreadsPerCore": 2}, "Tags": tags, **said}


def machines(*standing: dict[str, t.Any], offered: t.Iterable[tuple[str, str]] = ()) -> Machines:
    return Machines(OFFERS, frozenset(offered), standing)


def verdict(aws: Aws, *pools: PoolNeed) -> Verdict:
    return look(aws, US, {"pools": list(pools)}, {})


def test_smallest_types_are_counted_for_what_is_needed_and_largest_for_what_may_come() -> None:
    pool = need(instance_types=["g5.xlarge", "g5.2xlarge"], on_demand_base=1, on_demand_percent=0)
    found = wanted(US, [pool], machines())
    assert found == [Wanted("vcpus_g", have=0, adds=4, may_add=4)]
    found = wanted(US, [{**pool, "least": 2}], machines())
    assert found == [Wanted("spot_vcpus_g", 0, 4, 20), Wanted("vcpus_g", 0, 4, 4)]


def test_machines_of_ours_are_not_added_again_and_those_of_others_count() -> None:
    theirs = machine("g4dn.xlarge", 2), machine("m5.large", 1), machine("g5.xlarge", 2, InstanceLifecycle="spot")
    assert wanted(US, [need()], machines(*theirs)) == [Wanted("vcpus_g", 4, 4, 12)]
    assert wanted(US, [need()], machines(*theirs, machine("g5.xlarge", 2, US))) == []


def test_types_that_no_quota_of_ours_limits_are_not_judged() -> None:
    assert wanted(US, [need(instance_types=["trn2.3xlarge"])], machines()) == []


def test_a_zone_without_any_of_the_types_stops_and_one_without_some_is_a_note() -> None:
    pool = need(instance_types=["g5.xlarge", "g5.2xlarge"])
    some = [("us-west-2a", "g5.xlarge"), ("us-west-2a", "g5.2xlarge"), ("us-west-2b", "g5.xlarge")]
    stop, notes = problems([pool], machines(offered=some))
    assert stop == []
    assert notes == ["The pool gpu finds no g5.2xlarge in us-west-2b; its other types are there"]
    stop, _ = problems([pool], machines(offered=some[:2]))
    assert len(stop) == 1
    for words in ("us-west-2b (subnet private-b)", "no g5.xlarge and no g5.2xlarge", "Offered in: us-west-2a"):
        assert words in stop[0]


def test_pools_that_fit_are_looked_at_without_a_write(aws: Aws, embedded_aws: EmbeddedAws) -> None:
    assert verdict(aws, need()) == Verdict()
    assert embedded_aws.writes() == []


def test_a_zone_that_does_not_offer_the_type_is_told(aws: Aws) -> None:
    found = verdict(aws, need(zones={"us-west-2d": ["private-d"]}))
    assert len(found.problems) == 1
    assert "us-west-2d (subnet private-d)" in found.problems[0]


def test_a_quota_that_is_too_small_is_told_with_the_way_to_more(aws: Aws, embedded_aws: EmbeddedAws) -> None:
    embedded_aws.limits(vcpus_g=3)
    found = verdict(aws, need()).problems
    assert len(found) == 1
    assert "Running On-Demand G and VT instances is 3" in found[0]
    assert "--service-code ec2 --quota-code L-DB2E81BA --desired-value 4" in found[0]


@pytest.mark.parametrize(("limit", "notes"), [(16, 0), (15, 1)])
def test_a_quota_that_leaves_no_room_to_grow_is_a_note(
    aws: Aws, embedded_aws: EmbeddedAws, limit: int, notes: int
) -> None:
    embedded_aws.limits(vcpus_g=limit)
    found = verdict(aws, need())
    assert found.problems == []
    assert len(found.notes) == notes


def test_no_machine_is_asked_about_where_there_is_no_pool(aws: Aws, embedded_aws: EmbeddedAws) -> None:
    verdict(aws)
    assert not {"ec2:DescribeInstanceTypes", "ec2:DescribeInstances"} & set(embedded_aws.reads()["actions"])
