"""The lock, against the embedded AWS: one wins, nobody is robbed, and the refused are told all they need."""

from __future__ import annotations

import json
import socket
import threading
import typing as t
from dataclasses import replace

import pytest
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import RegionError
from ansible_collections.cloister.aws.plugins.module_utils._lock import Claim, Lock, LockedError
from ansible_collections.cloister.aws.plugins.module_utils._owner import Owner

from lab.embedded_aws.client import EmbeddedAws

NAME = "/cloister/us/lock"
# A start in the future, so that it is young however long these tests take.
MINE = Claim(
    "aaaa1111", "ann@laptop", 4242, "7", "2999-01-01T00:00:00Z", "ansible-playbook site.yml -i inventories/us", 30
)
OTHERS = replace(MINE, run_id="bbbb2222", holder="bob@desk", pid=77)
LONG_AGO = replace(OTHERS, started="2026-01-01T00:00:00Z")


@pytest.fixture
def lock(aws: Aws) -> Lock:
    return Lock(aws, Owner("us", "region"), "ansible-playbook unlock.yml -i inventories/us")


def writes(embedded_aws: EmbeddedAws) -> list[str]:
    return [write["action"] for write in embedded_aws.writes() if not write["error"]]


def test_a_free_lock_is_taken_with_its_owner_tags_in_one_write(lock: Lock, aws: Aws, embedded_aws: EmbeddedAws) -> None:
    assert lock.take(MINE)
    assert writes(embedded_aws) == ["PutParameter"]
    tags = aws.call("ssm", "list_tags_for_resource", ResourceType="Parameter", ResourceId=NAME)["TagList"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {
        "Name": "us-lock",
        "cloister:region": "us",
        "cloister:stack": "region",
        "cloister:part": "lock",
        "cloister:heartbeat": MINE.started,
    }


def test_a_run_that_holds_the_lock_keeps_it(lock: Lock) -> None:
    lock.take(MINE)
    assert not lock.take(MINE)


def test_a_held_lock_is_refused_with_holder_time_life_and_the_way_out(lock: Lock) -> None:
    lock.take(OTHERS)
    with pytest.raises(LockedError) as refused:
        lock.take(MINE)
    for part in ("bbbb2222", "bob@desk", OTHERS.started, OTHERS.command, "at work"):
        assert part in str(refused.value)
    assert str(refused.value).endswith("ansible-playbook unlock.yml -i inventories/us -e unlock_run_id=bbbb2222")


def test_a_run_id_set_by_hand_twice_does_not_share_the_lock(lock: Lock) -> None:
    lock.take(MINE)
    with pytest.raises(LockedError):
        lock.take(replace(MINE, pid=4243))


def test_of_many_at_once_one_wins(aws: Aws) -> None:
    won: list[str] = []
    refused: list[str] = []

    def start(number: int) -> None:
        try:
            Lock(aws, Owner("us", "region")).take(replace(MINE, run_id=f"run{number}"))
            won.append(f"run{number}")
        except LockedError as exc:
            refused.append(str(exc))

    threads = [threading.Thread(target=start, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert len(refused) == 7
    assert all(won[0] in text for text in refused)


@pytest.mark.parametrize("applied", [False, True])
def test_a_lost_answer_leaves_the_lock_with_its_run(lock: Lock, embedded_aws: EmbeddedAws, applied: bool) -> None:
    embedded_aws.reset_connections("PutParameter", applied=applied)
    assert lock.take(MINE)
    held = lock.read()
    assert held
    assert held.claim == MINE


def test_a_lock_that_misses_three_beats_looks_dead_and_still_stands(lock: Lock) -> None:
    lock.take(LONG_AGO)
    with pytest.raises(LockedError, match="looks dead"):
        lock.take(MINE)
    held = lock.read()
    assert held
    assert held.stale
    assert held.claim == LONG_AGO


def test_a_beat_is_a_sign_of_life(lock: Lock) -> None:
    lock.take(LONG_AGO)
    assert lock.beat(LONG_AGO)
    held = lock.read()
    assert held
    assert not held.stale


def test_a_process_that_is_gone_from_this_machine_looks_dead_at_once(lock: Lock) -> None:
    lock.take(replace(OTHERS, holder=f"bob@{socket.gethostname()}", pid_born="1"))
    with pytest.raises(LockedError, match="process 77 is gone from this machine: it looks dead"):
        lock.take(MINE)


def test_a_late_beat_does_not_bring_a_released_lock_back(lock: Lock, embedded_aws: EmbeddedAws) -> None:
    lock.take(MINE)
    assert lock.release(MINE)
    assert not lock.beat(MINE)
    assert lock.read() is None
    assert writes(embedded_aws) == ["PutParameter", "DeleteParameter"]


def test_a_beat_never_keeps_the_lock_of_another_alive(lock: Lock, embedded_aws: EmbeddedAws) -> None:
    lock.take(OTHERS)
    assert not lock.beat(MINE)
    assert writes(embedded_aws) == ["PutParameter"]


def test_the_lock_of_another_is_not_released(lock: Lock, embedded_aws: EmbeddedAws) -> None:
    lock.take(OTHERS)
    assert not lock.release(MINE)
    assert writes(embedded_aws) == ["PutParameter"]


def test_releasing_what_is_free_is_no_error(lock: Lock) -> None:
    assert not lock.release(MINE)


def test_unlocking_needs_the_id_of_the_holder(lock: Lock) -> None:
    lock.take(OTHERS)
    with pytest.raises(LockedError, match=r"not that of run cccc3333, nothing was broken.*bbbb2222 of bob@desk"):
        lock.broken("cccc3333", check=False)
    assert lock.read()


def test_unlocking_with_the_id_frees_the_lock(lock: Lock) -> None:
    lock.take(OTHERS)
    predicted = lock.broken("bbbb2222", check=True)
    assert predicted
    assert lock.read()
    broken = lock.broken("bbbb2222", check=False)
    assert broken
    assert broken.claim == OTHERS
    assert lock.read() is None
    assert lock.broken("bbbb2222", check=False) is None


def test_a_parameter_that_is_no_lock_is_named_and_left(lock: Lock, aws: Aws) -> None:
    aws.call("ssm", "put_parameter", Name=NAME, Value="my notes", Type="String")
    for attempt in (lambda: lock.take(MINE), lambda: lock.release(MINE), lambda: lock.broken("x", check=False)):
        with pytest.raises(RegionError, match=f"{NAME} should hold the lock"):
            attempt()
    assert aws.call("ssm", "get_parameter", Name=NAME)["Parameter"]["Value"] == "my notes"


def test_a_command_that_ssm_would_read_as_a_reference_is_written_all_the_same(lock: Lock, aws: Aws) -> None:
    assert lock.take(replace(MINE, command="ansible-playbook {{ x }}"))
    value: t.Any = json.loads(aws.call("ssm", "get_parameter", Name=NAME)["Parameter"]["Value"])
    assert "{{" not in value["command"]
    assert not lock.take(MINE)


def test_throttling_does_not_stop_a_run(lock: Lock, embedded_aws: EmbeddedAws) -> None:
    embedded_aws.fail("PutParameter", "ThrottlingException", times=2)
    assert lock.take(MINE)
