# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Commands on a region's nodes, as the module sends them, against an embedded AWS that really runs them."""

from __future__ import annotations

import typing as t

import pytest
from ansible_collections.cloister.aws.plugins.module_utils import _commands
from ansible_collections.cloister.aws.plugins.module_utils._aws import Aws
from ansible_collections.cloister.aws.plugins.module_utils._command_nodes import Whom, find, reachable
from ansible_collections.cloister.aws.plugins.module_utils._command_results import Result
from ansible_collections.cloister.aws.plugins.module_utils._commands import SHELL, Ask, parameter_lists, run, start
from ansible_collections.cloister.aws.plugins.module_utils._errors import DeadlineError, InputError, RegionError

from tests.unit.lab.commands.world import Fleet

ALL = Whom("us")


def script(*lines: str, **more: t.Any) -> Ask:
    return Ask(SHELL, {"commands": list(lines)}, **more)


def sent(aws: Aws, whom: Whom, ask: Ask) -> dict[str, Result]:
    """Send to all that are meant; what came of it by node."""
    return {one.id: one for one in run(aws, whom, find(aws, whom), ask, whole=True)}


def commands(fleet: Fleet) -> list[dict[str, t.Any]]:
    return t.cast("list[dict[str, t.Any]]", fleet.ssm.list_commands()["Commands"])


def test_each_node_tells_its_own(fleet: Fleet, aws: Aws) -> None:
    good, bad = fleet.node(), fleet.node()
    ask = script(f'[ "$CONTAINER" = {fleet.folder(good)} ] || {{ echo no >&2; exit 7; }}', "echo yes")
    found = sent(aws, ALL, ask)
    assert (found[good].status, found[good].rc, found[good].stdout) == ("Success", 0, "yes\n")
    assert (found[bad].status, found[bad].rc, found[bad].stderr) == ("Failed", 7, "no\n")
    assert found[bad].complaint() == f"{bad}: Failed, exit status 7\n    no"


def test_only_nodes_of_the_region_and_role_are_asked(fleet: Fleet, aws: Aws) -> None:
    vllm = fleet.node(role="vllm")
    fleet.node(role="proxy")
    fleet.node(role="vllm", **{"cloister:region": "kr"})
    assert set(sent(aws, Whom("us", roles=["vllm"]), script("true"))) == {vllm}


def test_pools_and_tags_narrow_further(fleet: Fleet, aws: Aws) -> None:
    one = fleet.node(**{"cloister:part": "gpu", "team": "a"})
    fleet.node(**{"cloister:part": "gpu", "team": "b"})
    fleet.node(**{"cloister:part": "cpu", "team": "a"})
    assert [node.id for node in find(aws, Whom("us", pools=["gpu"], tags={"team": "a"}))] == [one]


def test_an_id_of_another_region_is_refused(fleet: Fleet, aws: Aws) -> None:
    stranger = fleet.node(**{"cloister:region": "kr"})
    with pytest.raises(InputError, match=f"{stranger} is no managed node of region us"):
        find(aws, Whom("us", ids=[stranger]))


def test_more_nodes_than_a_page_are_all_found(fleet: Fleet, aws: Aws) -> None:
    nodes = sorted(fleet.node(machine=False) for _ in range(53))
    assert [node.id for node in find(aws, ALL)] == nodes


def test_one_that_does_not_answer_stops_it_before_anything_is_sent(fleet: Fleet, aws: Aws) -> None:
    good, lost = fleet.node(), fleet.node()
    fleet.aws.ping(lost, "ConnectionLost")
    nodes = find(aws, ALL)
    with pytest.raises(RegionError, match=f"Nothing was sent. Of 2 nodes .* 1 do not answer Systems Manager: {lost}"):
        reachable(nodes, ALL, skip_offline=False)
    left = reachable(nodes, ALL, skip_offline=True)
    assert [one.id for one in run(aws, ALL, left, script("true"), whole=False)] == [good]
    assert commands(fleet)[0]["InstanceIds"] == [good]


def test_nobody_to_ask_is_no_success(fleet: Fleet, aws: Aws) -> None:
    with pytest.raises(RegionError, match="role vllm of region us has no node that answers"):
        reachable(find(aws, Whom("us", roles=["vllm"])), Whom("us", roles=["vllm"]), skip_offline=True)


