# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Let the conductor be the last to answer when batches are taken in, as it may be on a busy machine.

The file that LATE_CONDUCTOR names is made when it is.
"""

from __future__ import annotations

import os
import time
import typing as t
from pathlib import Path

from ansible.executor.task_executor import TaskExecutor
from ansible.plugins.callback import CallbackBase

SECONDS = 3
_run = TaskExecutor.run


def _run_late(self: TaskExecutor) -> t.Any:
    if self._host.name == "edge" and self._task.name == "Go":
        Path(os.environ["LATE_CONDUCTOR"]).touch()
        time.sleep(SECONDS)
    return _run(self)


class CallbackModule(CallbackBase):
    CALLBACK_NAME = "late_conductor"

    def v2_playbook_on_start(self, playbook: t.Any) -> None:
        TaskExecutor.run = _run_late
