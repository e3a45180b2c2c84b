# Copyright: Cloister contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
name: report
type: aggregate
short_description: Give a run its identity, and report at its end what became of the region
version_added: 0.1.0
description:
  - Names the run (C(CLOISTER_RUN_ID) in the environment of every task). The region's lock and the calls to AWS carry
    the name, so that a trail can be followed from a person to a write.
  - Prints at the end what was created, changed and removed in each stack and how long it took, in check mode what would
    be; then the ids and addresses that a person needs; then, when AWS took its time, who waited for what, as a drawing.
  - Starts the process behind the P(cloister.aws.warm#connection) connection early, when a play is about stacks.
  - Takes C(region_environment) into the controller's own process when a task sets it, as a rehearsal does. What looks
    for nodes and what reaches them are no modules, and must not look into another account than those.
author: Cloister contributors (@cloister)
options:
  report_file:
    description: Where to write the report as JSON, beside printing it.
    type: path
    env: [{name: CLOISTER_REPORT_FILE}]
    ini: [{section: callback_cloister_report, key: report_file}]
"""

import json
import os
import secrets
import time
import typing as t

from ansible import constants
from ansible.errors import AnsibleError
from ansible.plugins.callback import CallbackBase
from ansible_collections.cloister.aws.plugins.plugin_utils import _ahead
from ansible_collections.cloister.aws.plugins.plugin_utils._payloads import Payloads
from ansible_collections.cloister.aws.plugins.plugin_utils._report import Report
from ansible_collections.cloister.aws.plugins.plugin_utils._report_releases import releases
from ansible_collections.cloister.aws.plugins.plugin_utils._warm_start import prestart

WARM = "cloister.aws.warm"


def name_the_run() -> None:
    """Put the run's identity into the environment that workers and modules inherit."""
    run_id = os.environ.setdefault("CLOISTER_RUN_ID", secrets.token_hex(4))
    os.environ["CLOISTER_CONTROLLER_PID"] = str(os.getpid())
    os.environ.setdefault("AWS_SDK_UA_APP_ID", f"cloister-{run_id}")
    # For stock modules; ours set the same in their client factory.
    os.environ.setdefault("AWS_MAX_ATTEMPTS", "12")
    os.environ.setdefault("AWS_RETRY_MODE", "standard")


class CallbackModule(CallbackBase):
    """Listens to a run and reports at its end."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "cloister.aws.report"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().__init__(*args, **kwargs)
        name_the_run()
        self._report = Report(os.environ["CLOISTER_RUN_ID"], time.monotonic())
        self._started: dict[tuple[str, str], float] = {}
        self._payloads: Payloads | None = None

    def v2_playbook_on_play_start(self, play: t.Any) -> None:
        """Warm up while Ansible is still reading, and learn the region's name."""
        manager = play.get_variable_manager()
        hosts = manager._inventory.get_hosts(play.hosts) if manager else []
        if not hosts:
            return
        try:
            variables = manager.get_vars(play=play, host=hosts[0])
        except AnsibleError as exc:
            # Ansible is about to stop over this, and says all but in which file.
            where = next((link.obj for link in _chain(exc) if getattr(link, "obj", None)), "The inventory")
            self._display.error(f"{where} cannot be read")
            return
        self._report.region = variables.get("region_name", "")
        self._report.aws_region = variables.get("region_aws_region", "")
        if self._payloads is None and variables.get("ansible_connection") == WARM:
            prestart()
            self._payloads = Payloads(constants.DEFAULT_LOCAL_TMP)
            self._payloads.restore()
            _ahead.load()
        if self._payloads:
            _ahead.settle()

    def v2_runner_on_start(self, host: t.Any, task: t.Any) -> None:
        """Start the task's clock."""
        self._started[host.name, task._uuid] = time.monotonic()

    def v2_runner_on_ok(self, result: t.Any) -> None:
        """Take in what a task did."""
        self._take(result)
        os.environ.update((result.result.get("ansible_facts") or {}).get("region_environment") or {})

    def v2_runner_on_failed(self, result: t.Any, ignore_errors: bool = False) -> None:
        """Take in what a task did before it failed."""
        self._take(result)
        if not ignore_errors:
            host = None if result.task.run_once else result.host.name
            self._report.failed(host, result.task.get_name(), str(result.result.get("msg", "")))

    def v2_playbook_on_stats(self, stats: t.Any) -> None:
        """Print the report, and write it where that was asked for."""
        if self._payloads:
            self._payloads.keep()
        if not self._report.stacks and not self._report.error:
            return
        self._report.seconds = time.monotonic() - self._report.began
        for line in self._report.lines():
            self._display.display(line)
        if path := self.get_option("report_file"):
            with open(path, "w", encoding="utf-8") as file:
                json.dump(self._report.told(), file, indent=2, default=str)

    def _take(self, result: t.Any) -> None:
        host = result.host.name
        now = time.monotonic()
        began = self._started.pop((host, result.task._uuid), now)
        items = result.result.get("results") if result.task.loop else [result.result]
        members = [member for item in items or [] for member in item.get("members") or releases(item, host)]
        self._report.take(host, now - began, members, bool(result.task.check_mode))
        waits = [wait for item in items or [] for wait in item.get("waits") or []]
        self._report.timeline.take(host, began, now, waits)


def _chain(exc: BaseException | None) -> t.Iterator[BaseException]:
    """Yield an exception and all that led to it."""
    while exc:
        yield exc
        exc = exc.__cause__ or exc.__context__
