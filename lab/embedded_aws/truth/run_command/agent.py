# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an agent does with a command in its machine: one step after the other, each in a folder of its own.

https://docs.aws.amazon.com/systems-manager/latest/userguide/documents-command-ssm-plugin-reference.html. A failed step
does not keep the next one from running. A script that exits with 194 has its machine restarted and is run once more:
https://docs.aws.amazon.com/systems-manager/latest/userguide/send-commands-reboot.html
"""

from __future__ import annotations

import contextlib
import subprocess
import time

from lab.embedded_aws import machines
from lab.embedded_aws.machines import Machine, MachineGoneError, Ran
from lab.embedded_aws.truth.run_command import content
from lab.embedded_aws.truth.run_command.commands import (
    CANCELLED,
    SUCCESS,
    TIMED_OUT,
    Command,
    Ending,
    Invocation,
    Plugin,
)
from lab.embedded_aws.truth.run_command.documents import Step

RESTART, MOST_RESTARTS = 194, 5
BOOT_SECONDS = 60
HOME = "/usr/bin"  # where the agent itself lies, and so where its scripts begin
PUT = 'mkdir -p "$1" && umask 077 && cat > "$1/$2"'
# The group is written down so that a cancellation ends all that the script started.
RUN = """
read -r _ _ _ _ group _ < /proc/$$/stat
echo "$group" > "$1/group"
cd "$2" || exit
chmod 700 "$1/_script.sh"
AWS_SSM_INSTANCE_ID=$3 AWS_SSM_REGION_NAME=$4 exec sh -c "$1/_script.sh"
"""
INTERRUPT = 'for file in "$1"/*/group; do [ -e "$file" ] && kill -TERM "-$(cat "$file")"; done'


def run(command: Command, one: Invocation, machine: Machine) -> None:
    """Run all steps; the first that failed is how the whole ended."""
    failed: Ending | None = None
    for plugin in one.plugins:
        with command.lock:
            if one.cancelled:
                break
            plugin.began, plugin.ending = time.time(), Ending("InProgress", "InProgress")
        ending, ran = _step(command, one, machine, plugin.step)
        _note(command, one, plugin, ending, ran)
        failed = failed or (None if plugin.ending == SUCCESS else plugin.ending)
        if plugin.ending != SUCCESS and plugin.step.inputs.get("onFailure") == "exit":
            break
    with command.lock:
        one.end(CANCELLED if one.cancelled else failed or SUCCESS)


def interrupt(command: Command, one: Invocation) -> None:
    """End what runs of it in the machine."""
    machine = machines.behind(one.node)
    if machine is not None:
        with contextlib.suppress(MachineGoneError):
            machine.run(["sh", "-c", INTERRUPT, "sh", _folder(command, one.node)])


def _note(command: Command, one: Invocation, plugin: Plugin, ending: Ending, ran: Ran) -> None:
    out, err = ran.out.decode(errors="replace"), ran.err.decode(errors="replace")
    urls = content.keep(command, one.node, plugin.step.name, {"stdout": out, "stderr": err})
    with command.lock:
        plugin.out, plugin.err, plugin.urls, plugin.ended = out, err, urls, time.time()
        plugin.ending = CANCELLED if one.cancelled else ending


def _step(command: Command, one: Invocation, machine: Machine, step: Step) -> tuple[Ending, Ran]:
    if step.action == "aws:runShellScript":
        return _script(command, machine, step)
    if step.action == "aws:downloadContent":
        return _download(command, machine, step)
    if step.action == "aws:updateSsmAgent":
        said = b"What stands for the agent here is as new as it gets.\n"
        return SUCCESS, Ran(0, said, b"")
    raise NotImplementedError(f"plugin {step.action}")


def _script(command: Command, machine: Machine, step: Step) -> tuple[Ending, Ran]:
    folder = _folder(command, machine.instance_id, step.name)
    lines = step.inputs["runCommand"]
    text = "\n".join(lines if isinstance(lines, list) else [lines]) + "\n"
    machine.run(["sh", "-c", PUT, "sh", folder, "_script.sh"], stdin=text.encode())
    start = step.inputs.get("workingDirectory") or (
        _downloads(command, machine.instance_id) if _downloaded(command) else HOME
    )
    argv = ["sh", "-c", RUN, "sh", folder, start, machine.instance_id, command.region]
    seconds = float(step.inputs.get("timeoutSeconds") or 3600)
    out, err = b"", b""
    for _ in range(MOST_RESTARTS):
        ran = machine.run(argv, timeout=seconds)
        out, err = out + ran.out, err + ran.err
        if ran.rc != RESTART:
            break
        machine = _restarted(machine)
    whole = Ran(ran.rc, out, err, ran.timed_out)
    return _ending(whole), whole


def _ending(ran: Ran) -> Ending:
    if ran.timed_out:
        return TIMED_OUT
    return SUCCESS if ran.rc == 0 else Ending("Failed", "Failed", ran.rc)


def _download(command: Command, machine: Machine, step: Step) -> tuple[Ending, Ran]:
    folder = _downloads(command, machine.instance_id)
    try:
        files = content.fetch(command, machine.instance_id, step.inputs)
    except content.FetchError as refused:
        return Ending("Failed", "Failed", 1), Ran(1, b"", f"{refused}\n".encode())
    for name, data in files.items():
        inner, _, last = name.rpartition("/")
        ran = machine.run(["sh", "-c", PUT, "sh", f"{folder}/{inner}" if inner else folder, last], stdin=data)
        if ran.rc != 0:
            return _ending(ran), ran
    said = f"Content downloaded to {folder}\n"
    return SUCCESS, Ran(0, said.encode(), b"")


def _restarted(machine: Machine) -> Machine:
    """The machine once it is up again; it may have another address."""
    done = subprocess.run(["docker", "restart", machine.container], capture_output=True)
    if done.returncode != 0:
        raise MachineGoneError(done.stderr.decode(errors="replace"))
    again = machines.attach(machine.instance_id, machine.container)
    again.run(["sh", "-c", "systemctl is-system-running --wait || true"], timeout=BOOT_SECONDS)
    return again


def _downloaded(command: Command) -> bool:
    return any(step.action == "aws:downloadContent" for step in command.steps)


def _downloads(command: Command, node: str) -> str:
    return f"{_folder(command, node)}/downloads"


def _folder(command: Command, node: str, step: str = "") -> str:
    whole = f"/var/lib/amazon/ssm/{node}/document/orchestration/{command.id}"
    return f"{whole}/{step.replace(':', '')}" if step else whole
