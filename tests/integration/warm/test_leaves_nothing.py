"""When a playbook has ended, however it ended, no process and no directory of the warm connection is left."""

from __future__ import annotations

import json
import os
import signal
import typing as t

import pytest

from tests.integration.warm.controller import Controller, Started, eventually

WARM = {"hosts": "warm"}
PROBE: dict[str, t.Any] = {"name": "probe", "warm_probe": {}}


def start_hanging(
    controller: Controller, *after: dict[str, t.Any], task: dict[str, t.Any] | None = None, **environ: str
) -> tuple[Started, dict[str, t.Any]]:
    """Start a playbook whose module hangs; give it and the processes of the module and its server."""
    note = controller.folder / "note"
    hanging = {"name": "hang", "warm_misbehave": {"way": "sleep", "note": str(note)}, **(task or {})}
    started = controller.start([hanging, *after], play=WARM, **environ)
    assert eventually(note.exists, 30), "the module did not start"
    return started, json.loads(note.read_text())


def signal_workers(controller: Controller, started: Started, number: signal.Signals) -> None:
    """Send Ansible's worker processes a signal, not the controller that they were forked from."""
    for pid, command in controller.processes().items():
        if "ansible-playbook" in command and pid != started.process.pid:
            os.kill(pid, number)


def gone(pids: list[int]) -> bool:
    return not any(os.path.exists(f"/proc/{pid}/exe") and os.readlink(f"/proc/{pid}/exe") for pid in pids)


@pytest.mark.parametrize("prestart", ["true", "false"])
def test_after_a_playbook(controller: Controller, prestart: str) -> None:
    assert controller.run([PROBE], play=WARM, WARM_RESULTS_PRESTART=prestart).rc == 0
    assert eventually(lambda: not controller.processes()), controller.processes()
    assert not controller.directories()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("prestart", ["true", "false"])
def test_after_a_controller_was_killed_its_modules_are_gone_at_once(
    controller: Controller, number: signal.Signals, prestart: str
) -> None:
    started, _note = start_hanging(controller, WARM_RESULTS_PRESTART=prestart)
    started.process.send_signal(number)
    assert eventually(lambda: not controller.processes(), 3), controller.processes()
    assert eventually(lambda: not controller.directories(), 3)
    started.process.communicate()


def test_after_a_worker_was_killed_its_module_is_gone_and_the_server_serves_on(controller: Controller) -> None:
    started, note = start_hanging(controller)
    (module,) = note["pids"][:1]
    signal_workers(controller, started, signal.SIGKILL)
    assert eventually(lambda: not set(note["pids"]) & set(controller.processes()), 3), (module, controller.processes())
    assert note["server"] in controller.processes()
    started.process.kill()
    started.process.communicate()


def test_a_task_that_takes_too_long_takes_its_module_along(controller: Controller) -> None:
    gate = controller.folder / "gate"
    wait = {"ansible.builtin.raw": f"while [ ! -e {gate} ]; do sleep 0.05; done"}
    started, note = start_hanging(controller, wait, task={"timeout": 300, "ignore_errors": True})
    # Ansible's timeout is an alarm. A real one of few seconds may go off before the module has begun.
    signal_workers(controller, started, signal.SIGALRM)
    assert eventually(lambda: not set(note["pids"]) & set(controller.processes())), controller.processes()
    gate.touch()
    run = started.wait()
    assert run.rc == 0
    assert run.results["hang"]["warm"]["timedout"]["period"] == 300


def test_an_idle_server_ends_and_the_next_task_starts_another(controller: Controller) -> None:
    gate = controller.folder / "gate"
    wait = {"ansible.builtin.raw": f"while [ ! -e {gate} ]; do sleep 0.05; done"}
    tasks = [PROBE, wait, {**PROBE, "name": "again"}]
    started = controller.start(tasks, play=WARM, CLOISTER_WARM_IDLE_SECONDS="0.5")
    assert eventually(controller.servers, 30)
    assert eventually(lambda: not controller.servers()), controller.processes()
    assert not controller.directories()
    gate.touch()
    run = started.wait()
    assert [run.results[name]["warm"]["boto3_is_there"] for name in ("probe", "again")] == [True, True]


def test_what_a_killed_server_left_is_swept_by_the_next(controller: Controller) -> None:
    started, note = start_hanging(controller)
    os.kill(note["server"], signal.SIGKILL)
    started.process.kill()
    started.process.communicate()
    assert controller.directories()
    for pid in note["pids"]:
        # The kernel ends the module with its server; a process that the module started is nobody's.
        if pid in controller.processes():
            os.kill(pid, signal.SIGKILL)
    assert controller.run([PROBE], play=WARM).rc == 0
    assert eventually(lambda: not controller.directories(), 3)
