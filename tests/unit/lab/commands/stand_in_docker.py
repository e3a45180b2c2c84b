# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A program called `docker` whose containers are folders beside it: what is run in one really runs, on this machine.

It knows what `lab.embedded_aws.machines` and the agent of commands ask: inspect, exec and restart. Paths of the agent
and of our scripts lead into the container's folder.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
AGENTS = "/var/lib/amazon"
# What scripts of ours keep on a node: the second is gone after a restart.
KEPT, RUNNING = b"/var/lib/cloister", b"/run/cloister"


def main(verb: str, *given: str) -> int:
    """Do what docker would."""
    name = given[-1] if verb != "exec" else given[3]
    folder = HERE / "containers" / name
    if not folder.is_dir():
        sys.stderr.write(f"Error: No such container: {name}\n")
        return 1
    if verb == "inspect":
        print('[{"State": {"Running": true, "Status": "running"}, "NetworkSettings": {"Networks": {}}}]')
    elif verb == "restart":
        shutil.rmtree(folder / "run", ignore_errors=True)
        with (folder / "restarts").open("a") as file:
            file.write("restarted\n")
    else:
        argv = [one.replace(AGENTS, f"{folder}{AGENTS}") for one in given[4:]]
        os.environ["CONTAINER"] = str(folder)
        (folder / "run").mkdir(exist_ok=True)
        if "_script.sh" in given:
            script = sys.stdin.buffer.read()
            for path in (KEPT, RUNNING):
                script = script.replace(path, str(folder).encode() + path)
            return subprocess.run(argv, input=script).returncode
        os.execvp(argv[0], argv)  # noqa: S606 - as docker does
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
