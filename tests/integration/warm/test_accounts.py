"""Two accounts and two endpoints in one run share the warm server and never a client."""

from __future__ import annotations

import typing as t

from tests.integration.warm.controller import Controller

HERE, THERE = "http://127.0.0.1:9", "http://127.0.0.1:10"
CALLERS = {"a here": ("A", HERE), "b here": ("B", HERE), "a there": ("A", THERE)}


def task(name: str, number: int, secret: str = "") -> dict[str, t.Any]:
    key, endpoint = CALLERS[name]
    environment = {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret or f"of {key}"}
    return {"name": f"{name} {number}", "warm_client": {}, "environment": {**environment, "AWS_ENDPOINT_URL": endpoint}}


def test_every_task_has_the_keys_and_the_endpoint_of_its_own_environment(controller: Controller) -> None:
    run = controller.run([task(name, number) for number in range(3) for name in CALLERS])
    assert run.rc == 0, run.output
    for title, hosts in run.results.items():
        key, endpoint = CALLERS[title.rpartition(" ")[0]]
        for host in ("warm", "plain"):
            told = {name: hosts[host][name] for name in ("key", "secret", "endpoint")}
            assert told == {"key": key, "secret": f"of {key}", "endpoint": endpoint}, (title, host)
        assert hosts["plain"]["made"] == ["sts"]
    # The promise is not kept by making all anew: the third time each finds what was made for it.
    assert [run.results[f"{name} 2"]["warm"]["made"] for name in CALLERS] == [[], [], []]


def test_renewed_keys_of_the_same_account_are_the_ones_that_are_used(controller: Controller) -> None:
    tasks = [task("a here", 0), task("a here", 1), task("a here", 2, "renewed")]
    run = controller.run(tasks, play={"hosts": "warm"})
    assert run.rc == 0, run.output
    assert [hosts["warm"]["secret"] for hosts in run.results.values()] == ["of A", "of A", "renewed"]
    assert run.results["a here 2"]["warm"]["made"] == ["sts"]
