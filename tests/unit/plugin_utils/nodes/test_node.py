# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What Systems Manager and EC2 say of a machine, joined and judged."""

from __future__ import annotations

import datetime
import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.plugin_utils.nodes.node import Place, groups_of, judged, node

from tests.unit.plugin_utils.nodes.world import a_node

PLACE = Place("us-west-2")
NOON = datetime.datetime(2026, 11, 21, 12, tzinfo=datetime.UTC)
ROW = {"InstanceId": "i-1", "PingStatus": "Online", "PlatformType": "Linux", "ResourceType": "EC2Instance"}
RUNNING = {"InstanceId": "i-1", "State": {"Name": "running"}, "PrivateIpAddress": "10.0.0.1"}


def joined(row: t.Any, machine: t.Any, **tags: str) -> t.Any:
    spelled = {f"cloister:{key}": value for key, value in tags.items()}
    return node(row, machine, spelled, PLACE, "111122223333")


def test_a_node_is_both_sides_of_a_machine() -> None:
    one = joined(ROW, RUNNING, region="us", stack="pools", part="gpu", role="vllm")
    assert (one["id"], one["ping"], one["private_ip"], one["account"]) == ("i-1", "Online", "10.0.0.1", "111122223333")
    assert (one["region"], one["stack"], one["pool"], one["role"]) == ("us", "pools", "gpu", "vllm")


@pytest.mark.parametrize(("state", "ping"), [("running", "Unmanaged"), ("stopped", "Stopped"), ("pending", "Pending")])
def test_a_machine_that_systems_manager_does_not_tell_of_says_why(state: str, ping: str) -> None:
    assert joined(None, {**RUNNING, "State": {"Name": state}})["ping"] == ping


def test_a_hybrid_node_has_what_systems_manager_says_alone() -> None:
    row = {**ROW, "InstanceId": "mi-1", "ResourceType": "ManagedInstance", "IPAddress": "192.168.0.7"}
    one = joined(row, None)
    assert (one["id"], one["private_ip"], one["state"], one["zone"]) == ("mi-1", "192.168.0.7", "", "")


@pytest.mark.parametrize("said", ["1763726400.123", "2025-11-21T12:00:00.000Z", "2025-11-21T13:00:00+01:00"])
def test_times_are_texts_in_utc_however_they_were_sent(said: str) -> None:
    assert joined({**ROW, "LastPingDateTime": said}, RUNNING)["last_ping"] == "2025-11-21T12:00:00+00:00"


@pytest.mark.parametrize("said", [None, "", "yesterday"])
def test_what_is_no_time_is_empty(said: str | None) -> None:
    assert joined({**ROW, "LastPingDateTime": said}, RUNNING)["last_ping"] == ""


@pytest.mark.parametrize("role", ["vLLM", "edge-proxy", "a b", "{{ x }}", "../x", "", "r" * 64])
def test_a_role_that_is_no_word_makes_no_group(role: str) -> None:
    assert groups_of(joined(ROW, RUNNING, role=role, part="gpu")) == ["pool_gpu"]


def test_groups_are_those_of_role_and_pool() -> None:
    assert groups_of(joined(ROW, RUNNING, role="vllm", part="gpu-large")) == ["role_vllm", "pool_gpu_large"]
    assert groups_of(joined(ROW, RUNNING)) == []


@pytest.mark.parametrize(("minutes", "silent", "ping"), [(15, 14, "Online"), (15, 16, "Stale"), (0, 9999, "Online")])
def test_a_node_that_was_not_heard_for_long_is_stale(minutes: int, silent: int, ping: str) -> None:
    heard = NOON - datetime.timedelta(minutes=silent)
    assert judged(a_node(last_ping=heard.isoformat()), minutes, NOON)["ping"] == ping


def test_one_that_is_lost_stays_lost_however_long_it_is_silent() -> None:
    lost = a_node(ping="ConnectionLost", last_ping="2026-11-01T00:00:00+00:00")
    assert judged(lost, 15, NOON)["ping"] == "ConnectionLost"