def test_many_ids_go_in_turns_and_stop_at_too_many_errors(
    fleet: Fleet, aws: Aws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_commands, "MOST_IDS", 2)
    nodes = sorted(fleet.node() for _ in range(5))
    whom = Whom("us", ids=nodes)
    assert {one.status for one in run(aws, whom, find(aws, whom), script("true"), whole=True)} == {"Success"}
    assert [len(one["InstanceIds"]) for one in commands(fleet)] == [1, 2, 2]
    found = run(aws, whom, find(aws, whom), script("exit 1", errors="1"), whole=True)
    assert [one.status for one in found] == ["Failed", "Failed", "NotAsked", "NotAsked", "NotAsked"]
    assert "too many others had failed" in found[-1].complaint()


def test_a_late_one_is_cancelled_and_says_so(fleet: Fleet, aws: Aws) -> None:
    node = fleet.node()
    mark = fleet.folder(node) / "done"
    with pytest.raises(DeadlineError, match="has not ended after 1 s and was cancelled"):
        sent(aws, ALL, script(f"sleep 20; touch {mark}", wait_seconds=1))
    assert [one["Status"] for one in commands(fleet)] == ["Cancelled"]
    assert not mark.exists()


def test_an_interrupted_run_leaves_nothing_running(fleet: Fleet, aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    fleet.node()

    def interrupted(*_: t.Any) -> t.NoReturn:
        raise KeyboardInterrupt

    monkeypatch.setattr(_commands, "_await", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sent(aws, ALL, script("sleep 20"))
    assert [one["Status"] for one in commands(fleet)] == ["Cancelled"]


@pytest.mark.parametrize("applied", [True, False])
def test_a_lost_answer_sends_nothing_twice(fleet: Fleet, aws: Aws, applied: bool) -> None:
    node = fleet.node()
    log = fleet.folder(node) / "log"
    fleet.aws.reset_connections("SendCommand", applied=applied)
    assert sent(aws, ALL, script(f"echo once >> {log}"))[node].status == "Success"
    assert log.read_text() == "once\n"
    assert len(commands(fleet)) == 1


def test_a_throttled_one_is_sent_all_the_same(fleet: Fleet, aws: Aws) -> None:
    node = fleet.node()
    for action in ("SendCommand", "ListCommandInvocations", "GetCommandInvocation"):
        fleet.aws.fail(action, "ThrottlingException", times=2)
    assert sent(aws, ALL, script("true"))[node].status == "Success"


def test_a_node_that_never_ran_it_has_no_exit_status(fleet: Fleet, aws: Aws) -> None:
    node = fleet.node(machine=False)
    found = sent(aws, ALL, script("true"))[node]
    assert (found.status, found.rc, found.stdout) == ("Undeliverable", None, "")
    assert "did not answer in time" in found.complaint()


def test_without_waiting_it_is_only_sent(fleet: Fleet, aws: Aws) -> None:
    node = fleet.node()
    (identifier,) = start(aws, ALL, find(aws, ALL), script("sleep 0.2; echo later"), whole=True)
    fleet.over(identifier)
    assert fleet.result(identifier, node)["StandardOutputContent"] == "later\n"


def test_of_several_steps_the_one_that_failed_is_told(fleet: Fleet, aws: Aws) -> None:
    node = fleet.node()
    found = sent(aws, ALL, Ask("AWS-ApplyAnsiblePlaybooks", {"SourceType": ["S3"], "SourceInfo": ['{"path": "x"}']}))
    assert (found[node].step, found[node].rc) == ("downloadContent", 1)
    assert "expected a path" in found[node].stderr


WRONG = (
    ({"at_once": "0"}, "at_once is '0'"),
    ({"at_once": "many"}, "at_once is 'many'"),
    ({"errors": "101%"}, "max_errors is '101%'"),
    ({"delivery_seconds": 10}, "delivery_seconds is 10"),
    ({"run_seconds": 0}, "run_seconds is 0"),
)


@pytest.mark.parametrize(("more", "said"), WRONG)
def test_what_aws_would_refuse_is_refused_before(more: dict[str, t.Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        script("true", **more)


def test_more_tags_than_aws_takes_are_refused() -> None:
    with pytest.raises(InputError, match="chosen by 6 tags"):
        Whom("us", tags=dict.fromkeys("abcde", "x")).targets()


def test_a_comment_fits_with_its_mark() -> None:
    assert len(script("true", comment="x" * 200).name) == 100


def test_parameters_are_lists_of_texts() -> None:
    assert parameter_lists({"a": 1, "b": ["x", True]}) == {"a": ["1"], "b": ["x", "True"]}
