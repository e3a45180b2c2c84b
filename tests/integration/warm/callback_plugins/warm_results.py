# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import json

from ansible.plugins.callback import CallbackBase
from ansible_collections.cloister.aws.plugins.plugin_utils._warm_start import prestart

DOCUMENTATION = """
name: warm_results
type: aggregate
short_description: Write every task's result down, one JSON line each
description: Write every task's result down, one JSON line each.
options:
  path:
    description: Where to.
    required: true
    env: [{name: WARM_RESULTS_PATH}]
  prestart:
    description: Whether to start the warm server with the controller.
    type: bool
    default: false
    env: [{name: WARM_RESULTS_PRESTART}]
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "warm_results"

    def v2_playbook_on_start(self, playbook):
        if self.get_option("prestart"):
            prestart()

    def v2_runner_on_ok(self, result):
        self._write(result)

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._write(result)

    def v2_runner_on_unreachable(self, result):
        self._write(result)

    def _write(self, result):
        line = {"host": result.host.get_name(), "task": result.task.get_name(), "result": result.result}
        with open(self.get_option("path"), "a") as file:
            file.write(json.dumps(line, default=str) + "\n")
