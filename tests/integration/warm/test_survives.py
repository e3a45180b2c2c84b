"""Nothing that happens to a module or a server leaves a task without an answer, or runs it twice."""

from __future__ import annotations

import typing as t
from pathlib import Path

import pytest
from ansible.module_utils.common import locale

from tests.integration.warm.controller import Controller, eventually

PROBE: dict[str, t.Any] = {"name": "probe", "warm_probe": {}}
WARM = {"hosts": "warm"}
WARNING = "Modules run as with the local connection, slower"


def misbehave(way: str, **more: t.Any) -> dict[str, t.Any]:
    return {"name": way, "warm_misbehave": {"way": way}, "ignore_errors": True, **more}


def wait_for(path: Path) -> dict[str, t.Any]:
    return {"name": "wait", "ansible.builtin.raw": f"while [ ! -e {path} ]; do sleep 0.05; done"}


def test_the_server_outlives_its_modules(controller: Controller) -> None:
    gate = controller.folder / "gate"
    tasks = [PROBE, misbehave("segfault"), misbehave("sigkill"), misbehave("os_exit"), PROBE, wait_for(gate)]
    started = controller.start(tasks, play=WARM)
    before = eventually(controller.servers)
    eventually(lambda: "sigkill" in started.said())
    assert controller.servers() == before
    gate.touch()
    run = started.wait()
    assert run.results["probe"]["warm"]["boto3_is_there"]
    assert run.results["segfault"]["warm"]["rc"] in (-11, 139)
    assert run.results["os_exit"]["warm"]["rc"] == 4


def test_a_module_whose_server_dies_fails_with_a_message_and_is_not_run_again(controller: Controller) -> None:
    run = controller.run([misbehave("kill_parent"), PROBE], play=WARM)
    failed = run.results["kill_parent"]["warm"]
    assert failed["rc"] in (-9, 137)
    assert "The warm server ended while the module ran" in failed["module_stderr"]
    # The next task starts a new server, and nobody need know.
    assert run.results["probe"]["warm"]["boto3_is_there"]
    assert WARNING not in run.output


def test_a_server_that_keeps_dying_is_given_up_with_one_warning(controller: Controller) -> None:
    tasks = [misbehave("kill_parent")] * 3 + [{**PROBE, "name": name} for name in ("first", "second")]
    run = controller.run(tasks, play=WARM)
    for name in ("first", "second"):
        assert not run.results[name]["warm"]["boto3_is_there"]
    assert run.output.count(WARNING) == 1
    assert "died 3 times" in run.output


def site(controller: Controller, code: str) -> str:
    """A folder for PYTHONPATH whose code every interpreter runs at its start."""
    folder = controller.folder / "site"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(f"import sys, tempfile, time\n{code}\n")
    return str(folder)


def test_a_server_that_cannot_start_is_given_up_with_its_last_words(controller: Controller) -> None:
    path = site(controller, "if '_warm_boot' in str(sys.orig_argv): sys.exit('no warm server here')")
    tasks = [{**PROBE, "name": f"probe {number}"} for number in range(4)]
    run = controller.run(tasks, play=WARM, PYTHONPATH=path)
    assert run.rc == 0
    assert not run.results["probe 3"]["warm"]["boto3_is_there"]
    assert "no warm server here" in run.output


def test_without_a_place_for_the_socket_modules_run_plainly_after_one_warning(controller: Controller) -> None:
    code = """
make = tempfile.mkdtemp
def mkdtemp(suffix=None, prefix=None, dir=None):
    if "cloister-warm" in str(prefix): raise OSError(28, "No space left on device", dir)
    return make(suffix, prefix, dir)
tempfile.mkdtemp = mkdtemp
"""
    tasks = [PROBE, {**PROBE, "name": "again"}]
    run = controller.run(tasks, play=WARM, PYTHONPATH=site(controller, code), WARM_RESULTS_PRESTART="true")
    assert run.rc == 0
    assert not run.results["again"]["warm"]["boto3_is_there"]
    assert run.output.count(WARNING) == 1
    assert "No space left on device" in run.output


def test_a_server_that_does_not_answer_in_time_is_not_waited_for(controller: Controller) -> None:
    path = site(controller, "if '_warm_boot' in str(sys.orig_argv): time.sleep(5)")
    run = controller.run([PROBE], play=WARM, PYTHONPATH=path, CLOISTER_WARM_START_SECONDS="0.3")
    assert run.rc == 0
    assert not run.results["probe"]["warm"]["boto3_is_there"]
    assert run.output.count(WARNING) == 1


def test_it_can_be_switched_off_for_a_host(controller: Controller) -> None:
    run = controller.run([PROBE], "-e", "cloister_warm_enabled=false", play=WARM)
    assert not run.results["probe"]["warm"]["boto3_is_there"]
    assert WARNING not in run.output


@pytest.mark.parametrize("prestart", ["true", "false"])
def test_many_workers_that_come_at_once_find_one_server(controller: Controller, prestart: str) -> None:
    hosts = [f"warm{number}" for number in range(12)]
    (controller.folder / "many.yml").write_text("\n".join(["[all]", *hosts]))
    run = controller.run(
        [PROBE],
        *("-f", "12", "-i", "many.yml", "-e", "ansible_connection=cloister.aws.warm"),
        play={"hosts": "all:!plain"},
        WARM_RESULTS_PRESTART=prestart,
    )
    assert run.rc == 0, run.output
    answers = run.results["probe"].values()
    assert len(answers) == 13
    assert all(answer["boto3_is_there"] for answer in answers)
    assert len({answer["parent_pid"] for answer in answers}) == 1


def test_a_payload_with_other_module_utils_gets_its_own(controller: Controller) -> None:
    """The user's module_utils folder shadows one of Ansible's; what was preloaded must not win."""
    override = controller.folder / "overridden"
    (override / "common").mkdir(parents=True)
    (override / "common/locale.py").write_text(Path(locale.__file__).read_text() + "\nWHOSE = 'mine'\n")
    (controller.folder / "library").mkdir()
    (controller.folder / "library/whose.py").write_text(
        "from ansible.module_utils.basic import AnsibleModule\n"
        "from ansible.module_utils.common import locale\n"
        "import sys\n"
        "AnsibleModule({}).exit_json(whose=getattr(locale, 'WHOSE', 'ansible'), warm='boto3' in sys.modules)\n"
    )
    tasks = [{"name": "whose", "whose": {}}]
    environ = {"ANSIBLE_LIBRARY": str(controller.folder / "library")}
    for overrides, whose in (({}, "ansible"), ({"ANSIBLE_MODULE_UTILS": str(override)}, "mine")):
        answer = controller.run(tasks, play=WARM, **environ, **overrides).results["whose"]["warm"]
        assert (answer["whose"], answer["warm"]) == (whose, whose == "ansible")
