# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an image of an instance holds where the instance has a machine: its files, as an image of docker's.

Whoever brings machines to instances starts those of such an image from it. What lies in volumes is not in it: the
images and containers of a Docker of the machine's own.
"""

from __future__ import annotations

import subprocess
import threading
import typing as t

from lab.embedded_aws import machines

REPOSITORY = "cloister-ami"


def name_of(image_id: str) -> str:
    """What docker calls the image."""
    return f"{REPOSITORY}:{image_id}"


def keep(instance_id: str, image_id: str, done: t.Callable[[bool], None]) -> bool:
    """Keep a machine's files, and tell `done` later whether that went well; returns False when it has no machine."""
    machine = machines.behind(instance_id)
    if machine is None:
        return False

    def kept() -> None:
        # It is not paused: sessions with it would be lost.
        command = ["docker", "commit", "--pause=false", machine.container, name_of(image_id)]
        done(subprocess.run(command, capture_output=True).returncode == 0)

    threading.Thread(target=kept, daemon=True).start()
    return True


def forget(image_id: str) -> None:
    """Let go of the files; docker keeps them while a machine runs from them."""
    subprocess.run(["docker", "rmi", "--force", name_of(image_id)], capture_output=True)
