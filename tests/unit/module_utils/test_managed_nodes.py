# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Several machines are waited for together; the rest of it is tested with the operator host's way."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils import _managed_nodes
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._errors import DeadlineError

from lab.embedded_aws.client import EmbeddedAws
from tests.unit.module_utils.test_operator_way import World


class Rows:
    """Systems Manager, which knows one more machine each time it is asked."""

    region = "us-west-2"

    def __init__(self, ids: t.Sequence[str]) -> None:
        self.ids = list(ids)
        self.known: list[str] = []
        self.asked: list[list[str]] = []

    def pages(self, _service: str, _call: str, _key: str, **said: t.Any) -> list[dict[str, str]]:
        self.asked.append(said["Filters"][0]["Values"])
        self.known.append(self.ids[len(self.known)])
        return [
            {"InstanceId": one, "PingStatus": "Online"} for one in self.known if one in said["Filters"][0]["Values"]
        ]


def test_all_are_waited_for_and_none_is_asked_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_managed_nodes, "_PAUSES", (0.0,))
    rows = Rows(["i-1", "i-2", "i-3"])
    _managed_nodes.await_managed(t.cast("t.Any", rows), [{"InstanceId": one} for one in rows.ids], 60)
    assert rows.asked == [["i-1", "i-2", "i-3"], ["i-2", "i-3"], ["i-3"]]


def test_a_look_names_no_more_machines_than_aws_takes() -> None:
    class All(Rows):
        def pages(self, _service: str, _call: str, _key: str, **said: t.Any) -> list[dict[str, str]]:
            self.asked.append(said["Filters"][0]["Values"])
            return [{"InstanceId": one, "PingStatus": "Online"} for one in said["Filters"][0]["Values"]]

    rows = All([f"i-{number}" for number in range(250)])
    _managed_nodes.await_managed(t.cast("t.Any", rows), [{"InstanceId": one} for one in rows.ids], 60)
    assert [len(asked) for asked in rows.asked] == [100, 100, 50]


def test_the_first_that_does_not_come_is_explained(aws: Aws, embedded_aws: EmbeddedAws) -> None:
    world = World(aws)
    first, second = world.machine(), world.machine()
    machines = _managed_nodes.running(world.aws, [{"Name": "instance-id", "Values": [first, second]}])
    with pytest.raises(DeadlineError) as caught:
        _managed_nodes.await_managed(world.aws, machines, 0)
    assert f"Nor does it know {machines[1]['InstanceId']}." in str(caught.value)
    assert f"{machines[0]['InstanceId']} runs" in str(caught.value)
