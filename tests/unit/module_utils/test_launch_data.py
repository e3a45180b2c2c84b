"""From a machine to AWS's words and back to fields."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._launch_data import Machine, data, digest, same_machine, view


def machine(**said: t.Any) -> Machine:
    entry: t.Any = {
        "image": "ami-1", "root_device": "/dev/xvda", "instance_type": "t3.medium", "instance_profile": "us-node",
        "security_groups": ["sg-2", "sg-1"], "public_address": False, "hop_limit": 1, "detailed_monitoring": False,
        "root_volume": {"gib": 30, "type": "gp3"}, "volumes": [], "user_data": "#!/bin/sh\n", "placement_group": "",
        "capacity_reservation": {}, "tags": {"b": "2", "a": "1"},
    }  # fmt: skip
    return t.cast(Machine, {**entry, **said})


def test_what_a_machine_is_comes_back_as_fields() -> None:
    found = view(data(machine()))
    assert found["security_groups"] == ["sg-1", "sg-2"]
    assert found["metadata"] == {"HttpEndpoint": "enabled", "HttpTokens": "required", "HttpPutResponseHopLimit": 1}
    assert found["others"] == []
    assert found["tags"]["volume"] == {"a": "1", "b": "2"}
    assert view({})["others"] == []


@pytest.mark.parametrize(
    ("change", "key", "said"),
    [
        ({"placement_group": "close"}, "Placement", {"GroupName": "close"}),
        (
            {"capacity_reservation": {"id": "cr-1"}},
            "CapacityReservationSpecification",
            {"CapacityReservationTarget": {"CapacityReservationId": "cr-1"}},
        ),
        (
            {"capacity_reservation": {"resource_group_arn": "arn"}},
            "CapacityReservationSpecification",
            {"CapacityReservationTarget": {"CapacityReservationResourceGroupArn": "arn"}},
        ),
        (
            {"capacity_reservation": {"preference": "none"}},
            "CapacityReservationSpecification",
            {"CapacityReservationPreference": "none"},
        ),
    ],
)
def test_what_is_seldom_said_is_said_as_aws_takes_it(
    change: dict[str, t.Any], key: str, said: dict[str, t.Any]
) -> None:
    assert data(machine(**change))[key] == said
    assert key not in data(machine())


def test_every_volume_is_encrypted() -> None:
    more = {"device": "/dev/sdf", "gib": None, "snapshot": "snap-1", "type": "gp3"}
    mappings = data(machine(volumes=[more]))["BlockDeviceMappings"]
    assert mappings[1] == {
        "DeviceName": "/dev/sdf",
        "Ebs": {"Encrypted": True, "DeleteOnTermination": True, "VolumeType": "gp3", "SnapshotId": "snap-1"},
    }
    assert all(mapping["Ebs"]["Encrypted"] for mapping in mappings)


def test_what_was_set_by_hand_is_named() -> None:
    assert view({**data(machine()), "KeyName": "mine", "RamDiskId": None})["others"] == ["KeyName"]


def test_user_data_is_shown_by_what_tells_that_it_changed() -> None:
    assert digest(None) is None
    assert view(data(machine()))["user_data"] != view(data(machine(user_data="#!/bin/bash\n")))["user_data"]
    assert "#!/bin/sh" not in str(view(data(machine())))


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"tags": {"a": "2"}}, True), ({"instance_type": "t3.large"}, True), ({"image": "ami-2"}, False),
        ({"hop_limit": 2}, False), ({"user_data": ""}, False),
    ],
)  # fmt: skip
def test_tags_and_the_first_type_are_no_reason_to_replace_a_machine(change: dict[str, t.Any], same: bool) -> None:
    assert same_machine(data(machine()), data(machine(**change))) is same
